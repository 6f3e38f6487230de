"""Paytm's checksum: a SHA-256 with four characters of salt, encrypted with the merchant key, as base64.

Our own, for the makers' library raises on garbage, compares with `==` and needs a package that it does not name.
Sources: facts/payments.md section 5.2; the vectors in tests/data/payment_vectors.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import string
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.modes import CBC

FIELD: Final = "CHECKSUMHASH"  # the parameter of a form that carries its checksum

_IV: Final = b"@@@@&&&&####$$$$"
_BLOCK: Final = 16
_SALT: Final = 4
_HASH: Final = 64
_SALTS: Final = string.ascii_letters + string.digits


def sign(text: str, key: str, *, salt: str | None = None) -> str:
    """The checksum of this text, another one each time unless the salt is given.

    Args:
        text: of a JSON call the exact text of `body` that goes on the wire, of a form what `joined` makes of it.
        key: the merchant key, 16, 24 or 32 bytes.

    Raises:
        ValueError: no key can be of this length, or the text cannot be written as UTF-8.
    """
    salt = salt or "".join(secrets.choice(_SALTS) for _ in range(_SALT))
    plain = (_hash(text, salt) + salt).encode()
    padding = _BLOCK - len(plain) % _BLOCK
    encryptor = _cipher(key).encryptor()
    sealed = encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()
    return base64.b64encode(sealed).decode()


def is_signed(text: str, checksum: str, key: str) -> bool:
    """Whether who has the key made this checksum of this text. Never raises, whatever a stranger sends.

    What cannot be opened is compared like the rest: who can tell by the time it takes whether the padding was right
    could make checksums without the key.
    """
    plain = _opened(checksum, key)
    try:
        expected = _hash(text, plain[_HASH:])
    except UnicodeEncodeError:
        return False
    return hmac.compare_digest(plain[:_HASH], expected) and len(plain) == _HASH + _SALT


def is_signed_form(form: Mapping[str, str], key: str) -> bool:
    """Whether who has the key made the form's own checksum. Never raises, whatever a stranger sends.

    Paytm's libraries do not agree on the word "null": one signs it as it is, the other as nothing.
    """
    checksum = form.get(FIELD, "")
    as_nothing = {name: "" if value == "null" else value for name, value in form.items()}
    return is_signed(joined(form), checksum, key) or is_signed(joined(as_nothing), checksum, key)


def joined(form: Mapping[str, str]) -> str:
    """What is signed of a form: its values, in the order of their names, with bars between them."""
    return "|".join(form[name] for name in sorted(form) if name != FIELD)


def _hash(text: str, salt: str) -> str:
    return hashlib.sha256(f"{text}|{salt}".encode()).hexdigest()


def _opened(checksum: str, key: str) -> str:
    """The hash and the salt that a checksum holds; empty for what is none."""
    try:
        sealed = base64.b64decode(checksum, validate=True)
        decryptor = _cipher(key).decryptor()
        return _unpadded(decryptor.update(sealed) + decryptor.finalize()).decode("ascii")
    except ValueError:
        return ""


def _unpadded(padded: bytes) -> bytes:
    """PKCS#7 taken off.

    Raises:
        ValueError: it is not there.
    """
    padding = padded[-1] if padded else 0
    if not 1 <= padding <= _BLOCK or padded[-padding:] != bytes([padding]) * padding:
        raise ValueError
    return padded[:-padding]


def _cipher(key: str) -> Cipher[CBC]:
    # Loaded by the first payment: most processes have nothing to do with Paytm.
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    return Cipher(algorithms.AES(key.encode()), modes.CBC(_IV))
