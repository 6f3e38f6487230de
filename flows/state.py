"""What a conversation remembers between two messages: small, and nothing that a row already says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, time
from typing import Any, Self

from models.hours import ShiftHours, SlotHours
from models.listing import Listing
from models.stay import Shift, Stay


@dataclass(frozen=True)
class Draft:
    """The answers given so far for one stay; those not given yet are None.

    Attributes:
        listing: which place.
        nights: by the night; by shift it is `shift` that is asked for, by slot `minutes` and `start`.
        name: whom the booking is for.
        booking: the row that was made when the summary was first shown.
        moves: true while another place is looked for, for the same stay.
        note: something to say together with the next question; not remembered.
        answers: to the place's further questions by key, None where one was passed over.
        coupon: the code to book with, "" for none.
        asking: the further question that is asked again, though it has an answer.
        is_reminded: whether its guest was reminded of it.
    """

    listing: int
    check_in: date | None = None
    nights: int | None = None
    guests: int | None = None
    name: str | None = None
    booking: int | None = None
    moves: bool = False
    note: str | None = None
    shift: Shift | None = None
    minutes: int | None = None
    start: time | None = None
    answers: Mapping[str, str | None] = field(default_factory=dict)
    asking: str | None = None
    coupon: str | None = None
    is_reminded: bool = False

    def stay_at(self, listing: Listing) -> Stay | None:
        """What was chosen, once it is all that this listing is booked by."""
        if self.check_in is None:
            return None
        if isinstance(listing.hours, ShiftHours):
            return listing.hours.stay(self.check_in, self.shift) if self.shift is not None else None
        if isinstance(listing.hours, SlotHours):
            if self.start is None or self.minutes is None:
                return None
            return listing.hours.stay(self.check_in, self.start, self.minutes, listing.time_zone)
        return Stay.of_nights(self.check_in, self.nights) if self.nights is not None else None

    @property
    def is_begun(self) -> bool:
        """True once there is an answer that it would be a pity to lose."""
        return self.check_in is not None or self.guests is not None

    def with_answer(self, **answers: Any) -> Self:
        return replace(self, **answers)

    def to_json(self) -> dict[str, Any]:
        values = {
            "listing": self.listing,
            "check_in": self.check_in.isoformat() if self.check_in else None,
            "nights": self.nights,
            "guests": self.guests,
            "name": self.name,
            "booking": self.booking,
            "moves": self.moves or None,
            "shift": self.shift,
            "minutes": self.minutes,
            "start": f"{self.start:%H:%M}" if self.start is not None else None,
            "answers": dict(self.answers) or None,
            "asking": self.asking,
            "coupon": self.coupon,
            "is_reminded": self.is_reminded or None,
        }
        return {key: value for key, value in values.items() if value is not None}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Draft:
        # What an older or newer release remembered beyond this is no reason to fail.
        values = {field.name: data[field.name] for field in fields(cls) if field.name in data}
        if "check_in" in values:
            values["check_in"] = date.fromisoformat(values["check_in"])
        if "shift" in values:
            values["shift"] = Shift(values["shift"])
        if "start" in values:
            values["start"] = time.fromisoformat(values["start"])
        return cls(**values)


@dataclass(frozen=True)
class State:
    """Where a conversation is.

    Attributes:
        at: the open question (`book.guests`), or the page that was shown last as the payload that shows it.
        draft: the half-finished booking, wherever the conversation went since.
        misses: how often in a row we did not understand.
        offers: what the buttons of the last bubble mean, so that a title that is typed is as good as a tap.
        tapped: the last tap and when it came, to know the second half of a double tap.
        welcome: roles that the person has been given and was not told about yet.
        reason: what was typed after a command, until the question that followed is answered.
        reply_to: to whom an admin writes what they type next, and until when it is taken so.
        asked_at: when the bubble with these buttons was said.
    """

    at: str | None = None
    draft: Draft | None = None
    misses: int = 0
    offers: Mapping[str, str] = field(default_factory=dict)
    tapped: tuple[str, datetime] | None = None
    welcome: tuple[str, ...] = ()
    reason: str | None = None
    reply_to: tuple[int, datetime] | None = None
    asked_at: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {}
        if self.at:
            data["at"] = self.at
        if self.draft:
            data["draft"] = self.draft.to_json()
        if self.misses:
            data["misses"] = self.misses
        if self.offers:
            data["offers"] = dict(self.offers)
        if self.tapped:
            data["tapped"] = [self.tapped[0], self.tapped[1].isoformat()]
        if self.welcome:
            data["welcome"] = list(self.welcome)
        if self.reason:
            data["reason"] = self.reason
        if self.reply_to:
            data["reply_to"] = [self.reply_to[0], self.reply_to[1].isoformat()]
        if self.asked_at:
            data["asked_at"] = self.asked_at.isoformat()
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> State:
        draft, tapped, reply_to = data.get("draft"), data.get("tapped"), data.get("reply_to")
        return cls(
            at=data.get("at"),
            draft=Draft.from_json(draft) if draft else None,
            misses=data.get("misses", 0),
            offers=data.get("offers", {}),
            tapped=(tapped[0], datetime.fromisoformat(tapped[1])) if tapped else None,
            welcome=tuple(data.get("welcome", ())),
            reason=data.get("reason"),
            reply_to=(reply_to[0], datetime.fromisoformat(reply_to[1])) if reply_to else None,
            asked_at=datetime.fromisoformat(data["asked_at"]) if data.get("asked_at") else None,
        )
