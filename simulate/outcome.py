"""What became of each transfer, counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Result:
    """Of one rule in one season.

    Attributes:
        right: guests' transfers that found their booking with nobody's help; `asked` of them by the guest's answer.
        wrong: by kind; money on a booking that it was not paid for, and a stranger's money on any.
        to_a_person: by what they pay; what an admin has to look at.
        strangers: of all, left to a person as they should be.
    """

    right: int = 0
    asked: int = 0
    questions: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    to_a_person: Counter[str] = field(default_factory=Counter)
    strangers: int = 0
    seconds: float = 0.0

    @property
    def transfers(self) -> int:
        """All that guests sent, and what strangers' money was taken for."""
        return self.right + sum(self.wrong.values()) + sum(self.to_a_person.values())

    def __add__(self, other: Result) -> Result:
        return Result(
            self.right + other.right,
            self.asked + other.asked,
            self.questions + other.questions,
            self.wrong + other.wrong,
            self.to_a_person + other.to_a_person,
            self.strangers + other.strangers,
            self.seconds + other.seconds,
        )
