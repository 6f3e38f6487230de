"""Who changed what and when, where it is no step of a booking: those are in `booking_event`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import text

from models.session import Session


class Deed(StrEnum):
    PAUSE_BOT = "PAUSE_BOT"
    RESUME_BOT = "RESUME_BOT"
    REPLY = "REPLY"
    GO_ON_DUTY = "GO_ON_DUTY"
    GO_OFF_DUTY = "GO_OFF_DUTY"
    SEND_AGAIN = "SEND_AGAIN"
    SET_PRICE = "SET_PRICE"
    SWITCH_MODE = "SWITCH_MODE"
    SWITCH_ISSUER = "SWITCH_ISSUER"
    SIGN_IN = "SIGN_IN"
    FAIL_SIGN_IN = "FAIL_SIGN_IN"
    SIGN_OUT = "SIGN_OUT"
    REUSE_TOKEN = "REUSE_TOKEN"  # noqa: S105
    END_SIGN_IN = "END_SIGN_IN"
    CHANGE_PASSWORD = "CHANGE_PASSWORD"  # noqa: S105
    BEGIN_TOTP = "BEGIN_TOTP"
    CONFIRM_TOTP = "CONFIRM_TOTP"
    CREATE_ACCOUNT = "CREATE_ACCOUNT"
    CHANGE_ACCOUNT = "CHANGE_ACCOUNT"
    VERIFY_PAYMENT = "VERIFY_PAYMENT"
    REJECT_PAYMENT = "REJECT_PAYMENT"
    LINK_PAYMENT = "LINK_PAYMENT"
    SEE_SCREENSHOT = "SEE_SCREENSHOT"


@dataclass(frozen=True, slots=True)
class Entry:
    """A row, with the name of who did it.

    Attributes:
        account_id, origin: through which account and from which address; None for what was done in a chat.
    """

    id: int
    at: datetime
    person_id: int
    name: str | None
    account_id: int | None
    origin: str | None
    action: str
    about: str
    data: dict[str, Any]


def record(
    session: Session,
    person_id: int,
    deed: Deed,
    about: str,
    *,
    cause: str,
    now: datetime,
    account_id: int | None = None,
    origin: str | None = None,
    **data: object,
) -> bool:
    """Keep that the person did this; True if it is not known of this cause already.

    Args:
        about: what was changed, such as `person:12`.
        account_id, origin: of what is done through the API.
    """
    row = session.execute(
        text(
            "INSERT INTO audit (person_id, action, about, data, cause, at, account_id, origin) "
            "VALUES (:person_id, :action, :about, :data, :cause, :now, :account_id, :origin) "
            "ON CONFLICT (about, action, cause) DO NOTHING RETURNING id"
        ),
        {
            "person_id": person_id,
            "action": deed,
            "about": about,
            "data": orjson.dumps(data).decode(),
            "cause": cause,
            "now": now,
            "account_id": account_id,
            "origin": origin,
        },
    )
    return row.first() is not None


def before(session: Session, before_id: int | None, *, most: int) -> Sequence[Entry]:
    """What was done before this entry, or at all, the newest first."""
    found = session.execute(_BEFORE, {"before": before_id, "most": most})
    return [Entry(*row) for row in found]


_BEFORE = text(
    "SELECT a.id, a.at, a.person_id, coalesce(c.name, p.name), a.account_id, a.origin, a.action, a.about, a.data "
    "FROM audit a JOIN persons p ON p.id = a.person_id LEFT JOIN accounts c ON c.id = a.account_id "
    "WHERE a.id < coalesce(:before, 9223372036854775807) ORDER BY a.id DESC LIMIT :most"
)
