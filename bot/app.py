"""Builds the web application: settings and clients in, routes joined."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response, send_from_directory

from bot import errors
from bot.eticket import eticket
from bot.health import health
from bot.payment_webhooks import payment_webhooks
from bot.whatsapp_webhook import MOST_BYTES, WhatsAppDoor, whatsapp_subscription
from config import Settings
from integrations.clients import Clients
from models.clock import Clock

PHOTOS = Path(__file__).parent.parent / "samples" / "photos"


def create_app(settings: Settings, clients: Clients, clock: Clock) -> Flask:
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    errors.install(app)
    app.wsgi_app = WhatsAppDoor(  # type: ignore[method-assign]  # as Flask's documentation puts one in front
        app.wsgi_app,
        app_secret=settings.whatsapp_app_secret,
        phone_number_id=settings.whatsapp_phone_number_id,
        clock=clock,
    )
    app.register_blueprint(whatsapp_subscription(verify_token=settings.whatsapp_verify_token))
    app.register_blueprint(payment_webhooks(clients, clock))
    app.register_blueprint(health(settings.redis_url, clock))
    app.register_blueprint(eticket(clock, public_url=settings.rules.public_url))

    @app.get("/photos/<path:name>")
    def photo(name: str) -> Response:
        """The listings' pictures; WhatsApp fetches them too."""
        return send_from_directory(PHOTOS, name, max_age=600)

    return app
