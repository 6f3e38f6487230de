"""The application behind the API's addresses: its operations, their document, and a page to try them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Final

import orjson
from flask import Flask, Response, request, send_from_directory

from bot import errors
from bot.access import Access
from bot.api import accounts, openapi, payment_system, payments, signing_in, verifications
from bot.api.operation import MOST_BYTES, Operation, World
from bot.health import Health
from bot.metrics import count_requests
from config import Settings
from models.clock import Clock

PAGE: Final = Path(__file__).parent / "page"
OPERATIONS: Final = (
    *signing_in.topic.operations,
    *verifications.topic.operations,
    *payments.topic.operations,
    *accounts.topic.operations,
    *payment_system.topic.operations,
)

_NOWHERE_ELSE: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob: data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def create_api(settings: Settings, clock: Clock, look: Health) -> Flask:
    api = Flask(__name__, static_folder=None)
    api.config.update(PROVIDE_AUTOMATIC_OPTIONS=False, MAX_CONTENT_LENGTH=MOST_BYTES)
    api.url_map.merge_slashes = False
    errors.install(api)
    count_requests(api)
    world = World(Access(settings), clock, settings.rules, look)
    for operation in OPERATIONS:
        rule = operation.address.replace("{", "<").replace("}", ">")
        api.add_url_rule(rule, operation.name, _view(operation, world), methods=[operation.method])
    _serve_document(api, settings)
    api.after_request(_guard)
    return api


def _view(operation: Operation, world: World) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        return operation.answered(request, world, path)

    return view


def _serve_document(api: Flask, settings: Settings) -> None:
    @functools.cache
    def document() -> bytes:
        made = openapi.document(
            OPERATIONS, title=settings.business_name, address=settings.public_url.rstrip("/")
        )
        return orjson.dumps(made)

    @api.get(openapi.ADDRESS)
    def openapi_document() -> Response:
        return Response(document(), mimetype="application/json")

    @api.get("/api/docs")
    def docs() -> Response:
        """The document to read, and its operations to try."""
        return send_from_directory(PAGE, "index.html")

    @api.get("/api/docs/<name>")
    def docs_part(name: str) -> Response:
        return send_from_directory(PAGE, name)


def _guard(response: Response) -> Response:
    """Nothing of this is kept by a browser or shown inside somebody else's page."""
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = _NOWHERE_ELSE
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
