"""What can go wrong with a booking: each error with a stable code and its data, and no words for people.

Words live in `flows/phrases` by the same code; `bot/errors.py` maps codes to HTTP.
"""

from __future__ import annotations

from typing import Any


class BookingError(Exception):
    """A rule refused what was asked; `code` is stable, `data` says with what."""

    code = "BOOKING_ERROR"

    def __init__(self, **data: Any) -> None:
        self.data = data
        super().__init__(f"{self.code} {data}")


class IllegalTransition(BookingError):
    """The action is not possible from the booking's status."""

    code = "ILLEGAL_TRANSITION"


class StayRefused(BookingError):
    """The stay breaks a rule of the listing; `data["why"]` is one of `models.stay.Why`."""

    code = "STAY_REFUSED"


class PlaceTaken(BookingError):
    """Not enough free units for these dates."""

    code = "PLACE_TAKEN"


class TooManyHolds(BookingError):
    """The person already holds as many unpaid places as one may."""

    code = "TOO_MANY_HOLDS"


class WayToPayClosed(BookingError):
    """This way to pay is not open for the place just now; `data["method"]` says which."""

    code = "WAY_TO_PAY_CLOSED"


class SummaryChanged(BookingError):
    """The summary that was tapped is not the newest one."""

    code = "SUMMARY_CHANGED"


class AlreadyDecided(BookingError):
    """Somebody decided on this request before; `data` says who, what and when."""

    code = "ALREADY_DECIDED"


class CouponRefused(BookingError):
    """The coupon is not for this, or used up; `data["why"]` is one of `models.coupon.Why`."""

    code = "COUPON_REFUSED"
