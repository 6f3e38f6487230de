"""Make an account for an admin, or let one in again: `python -m doctor.admin LOGIN`, or `make admin`.

The first account is made so; every other one can be made by who has one. There is no account and no password
before. The password is typed, twice, or is the first line of what is piped in.
"""

from __future__ import annotations

import argparse
import getpass
import re
import sys
from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

import config
from config import Settings
from doctor.running import become_sandbox
from models import audit, db, password
from models.account import Account, Ended, LoginTaken, Role, SignIn
from models.audit import Deed
from models.clock import Clock
from models.session import Session

LOGIN = re.compile(r"[a-z0-9][a-z0-9@._+-]{1,99}")
FROM = "command"  # where the audit says that it was done


class Refused(SystemExit):
    """It is not done; says why in a sentence."""


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    if options.sandbox and not become_sandbox():
        raise Refused("Nothing runs here: start it with make run.")
    settings = config.load()
    login = options.login.lower()
    if not LOGIN.fullmatch(login):
        raise Refused("A login is 2 to 100 letters, digits and @ . _ + -")
    db.start(db.make_engine(settings.database_url), follow_ups={}, ring=lambda bells: None)
    now = Clock(settings.clock_file).now()
    typed = None if options.forget_totp else _password()
    with db.unit_of_work() as session:
        known = Account.with_login(session, login)
        if known is None:
            if typed is None:
                raise Refused(f"Nobody signs in as {login}.")
            _make(session, settings, options, login, typed, now)
            print(f"{login} is an admin now. Sign in at {settings.public_url.rstrip('/')}/api/docs")
        else:
            _let_in_again(session, known, typed, now)
            print(f"{login} can sign in with the new password." if typed else f"{login} sets up a new app.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make admin", description=__doc__)
    parser.add_argument("login", help="the name to sign in with: an e-mail address will do")
    parser.add_argument("--name", help="as others see it; the login where it is not given")
    parser.add_argument(
        "--phone", help="in WhatsApp, with country code; the first admin's where it is not given"
    )
    parser.add_argument("--forget-totp", action="store_true", help="their phone is lost: a new app is set up")
    parser.add_argument("--sandbox", action="store_true", help="for what `make run` has started here")
    return parser


def _make(
    session: Session, settings: Settings, options: argparse.Namespace, login: str, typed: str, now: datetime
) -> None:
    phone = options.phone or next(iter(settings.admin_numbers), None)
    if phone is not None and not re.fullmatch(r"\+[1-9]\d{6,14}", phone):
        raise Refused("A phone is written with its country code: +923000000301")
    try:
        made = Account.create(
            session,
            login=login,
            name=options.name or login,
            role=Role.ADMIN,
            grants=(),
            password_hash=password.hashed(typed),
            phone=phone,
            now=now,
        )
    except LoginTaken:
        raise Refused(f"Somebody has just become {login}.") from None
    _record(session, made, Deed.CREATE_ACCOUNT, now, role=made.role)


def _let_in_again(session: Session, known: Account, typed: str | None, now: datetime) -> None:
    if typed is None:
        known.change(session, now=now, forget_totp=True)
    else:
        known.set_password(session, password.hashed(typed))
        SignIn.end_all(session, known.id, Ended.PASSWORD_CHANGED, now=now)
    deed = Deed.CHANGE_ACCOUNT if typed is None else Deed.CHANGE_PASSWORD
    _record(session, known, deed, now, changes=["forget_totp"] if typed is None else ["password"])


def _record(session: Session, account: Account, deed: Deed, now: datetime, **data: object) -> None:
    audit.record(
        session,
        account.person_id,
        deed,
        f"account:{account.id}",
        cause=f"{FROM}:{uuid4().hex}",
        now=now,
        account_id=account.id,
        origin=FROM,
        **data,
    )


def _password() -> str:
    if sys.stdin.isatty():
        typed = getpass.getpass("Password: ")
        if getpass.getpass("Once more: ") != typed:
            raise Refused("These were two different passwords.")
    else:
        typed = sys.stdin.readline().rstrip("\r\n")
    if not password.LEAST <= len(typed) <= password.MOST or "\0" in typed:
        raise Refused(f"A password has {password.LEAST} to {password.MOST} characters.")
    return typed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
