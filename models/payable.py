"""What a transfer is asked for: a little less than the price, so that the amount alone tells whose money it is.

What is left off is paid at the place, so that the total stays. Advances and full prices are lowered by steps
of their own: the half of somebody's full price is never mistaken for another's advance.

Source: docs/decisions/0010-transfers-by-amount.md
"""

from __future__ import annotations

import secrets
from typing import Final

from models.money import Money

# The smallest difference that people really transfer, in minor units; else the currency's own smallest unit.
STEPS: Final = {"PKR": 100}
MOST_STEPS: Final = 250
LARGEST_SHARE: Final = (
    10  # no more than a tenth of the price is left to the place by this, for both kinds together
)

ROUND_STEPS: Final = 10  # ten rupees, ten paisa: people type whole ones of these

# No 0/O, 1/I/L, 2/Z, 5/S, 8/B, U/V: written by hand into a bank's remarks, and read there by somebody else.
LETTERS: Final = "ACDEFGHJKMNPQRTWXY"
DIGITS: Final = "34679"
REFERENCE_LENGTH: Final = 5


def lowered(price: Money, *, in_full: bool) -> range:
    """By how much the price may be lowered, in minor units, the least first; empty for a price that is too small."""
    step = STEPS.get(price.currency, 1)
    each = min(MOST_STEPS, price.minor // LARGEST_SHARE // step // 2)
    first = each + 1 if in_full else 1
    return range(first * step, (first + each) * step, step)


def is_round(minor: int, currency: str) -> bool:
    """Whether somebody who types another amount than they were asked for could have typed just this one.

    No transfer is asked for with such an amount: a slip would land on a stranger's booking.
    """
    return minor % (ROUND_STEPS * STEPS.get(currency, 1)) == 0


def new_reference() -> str:
    """A code to write into a transfer's remarks: letters and a digit or two, so that it is no word and no number."""
    while True:
        code = "".join(secrets.choice(LETTERS + DIGITS) for _ in range(REFERENCE_LENGTH))
        if 1 <= sum(sign in DIGITS for sign in code) <= 2:
            return code
