"""Every client to the outside, once per process, made when it is first needed.

The libraries behind them take a quarter of a second and 40 MB each: the web process, say, checks webhooks
and never loads them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from typing import Protocol

from integrations import paytm_gateway, razorpay_gateway
from integrations.gateway import PaymentGateway
from integrations.paytm_gateway import PaytmGateway
from integrations.razorpay_gateway import RazorpayGateway
from integrations.stripe_gateway import StripeGateway
from integrations.whatsapp import WhatsApp
from models.payment import CARD, PAYTM, RAZORPAY


class ClientSettings(Protocol):
    """The settings that the clients read, by the names of the environment variables."""

    @property
    def whatsapp_api_url(self) -> str: ...
    @property
    def whatsapp_api_version(self) -> str: ...
    @property
    def whatsapp_access_token(self) -> str: ...
    @property
    def whatsapp_phone_number_id(self) -> str: ...
    @property
    def stripe_secret_key(self) -> str: ...
    @property
    def stripe_webhook_secret(self) -> str: ...
    @property
    def stripe_api_url(self) -> str: ...
    @property
    def paytm_mid(self) -> str: ...
    @property
    def paytm_merchant_key(self) -> str: ...
    @property
    def paytm_website(self) -> str: ...
    @property
    def paytm_callback_url(self) -> str: ...
    @property
    def paytm_api_url(self) -> str: ...
    @property
    def razorpay_key_id(self) -> str: ...
    @property
    def razorpay_key_secret(self) -> str: ...
    @property
    def razorpay_webhook_secret(self) -> str: ...
    @property
    def razorpay_api_url(self) -> str: ...
    @property
    def public_url(self) -> str: ...
    @property
    def ways(self) -> Collection[str]: ...
    @property
    def sends_in_flight(self) -> int: ...


class Clients:
    """`gateways` holds, by way to pay, what this business has switched on."""

    def __init__(self, settings: ClientSettings) -> None:
        self._settings = settings

    @cached_property
    def whatsapp(self) -> WhatsApp:
        settings = self._settings
        return WhatsApp(
            api_url=settings.whatsapp_api_url,
            access_token=settings.whatsapp_access_token,
            phone_number_id=settings.whatsapp_phone_number_id,
            api_version=settings.whatsapp_api_version,
            most_idle=settings.sends_in_flight,
        )

    @cached_property
    def gateways(self) -> Mapping[str, PaymentGateway]:
        return {way: make(self._settings) for way, make in _GATEWAYS.items() if way in self._settings.ways}


def _stripe(settings: ClientSettings) -> PaymentGateway:
    return StripeGateway(
        secret_key=settings.stripe_secret_key,
        webhook_secret=settings.stripe_webhook_secret,
        api_url=settings.stripe_api_url,
    )


def _paytm(settings: ClientSettings) -> PaymentGateway:
    here = settings.public_url.rstrip("/")
    return PaytmGateway(
        mid=settings.paytm_mid,
        merchant_key=settings.paytm_merchant_key,
        website=settings.paytm_website,
        callback_url=settings.paytm_callback_url or here + paytm_gateway.CALLBACK_PATH,
        page_url=here + paytm_gateway.PAGE_PATH,
        api_url=settings.paytm_api_url,
    )


def _razorpay(settings: ClientSettings) -> PaymentGateway:
    return RazorpayGateway(
        key_id=settings.razorpay_key_id,
        key_secret=settings.razorpay_key_secret,
        webhook_secret=settings.razorpay_webhook_secret,
        callback_url=settings.public_url.rstrip("/") + razorpay_gateway.CALLBACK_PATH,
        api_url=settings.razorpay_api_url,
    )


_GATEWAYS: Mapping[str, Callable[[ClientSettings], PaymentGateway]] = {
    CARD: _stripe,
    PAYTM: _paytm,
    RAZORPAY: _razorpay,
}


def build(settings: ClientSettings) -> Clients:
    return Clients(settings)
