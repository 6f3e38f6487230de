"""A screenshot of a transfer, as a wallet shows it: what the newest instructions ask for, or what guests get wrong.

Like every screenshot it proves nothing: no money has moved anywhere.
"""

from __future__ import annotations

import io
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from sandbox.chats import Bubble

WIDTH, HEIGHT, MARGIN = 720, 1180, 56
PAPER, INK, FAINT, GREEN, AMBER, RED = "#ffffff", "#14213d", "#6b7280", "#16a34a", "#d97706", "#dc2626"
PAKISTAN: Final = timezone(timedelta(hours=5))
INDIA: Final = timezone(timedelta(hours=5, minutes=30))
SOMEBODY_ELSE: Final = "Hina Rauf"

# “Transfer exactly *amount* to / provider, name: / account”, and further down a line with the code, in any language.
_ASKED: Final = re.compile(r"\*([^*\n]+)\*[^\n]*\n([^\n,]+), ([^\n]+):\n([^\n]+)\n+[^\n]*\*([A-Z0-9]{4,8})\*")
_PICTURES_OF_RUPEES: Final = str.maketrans({"₹": "Rs. ", "\u00a0": " ", "\u200e": ""})


class Kind(StrEnum):
    """What the screenshot shows: all as it was asked for, or what is amiss."""

    RIGHT = "right"
    LESS = "less"  # the last digit was left out
    OTHER_PERSON = "other_person"
    PENDING = "pending"
    FAILED = "failed"


HEADLINES: Final = {Kind.PENDING: ("Transfer pending", AMBER), Kind.FAILED: ("Transfer failed", RED)}


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


def draw(
    transfer: Transfer, sender: str, now: float, *, amount: str | None = None, kind: Kind = Kind.RIGHT
) -> bytes:
    """The screenshot as a PNG; each has a transaction id of its own.

    Args:
        amount: what was really sent, where it is not what was asked for.
    """
    transfer = _gone_wrong(replace(transfer, amount=amount or transfer.amount), kind)
    headline, colour = HEADLINES.get(kind, ("Money sent", GREEN))
    picture = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, WIDTH, 132), fill=INK)
    pen.text((MARGIN, 44), transfer.provider, font=_font(44), fill=PAPER)
    pen.ellipse((WIDTH // 2 - 56, 190, WIDTH // 2 + 56, 302), fill=colour)
    pen.line(((334, 246), (354, 268), (390, 226)), fill=PAPER, width=10, joint="curve")
    _centred(pen, 330, headline, 38, INK)
    _centred(pen, 386, transfer.amount, 68, INK)
    when = datetime.fromtimestamp(now, UTC).astimezone(INDIA if "@" in transfer.account else PAKISTAN)
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


def _gone_wrong(transfer: Transfer, kind: Kind) -> Transfer:
    if kind is Kind.LESS:
        mark, _, number = transfer.amount.rpartition(" ")
        digits = re.sub(r"\D", "", number.split(".")[0])
        return replace(transfer, amount=f"{mark} {int(digits) // 10:,}".strip())
    if kind is Kind.OTHER_PERSON:
        return replace(transfer, title=SOMEBODY_ELSE, account="03217654321")
    return transfer


def _centred(pen: ImageDraw.ImageDraw, top: int, words: str, size: int, colour: str) -> None:
    pen.text((WIDTH // 2, top), words, font=_font(size), fill=colour, anchor="ma")


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
