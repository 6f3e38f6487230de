"""Percentiles, and numbers as people read them."""

from __future__ import annotations

import math
from collections.abc import Sequence


def percentile(values: Sequence[float], q: float) -> float:
    """Nearest rank; nan without values."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(q / 100 * len(ordered)) - 1)] if ordered else math.nan


def in_ms(seconds: Sequence[float]) -> dict[str, float]:
    """A summary of seconds, in milliseconds."""
    if not seconds:
        return {"n": 0}
    summary = {f"p{q}": round(percentile(seconds, q) * 1000, 1) for q in (50, 95, 99)}
    return {"n": len(seconds), **summary, "max": round(max(seconds) * 1000, 1)}
