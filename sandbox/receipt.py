"""A screenshot of a transfer, as a wallet shows it when the money is sent: what the newest instructions ask for.

Like every screenshot it proves nothing: no money has moved anywhere.
"""

from __future__ import annotations

import io
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from sandbox.chats import Bubble

WIDTH, HEIGHT, MARGIN = 720, 1180, 56
PAPER, INK, FAINT, GREEN = "#ffffff", "#14213d", "#6b7280", "#16a34a"
LOCAL: Final = timezone(timedelta(hours=5))

# “Transfer exactly *amount* to / provider, name: / account”, and further down a line with the code, in any language.
_ASKED: Final = re.compile(r"\*([^*\n]+)\*[^\n]*\n([^\n,]+), ([^\n]+):\n([^\n]+)\n+[^\n]*\*([A-Z0-9]{4,8})\*")
_PICTURES_OF_RUPEES: Final = str.maketrans({"₹": "Rs. ", "\u00a0": " ", "\u200e": ""})


@dataclass(frozen=True, slots=True)
class Transfer:
    """What somebody says they have sent, and to whom."""

    amount: str
    provider: str
    title: str
    account: str
    code: str


def asked_for(chat: Sequence[Bubble]) -> Transfer | None:
    """What the newest instructions in the chat ask for, in letters that a picture can show."""
    for _, asked in all_asked_for(chat):
        parts = (asked.amount, asked.provider, asked.title, asked.account, asked.code)
        return Transfer(*(part.translate(_PICTURES_OF_RUPEES).strip() for part in parts))
    return None


def all_asked_for(chat: Sequence[Bubble]) -> Iterator[tuple[Bubble, Transfer]]:
    """All that instructions in the chat have ever asked for, the newest first."""
    for bubble in reversed(chat):
        found = _ASKED.search(str(bubble["body"] or "")) if bubble["from"] == "business" else None
        if found is not None:
            yield bubble, Transfer(*(part.strip() for part in found.groups()))


def draw(transfer: Transfer, sender: str, now: float, *, amount: str | None = None) -> bytes:
    """The screenshot as a PNG; each has a transaction id of its own.

    Args:
        amount: what was really sent, where it is not what was asked for.
    """
    transfer = replace(transfer, amount=amount or transfer.amount)
    picture = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, WIDTH, 132), fill=INK)
    pen.text((MARGIN, 44), transfer.provider, font=_font(44), fill=PAPER)
    pen.ellipse((WIDTH // 2 - 56, 190, WIDTH // 2 + 56, 302), fill=GREEN)
    pen.line(((334, 246), (354, 268), (390, 226)), fill=PAPER, width=10, joint="curve")
    _centred(pen, 330, "Money sent", 38, INK)
    _centred(pen, 386, transfer.amount, 68, INK)
    when = datetime.fromtimestamp(now, UTC).astimezone(LOCAL)
    rows = (
        ("To", transfer.title),
        ("Account", transfer.account),
        ("From", sender),
        ("Remarks", transfer.code),
        ("Date", f"{when:%d %b %Y, %I:%M %p}"),
        ("Transaction ID", secrets.token_hex(12)),
        ("Fee", "Rs. 0"),
    )
    for number, (name, value) in enumerate(rows):
        top = 510 + number * 84
        pen.line(((MARGIN, top - 18), (WIDTH - MARGIN, top - 18)), fill="#e5e7eb", width=2)
        pen.text((MARGIN, top), name, font=_font(28), fill=FAINT)
        pen.text((WIDTH - MARGIN, top), value, font=_font(28), fill=INK, anchor="ra")
    _centred(pen, HEIGHT - 60, "Sandbox: no money has moved", 24, FAINT)
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def _centred(pen: ImageDraw.ImageDraw, top: int, words: str, size: int, colour: str) -> None:
    pen.text((WIDTH // 2, top), words, font=_font(size), fill=colour, anchor="ma")


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
