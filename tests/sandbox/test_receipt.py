"""The sandbox's screenshot of a transfer shows what the newest instructions in the chat ask for."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageDraw

from sandbox.chats import empty_bubble
from sandbox.receipt import Kind, Transfer, asked_for, draw

ENGLISH = """*Dune House*
Fri 27 – Sat 28 Nov · 2 guests

Transfer exactly *Rs.\u00a02,697* to
NayaPay, Sarai Stays:
03000000900

Write this code in the remarks: *DMR6A*
By the exact amount we know that it is yours; the other Rs.\u00a03 you pay at the property."""
URDU = """*Dune House*
جمعہ 27 – ہفتہ 28 نومبر · 2 مہمان

پوری پوری رقم *\u200e₹2,697* یہاں بھیجیں
UPI, Sarai Stays:
sarai@okbank

ریمارکس میں یہ کوڈ لکھیں: *DMR6A*"""


@pytest.mark.parametrize(
    ("body", "transfer"),
    [
        (ENGLISH, Transfer("Rs. 2,697", "NayaPay", "Sarai Stays", "03000000900", "DMR6A")),
        (URDU, Transfer("Rs. 2,697", "UPI", "Sarai Stays", "sarai@okbank", "DMR6A")),
    ],
)
def test_what_was_asked_for_is_read_from_the_chat(body: str, transfer: Transfer) -> None:
    chat = [{**empty_bubble(), "body": text} for text in ("Hello *you*", body, "Thank you!")]
    assert asked_for(chat) == transfer


def test_nobody_has_asked() -> None:
    mine = {**empty_bubble(), "from": "person", "body": ENGLISH}
    assert asked_for([{**empty_bubble(), "body": "Hello"}, mine]) is None


def test_each_screenshot_is_a_picture_of_its_own() -> None:
    transfer = Transfer("Rs. 2,697", "NayaPay", "Sarai Stays", "03000000900", "DMR6A")
    pictures = [draw(transfer, "Ayesha Khan", 1_795_000_000.0, amount=amount) for amount in (None, "Rs. 1")]
    assert pictures[0] != pictures[1]
    assert all(Image.open(io.BytesIO(picture)).format == "PNG" for picture in pictures)


@pytest.mark.parametrize("kind", [*Kind])
def test_what_is_amiss_is_on_the_picture(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    write = ImageDraw.ImageDraw.text
    monkeypatch.setattr(
        ImageDraw.ImageDraw,
        "text",
        lambda pen, at, words, **how: (drawn.append(words), write(pen, at, words, **how)),
    )
    draw(
        Transfer("Rs. 2,697", "NayaPay", "Sarai Stays", "03000000900", "DMR6A"),
        "Ayesha",
        1_795_000_000.0,
        kind=kind,
    )
    assert ("Rs. 269" in drawn) == (kind is Kind.LESS)
    assert ("Sarai Stays" in drawn) == (kind is not Kind.OTHER_PERSON)
    assert ("Transfer pending" in drawn) == (kind is Kind.PENDING)
    assert ("Transfer failed" in drawn) == (kind is Kind.FAILED)
