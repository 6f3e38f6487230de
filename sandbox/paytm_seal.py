"""Paytm's checksum as its own libraries make and check it; written apart from the product's."""

from __future__ import annotations

import base64
import hashlib
import secrets
import string
from collections.abc import Mapping

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

IV = b"@@@@&&&&####$$$$"
LETTERS = string.ascii_letters + string.digits


def seal(text: str, key: str) -> str:
    """A fresh checksum of this text."""
    salt = "".join(secrets.choice(LETTERS) for _ in range(4))
    plain = _hash(text, salt).encode()
    padder = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(key.encode()), modes.CBC(IV)).encryptor()
    sealed = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    return base64.b64encode(sealed).decode()


def seal_form(fields: Mapping[str, str], key: str) -> dict[str, str]:
    """The fields of a form with their checksum among them."""
    text = "|".join(value for _, value in sorted(fields.items()))
    return {**fields, "CHECKSUMHASH": seal(text, key)}


def fits(text: str, checksum: object, key: str) -> bool:
    """Is it a checksum of exactly this text?"""
    decryptor = Cipher(algorithms.AES(key.encode()), modes.CBC(IV)).decryptor()
    unpadder = padding.PKCS7(128).unpadder()
    try:
        sealed = base64.b64decode(str(checksum), validate=True)
        padded = decryptor.update(sealed) + decryptor.finalize()
        plain = (unpadder.update(padded) + unpadder.finalize()).decode()
    except ValueError:
        return False
    return plain == _hash(text, plain[-4:])


def _hash(text: str, salt: str) -> str:
    return hashlib.sha256(f"{text}|{salt}".encode()).hexdigest() + salt
