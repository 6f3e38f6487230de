"""Wordings as data: a pattern is a list of lines, each with alternatives of one kind or language."""

from __future__ import annotations

import re


def words(*lines: str) -> re.Pattern[str]:
    """Match any of the alternatives of any line, upper or lower case."""
    return re.compile("|".join(lines), re.IGNORECASE)


def choice(*lines: str) -> str:
    """The same as a group to be built into a larger pattern."""
    return f"(?:{'|'.join(lines)})"
