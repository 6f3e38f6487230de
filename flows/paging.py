"""Lists that are longer than what WhatsApp shows at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from flows.actions import Action
from flows.engine import row
from flows.phrases import ENGLISH, Phrases
from models.message import MOST_ROWS, Row

A_PAGE: Final = MOST_ROWS - 1


def paged(
    rows: Sequence[Row], page: int, more: Callable[[int], Action], _: Phrases = ENGLISH
) -> tuple[Row, ...]:
    """The rows of this page; where they do not fit on one, the last row leads on, at the end back to the first."""
    if len(rows) <= MOST_ROWS:
        return tuple(rows)
    first = page * A_PAGE if page * A_PAGE < len(rows) else 0
    following = first // A_PAGE + 1
    is_last = following * A_PAGE >= len(rows)
    on = row(more(0), _("From the beginning")) if is_last else row(more(following), _("More"))
    return (*rows[first : first + A_PAGE], on)
