"""Builds the web application: settings and clients in, routes joined."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response, send_from_directory

from bot import errors
from bot.api import Api
from bot.door import MOST_BYTES, Door, Receive
from bot.eticket import eticket
from bot.health import Health, health
from bot.metrics import count_requests, metrics
from bot.payment_webhooks import WEBHOOKS, ProviderCalls, payment_pages
from bot.paytm_pages import paytm_pages
from bot.razorpay_pages import razorpay_pages
from bot.whatsapp_webhook import PATH, WhatsAppCalls, whatsapp_subscription
from config import Settings
from integrations.clients import Clients
from integrations.paytm_gateway import PaytmGateway
from integrations.razorpay_gateway import RazorpayGateway
from models.clock import Clock
from models.payment import PAYTM, RAZORPAY

PHOTOS = Path(__file__).parent.parent / "samples" / "photos"


def create_app(settings: Settings, clients: Clients, clock: Clock) -> Flask:
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    errors.install(app)
    count_requests(app)
    whatsapp = WhatsAppCalls(
        app_secret=settings.whatsapp_app_secret,
        phone_number_id=settings.whatsapp_phone_number_id,
        clock=clock,
    )
    look = Health(settings.redis_url, clock)

    def api() -> Flask:
        # With the first call: its models take memory that an installation without it need not have.
        from bot.api.app import create_api

        return create_api(settings, clock, look)

    receivers: dict[str, Receive] = {PATH: whatsapp.receive}
    for way, gateway in clients.gateways.items():
        if webhook := WEBHOOKS.get(way):
            receivers[webhook.path] = ProviderCalls(gateway, webhook.header, clock).receive
    # As Flask's documentation puts one in front.
    app.wsgi_app = Door(Api(app.wsgi_app, api), receivers)  # type: ignore[method-assign]
    app.register_blueprint(whatsapp_subscription(verify_token=settings.whatsapp_verify_token))
    app.register_blueprint(payment_pages(whatsapp_number=settings.whatsapp_number))
    if isinstance(paytm := clients.gateways.get(PAYTM), PaytmGateway):
        app.register_blueprint(paytm_pages(paytm, clock, whatsapp_number=settings.whatsapp_number))
    if isinstance(razorpay := clients.gateways.get(RAZORPAY), RazorpayGateway):
        app.register_blueprint(razorpay_pages(razorpay, clock, whatsapp_number=settings.whatsapp_number))
    app.register_blueprint(health(look))
    app.register_blueprint(
        metrics(look, clock, token=settings.metrics_token, is_open=settings.environment != "production")
    )
    app.register_blueprint(
        eticket(clock, public_url=settings.rules.public_url, whatsapp_number=settings.whatsapp_number)
    )

    @app.get("/photos/<path:name>")
    def photo(name: str) -> Response:
        """The listings' pictures; WhatsApp fetches them too."""
        return send_from_directory(PHOTOS, name, max_age=600)

    return app
