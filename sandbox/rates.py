"""WhatsApp's two rates: per number, and per pair of number and person.

Source: Meta, “Throughput” and “About the platform”: 80 messages a second in and out together; one message
every 6 s to the same person, with a burst of up to 45 that is borrowed from the time to come.
"""

from __future__ import annotations

from collections.abc import Callable


class Bucket:
    """Lets `burst` through at once and one more every `seconds`."""

    def __init__(self, burst: float, seconds: float) -> None:
        self.burst, self.seconds = burst, seconds
        self._left, self._at = burst, float("-inf")

    def take(self, now: float) -> bool:
        """May one more pass? A refusal costs nothing."""
        self._at = min(self._at, now)  # The clock was set back: what was owed is owed from now on.
        self._left = min(self.burst, self._left + (now - self._at) / self.seconds)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Rates:
    """Both limits, on the sandbox's clock."""

    def __init__(
        self, now: Callable[[], float], *, per_second: float, pair_seconds: float, pair_burst: int
    ) -> None:
        self._now = now
        self.set(per_second=per_second, pair_seconds=pair_seconds, pair_burst=pair_burst)

    def set(self, *, per_second: float, pair_seconds: float, pair_burst: int) -> None:
        """Other limits, everyone starting afresh."""
        self.limits = {"per_second": per_second, "pair_seconds": pair_seconds, "pair_burst": pair_burst}
        self._number = Bucket(per_second, 1 / per_second)
        self._pairs: dict[str, Bucket] = {}

    def number(self) -> bool:
        """One more message in or out of the business number?"""
        return self._number.take(self._now())

    def pair(self, person: str) -> bool:
        """One more message to this person?"""
        if person not in self._pairs:
            self._pairs[person] = Bucket(float(self.limits["pair_burst"]), float(self.limits["pair_seconds"]))
        return self._pairs[person].take(self._now())
