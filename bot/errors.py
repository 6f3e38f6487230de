"""Every error a program can get from us has one shape, an id to ask about, and never a traceback."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson
import structlog
from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from models.errors import BookingError

log = structlog.get_logger()

# What a rule of a booking refused is a conflict with how things stand: 409, in these words.
_SAID: Final = {
    "ILLEGAL_TRANSITION": "This is not possible as the booking stands now.",
    "ALREADY_DECIDED": "Somebody has decided this already.",
    "PLACE_TAKEN": "The place is taken for these dates.",
    "TOO_MANY_HOLDS": "The guest has as many unpaid bookings as one may have.",
    "WAY_TO_PAY_CLOSED": "This way to pay is not open for the place.",
}


class Refused(Exception):
    """The request is answered this instead.

    Args:
        code: stable, for programs.
        message: a sentence for people.
        headers: such as when to try again.
        details: what it is about.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        /,
        *,
        headers: Mapping[str, str] | None = None,
        **details: Any,
    ) -> None:
        self.status, self.code, self.message = status, code, message
        self.headers, self.details = headers or {}, details
        super().__init__(f"{status} {code}")


def error_response(status: int, code: str, message: str, /, **details: Any) -> Response:
    """The one error shape."""
    error = {
        "code": code,
        "message": message,
        "details": details,
        "timestamp": datetime.now(UTC).isoformat(),
    }
    body = orjson.dumps({"success": False, "error": error})
    return Response(body, status=status, mimetype="application/json")


def install(app: Flask) -> None:
    app.register_error_handler(Exception, answer_to)


def answer_to(error: Exception) -> Response:
    """What a request is answered that could not be done: what it did wrong, or that we did."""
    if isinstance(error, Refused):
        response = error_response(error.status, error.code, error.message, **error.details)
        response.headers.extend(error.headers)
        return response
    if isinstance(error, BookingError):
        details = {name: str(value) for name, value in error.data.items()}
        return error_response(
            409, error.code, _SAID.get(error.code, "A rule of bookings forbids it."), **details
        )
    if isinstance(error, HTTPException):
        code = (error.name or "error").upper().replace(" ", "_")
        response = error_response(error.code or 500, code, error.description or error.name or "")
        for name, value in error.get_headers():  # such as what else is allowed; the words are ours
            if name.lower() != "content-type":
                response.headers[name] = value
        return response
    error_id = uuid.uuid4().hex[:12]
    log.exception("request.failed", error_id=error_id, exc_info=error)
    return error_response(
        500, "INTERNAL_ERROR", "Something went wrong on our side; nothing was lost.", id=error_id
    )
