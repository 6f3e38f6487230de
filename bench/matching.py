"""What a payment mail costs while many bookings wait: from the raw mail to what follows for its booking.

1,000 mails as a wallet writes them are kept sealed, read, matched and counted by the product's own code, in looks
of fifty, once while 1,000 bookings wait for a transfer and once while 10,000 do. Guests pay as `simulate` assumes:
half of them write the code, some round, some pay a part. CPU is that of the process that does
it and of its PostgreSQL together.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

import psutil
from sqlalchemy import text

from bench import report
from flows import notices
from integrations import payment_mail
from models import db, mail, payable, person, sealed
from models.booking import Booking
from models.clock import Clock
from models.db import unit_of_work
from models.listing import Listing
from models.migrate import migrate
from models.money import Money
from models.payment import TRANSFER, Payment
from models.pricing import quote
from models.rules import Rules
from models.session import Session
from models.stay import Stay
from models.verification import Mode
from run.stores import Stores
from sandbox.mails import Arrival, Mails, raw_of
from sandbox.store import Store
from sandbox.wallets import WALLETS, Paid
from simulate.people import Guest, Pays, season
from simulate.places import open_places
from workers import follow_ups
from workers.mailbox import MailboxRound
from workers.matching import MatchJobs

WAITING: Final = (1_000, 10_000)
MAILS: Final = 1_000
A_LOOK: Final = 50
MOST_MS, MOST_GROWTH = 20.0, 2.0
PLACES: Final = 200
CHEAPEST, APART = 1_500, 50  # rupees: the advance of the cheapest place, and how far others are apart
NOW: Final = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
RULES: Final = Rules(verification_mode=Mode.HYBRID)
STAGES: Final = ("kept", "read", "matched")

Json = dict[str, Any]


def matching_mode(_args: argparse.Namespace) -> Json:
    """CPU of a payment mail, while 1,000 and while 10,000 bookings wait."""
    runs = [_measure(waiting) for waiting in WAITING]
    growth = runs[-1]["cpu_ms"] / runs[0]["cpu_ms"]
    rows: list[Sequence[Any]] = [("bookings that wait", *(f"{run['waiting']:,}" for run in runs))]
    for stage in STAGES:
        rows.append((f"{stage}, here", *(run["ms"][stage]["here"] for run in runs)))
        rows.append((f"{stage}, PostgreSQL", *(run["ms"][stage]["postgres"] for run in runs)))
    rows += [
        ("together", *(run["cpu_ms"] for run in runs)),
        ("slowest look of 50, s", *(run["slowest_look_s"] for run in runs)),
    ]
    report.table(f"CPU-ms for each of {MAILS:,} mails", rows)
    for run in runs:
        print(
            f"  while {run['waiting']:,} wait: {', '.join(f'{n} {what}' for what, n in run['became'].items())}"
        )
    kept = max(run["cpu_ms"] for run in runs) <= MOST_MS and growth <= MOST_GROWTH
    print(
        f"  grows {growth:.2f} times; at most {MOST_MS:.0f} ms and {MOST_GROWTH:.0f} times: {'yes' if kept else 'NO'}"
    )
    return {"runs": runs, "growth": round(growth, 2), "kept": kept}


def _measure(waiting: int) -> Json:
    with (
        tempfile.TemporaryDirectory(prefix="sarai-bench-") as folder,
        Stores(Path(folder) / "data") as stores,
    ):
        migrate(stores.database_url)
        sealed.start(sealed.new_key())
        db.start(
            db.make_engine(stores.database_url),
            follow_ups=follow_ups.table(RULES),
            ring=lambda bells: None,
        )
        guests = season(1, waiting, waiting)[0]
        raws = _mails(guests, _make_waiting(guests), Path(folder))
        return {"waiting": waiting, **_work_off(raws)}


class _Later(Clock):
    """Some minutes after everybody has booked."""

    def now(self) -> datetime:
        return NOW + timedelta(minutes=10)


class _NoMailbox:
    """What is to be read is kept already."""

    marks = False

    def token(self) -> str:
        return ""

    def ids(self, since: datetime, until: datetime | None = None) -> Sequence[str]:
        return ()

    def fetch(self, mail_id: str) -> None:
        return None

    def mark_read(self, mail_id: str) -> None: ...


def _work_off(raws: Sequence[bytes]) -> Json:
    clock = _Later()
    reader = MailboxRound(_NoMailbox(), read=payment_mail.read, every=timedelta(minutes=2), clock=clock)
    matcher = MatchJobs(notices, rules=RULES, clock=clock)
    postgres = _postgres()
    spent: dict[str, dict[str, float]] = {stage: {"here": 0.0, "postgres": 0.0} for stage in STAGES}
    slowest = 0.0

    def keep(first: int) -> None:
        for number, raw in enumerate(raws[first : first + A_LOOK], first):
            with unit_of_work() as session:
                mail.keep(session, f"{number:016x}", raw, received_at=clock.now(), now=clock.now())

    def match() -> None:
        while matcher.run():
            pass

    for first in range(0, len(raws), A_LOOK):
        began = time.perf_counter()
        stages: tuple[Callable[[], None], ...] = (partial(keep, first), reader.read_kept, match)
        for stage, run in zip(STAGES, stages, strict=True):
            with _counted(spent[stage], postgres):
                run()
        slowest = max(slowest, time.perf_counter() - began)
    ms = {
        stage: {where: round(1000 * seconds / len(raws), 2) for where, seconds in spent[stage].items()}
        for stage in STAGES
    }
    with unit_of_work() as session:
        rows = session.execute(
            text(
                "SELECT CASE WHEN counted THEN 'confirmed' WHEN asked_until IS NOT NULL THEN 'asked about' "
                "ELSE status END AS what, count(*) FROM payment_evidence GROUP BY 1 ORDER BY 2 DESC"
            )
        )
        became = {row.what: row.count for row in rows}
    together = round(
        sum(seconds for stage in STAGES for seconds in spent[stage].values()) * 1000 / len(raws), 2
    )
    return {"ms": ms, "cpu_ms": together, "slowest_look_s": round(slowest, 2), "became": became}


@contextmanager
def _counted(spent: dict[str, float], postgres: psutil.Process) -> Iterator[None]:
    here, there = time.process_time(), _cpu(postgres)
    yield
    spent["here"] += time.process_time() - here
    spent["postgres"] += _cpu(postgres) - there


def _postgres() -> psutil.Process:
    """The server; our own connections are its children."""
    with unit_of_work() as session:
        backend = session.scalar(text("SELECT pg_backend_pid()"))
    server = psutil.Process(backend).parent()
    assert server is not None
    return server


def _cpu(server: psutil.Process) -> float:
    times = [each.cpu_times() for each in (server, *server.children())]
    return sum(each.user + each.system for each in times)


# ---- what waits --------------------------------------------------------------------------------------


def _make_waiting(guests: Sequence[Guest]) -> dict[int, tuple[int, str]]:
    """A booking for each guest that waits for a transfer, as the verbs would have left it; what each is asked for.

    All are copies of one that the verbs made: to make ten thousand would take minutes, and is not what is measured.
    """
    places = [CHEAPEST + APART * n for n in range(PLACES)]
    with unit_of_work() as session:
        open_places(session, places, units=len(guests) // PLACES + 2, now=NOW)
        listings = list(session.scalars(text("SELECT id FROM listings ORDER BY id")))
        payee = session.scalar(text("SELECT id FROM payees"))
        session.execute(text("INSERT INTO issuers VALUES ('nayapay', true, NULL, :now)"), {"now": NOW})
        mail.open_mailbox(session, NOW)
        model = _booked(session, listings[0])
        amount = Payment.of_booking(session, model)[-1].amount_minor
        free = text(
            "SELECT listing_id, array_agg(id ORDER BY id) AS ids FROM units u "
            "WHERE NOT EXISTS (SELECT 1 FROM allocations a WHERE a.unit_id = u.id) GROUP BY listing_id"
        )
        units = {row.listing_id: row.ids for row in session.execute(free)}
    references: dict[str, None] = {}
    while len(references) < len(guests):
        references[payable.new_reference()] = None
    taken = {amount}
    asked: dict[int, tuple[int, str]] = {}
    for guest, reference in zip(guests, references, strict=True):
        agreed = Money(_agreed(guest) * 100, "PKR")
        shorts = (
            short
            for short in payable.lowered(agreed, in_full=False)
            if agreed.minor - short not in taken and not payable.is_round(agreed.minor - short, "PKR")
        )
        amount = agreed.minor - next(shorts, 0)
        taken.add(amount)
        asked[guest.number] = (amount // 100, reference)
    with unit_of_work() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        told = {"model": model, "payee": payee, "now": NOW, "until": NOW + RULES.hold}
        people = list(session.scalars(_PEOPLE, {"names": [g.name for g in guests], "now": NOW}))
        for statement in _IDENTITIES:
            session.execute(statement, {"ids": people, "phones": [g.phone for g in guests], "now": NOW})
        of_place = [listings[guest.number % PLACES] for guest in guests]
        bookings = session.scalars(
            _BOOKINGS,
            {
                **told,
                "codes": [f"BK-20261120-{guest.number:05}" for guest in guests],
                "people": people,
                "listings": of_place,
                "names": [guest.name for guest in guests],
                "totals": [_agreed(guest) * 200 for guest in guests],
                "advances": [asked[guest.number][0] * 100 for guest in guests],
            },
        )
        ids = list(bookings)
        # The first unit of each place is the model's.
        rooms = [
            units[place][1 + guest.number // PLACES] for place, guest in zip(of_place, guests, strict=True)
        ]
        session.execute(_ALLOCATIONS, {**told, "ids": ids, "units": rooms, "listings": of_place})
        session.execute(
            _PAYMENTS,
            {
                **told,
                "ids": ids,
                "amounts": [asked[guest.number][0] * 100 for guest in guests],
                "shorts": [(_agreed(guest) - asked[guest.number][0]) * 100 for guest in guests],
                "references": [asked[guest.number][1] for guest in guests],
            },
        )
    with db.process().engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
    return asked


def _booked(session: Session, listing_id: int) -> int:
    """One booking as the verbs make it."""
    listing, stay = Listing.get(session, listing_id), Stay(date(2026, 12, 24), date(2026, 12, 25))
    booking = Booking.initiate(
        session,
        person_id=person.find_or_create(session, phone="+923000000999", user_id=None, name="Model", now=NOW),
        listing=listing,
        stay=stay,
        guests=2,
        guest_name="Model",
        quote=quote(listing.price, stay, guests=2, units=1),
        cause="model",
        now=NOW,
    )
    booking.request_payment(
        session, method=TRANSFER, revision=booking.revision, rules=RULES, cause="model", now=NOW
    )
    return booking.id


def _agreed(guest: Guest) -> int:
    """The advance that is agreed on for their place, in rupees."""
    return CHEAPEST + APART * (guest.number % PLACES)


def _mails(guests: Sequence[Guest], asked: dict[int, tuple[int, str]], folder: Path) -> list[bytes]:
    """The mails of those who pay, as a wallet writes them and Gmail takes them in."""
    wallet = WALLETS["nayapay"]
    arrival = Arrival(signed_by=wallet.domain, sent_from=wallet.domain)
    inbox = Mails(Store(folder / "mails"), (NOW + timedelta(minutes=6)).timestamp)
    paying = (guest for guest in guests if guest.delay is not None or len(guests) <= MAILS)
    raws = []
    for guest in islice(paying, MAILS):
        rupees, reference = asked[guest.number]
        paid = _paid(guest, _rupees(guest, rupees), guest.remarks(reference))
        raws.append(raw_of(inbox.take_in(wallet.mail(paid, "owner@example.com"), arrival)))
    return raws


def _rupees(guest: Guest, asked: int) -> int:
    match guest.pays:
        case Pays.ROUNDED:
            return _agreed(guest)
        case Pays.HALF:
            return _agreed(guest) // 2
    return guest.rupees(asked)


def _paid(guest: Guest, rupees: int, remarks: str) -> Paid:
    return Paid(
        amount=Decimal(rupees),
        currency="PKR",
        sender=guest.payer_name,
        payee="Sarai Stays",
        account="03000000900",
        remarks=remarks,
        transaction_id=guest.transaction_id,
        at=(NOW + timedelta(minutes=5)).timestamp(),
    )


_PEOPLE = text(
    "INSERT INTO persons (name, country, created_at) SELECT name, 'PK', :now FROM unnest(:names) AS name RETURNING id"
)
_IDENTITIES = (
    text("INSERT INTO conversations (id, last_inbound_at) SELECT id, :now FROM unnest(:ids) AS id"),
    text("INSERT INTO recipient_counters (person_id) SELECT id FROM unnest(:ids) AS id"),
    text(
        "INSERT INTO person_identifiers (kind, value, person_id, since) "
        "SELECT 'phone', phone, id, :now FROM unnest(:ids, :phones) AS given (id, phone)"
    ),
)
_COPIED: Final = (
    "status, revision, check_in, check_out, starts_at, ends_at, units, guests, quote, policy, currency, held_since, "
    "hold_until, created_at, updated_at"
)
_BOOKINGS = text(
    f"INSERT INTO bookings (code, person_id, listing_id, guest_name, total_minor, advance_minor, {_COPIED}) "
    "SELECT new.code, new.person, new.listing, new.name, new.total, new.advance, "
    f"{', '.join(f'model.{name}' for name in _COPIED.split(', '))} FROM bookings model, "
    "unnest(:codes, :people, :listings, :names, :totals, :advances) AS new (code, person, listing, name, total, advance) "
    "WHERE model.id = :model RETURNING id"
)
_ALLOCATIONS = text(
    "INSERT INTO allocations (unit_id, listing_id, during, state, hold_until, booking_id, made_at) "
    "SELECT new.unit, new.listing, model.during, model.state, model.hold_until, new.booking, :now "
    "FROM allocations model, unnest(:ids, :units, :listings) AS new (booking, unit, listing) "
    "WHERE model.booking_id = :model"
)
_PAYMENTS = text(
    "INSERT INTO payments (booking_id, method, state, amount_minor, short_minor, currency, reference, payee_id, "
    "created_at, expires_at) SELECT new.booking, 'transfer', 'pending', new.amount, new.short, 'PKR', new.reference, "
    ":payee, :now, :until FROM unnest(:ids, :amounts, :shorts, :references) AS new (booking, amount, short, reference)"
)
