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

from hypothesis import given
from hypothesis import strategies as st

from integrations.stripe_gateway import StripeGateway

VECTORS = json.loads((Path(__file__).parents[1] / "data/payment_vectors/signatures.json").read_text())


def test_stripes_vector_is_taken() -> None:
    vector = VECTORS["stripe"]
    gateway = StripeGateway(secret_key="sk_test_x", webhook_secret=vector["secret"])
    signed_at = datetime.fromtimestamp(vector["timestamp"], UTC)
    notice = gateway.verify_webhook(vector["body"].encode(), vector["header"], now=signed_at)
    assert (notice.external_id, notice.type) == ("evt_demo", "checkout.session.completed")


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


@given(st.dictionaries(st.text(), st.text(st.characters(codec=None))))
def test_garbage_never_raises(params: dict[str, str]) -> None:
    assert not is_signed_by_jazzcash(params, "0F5DD14AE2")
