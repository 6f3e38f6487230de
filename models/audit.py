"""Who changed what and when, where it is no step of a booking: those are in `booking_event`."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session


class Deed(StrEnum):
    PAUSE_BOT = "PAUSE_BOT"
    RESUME_BOT = "RESUME_BOT"
    REPLY = "REPLY"
    GO_ON_DUTY = "GO_ON_DUTY"
    GO_OFF_DUTY = "GO_OFF_DUTY"
    SEND_AGAIN = "SEND_AGAIN"
    SET_PRICE = "SET_PRICE"


def record(
    session: Session, person_id: int, deed: Deed, about: str, *, cause: str, now: datetime, **data: object
) -> bool:
    """Keep that the person did this; True if it is not known of this cause already.

    Args:
        about: what was changed, such as `person:12`.
    """
    row = session.execute(
        text(
            "INSERT INTO audit (person_id, action, about, data, cause, at) "
            "VALUES (:person_id, :action, :about, :data, :cause, :now) "
            "ON CONFLICT (about, action, cause) DO NOTHING RETURNING id"
        ),
        {
            "person_id": person_id,
            "action": deed,
            "about": about,
            "data": orjson.dumps(data).decode(),
            "cause": cause,
            "now": now,
        },
    )
    return row.first() is not None
