"""The signatures of all providers, as the shared vectors have them; each by the product's own function.

Paytm's are in test_paytm_checksum.py. JazzCash's hosted checkout is no way to pay of ours (transfers to a JazzCash
wallet are found by mail), so its hash is kept here, as a helper of this test: documented, tried, and not shipped.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.gateway import WebhookRefused
from integrations.razorpay_gateway import RazorpayGateway
from integrations.stripe_gateway import StripeGateway

NOW = datetime(2026, 11, 20, tzinfo=UTC)
VECTORS = json.loads((Path(__file__).parents[1] / "data/payment_vectors/signatures.json").read_text())


anything = st.text(st.characters(codec=None))  # lone surrogates too


def test_stripes_vector_is_taken() -> None:
    vector = VECTORS["stripe"]
    gateway = StripeGateway(secret_key="sk_test_x", webhook_secret=vector["secret"])
    signed_at = datetime.fromtimestamp(vector["timestamp"], UTC)
    notice = gateway.verify_webhook(vector["body"].encode(), vector["header"], now=signed_at)
    assert (notice.external_id, notice.type) == ("evt_demo", "checkout.session.completed")


def razorpay() -> RazorpayGateway:
    """With the secrets of the vectors."""
    return RazorpayGateway(
        key_id="rzp_test_x",
        key_secret=VECTORS["razorpay"]["callback"]["key_secret"],
        webhook_secret=VECTORS["razorpay"]["webhook"]["secret"],
        callback_url="https://example.com/back",
        api_url="https://example.com",
    )


def test_razorpays_vectors_are_taken() -> None:
    webhook, callback = VECTORS["razorpay"]["webhook"], VECTORS["razorpay"]["callback"]
    body, signature = webhook["body"].encode(), webhook["x_razorpay_signature"]
    told = razorpay().verify_webhook(body, signature, now=NOW)
    assert (told.type, told.reference) == ("payment_link.paid", "plink_demo")
    with pytest.raises(WebhookRefused):
        razorpay().verify_webhook(body + b" ", signature, now=NOW)
    back = {**callback["params"], "razorpay_signature": callback["razorpay_signature"]}
    assert razorpay().verify_callback(back).intent == "pay_demo"
    with pytest.raises(WebhookRefused):
        razorpay().verify_callback({**back, "razorpay_payment_id": "pay_other"})


@given(body=st.binary(), signature=st.none() | anything)
def test_garbage_for_a_webhook_is_refused_and_never_raises_anything_else(
    body: bytes, signature: str | None
) -> None:
    stripe = StripeGateway(secret_key="sk_test_x", webhook_secret=VECTORS["stripe"]["secret"])
    for gateway in (stripe, razorpay()):
        with pytest.raises(WebhookRefused):
            gateway.verify_webhook(body, signature, now=NOW)


@given(
    st.dictionaries(
        st.sampled_from([*VECTORS["razorpay"]["callback"]["params"], "razorpay_signature"]), anything
    )
)
def test_garbage_for_a_callback_is_refused_and_never_raises_anything_else(told: dict[str, str]) -> None:
    with pytest.raises(WebhookRefused):
        razorpay().verify_callback(told)


def jazzcash_hash(params: Mapping[str, str], salt: str) -> str:
    """HMAC-SHA256 under the salt over the salt and every value that is not empty, in the order of their names."""
    values = [params[name] for name in sorted(params) if params[name] and name != "pp_SecureHash"]
    return hmac.new(salt.encode(), "&".join([salt, *values]).encode(), hashlib.sha256).hexdigest()


def is_signed_by_jazzcash(params: Mapping[str, str], salt: str) -> bool:
    """JazzCash writes its hash in capitals or not. Never raises."""
    try:
        told = params.get("pp_SecureHash", "").lower().encode()
        return hmac.compare_digest(told, jazzcash_hash(params, salt).encode())
    except UnicodeEncodeError:
        return False


def test_jazzcashs_vector_is_made_and_taken() -> None:
    vector = VECTORS["jazzcash"]
    assert jazzcash_hash(vector["params"], vector["salt"]) == vector["secure_hash"]
    for told in (vector["secure_hash"], vector["secure_hash"].upper()):
        signed = {**vector["params"], "pp_Language": "", "pp_SecureHash": told}
        assert is_signed_by_jazzcash(signed, vector["salt"])
        assert not is_signed_by_jazzcash({**signed, "pp_Amount": "2996"}, vector["salt"])
        assert not is_signed_by_jazzcash(signed, vector["salt"] + "0")


@given(st.dictionaries(st.text(), anything))
def test_garbage_never_raises(params: dict[str, str]) -> None:
    assert not is_signed_by_jazzcash(params, "0F5DD14AE2")
