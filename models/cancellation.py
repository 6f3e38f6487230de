"""What a guest gets back who cancels: tiers by the hours that are left, kept with the booking as agreed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from models.money import Money


@dataclass(frozen=True, slots=True)
class Tier:
    """`hours` or more before the start, `percent` of the money comes back."""

    hours: int
    percent: int


@dataclass(frozen=True, slots=True)
class Policy:
    """Tiers from the earliest to the latest, and what comes back after the last of them.

    Attributes:
        otherwise: percent for a cancellation later than every tier, after the start included.
    """

    tiers: tuple[Tier, ...] = (Tier(24, 100), Tier(2, 75))
    otherwise: int = 50

    def __post_init__(self) -> None:
        hours = [tier.hours for tier in self.tiers]
        percents = [*(tier.percent for tier in self.tiers), self.otherwise]
        if any(type(number) is not int for number in (*hours, *percents)):
            raise ValueError("hours and percents of a cancellation policy are whole numbers")
        if hours != sorted(set(hours), reverse=True) or any(h < 0 for h in hours):
            raise ValueError("the tiers of a cancellation policy have different hours, the most first")
        if percents != sorted(percents, reverse=True) or not 0 <= percents[-1] <= percents[0] <= 100:
            raise ValueError("who cancels later never gets more: percents fall, from 100 to 0 at most")

    def percent(self, start: datetime, now: datetime) -> int:
        """What comes back of a cancellation now; the very minute of a boundary is still the guest's."""
        return self.stands(start, now)[0]

    def stands(self, start: datetime, now: datetime) -> tuple[int, datetime | None]:
        """What comes back of a cancellation now, and the last moment of that; None: it gets no less."""
        # Two times of one zone are subtracted by the clock on the wall, which lies when clocks change.
        start, now = start.astimezone(UTC), now.astimezone(UTC)
        ahead = [tier for tier in self.tiers if start - now >= timedelta(hours=tier.hours)]
        percent = ahead[0].percent if ahead else self.otherwise
        if percent == self.otherwise:
            return percent, None
        last = min(tier.hours for tier in ahead if tier.percent == percent)
        return percent, start - timedelta(hours=last)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Policy:
        """Read what `to_dict` wrote, or a listings file; what is not said is as by default.

        Written as `{"tiers": [{"hours": 24, "percent": 100}, …], "otherwise": 50}`, tiers in any order.
        Who gives tiers and no `otherwise` gives nothing back after the last of them.

        Raises:
            ValueError: another word, or tiers that contradict each other.
        """
        if unknown := set(data) - {"tiers", "otherwise"}:
            raise ValueError(f"a cancellation policy knows no {', '.join(sorted(unknown))}")
        if "tiers" not in data:
            return cls(otherwise=data.get("otherwise", cls().otherwise))
        tiers = sorted((Tier(**tier) for tier in data["tiers"]), key=lambda tier: -tier.hours)
        return cls(tuple(tiers), data.get("otherwise", 0))

    def to_dict(self) -> dict[str, Any]:
        return {
            "tiers": [{"hours": tier.hours, "percent": tier.percent} for tier in self.tiers],
            "otherwise": self.otherwise,
        }


def refund_due(
    policy: Policy, captured: Money, already_refunded: Money, start: datetime, now: datetime
) -> Money:
    """What a cancellation by the guest gives back: the policy's part of what was captured, half up.

    Never more than is left of the captured money. It is asked once, at the cancel: what was given back
    before (a price difference, say) is no part of this refund and only limits it.

    Args:
        captured: everything taken; a mere authorization is voided and counts for nothing here.
        start: when the stay begins.

    Source: facts/payments.md section 6
    """
    left = captured - already_refunded
    return max(min(captured.percent(policy.percent(start, now)), left), Money(0, captured.currency))
