"""The round to the mailbox, with real PostgreSQL and a mailbox that does as it is told; every job twice."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from integrations import payment_mail
from integrations.gmail_mailbox import Mail, MailboxError, Refused
from models import mail, person, sealed
from models.db import unit_of_work
from models.mail import OVERLAP, Look, State
from sandbox.mails import Arrival, as_taken_in
from sandbox.wallets import WALLETS, Paid
from tests import factories as make
from tests.conftest import NOW, Scratch
from tests.factories import MovableClock
from workers import mailbox as rounds
from workers.mailbox import MailboxRound
from workers.schedule import look_for_mail, open_mailbox

EVERY = timedelta(minutes=2)


def wallets_mail(amount: str = "2500", number: str = "6565f0a1c2b3d4e5f6a7b8c9", **changes: Any) -> bytes:
    """NayaPay's mail as Gmail keeps it."""
    signed_by = changes.pop("signed_by", "nayapay.com")
    paid = Paid(
        Decimal(amount), "PKR", "Sana Tariq", "Sarai", "03000000900", "7DYJY", number, NOW.timestamp()
    )
    mail = WALLETS["nayapay"].mail(replace(paid, **changes), "us@gmail.example")
    return as_taken_in(mail, Arrival(signed_by, "nayapay.com"), NOW.timestamp())


@dataclass
class Box:
    """A mailbox: what lies in it, what is to go wrong next, and what was asked."""

    clock: MovableClock
    mails: list[Mail] = field(default_factory=list)
    fails: list[MailboxError] = field(default_factory=list)
    permission: str | Refused = "first"
    marks: bool = False
    asked: list[str] = field(default_factory=list)
    marked: list[str] = field(default_factory=list)
    stretches: list[tuple[datetime, datetime | None]] = field(default_factory=list)

    def receives(self, raw: bytes, *, at: datetime | None = None) -> str:
        came = Mail(make.unique("gmail"), raw, at or self.clock.now())
        self.mails.append(came)
        return came.id

    def token(self) -> str:
        if isinstance(self.permission, Refused):
            raise self.permission
        return self.permission

    def ids(self, since: datetime, until: datetime | None = None) -> list[str]:
        self.token()
        self.asked.append("list")
        self.stretches.append((since, until))
        if self.fails:
            raise self.fails.pop(0)
        return [
            each.id
            for each in sorted(self.mails, key=lambda one: one.received_at, reverse=True)
            if since <= each.received_at and (until is None or each.received_at <= until)
        ]

    def fetch(self, mail_id: str) -> Mail | None:
        self.asked.append(mail_id)
        return next((each for each in self.mails if each.id == mail_id), None)

    def mark_read(self, mail_id: str) -> None:
        self.marked.append(mail_id)


@pytest.fixture
def box(clock: MovableClock) -> Box:
    return Box(clock)


@pytest.fixture
def admin(scratch: Scratch) -> int:
    with unit_of_work() as session:
        return make.person(session, name="Ali", role=person.ADMIN)


@pytest.fixture
def turn(scratch: Scratch, clock: MovableClock, box: Box) -> MailboxRound:
    open_mailbox(clock)
    open_mailbox(clock)
    return MailboxRound(box, read=payment_mail.read, every=EVERY, clock=clock)


def goes(turn: MailboxRound) -> bool:
    """One round, if it is time."""
    go = turn.claim()
    if go is not None:
        go()
    return go is not None


def stands() -> mail.Standing:
    with unit_of_work() as session:
        found = mail.standing(session)
    assert found is not None
    return found


def told(scratch: Scratch) -> list[str]:
    return [row.kind for row in scratch.rows("SELECT kind FROM outbound_messages ORDER BY id")]


def test_a_mail_is_kept_sealed_and_read_and_becomes_evidence_once(
    turn: MailboxRound, box: Box, scratch: Scratch, clock: MovableClock
) -> None:
    raw = wallets_mail()
    came = box.receives(raw)
    for _ in range(3):
        goes(turn)
        clock.move(EVERY)
    kept = scratch.row("SELECT id, external_id, raw, read_at, failure, attempts FROM mails")
    assert (kept.external_id, kept.failure, kept.attempts) == (came, None, 1)
    assert kept.read_at is not None
    assert b"nayapay" not in bytes(kept.raw).lower()
    assert sealed.open_(bytes(kept.raw)) == raw
    found = scratch.row("SELECT * FROM payment_evidence")
    assert (found.source, found.issuer, found.amount_minor, found.currency) == (
        "gmail",
        "nayapay",
        250000,
        "PKR",
    )
    assert (found.trusted, found.known_form, found.status, found.kind) == (True, True, "pending", "credit")
    assert (found.mail_id, found.transaction_id) == (kept.id, "6565F0A1C2B3D4E5F6A7B8C9")
    assert box.asked.count(came) == 1


def test_what_was_forged_is_kept_and_is_not_believed(turn: MailboxRound, box: Box, scratch: Scratch) -> None:
    box.receives(wallets_mail(signed_by=None))
    goes(turn)
    found = scratch.row("SELECT trusted, status, match_at FROM payment_evidence")
    assert (found.trusted, found.status, found.match_at) == (False, "unmatched", None)


@pytest.mark.parametrize("raw", [b"", b"\x00\xff" * 500, b"Subject: hello\r\n\r\nSee you"])
def test_a_mail_about_anything_else_is_kept_and_goes_no_further(
    turn: MailboxRound, box: Box, scratch: Scratch, raw: bytes
) -> None:
    box.receives(raw)
    goes(turn)
    assert scratch.value("SELECT read_at IS NOT NULL AND failure IS NULL FROM mails")
    assert scratch.rows("SELECT 1 FROM payment_evidence") == []


def test_it_is_looked_at_when_it_is_time_and_no_earlier(
    turn: MailboxRound, box: Box, clock: MovableClock
) -> None:
    assert goes(turn)
    assert stands().is_connected
    assert not goes(turn)
    clock.move(EVERY)
    assert goes(turn)
    assert box.asked == ["list", "list"]


def test_one_looks_at_a_time_and_a_claim_that_is_never_given_back_ends(
    turn: MailboxRound, clock: MovableClock
) -> None:
    assert turn.claim() is not None
    clock.move(EVERY)
    assert turn.claim() is None
    clock.move(mail.LEASE)
    assert goes(turn)


def test_who_comes_back_too_late_changes_nothing(turn: MailboxRound, clock: MovableClock, box: Box) -> None:
    slow = turn.claim()
    assert slow is not None
    clock.move(mail.LEASE)
    box.fails.append(MailboxError("rate_limited", retryable=True))
    assert goes(turn)
    slow()
    assert (stands().failures, stands().is_connected) == (1, False)


def test_the_clock_rings_when_it_is_time(turn: MailboxRound, clock: MovableClock) -> None:
    class Bell:
        rung = 0

        def ring(self, bells: object) -> None:
            self.rung += 1

    bell = Bell()
    look_for_mail(clock, bell)  # type: ignore[arg-type]
    goes(turn)
    look_for_mail(clock, bell)  # type: ignore[arg-type]
    assert bell.rung == 1


def test_the_window_overlaps_the_last_look_and_a_gap_is_read_from_the_last_look_that_went_well(
    turn: MailboxRound, box: Box, clock: MovableClock, scratch: Scratch
) -> None:
    goes(turn)
    first = stands().looked_at
    assert first is not None
    box.fails += [MailboxError("unreachable", retryable=True)] * 3
    for _ in range(3):
        clock.move(timedelta(minutes=30))
        goes(turn)
    meanwhile = box.receives(wallets_mail(), at=first + timedelta(minutes=1))
    late = box.receives(wallets_mail("900", "a" * 24), at=first - timedelta(minutes=10))
    clock.move(timedelta(minutes=30))
    goes(turn)
    assert box.stretches[-1] == (first - OVERLAP, None)
    assert {row[0] for row in scratch.rows("SELECT external_id FROM mails")} == {meanwhile, late}


def test_a_long_silence_is_gone_through_in_pieces(
    turn: MailboxRound, box: Box, clock: MovableClock, scratch: Scratch
) -> None:
    goes(turn)
    began = clock.now()
    for day in range(4):
        box.receives(wallets_mail(f"{day + 1}000", f"{day}" * 24), at=began + timedelta(days=day, hours=5))
    clock.move(timedelta(days=4))
    rounds_made = 0
    while goes(turn):
        rounds_made += 1
    assert 4 <= rounds_made <= 6
    assert all(until is None or until - since == mail.PIECE for since, until in box.stretches)
    assert scratch.value("SELECT count(*) FROM payment_evidence") == 4
    assert (clock.now() - stands().read_until).total_seconds() < 60  # type: ignore[operator]


def test_at_most_fifty_mails_a_look_and_the_rest_at_once(
    turn: MailboxRound, box: Box, scratch: Scratch, clock: MovableClock
) -> None:
    came = [
        box.receives(b"Subject: nothing\r\n\r\n", at=clock.now() - timedelta(seconds=600 - n))
        for n in range(rounds.MOST_A_LOOK + 7)
    ]
    assert goes(turn)
    kept = [row[0] for row in scratch.rows("SELECT external_id FROM mails ORDER BY id")]
    assert kept == came[: rounds.MOST_A_LOOK]
    with unit_of_work() as session:
        assert not mail.is_read(session, until=clock.now() - timedelta(minutes=1))
    assert goes(turn)
    assert scratch.value("SELECT count(*) FROM mails") == len(came)
    assert not goes(turn)


def test_a_mail_that_is_deleted_between_the_list_and_the_fetch_is_skipped(
    turn: MailboxRound, box: Box, scratch: Scratch, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, stays = box.receives(wallets_mail()), box.receives(wallets_mail("900", "b" * 24))
    fetch = box.fetch
    monkeypatch.setattr(box, "fetch", lambda mail_id: None if mail_id == gone else fetch(mail_id))
    goes(turn)
    clock.move(EVERY)
    goes(turn)
    assert scratch.value("SELECT failure FROM mails WHERE external_id = :id", id=gone) == "gone"
    assert scratch.value("SELECT count(*) FROM payment_evidence") == 1
    assert box.asked.count(stays) == 1


def test_one_that_gmail_never_hands_out_stops_nobody_and_is_set_aside(
    turn: MailboxRound,
    box: Box,
    clock: MovableClock,
    admin: int,
    scratch: Scratch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    goes(turn)
    clock.move(EVERY)
    stuck, fetch = box.receives(wallets_mail()), box.fetch

    def stumbles(mail_id: str) -> Mail | None:
        if mail_id == stuck:
            raise MailboxError("status_500", retryable=True)
        return fetch(mail_id)

    monkeypatch.setattr(box, "fetch", stumbles)
    for _ in range(mail.MOST_ATTEMPTS + 2):
        goes(turn)
        clock.move(rounds.WAIT_AT_MOST)
        assert told(scratch) == []  # while nothing at all is handed out, it may be Gmail that fails
    money = box.receives(wallets_mail("900", "c" * 24))
    goes(turn)
    assert scratch.value("SELECT failure FROM mails WHERE external_id = :id", id=stuck) == "not_handed_out"
    assert scratch.value("SELECT read_at FROM mails WHERE external_id = :id", id=money) is not None
    assert told(scratch) == ["mail_set_aside"]
    assert (stands().why, stands().failures) == (None, 0)


@pytest.mark.parametrize("code", ["rate_limited", "unreachable", "status_503"])
def test_what_may_be_over_in_a_while_is_waited_for_longer_each_time(
    turn: MailboxRound, box: Box, clock: MovableClock, admin: int, scratch: Scratch, code: str
) -> None:
    goes(turn)
    waits = []
    for _ in range(9):
        box.fails.append(MailboxError(code, retryable=True))
        clock.move(rounds.WAIT_AT_MOST)
        assert goes(turn)
        waits.append(scratch.value("SELECT due_at FROM mailboxes") - clock.now())
    assert [round(wait.total_seconds()) for wait in waits[:4]] == [15, 30, 60, 120]
    assert round(waits[-1].total_seconds()) == rounds.WAIT_AT_MOST.total_seconds()
    assert (stands().state, stands().why, stands().failures) == (State.CONNECTED, code, 9)
    assert told(scratch) == []
    clock.move(rounds.WAIT_AT_MOST)
    goes(turn)
    assert (stands().why, stands().failures) == (None, 0)


def test_gmails_own_wait_is_kept_even_at_the_end_of_a_hold(
    turn: MailboxRound, box: Box, clock: MovableClock
) -> None:
    goes(turn)
    box.fails.append(MailboxError("rate_limited", retryable=True, wait=timedelta(minutes=25)))
    clock.move(EVERY)
    goes(turn)
    with unit_of_work() as session:
        mail.want(session, clock.now())
    clock.move(timedelta(minutes=24))
    assert not goes(turn)
    clock.move(timedelta(minutes=1))
    assert goes(turn)


def test_a_permission_that_ended_is_told_once_and_a_new_one_is_enough(
    turn: MailboxRound, box: Box, clock: MovableClock, admin: int, scratch: Scratch
) -> None:
    goes(turn)
    since = clock.now()
    box.fails.append(Refused("invalid_grant", token="first"))
    for _ in range(4):
        clock.move(EVERY)
        goes(turn)
    assert (stands().state, stands().why) == (State.DISCONNECTED, "invalid_grant")
    assert stands().since >= since
    assert told(scratch) == ["mailbox_disconnected"]
    assert box.asked == ["list", "list"]  # Google is not asked again with what it refused

    came = box.receives(wallets_mail(), at=since + timedelta(minutes=3))
    clock.move(timedelta(hours=5))
    box.permission = "second"
    while goes(turn):
        pass
    assert (stands().state, stands().why) == (State.CONNECTED, None)
    assert scratch.value("SELECT external_id FROM mails") == came
    box.fails.append(Refused("invalid_grant", token="second"))
    clock.move(EVERY)
    goes(turn)
    assert told(scratch) == ["mailbox_disconnected"] * 2


def test_who_was_never_connected_is_not_told_that_there_is_no_permission_yet(
    turn: MailboxRound, box: Box, clock: MovableClock, admin: int, scratch: Scratch
) -> None:
    box.permission = Refused("no_token", token=None)
    for _ in range(2):
        goes(turn)
        clock.move(EVERY)
    assert (stands().state, stands().why) == (State.DISCONNECTED, "no_token")
    assert told(scratch) == []


def test_an_api_that_is_switched_off_is_told_once_and_asked_again_now_and_then(
    turn: MailboxRound, box: Box, clock: MovableClock, admin: int, scratch: Scratch
) -> None:
    goes(turn)
    box.fails += [MailboxError("accessNotConfigured", retryable=False)] * 2
    clock.move(EVERY)
    goes(turn)
    clock.move(EVERY)
    assert not goes(turn)
    clock.move(rounds.ASK_AGAIN)
    assert goes(turn)
    assert told(scratch) == ["mailbox_disconnected"]
    clock.move(rounds.ASK_AGAIN)
    goes(turn)
    assert stands().is_connected


def test_connecting_anew_is_looked_at_at_once(
    turn: MailboxRound, box: Box, clock: MovableClock, admin: int
) -> None:
    goes(turn)
    box.fails.append(Refused("invalid_grant", token="first"))
    clock.move(EVERY)
    goes(turn)
    for _ in range(2):
        with unit_of_work() as session:
            mail.connect_anew(session, clock.now())
    assert goes(turn)
    assert stands().is_connected


def test_mails_that_were_kept_are_read_while_gmail_is_away(
    turn: MailboxRound, box: Box, clock: MovableClock, scratch: Scratch
) -> None:
    """A worker died between keeping and reading."""
    with unit_of_work() as session:
        mail.keep(session, "g1", wallets_mail(), received_at=NOW, now=NOW)
        assert not mail.keep(session, "g1", b"another", received_at=NOW, now=NOW)
    box.fails.append(MailboxError("unreachable", retryable=True))
    goes(turn)
    assert scratch.value("SELECT amount_minor FROM payment_evidence") == 250000


def test_a_mail_that_breaks_the_reader_is_tried_three_times_and_set_aside_and_the_next_goes_on(
    turn: MailboxRound, box: Box, clock: MovableClock, admin: int, scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    read: Callable[[bytes], payment_mail.PaymentMail] = payment_mail.read
    tried = []

    def breaks(raw: bytes) -> payment_mail.PaymentMail:
        if b"poison" in raw:
            tried.append(raw)
            raise RecursionError
        return read(raw)

    monkeypatch.setattr(turn, "_read", breaks)
    poison = box.receives(b"Subject: poison\r\n\r\n")
    box.receives(wallets_mail())
    for _ in range(mail.MOST_ATTEMPTS + 3):
        goes(turn)
        clock.move(EVERY)
    assert len(tried) == mail.MOST_ATTEMPTS
    assert scratch.value("SELECT failure FROM mails WHERE external_id = :id", id=poison) == "unreadable"
    assert scratch.value("SELECT count(*) FROM payment_evidence") == 1
    assert told(scratch) == ["mail_set_aside"]


def test_a_reversal_whose_amount_nobody_can_read_goes_to_a_person(
    turn: MailboxRound, box: Box, admin: int, scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reads(raw: bytes) -> payment_mail.PaymentMail:
        return replace(
            payment_mail.read(raw),
            event=payment_mail.Event.REVERSAL,
            is_payment=False,
            amount=None,
            trusted=True,
        )

    monkeypatch.setattr(turn, "_read", reads)
    box.receives(wallets_mail())
    goes(turn)
    assert scratch.value("SELECT failure FROM mails") == "no_amount"
    assert told(scratch) == ["mail_set_aside"]


def test_a_mail_sealed_with_a_lost_key_is_set_aside(turn: MailboxRound, admin: int, scratch: Scratch) -> None:
    with unit_of_work() as session:
        mail.keep(session, "g1", wallets_mail(), received_at=NOW, now=NOW)
    scratch.run("UPDATE mails SET raw = 'other'")
    goes(turn)
    assert scratch.value("SELECT failure FROM mails") == "sealed_by_another_key"
    assert told(scratch) == ["mail_set_aside"]


def test_two_who_read_the_same_mail_keep_one_evidence(
    turn: MailboxRound, clock: MovableClock, scratch: Scratch
) -> None:
    with unit_of_work() as session:
        mail.keep(session, "g1", wallets_mail(), received_at=NOW, now=NOW)
        unread = mail.take_unread(session)
    assert unread is not None
    turn._read_one(unread)
    turn._read_one(unread)
    assert scratch.value("SELECT count(*) FROM payment_evidence") == 1


@pytest.mark.parametrize("marks", [False, True])
def test_mails_of_money_are_marked_as_read_only_where_that_is_wanted(
    turn: MailboxRound, box: Box, *, marks: bool
) -> None:
    box.marks = marks
    money = box.receives(wallets_mail())
    box.receives(b"Subject: hello\r\n\r\n")
    goes(turn)
    assert box.marked == ([money] if marks else [])


def test_the_look_that_is_wanted_while_one_looks_is_made_afterwards(
    turn: MailboxRound, clock: MovableClock
) -> None:
    go = turn.claim()
    assert go is not None
    go()
    clock.move(EVERY)
    go = turn.claim()
    assert go is not None
    with unit_of_work() as session:
        mail.want(session, clock.now())
    go()
    assert goes(turn)
    assert not goes(turn)


def test_a_stretch_of_a_mailbox_that_was_never_read_begins_a_while_ago() -> None:
    look = Look(NOW, NOW + mail.LEASE, State.DISCONNECTED, 0, None, None)
    assert look.stretch() == (NOW - OVERLAP, None)


def test_where_there_is_no_mailbox_nobody_loads_what_reads_one() -> None:
    """Google's client costs 16 MB and a tenth of a second: one process's alone, and only where it is wanted."""
    look = "import sys, workers.__main__; print([m for m in sys.modules if m.split('.')[0] in {names}])"
    names = {"google", "googleapiclient", "httplib2", "google_auth_httplib2"}
    said = subprocess.run(
        [sys.executable, "-c", look.format(names=names)], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "[]"
