"""What waits is matched together, once, and what is not certain goes to people; whoever dies or is quicker."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from models import awaited, evidence, money_lists, verification
from models.booking import Booking
from models.booking_event import Actor
from models.chore import Chore
from models.clock import Clock
from models.db import unit_of_work
from models.evidence import GMAIL, REVERSAL, Evidence, keep_transfer
from models.listing import Listing
from models.matching import Transfer
from models.money import Money
from models.payment import MANUAL_ADMIN, Payment
from models.rules import Rules
from models.session import Session
from models.verification import Mode
from tests import factories as make
from tests.conftest import Scratch
from tests.factories import NOW, RULES
from workers import bookings as bookings  # registers the jobs
from workers import matching
from workers import transfers as transfers
from workers.matching import ANSWER_IN, MatchJobs, match_what_waits
from workers.turns import Turns

MINUTE = timedelta(minutes=1)
ISSUER = "nayapay"


class Standing(Clock):
    """A clock that stands, until it is moved."""

    def __init__(self) -> None:
        super().__init__()
        self.moment = NOW + 5 * MINUTE

    def now(self) -> Any:
        return self.moment


@dataclass
class Told:
    """Who was told what, in its order."""

    what: list[tuple[str, int]] = field(default_factory=list)

    def propose_match(self, session: Session, evidence_id: int, *, rules: Rules, now: Any) -> None:
        self.what.append(("proposed", evidence_id))

    def unmatched(self, session: Session, evidence_id: int, *, rules: Rules, now: Any) -> None:
        self.what.append(("unmatched", evidence_id))

    def ask_whose_transfer(
        self, session: Session, booking: Booking, evidence_id: int, *, rules: Rules, now: Any
    ) -> None:
        self.what.append(("asked", booking.id))


@dataclass
class World:
    """Guests who were asked for transfers to one account, and the mails about what they sent."""

    scratch: Scratch
    clock: Standing = field(default_factory=Standing)
    told: Told = field(default_factory=Told)

    def __post_init__(self) -> None:
        with unit_of_work() as session:
            self.place = make.listing(session, units=9)
            make.payee_for(session, self.place)
            session.execute(
                text("INSERT INTO issuers VALUES (:issuer, true, NULL, :now)"), {"issuer": ISSUER, "now": NOW}
            )

    def job(self, mode: Mode = Mode.HYBRID) -> MatchJobs:
        return MatchJobs(self.told, rules=replace(RULES, verification_mode=mode), clock=self.clock)

    def run(self, mode: Mode = Mode.HYBRID) -> None:
        """The job, and once more: there is nothing left to do."""
        for _ in range(2):
            self.job(mode).match_transfers(Chore(1, "match_transfers", {}, 1))

    def books(self, name: str = "Ayesha Khan") -> tuple[int, Payment]:
        with unit_of_work() as session:
            booking = make.by_transfer(session, Listing.get(session, self.place.id))
            make.change(session, booking, guest_name=name)
            session.execute(
                text("UPDATE persons SET name = :name WHERE id = :id"),
                {"name": name, "id": booking.person_id},
            )
            (payment,) = Payment.of_booking(session, booking.id)
            return booking.id, payment

    def mail(self, amount: Money, *, transfer: dict[str, Any] | None = None, **what: Any) -> int:
        told: dict[str, Any] = {
            "issuer": ISSUER,
            "amount": amount,
            "transaction_id": make.unique("AB12CD"),
            "occurred_at": NOW + 3 * MINUTE,
            "told_at": NOW + 4 * MINUTE,
        }
        kept: dict[str, Any] = {
            "trusted": True,
            "known_form": True,
            "message_id": make.unique("<m"),
            "now": NOW,
        }
        with unit_of_work() as session:
            evidence_id = keep_transfer(
                session, source=GMAIL, transfer=Transfer(**{**told, **(transfer or {})}), **{**kept, **what}
            )
        assert evidence_id is not None
        return evidence_id

    def found(self, evidence_id: int) -> Evidence:
        with unit_of_work() as session:
            one = Evidence.find(session, evidence_id)
        assert one is not None
        return one

    def follows_up(self) -> None:
        """Whatever is due by now, and needs nobody outside."""
        turns = Turns(rules=RULES, clock=self.clock, lanes=1)
        for _ in range(2):
            while turns.drain(0):
                pass

    def status(self, booking_id: int) -> str:
        return str(self.scratch.value("SELECT status FROM bookings WHERE id = :id", id=booking_id))

    def captured(self) -> list[tuple[int, int, str]]:
        rows = self.scratch.rows(
            "SELECT booking_id, captured_minor, verification_method FROM payments WHERE captured_minor > 0 ORDER BY id"
        )
        return [tuple(row) for row in rows]


@pytest.fixture
def world(scratch: Scratch) -> World:
    return World(scratch)


def test_a_safe_match_confirms_itself(world: World) -> None:
    booking_id, payment = world.books()
    other_id, _ = world.books("Bilal Ahmed")
    mail = world.mail(payment.amount)
    world.run()
    one = world.found(mail)
    assert (one.status, one.counted, one.booking_id, one.confidence) == ("verified", True, booking_id, 90)
    assert (world.status(booking_id), world.status(other_id)) == ("PAYMENT_SUCCESS", "PAYMENT_PENDING")
    assert world.captured() == [(booking_id, payment.amount_minor, "auto_gmail")]
    kept = world.scratch.rows("SELECT payment_id, score, why, chosen FROM match_candidates")
    assert [tuple(row) for row in kept] == [(payment.id, 90, ["unique"], True)]
    assert world.told.what == []
    assert not world.scratch.value("SELECT count(*) FROM payment_evidence WHERE match_at IS NOT NULL")


def test_every_candidate_is_kept_with_its_score(world: World) -> None:
    _, payment = world.books()
    world.books("Bilal Ahmed")
    mail = world.mail(payment.agreed, transfer={"sender_name": "AYESHA KHAN"})
    world.run()
    kept = world.scratch.rows(
        "SELECT score, why, chosen FROM match_candidates WHERE evidence_id = :id ORDER BY score DESC", id=mail
    )
    assert [tuple(row) for row in kept] == [(70, ["rounded", "name"], True), (50, ["rounded"], False)]


@pytest.mark.parametrize(
    "unsafe",
    [
        lambda world: world.scratch.run("UPDATE issuers SET confirms = false"),
        lambda world: world.scratch.run("UPDATE payment_evidence SET known_form = false"),
        lambda world: world.scratch.run(
            "INSERT INTO payment_evidence (source, status, duplicate_of, created_at) "
            "SELECT 'screenshot', 'rejected', id, created_at FROM payment_evidence"
        ),
        lambda world: world.scratch.run(
            "INSERT INTO payment_evidence (source, status, issuer, transaction_id, created_at) "
            "SELECT 'screenshot', 'rejected', 'jazzcash', transaction_id, created_at FROM payment_evidence"
        ),
        lambda world: world.scratch.run(
            "INSERT INTO payment_evidence (source, status, issuer, transaction_id, other_ids, created_at) "
            "SELECT 'screenshot', 'rejected', 'jazzcash', 'T1', ARRAY[transaction_id], created_at FROM payment_evidence"
        ),
    ],
    ids=[
        "issuer not switched on",
        "a form that nobody knows",
        "rejected before",
        "its picture rejected",
        "rejected as the second id of a picture",
    ],
)
def test_what_is_not_to_be_relied_upon_is_proposed(world: World, unsafe: Callable[[World], None]) -> None:
    booking_id, payment = world.books()
    mail = world.mail(payment.amount)
    unsafe(world)
    world.run()
    assert (world.found(mail).status, world.status(booking_id)) == ("matched", "PAYMENT_REVIEW")
    assert world.told.what == [("proposed", mail)]


def test_what_cannot_be_believed_changes_nothing(world: World) -> None:
    booking_id, payment = world.books()
    mail = world.mail(payment.amount, trusted=False)
    world.run()
    assert (world.found(mail).status, world.status(booking_id)) == ("unmatched", "PAYMENT_PENDING")
    assert world.told.what == []


def test_manual_proposes_everything(world: World) -> None:
    booking_id, payment = world.books()
    safe, nothing = world.mail(payment.amount), world.mail(Money(123_00, "PKR"))
    world.run(Mode.MANUAL)
    assert world.status(booking_id) == "PAYMENT_REVIEW"  # its place is kept until somebody has looked
    assert world.told.what == [("proposed", safe), ("unmatched", nothing)]


def test_what_is_weak_is_proposed_and_keeps_the_place(world: World) -> None:
    booking_id, payment = world.books()
    weak = world.mail(payment.agreed)
    world.run(Mode.MANUAL)
    assert world.told.what == [("proposed", weak)]
    assert world.status(booking_id) == "PAYMENT_REVIEW"


def test_what_is_weak_keeps_no_place_where_several_explain_it(world: World) -> None:
    (first, one), (second, _) = world.books(), world.books()
    world.mail(one.agreed)
    world.run(Mode.MANUAL)
    assert {world.status(first), world.status(second)} == {"PAYMENT_PENDING"}


def test_what_is_weak_claims_nothing_back(world: World) -> None:
    booking_id, payment = world.books()
    with unit_of_work() as session:
        Booking.for_update(session, booking_id).expire(session, cause="hold", now=NOW)
    weak = world.mail(payment.agreed)
    world.run(Mode.MANUAL)
    assert world.told.what == [("proposed", weak)]
    assert world.status(booking_id) == "EXPIRED"


@pytest.mark.parametrize("is_put_aside", [True, False])
def test_a_place_is_kept_no_longer_than_the_money_may_be_for_it(world: World, is_put_aside: bool) -> None:
    (booking_id, payment), (other_id, theirs) = world.books(), world.books()
    mail = world.mail(payment.amount)
    world.run(Mode.MANUAL)
    assert world.status(booking_id) == "PAYMENT_REVIEW"
    with unit_of_work() as session:
        if is_put_aside:
            assert evidence.reject_one(session, mail, reason="no_booking", by=None, now=NOW)
        else:
            other = Booking.for_update(session, other_id)
            make.finds(session, other, theirs, mail, payment.amount, how=MANUAL_ADMIN)
    world.follows_up()
    assert world.status(booking_id) == "PAYMENT_PENDING"
    heard = world.scratch.rows("SELECT kind FROM outbound_messages WHERE booking_id = :id", id=booking_id)
    assert "still_awaited" in [row.kind for row in heard]
    with unit_of_work() as session:
        assert Booking.for_update(session, booking_id).rejections(session) == 0


def test_who_has_said_that_they_paid_is_looked_for_whatever_was_found(world: World) -> None:
    booking_id, payment = world.books()
    mail = world.mail(payment.amount)
    world.run(Mode.MANUAL)
    with unit_of_work() as session:
        booking = Booking.for_update(session, booking_id)
        booking.submit_evidence(session, rules=RULES, cause="said", now=NOW)
        evidence.reject_one(session, mail, reason="no_booking", by=None, now=NOW)
    world.follows_up()
    assert world.status(booking_id) == "PAYMENT_REVIEW"


def test_automated_asks_nobody(world: World) -> None:
    (booking_id, payment), (_, other) = world.books(), world.books()
    weak, safe = world.mail(other.agreed), world.mail(payment.amount, transfer={"text": payment.reference})
    world.run(Mode.AUTOMATED)
    assert world.status(booking_id) == "PAYMENT_SUCCESS"
    assert (world.found(weak).status, world.found(safe).status) == ("unmatched", "verified")
    assert world.told.what == []


def test_an_admin_switches_the_mode_while_it_runs(world: World) -> None:
    booking_id, payment = world.books()
    with unit_of_work() as session:
        verification.switch_mode(session, Mode.AUTOMATED, by=None, now=NOW)
    world.mail(payment.amount)
    world.run(Mode.MANUAL)
    assert world.status(booking_id) == "PAYMENT_SUCCESS"


# ---- asking ----------------------------------------------------------------------------------------


def test_a_tie_asks_the_guests_and_their_answer_settles_it(world: World) -> None:
    first, one = world.books()
    second, two = world.books()
    mail = world.mail(one.agreed, transfer={"transaction_id": "77F00D", "sender_name": "AYESHA KHAN"})
    world.run()
    assert sorted(world.told.what) == [("asked", first), ("asked", second)]
    assert world.found(mail).status == "pending"
    with unit_of_work() as session:
        evidence.note_typed_tail(session, payment_id=two.id, tail="f00d", now=NOW)
    world.run()
    assert (world.status(first), world.status(second)) == ("PAYMENT_PENDING", "PAYMENT_SUCCESS")
    assert len(world.told.what) == 2


def test_what_nobody_answers_an_admin_decides(world: World) -> None:
    _, one = world.books()
    world.books()
    mail = world.mail(one.agreed)
    world.run()
    world.told.what.clear()
    world.clock.moment += ANSWER_IN - MINUTE
    world.run()
    assert world.told.what == []
    with unit_of_work() as session:
        evidence.note_typed_tail(session, payment_id=one.id, tail="nope", now=world.clock.moment)
    world.run()  # an answer that fits nothing; somebody else may still answer
    assert (world.told.what, world.found(mail).status) == ([], "pending")
    world.clock.moment += MINUTE
    world.run()
    assert (world.told.what, world.found(mail).status) == ([("proposed", mail)], "matched")


def test_one_rival_less_is_thought_over_again(world: World) -> None:
    first, one = world.books()
    second, two = world.books()
    mail = world.mail(one.agreed, transfer={"sender_name": "AYESHA KHAN", "transaction_id": None})
    world.run()
    assert world.told.what == [("proposed", mail)]  # it has no id of which anybody could know the end
    world.mail(two.amount)
    world.run()
    assert (world.status(first), world.status(second)) == ("PAYMENT_SUCCESS", "PAYMENT_SUCCESS")


def test_an_admin_who_was_asked_is_not_asked_again_for_every_rival_less(world: World) -> None:
    them = [world.books(name) for name in ("Ayesha Khan", "Bilal Ahmed", "Sana Tariq")]
    mail = world.mail(them[0][1].agreed, transfer={"transaction_id": None})
    world.run()
    for _, payment in them[:0:-1]:
        world.mail(payment.amount)
        world.run()
    assert world.told.what == [("proposed", mail)]
    rounds = "SELECT max(round) FROM match_candidates WHERE evidence_id = :id"
    assert world.scratch.value(rounds, id=mail) == 1  # a mere amount becomes no better by it


# ---- part, late, twice, taken back -----------------------------------------------------------------


def test_money_that_comes_late_is_known_as_late(world: World) -> None:
    booking_id, payment = world.books()
    with unit_of_work() as session:
        Booking.for_update(session, booking_id).expire(session, cause="follow_up:1", now=NOW + 15 * MINUTE)
    world.clock.moment = NOW + timedelta(hours=30)
    world.mail(
        payment.amount, transfer={"occurred_at": NOW + timedelta(hours=29), "told_at": world.clock.moment}
    )
    world.run()
    assert world.status(booking_id) == "PAYMENT_SUCCESS"  # the place was still free


def test_a_part_that_is_named_is_counted_and_the_rest_completes_it(world: World) -> None:
    booking_id, payment = world.books()
    world.mail(Money(3000_00, "PKR"), transfer={"text": f"part of {payment.reference}"})
    world.run()
    assert world.status(booking_id) == "PAYMENT_PENDING"
    with unit_of_work() as session:
        rest = Payment.of_booking(session, booking_id)[-1]
    assert rest.id != payment.id
    world.mail(rest.amount)
    world.run()
    assert world.status(booking_id) == "PAYMENT_SUCCESS"


def test_what_two_mails_tell_of_counts_once(world: World) -> None:
    booking_id, payment = world.books()
    same = {"transaction_id": "77F00D"}
    first = world.mail(payment.amount, transfer=same)
    again = world.mail(payment.amount, transfer=same)
    world.run()
    later = world.mail(payment.amount, transfer=same)
    world.run()
    assert world.captured() == [(booking_id, payment.amount_minor, "auto_gmail")]
    assert [world.found(one).counted for one in (first, again, later)] == [True, False, False]
    assert world.found(later).verdict == "repeat"
    assert world.told.what == []


def test_another_transfer_of_the_same_guest_is_their_second(world: World) -> None:
    booking_id, payment = world.books()
    for _ in range(2):
        world.mail(payment.amount, transfer={"text": payment.reference})
        world.run()
    outcomes = world.scratch.rows("SELECT outcome, back_minor FROM receipts ORDER BY id")
    assert [tuple(row) for row in outcomes] == [("exact", 0), ("second", payment.amount_minor)]
    assert world.status(booking_id) == "PAYMENT_SUCCESS"


@pytest.mark.parametrize(
    "shown_ids",
    [{"transaction_id": "77f0 0d"}, {"transaction_id": "T2611191012448814193377", "other_ids": ("77f00d",)}],
)
def test_a_mail_proves_the_guests_picture(world: World, shown_ids: dict[str, Any]) -> None:
    """By either of its ids: apps show their own first, and the bank's beside it."""
    booking_id, payment = world.books()
    with unit_of_work() as session:
        booking = Booking.for_update(session, booking_id)
        shown = evidence.keep_picture(
            session, person_id=booking.person_id, media_id="m", mime_type="image/jpeg", now=NOW
        )
        booking.submit_evidence(session, rules=RULES, cause="inbound:1", now=NOW, evidence_id=shown)
        evidence.note_read(
            session,
            shown,
            issuer="jazzcash",
            amount=payment.agreed,
            **shown_ids,
            sender_name=None,
            payee_tail=None,
            occurred_at=None,
            now=NOW,
        )
    world.mail(payment.agreed, transfer={"transaction_id": "77F00D"})
    world.run()
    assert world.captured() == [(booking_id, payment.agreed.minor, "auto_screenshot")]


def test_money_that_is_taken_back_is_reviewed(world: World) -> None:
    booking_id, payment = world.books()
    world.mail(payment.amount, transfer={"transaction_id": "77F00D"})
    world.run()
    back = world.mail(
        payment.amount, transfer={"transaction_id": "R1"}, kind=REVERSAL, reverses="77 F00D", message_id="<r>"
    )
    world.run()
    assert (world.status(booking_id), world.found(back).status) == ("PAYMENT_REVIEW", "verified")
    unknown = world.mail(payment.amount, kind=REVERSAL, reverses="0000")
    world.run()
    assert world.told.what == [("unmatched", unknown)]


def test_a_reversal_of_another_amount_is_for_a_person_to_judge(world: World) -> None:
    booking_id, payment = world.books()
    world.mail(payment.amount, transfer={"transaction_id": "77F00D"})
    world.run()
    paid = world.status(booking_id)
    back = world.mail(Money(50_000_00, "PKR"), kind=REVERSAL, reverses="77 F00D", message_id="<r>")
    world.run()
    assert world.status(booking_id) == paid
    assert world.told.what == [("unmatched", back)]


def test_what_was_taken_back_before_it_was_counted_does_not_confirm_itself(world: World) -> None:
    booking_id, payment = world.books()
    back = world.mail(payment.amount, kind=REVERSAL, reverses="77 F00D", message_id="<r>")
    world.run()
    mail = world.mail(payment.amount, transfer={"transaction_id": "77F00D"})
    world.run()
    assert (world.found(mail).status, world.status(booking_id)) == ("matched", "PAYMENT_REVIEW")
    assert world.told.what == [("unmatched", back), ("proposed", mail)]


def test_what_two_mails_tell_of_waits_in_the_list_once(world: World) -> None:
    _, payment = world.books()
    first, _repeat = (world.mail(payment.amount, transfer={"transaction_id": "77F00D"}) for _ in range(2))
    world.run(Mode.MANUAL)
    with unit_of_work() as session:
        assert [one.id for one in Evidence.unmatched(session, most=9)] == [first]
        assert money_lists.count_unmatched(session) == 1


def test_an_admins_word_and_the_mail_about_the_same_money_count_once(world: World) -> None:
    booking_id, payment = world.books()
    with unit_of_work() as session:
        admin = make.person(session, role="admin")
        Booking.for_update(session, booking_id).record_transfer(
            session, actor=Actor("admin", admin), rules=RULES, cause="inbound:1", now=NOW
        )
    mail = world.mail(payment.amount)
    world.run()
    assert (world.found(mail).counted, len(world.captured())) == (True, 1)
    assert not world.scratch.rows("SELECT FROM receipts WHERE outcome = 'second'")


# ---- two at once, and dying ------------------------------------------------------------------------


def test_two_matchers_at_once_count_the_money_once(world: World) -> None:
    them = [world.books() for _ in range(4)]
    for _, payment in them:
        world.mail(payment.amount)
        world.mail(payment.agreed)
    errors: list[BaseException] = []

    def match() -> None:
        try:
            world.job().run()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=match) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    world.run()
    assert errors == []
    assert world.captured() == [
        (booking_id, payment.amount_minor, "auto_gmail") for booking_id, payment in them
    ]
    assert sorted(world.told.what) == [("asked", booking_id) for booking_id, _ in them]
    rounds = world.scratch.rows("SELECT evidence_id, round FROM match_candidates WHERE chosen")
    assert len(rounds) == len(set(rounds))


def test_whoever_dies_between_two_decisions_loses_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    them = [world.books() for _ in range(3)]
    mails = [world.mail(payment.amount) for _, payment in them]
    conclude = MatchJobs._conclude

    def dies(self: MatchJobs, one: Any, *rest: Any) -> None:
        if one.id == mails[1]:
            raise KeyboardInterrupt
        conclude(self, one, *rest)

    monkeypatch.setattr(MatchJobs, "_conclude", dies)
    with pytest.raises(KeyboardInterrupt):
        world.job().run()
    assert [booking_id for booking_id, *_ in world.captured()] == [them[0][0]]
    monkeypatch.setattr(MatchJobs, "_conclude", conclude)
    world.run()
    assert [booking_id for booking_id, *_ in world.captured()] == [booking_id for booking_id, _ in them]


def test_one_that_fails_is_put_off_and_holds_up_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    (first, one), (second, two) = world.books(), world.books()
    world.mail(one.amount)
    world.mail(two.amount)
    record = Booking.record_found

    def breaks(self: Booking, *args: Any, **what: Any) -> Any:
        if self.id == first:
            raise RuntimeError("out of order")
        return record(self, *args, **what)

    monkeypatch.setattr(Booking, "record_found", breaks)
    world.run()
    assert (world.status(first), world.status(second)) == ("PAYMENT_PENDING", "PAYMENT_SUCCESS")
    monkeypatch.setattr(Booking, "record_found", record)
    world.clock.moment += matching.AGAIN
    world.run()
    assert world.status(first) == "PAYMENT_SUCCESS"


def test_whoever_was_quicker_is_seen_under_the_lock(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the reading and the lock other money of the guest is found: it is thought over again."""
    booking_id, payment = world.books()
    weaker = world.mail(payment.amount)
    confirm = MatchJobs._confirm

    def late(self: MatchJobs, *args: Any) -> None:
        monkeypatch.setattr(MatchJobs, "_confirm", confirm)
        world.mail(
            payment.amount, transfer={"text": payment.reference, "transaction_id": "FIRST1"}, now=NOW - MINUTE
        )
        world.job().run()
        confirm(self, *args)

    monkeypatch.setattr(MatchJobs, "_confirm", late)
    world.run()
    assert [minor for _, minor, _ in world.captured()] == [payment.amount_minor]
    assert world.status(booking_id) == "PAYMENT_SUCCESS"
    world.clock.moment += ANSWER_IN
    world.run()
    assert (world.found(weaker).status, world.found(weaker).confidence) == ("matched", 60)


def test_the_sweep_rings_for_what_nobody_rang_for(world: World) -> None:
    world.scratch.run("DELETE FROM chores")
    match_what_waits(world.clock)
    assert not world.scratch.value("SELECT count(*) FROM chores")
    _, payment = world.books()
    world.mail(payment.amount)
    world.scratch.run("DELETE FROM chores")
    for _ in range(2):
        match_what_waits(world.clock)
    assert world.scratch.value("SELECT count(*) FROM chores") == 1


def test_only_those_are_read_that_have_something_in_common(world: World) -> None:
    _, payment = world.books()
    for _ in range(3):
        world.books()
    with unit_of_work() as session:
        ours = awaited.accounts(session)
        sent = Transfer(issuer=ISSUER, amount=payment.amount)
        assert [one.payment_id for one in awaited.in_view(session, [sent], ours, NOW)] == [payment.id]
        named = Transfer(issuer=ISSUER, amount=Money(1_00, "PKR"), text=str(payment.reference))
        assert [one.payment_id for one in awaited.in_view(session, [named], ours, NOW)] == [payment.id]
        rounded = Transfer(issuer=ISSUER, amount=payment.agreed)
        assert len(awaited.in_view(session, [rounded], ours, NOW)) == 4
        months = awaited.in_view(session, [rounded], ours, NOW + timedelta(days=30))
        assert months == []
