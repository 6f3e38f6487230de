"""The first account is made by a command, with a password that somebody chose; nobody is let in without."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest

from doctor import admin
from models import db, password
from models.account import Account
from tests.conftest import Scratch
from tests.test_config import GOOD

WORD = "correct horse battery"


@pytest.fixture
def make_admin(scratch: Scratch, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in {**GOOD, "DATABASE_URL": scratch.url}.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str, typed: str = WORD) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed + "\n"))
        before = db.process()
        try:
            admin.main(arguments)
        finally:
            db.process().engine.dispose()
            db.start(before.engine, follow_ups=before.follow_ups, ring=before.ring)

    return run


def stored(login: str) -> Account:
    with db.unit_of_work() as session:
        found = Account.with_login(session, login)
    assert found is not None
    return found


def test_the_first_admin_is_made_and_is_the_one_who_writes_from_that_phone(
    scratch: Scratch, make_admin: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    make_admin("Bilal@example.com", "--name", "Bilal")
    made = stored("bilal@example.com")
    assert (made.role, made.name, made.has_totp) == ("admin", "Bilal", False)
    assert password.fits(WORD, made.password_hash)
    said = capsys.readouterr().out
    assert "https://stays.example.com/api/docs" in said and WORD not in said
    phone = "SELECT value FROM person_identifiers WHERE person_id = :id"
    assert scratch.value(phone, id=made.person_id) == "+15550100100"
    assert scratch.value("SELECT origin FROM audit") == "command"


def test_who_is_locked_out_is_let_in_again(scratch: Scratch, make_admin: Any) -> None:
    make_admin("bilal")
    make_admin("bilal", typed="another horse entirely")
    assert password.fits("another horse entirely", stored("bilal").password_hash)
    scratch.run("UPDATE accounts SET totp_secret = 'x', totp_since = now()")
    make_admin("bilal", "--forget-totp")
    assert not stored("bilal").has_totp


@pytest.mark.parametrize(
    ("arguments", "typed", "said"),
    [
        (("bilal",), "short", "12 to 200"),
        (("bilal",), "", "12 to 200"),
        (("b l",), WORD, "A login is"),
        (("bilal", "--forget-totp"), WORD, "Nobody signs in"),
        (("bilal", "--phone", "0300"), WORD, "country code"),
    ],
)
def test_what_does_not_fit_is_said(
    scratch: Scratch, make_admin: Any, arguments: tuple[str, ...], typed: str, said: str
) -> None:
    with pytest.raises(SystemExit, match=said):
        make_admin(*arguments, typed=typed)
    assert scratch.value("SELECT count(*) FROM accounts") == 0
