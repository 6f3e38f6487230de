"""What one booking's messages are and cost, by each mode, in WhatsApp's 24-hour window and out of it.

A guest books at a place of each mode, from "hi" to the ticket, over the sandbox, with everybody in India:

*in the window*: owner and admin have just written, and the owner says yes at once.

*out of it*: owner and admin have been silent for days, and the owner says yes 25 hours after the payment, when
the guest's window has closed as well. What is said then goes as a template.

Afterwards the stay passes, and the guest is asked for stars. *Told* is the cost as the statuses tell it, the
free thousand service messages of a month included; *beyond the free ones* is the same with none of them free.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import create_engine, text

from models import message_prices
from models.message_cost import Costs, message_costs
from models.message_prices import in_words
from models.session import Session
from run.stack import Stack
from sandbox.driver import Bubble, Person, World

PLACES = Path(__file__).with_name("modes.toml")
ADMIN = "+919000000301"
ZONE = ZoneInfo("Asia/Kolkata")
WISHES = {
    "NIGHTLY": ("Hill Hut", "{day:%d %B %Y} for 2 nights, 2 people"),
    "SHIFT": ("River Farm", "{day:%d %B %Y} day shift, 4 people"),
    "SLOT": ("Care Visit", "{day:%d %B %Y} at 11 am for 1 hour"),
}
MOST_ANSWERS = 8

Json = dict[str, Any]


def messages_mode(_args: argparse.Namespace) -> Json:
    """Messages and cost of one booking by each mode, in the window and out of it."""
    runs: list[Json] = []
    with tempfile.TemporaryDirectory(prefix="sarai-bench-", ignore_cleanup_errors=True) as folder:
        # Two days, so that an owner may say yes when the guest's window has closed.
        settings = {"ADMIN_WHATSAPP_NUMBER": ADMIN, "OWNER_DEADLINE_HOURS": "48"}
        with Stack(Path(folder) / "data", samples=[PLACES], settings=settings) as stack:
            world = World(stack.page_url)
            try:
                booking = _Booking(stack, world)
                for is_open in (True, False):
                    for mode in WISHES:
                        runs.append(booking.made(mode, is_open=is_open))
                        _print(runs[-1])
            finally:
                world.close()
    return {"runs": runs}


class _Booking:
    """A guest, an owner and an admin, and what their bookings cost."""

    def __init__(self, stack: Stack, world: World) -> None:
        self.world = world
        self.owner = world.person("Meera Iyer", "+919000000202", role="owner")
        self.admin = world.person("Sana Malik", ADMIN, role="admin")
        self.engine = create_engine(stack.database_url)
        self.guests = 0

    def made(self, mode: str, *, is_open: bool) -> Json:
        """One booking from "hi" to the stars, and its messages."""
        self._at_ten_in_the_morning(in_days=1 if is_open else 4)
        if is_open:
            for person in (self.owner, self.admin):
                person.says("hi")
                person.sees()
        guest, day = self._guest(), self.world.clock.now.astimezone(ZONE).date() + timedelta(days=3)
        marks = {person: person.mark for person in (self.owner, guest)}
        self._accept(guest, mode, day)
        self.world.stripe.pays(guest.last_link)
        request = self.owner.sees(guest.name, since=marks[self.owner])
        booking_id, ends_at = self._booking_of(guest)
        if not is_open:
            self._settle(booking_id)  # or what is still on its way would be a day late, and dropped
            self.world.clock.passes(hours=25)
        marks[guest] = guest.mark
        confirm = next(title for title in request.options if "Confirm" in title)
        self.owner.taps(confirm, in_message=request)
        if not is_open:  # a button that old brings the request once more
            self.owner.taps(confirm)
        guest.sees("e-ticket|E-Ticket|eticket", since=marks[guest])
        before = self._costs(booking_id)
        marks[guest] = guest.mark
        self.world.clock.moves_to(max(ends_at, self.world.clock.now) + timedelta(minutes=1))
        self._be_awake()
        guest.sees("How was it", since=marks[guest])
        after = self._costs(booking_id)
        return {
            "mode": mode,
            "window": "open" if is_open else "closed",
            "to_the_ticket": _told(before),
            "with_the_stay": _told(after),
        }

    def _accept(self, guest: Person, mode: str, day: date) -> None:
        """From "hi" to the link, answering whatever is asked."""
        place, wish = WISHES[mode]
        guest.says("hi")
        guest.sees()
        guest.says(place)
        guest.taps("Book")
        guest.sees()
        guest.says(wish.format(day=day))
        for _ in range(MOST_ANSWERS):
            asked = guest.sees()
            if "Pay by card" in asked.options:
                guest.taps("Pay by card")
                guest.sees(kind="cta_url")
                return
            _answer(guest, asked)
        raise RuntimeError(f"no summary was reached at {place}:\n{guest.screen()}")

    def _guest(self) -> Person:
        self.guests += 1
        return self.world.person(f"Asha {'ABCDEFGH'[self.guests]}", f"+9190001110{self.guests:02}")

    def _at_ten_in_the_morning(self, *, in_days: int) -> None:
        day = self.world.clock.now.astimezone(ZONE).date() + timedelta(days=in_days)
        self.world.clock.moves_to(datetime.combine(day, time(10), ZONE))

    def _be_awake(self) -> None:
        """At night nobody is asked how it was."""
        local = self.world.clock.now.astimezone(ZONE)
        if not time(8) <= local.time() < time(22):
            self._at_ten_in_the_morning(in_days=1 if local.time() >= time(22) else 0)

    def _booking_of(self, guest: Person) -> tuple[int, datetime]:
        with self.engine.connect() as connection:
            row = connection.execute(
                text(
                    "SELECT b.id, b.ends_at FROM bookings b JOIN person_identifiers i ON i.person_id = b.person_id "
                    "WHERE i.value = :phone ORDER BY b.id DESC LIMIT 1"
                ),
                {"phone": guest.phone},
            ).one()
        return row.id, row.ends_at

    def _costs(self, booking_id: int) -> Costs:
        self._settle(booking_id)
        with Session(self.engine.connect()) as session:
            return message_costs(session, booking_id)

    def _settle(self, booking_id: int) -> None:
        """Every message was taken, and every status of them is in."""
        self.world.eventually(
            lambda: not self._under_way(booking_id), what=f"every status of {self._states(booking_id)}"
        )

    def _states(self, booking_id: int) -> Json:
        """How many of its messages are in which state; for whoever has to find out why one does not arrive."""
        with self.engine.connect() as connection:
            rows = connection.execute(
                text(
                    "SELECT kind || ' ' || state, count(*) FROM outbound_messages WHERE booking_id = :id GROUP BY 1"
                ),
                {"id": booking_id},
            ).all()
        return {str(row[0]): int(row[1]) for row in rows}

    def _under_way(self, booking_id: int) -> bool:
        with self.engine.connect() as connection:
            return bool(
                connection.execute(
                    text(
                        "SELECT EXISTS (SELECT FROM outbound_messages WHERE booking_id = :id AND kind <> 'typing' "
                        "AND (state IN ('QUEUED', 'SENDING', 'UNKNOWN') "
                        "OR (state = 'ACCEPTED' AND delivered_at IS NULL))) "
                        "OR EXISTS (SELECT FROM inbound_events WHERE kind = 'status' AND done_at IS NULL)"
                    ),
                    {"id": booking_id},
                ).scalar()
            )


def _answer(guest: Person, asked: Bubble) -> None:
    """The first thing that will do: their name, the first row or button, else a number."""
    if guest.name in asked.options:
        guest.taps(guest.name)
    elif asked.options:
        guest.taps(asked.options[0])
    else:
        guest.says("2")


def _told(costs: Costs) -> Json:
    beyond = _beyond_the_free_ones(costs)
    return {
        "messages": len(costs.messages),
        "templates": sum(message.as_template for message in costs.messages),
        "by_recipient": dict(Counter(message.recipient for message in costs.messages)),
        "kinds": [f"{m.recipient}:{m.kind}{' (template)' if m.as_template else ''}" for m in costs.messages],
        "told": {currency: micros / 1e6 for currency, micros in costs.totals.items()},
        "beyond_the_free_ones": {currency: micros / 1e6 for currency, micros in beyond.items()},
        "without_price": costs.without_price,
    }


def _beyond_the_free_ones(costs: Costs) -> Counter[str]:
    """What the table alone says, as if the month's free messages were used up."""
    totals: Counter[str] = Counter()
    for message in costs.messages:
        day = message.at.astimezone(UTC).date()
        charge = message_prices.table().charge(
            market=message.market, as_template=message.as_template, day=day
        )
        if charge.currency is not None:
            totals[charge.currency] += charge.micros or 0
    return totals


def _print(run: Json) -> None:
    if run["mode"] == "NIGHTLY":
        print(
            f"\n  window {run['window']}{'':<10}messages  templates  guest/owner/admin  told       beyond free"
        )
    for part, name in (("to_the_ticket", "to the ticket"), ("with_the_stay", "with the stay")):
        found = run[part]
        people = "/".join(str(found["by_recipient"].get(role, 0)) for role in ("guest", "owner", "admin"))
        print(
            f"  {run['mode']:<8} {name:<14} {found['messages']:>6} {found['templates']:>10}  {people:>16}"
            f"   {_sum(found['told']):<10} {_sum(found['beyond_the_free_ones'])}",
            flush=True,
        )


def _sum(amounts: Json) -> str:
    each = (in_words(round(amount * 1e6), currency) for currency, amount in sorted(amounts.items()))
    return " + ".join(each) or "0"
