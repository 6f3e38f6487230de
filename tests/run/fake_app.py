"""A product of twenty lines, for the supervisor's tests: says who it is, what it was told and what it got."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from typing import Any


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Tell who answers, what it was told, and of a POST the length and hash of the body."""
    body = environ["wsgi.input"].read() if environ["REQUEST_METHOD"] == "POST" else b""
    answer = {
        "pid": os.getpid(),
        "environment": {name: os.environ.get(name) for name in _TOLD},
        "length": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
    }
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(answer).encode()]


_TOLD = ("ENVIRONMENT", "STRIPE_SECRET_KEY", "DATABASE_URL", "REDIS_URL", "PORT", "PUBLIC_URL", "SWEEPER")
