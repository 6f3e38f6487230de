"""What is sealed is read by nobody without the key, and what is shown of a number is its end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from models import sealed


@pytest.fixture(autouse=True)
def _key() -> Iterator[None]:
    before = ",".join(sealed._keys)
    sealed.start(sealed.new_key())
    yield
    sealed.start(before)


def test_what_is_sealed_can_be_opened() -> None:
    kept = sealed.seal_text("42101-1234567-3")
    assert "42101" not in kept
    assert kept != sealed.seal_text("42101-1234567-3")
    assert sealed.open_text(kept) == "42101-1234567-3"


def test_bytes_are_sealed_as_bytes() -> None:
    assert sealed.open_(sealed.seal(b"\x89PNG\0")) == b"\x89PNG\0"


def test_another_key_opens_nothing() -> None:
    kept = sealed.seal_text("secret")
    sealed.start(sealed.new_key())
    with pytest.raises(sealed.CannotOpen):
        sealed.open_text(kept)


def test_what_was_changed_is_not_opened() -> None:
    kept = sealed.seal(b"secret")
    with pytest.raises(sealed.CannotOpen):
        sealed.open_(kept[:-4] + b"AAAA")


def test_a_new_key_opens_what_the_old_one_sealed() -> None:
    old, new = sealed.new_key(), sealed.new_key()
    sealed.start(old)
    kept = sealed.seal_text("secret")
    sealed.start(f"{new}, {old}")
    assert sealed.open_text(kept) == "secret"
    fresh = sealed.seal_text("secret")
    sealed.start(new)
    assert sealed.open_text(fresh) == "secret"


def test_without_a_key_nothing_is_kept_in_the_clear() -> None:
    sealed.start("")
    with pytest.raises(RuntimeError):
        sealed.seal_text("secret")


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("42101-1234567-3", "•••••-••••567-3"),
        ("AB1234567", "•••••4567"),
        ("123", "123"),
        ("", ""),
    ],
)
def test_a_number_is_shown_by_its_end(number: str, shown: str) -> None:
    assert sealed.masked(number) == shown


def test_a_key_is_known_by_its_shape() -> None:
    assert sealed.is_key(sealed.new_key())
    assert not sealed.is_key("password")
    assert not sealed.is_key("")
