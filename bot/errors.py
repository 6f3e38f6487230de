"""Every error a program can get from us has one shape, an id to ask about, and never a traceback."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog
from flask import Flask, Response
from werkzeug.exceptions import HTTPException

log = structlog.get_logger()


def error_response(status: int, code: str, message: str, **details: Any) -> Response:
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
    if isinstance(error, HTTPException):
        code = (error.name or "error").upper().replace(" ", "_")
        return error_response(error.code or 500, code, error.description or error.name or "")
    error_id = uuid.uuid4().hex[:12]
    log.exception("request.failed", error_id=error_id, exc_info=error)
    return error_response(
        500, "INTERNAL_ERROR", "Something went wrong on our side; nothing was lost.", id=error_id
    )
