"""Who calls, from where, what they may do, and how often.

A token says which sign-in it belongs to; whose that is, and what they may do, is read from the rows with every
call, so that whoever is signed out or granted less meets it at once.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from uuid import UUID

from bot.errors import Refused
from models import limits, token
from models.account import ACCESS_LASTS, Account, Grant, Role, SignIn
from models.db import unit_of_work
from models.limits import TooManyCalls
from models.token import Token, TokenRefused, Use

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from config import Settings

# Some proxies write the port with the address.
_PORT: Final = re.compile(r"^(?:([0-9.]+):[0-9]+|\[([^\]]*)\](?::[0-9]+)?)$")
_PREFIX_6: Final = 64  # an IPv6 household has so many bits in common


class Needs(StrEnum):
    """What an operation asks of its caller."""

    NOTHING = "nothing"
    SIGN_IN = "a sign-in"
    READ = "any grant"
    VERIFY_PAYMENTS = "verify_payments"
    ADMIN = "the role admin"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who has signed in."""

    account: Account
    sign_in: UUID


class Access:
    """The settings of this installation, and what follows from them."""

    def __init__(self, settings: Settings) -> None:
        self._secret = settings.jwt_secret
        self._most, self._most_of_account = settings.rate_limit, settings.staff_rate_limit
        self._proxy_hops = settings.proxy_hops
        self.needs_totp = settings.environment == "production"

    def origin(self, environ: WSGIEnvironment) -> str:
        """The address that a call comes from; behind proxies, what the outermost of ours saw."""
        given = str(environ.get("REMOTE_ADDR", ""))
        if self._proxy_hops:
            passed = [part.strip() for part in environ.get("HTTP_X_FORWARDED_FOR", "").split(",")]
            given = passed[-self._proxy_hops] if len(passed) >= self._proxy_hops else given
        try:
            address = ipaddress.ip_address(_PORT.sub(r"\1\2", given))
        except ValueError:
            return "unknown"
        # A socket for both protocols writes IPv4 so; all of IPv4 has these 64 bits in common.
        return str(getattr(address, "ipv4_mapped", None) or address)

    def caller(self, environ: WSGIEnvironment, now: datetime) -> Caller:
        """Who shows this token.

        Raises:
            Refused: 401 without a good one.
        """
        scheme, _, shown = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        try:
            if scheme.lower() != "bearer":
                raise TokenRefused
            read = token.read(shown.strip(), self._secret, use=Use.ACCESS, now=now)
        except TokenRefused:
            raise not_signed_in() from None
        with unit_of_work() as session:
            account = SignIn.who(session, read.sign_in, now)
        if account is None:
            raise not_signed_in()
        return Caller(account, read.sign_in)

    def check(self, caller: Caller, needs: Needs) -> None:
        """Whether the caller may.

        Raises:
            Refused: 403.
        """
        account = caller.account
        if needs is Needs.SIGN_IN:
            return
        if self.needs_totp and not account.has_totp:
            raise Refused(403, "TOTP_NEEDED", "Set up an authenticator app first: POST /api/admin/me/totp.")
        if not may(account, needs):
            raise Refused(403, "FORBIDDEN", f"Your account may not do this: it needs {needs}.", needs=needs)

    def count(self, who: Caller | str, now: datetime) -> None:
        """One more call, of an account or from an address.

        Raises:
            Refused: 429, with the seconds until the next one is heard.
        """
        try:
            if isinstance(who, Caller):
                limits.count_call(f"account:{who.account.id}", most=self._most_of_account, now=now)
            else:
                limits.count_call(f"from:{_household(who)}", most=self._most, now=now)
        except TooManyCalls as error:
            raise too_many(error.seconds) from None

    def tokens(self, sign_in: SignIn, now: datetime) -> tuple[str, str]:
        """The access token and the refresh token of a sign-in."""
        access = Token(Use.ACCESS, sign_in.id, sign_in.generation, now + ACCESS_LASTS)
        refresh = Token(Use.REFRESH, sign_in.id, sign_in.generation, sign_in.expires_at)
        return token.write(access, self._secret, now=now), token.write(refresh, self._secret, now=now)

    def read_refresh(self, text: str, now: datetime) -> Token | None:
        """What a refresh token says; None for what is none."""
        try:
            return token.read(text, self._secret, use=Use.REFRESH, now=now)
        except TokenRefused:
            return None


def may(account: Account, needs: Needs) -> bool:
    """What roles and grants come down to."""
    if needs is Needs.ADMIN:
        return account.role == Role.ADMIN
    grant = _GRANTS.get(needs)
    return grant is None or account.may(grant)


def not_signed_in() -> Refused:
    return Refused(
        401,
        "NOT_SIGNED_IN",
        "Sign in first: the token is missing, wrong or over.",
        headers={"WWW-Authenticate": "Bearer"},
    )


def too_many(seconds: int | timedelta) -> Refused:
    if isinstance(seconds, timedelta):
        seconds = max(1, -int(-seconds.total_seconds() // 1))
    return Refused(
        429,
        "TOO_MANY_CALLS",
        f"Too many calls: try again in {seconds} s.",
        headers={"Retry-After": str(seconds)},
        retry_after_seconds=seconds,
    )


def _household(origin: str) -> str:
    """Whose calls are counted together: one IPv4 address, or the 64 bits that a line of IPv6 has in common."""
    if ":" not in origin:
        return origin
    return str(ipaddress.ip_network(f"{origin.partition('%')[0]}/{_PREFIX_6}", strict=False))


_GRANTS: Final[Mapping[Needs, Grant]] = {
    Needs.READ: Grant.READ_ONLY,
    Needs.VERIFY_PAYMENTS: Grant.VERIFY_PAYMENTS,
}
