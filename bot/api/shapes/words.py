"""What all shapes are made of: kinds of text and numbers, errors, and pages."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from models import password


def _whole(given: object) -> object:
    """Only digits are a number: no blanks, signs, points or underscores."""
    if isinstance(given, str) and not (given.isascii() and given.isdigit()):
        raise ValueError("not a whole number")
    return given


MOST_ID = 2**63 - 1
Day = date  # a shape has a field of that name

Words = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
Reason = Annotated[
    str,
    StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00]*$"),
    Field(examples=["Amount mismatch - Expected Rs. 5000, received Rs. 4500"]),
]
BookingCode = Annotated[
    str,
    StringConstraints(pattern=r"^[Bb][Kk]-[0-9]{8}-[0-9A-Za-z]{5}$"),
    Field(examples=["BK-20251017-7K3QX"]),
]
PaymentName = Annotated[
    str,
    StringConstraints(pattern=r"^([Pp]-[0-9A-Za-z]{4,10}|[1-9][0-9]{0,17})$"),
    Field(examples=["P-7K3Q"]),
]
Login = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9][a-z0-9@._+-]{1,99}$"),
    Field(description="In small letters; an address of a mailbox will do.", examples=["bilal@example.com"]),
]
NewPassword = Annotated[
    str, StringConstraints(min_length=password.LEAST, max_length=password.MOST, pattern=r"^[^\x00]*$")
]
Typed = Annotated[str, StringConstraints(min_length=1, max_length=password.MOST, pattern=r"^[^\x00]*$")]
TotpCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$"), Field(examples=["123456"])]
Phone = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{6,14}$"), Field(examples=["+923000000201"])]
Limit = Annotated[int, Field(ge=1, le=200), BeforeValidator(_whole)]
Number = Annotated[int, Field(ge=0, le=MOST_ID), BeforeValidator(_whole)]
Amount = Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]+)?$", examples=["5000.00"])]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["PKR"])]


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Asked(BaseModel):
    """What stands in an address: always text, so that numbers are read from it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# ---- errors ------------------------------------------------------------------------------------------


class ErrorFacts(Shape):
    code: str
    message: str
    details: dict[str, Any]
    timestamp: datetime


class ErrorAnswer(Shape):
    """The one error shape."""

    success: Literal[False]
    error: ErrorFacts


# ---- pages -------------------------------------------------------------------------------------------


class Page(Asked):
    limit: Annotated[Limit, Field(description="So many at most.")] = 50
    after: Annotated[Number | None, Field(description="The `next` of the page before this one.")] = None


Next = Annotated[
    int | None, Field(description="What to ask for as `after` to see more; null where this is the end.")
]
