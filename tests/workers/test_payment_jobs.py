"""Jobs that ask a provider: nothing is locked meanwhile, no answer is no failure, and twice is once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from integrations.gateway import GatewayError, PaymentLink
from models import db, inbound
from models.booking import Booking
from models.inbound import Incoming
from models.payment import Payment, PaymentFacts, PaymentNotice, PaymentOrder, PaymentState
from tests import factories as make
from tests.conftest import Scratch
from tests.factories import NOW, RULES, MovableClock
from workers.errands import do
from workers.follow_ups import Due, Later
from workers.payments import AFTER_ITS_END, LINK_TRIES, RECONCILE_AFTER, PaymentJobs

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
AWAY = GatewayError("connection_lost", retryable=True, unknown=True)
BUSY = GatewayError("rate_limit", retryable=True)
REFUSED = GatewayError("card_declined", retryable=False)


class Bank:
    """A provider that says what it is told to; everything else goes well.

    Attributes:
        says: (verb → what it answers next, a state, facts or an error), one after the other; the last one stays.
        links_live: how long a page can be paid on; as long as the order where it is not set.
        asked: (verb, payment id) in order.
        meanwhile: done while it thinks.
    """

    name = "card"

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch
        self.says: dict[str, list[PaymentState | PaymentFacts | GatewayError]] = {}
        self.links_live: timedelta | None = None
        self.asked: list[tuple[str, int]] = []
        self.meanwhile: Callable[[], None] = lambda: None

    def create_link(self, order: PaymentOrder) -> PaymentLink:
        self._answer("create", order, PaymentState.PENDING)
        number = order.payment_id
        until = order.expires_at if self.links_live is None else order.created_at + self.links_live
        return PaymentLink(f"cs_{number}", f"https://pay.example/{number}", until)

    def look_up(self, order: PaymentOrder) -> PaymentFacts:
        return self._answer("look_up", order, PaymentState.PENDING)

    def expire(self, order: PaymentOrder) -> PaymentFacts:
        return self._answer("expire", order, PaymentState.EXPIRED)

    def capture(self, order: PaymentOrder, amount_minor: int) -> PaymentFacts:
        assert amount_minor == order.amount_minor
        return self._answer("capture", order, PaymentState.CAPTURED)

    def void(self, order: PaymentOrder) -> PaymentFacts:
        return self._answer("void", order, PaymentState.VOIDED)

    def verify_webhook(self, body: bytes, signature: str | None, *, now: Any) -> PaymentNotice:
        raise NotImplementedError

    def _answer(self, verb: str, order: PaymentOrder, usually: PaymentState) -> PaymentFacts:
        self.asked.append((verb, order.payment_id))
        # Nobody waits for a row while a provider thinks.
        self._scratch.rows("SELECT 1 FROM bookings, payments FOR UPDATE NOWAIT")
        self.meanwhile()
        said = self.says.get(verb, [])
        state = said.pop(0) if len(said) > 1 else said[0] if said else usually
        if isinstance(state, GatewayError):
            raise state
        if isinstance(state, PaymentFacts):
            return state
        return PaymentFacts(state, intent=f"pi_{order.payment_id}")


class Desk:
    """The jobs with a bank that can be told what to say, run one by one as the errands would."""

    def __init__(self, scratch: Scratch, clock: MovableClock) -> None:
        self.bank = Bank(scratch)
        self._scratch = scratch
        self._clock = clock
        self._jobs = PaymentJobs({"card": self.bank}, rules=RULES, clock=clock).jobs()

    def run(self, job: str, booking: Booking, *, attempts: int = 0, cause: str | None = None) -> Later | None:
        """A follow-up of its own each time, or the open one that has this cause."""
        due = self.due(job, booking, attempts=attempts, cause=cause or make.unique("event:"))
        outcome = do(self._jobs[job], due, self._clock)
        return outcome if isinstance(outcome, Later) else None

    def due(self, job: str, booking: Booking, *, attempts: int = 0, cause: str) -> Due:
        number = self._scratch.value(
            "INSERT INTO follow_ups (booking_id, job, queue, cause, due_at) "
            "VALUES (:id, :job, 'providers', :cause, :now) "
            "ON CONFLICT (cause, job) DO UPDATE SET job = excluded.job RETURNING id",
            id=booking.id,
            job=job,
            cause=cause,
            now=self._clock.now(),
        )
        return Due(number, job, booking.id, cause, attempts)

    def asked(self) -> list[str]:
        return [verb for verb, _ in self.bank.asked]


@pytest.fixture
def desk(scratch: Scratch, clock: MovableClock) -> Desk:
    return Desk(scratch, clock)


# ---- a page to pay on ------------------------------------------------------------------------------


def test_the_link_is_made_kept_and_said_once(scratch: Scratch, desk: Desk) -> None:
    booking = _made(make.held)
    for _ in range(2):
        assert desk.run("open_payment", booking) is None
    payment = _payments(booking)[0]
    assert (payment.state, payment.reference) == ("pending", f"cs_{payment.id}")
    assert payment.url == f"https://pay.example/{payment.id}"
    assert payment.link_sent_at is not None
    assert desk.asked() == ["create"]
    (said,) = _said(scratch)
    assert (said.person_id, said.kind, said.booking_id) == (booking.person_id, "payment_link", booking.id)


def test_a_provider_that_is_away_is_asked_again_and_the_guest_told_after_some_tries(
    scratch: Scratch, desk: Desk
) -> None:
    booking = _made(make.held)
    desk.bank.says["create"] = [BUSY]
    for attempts in range(LINK_TRIES - 1):
        with pytest.raises(GatewayError):
            desk.run("open_payment", booking, attempts=attempts)
    assert _said(scratch) == []
    desk.run("open_payment", booking, attempts=LINK_TRIES - 1)
    assert [row.kind for row in _said(scratch)] == ["payment_unavailable"]
    assert _payments(booking)[0].state == "failed"


def test_a_provider_that_refuses_is_not_asked_again(scratch: Scratch, desk: Desk) -> None:
    booking = _made(make.held)
    desk.bank.says["create"] = [REFUSED]
    desk.run("open_payment", booking)
    assert [row.kind for row in _said(scratch)] == ["payment_unavailable"]
    payment = _payments(booking)[0]
    assert (payment.state, payment.failure) == ("failed", "card_declined")


def test_a_page_that_may_exist_is_unknown_not_failed(scratch: Scratch, desk: Desk) -> None:
    booking = _made(make.held)
    desk.bank.says["create"] = [AWAY]
    desk.run("open_payment", booking, attempts=LINK_TRIES - 1)
    assert _payments(booking)[0].state == "unknown"


def test_nothing_is_asked_for_a_booking_that_was_given_up(scratch: Scratch, desk: Desk) -> None:
    booking = _made(make.held)
    _cancel(booking)
    desk.run("open_payment", booking)
    assert desk.asked() == []


def test_a_link_that_comes_after_the_cancel_is_kept_to_be_closed_and_not_said(
    scratch: Scratch, desk: Desk
) -> None:
    booking = _made(make.held)
    desk.bank.meanwhile = lambda: _cancel(booking)
    desk.run("open_payment", booking)
    assert [row.kind for row in _said(scratch)] == []
    desk.bank.meanwhile = lambda: None
    desk.run("close_payments", booking)
    assert desk.asked() == ["create", "expire"]
    assert _payments(booking)[0].state == "expired"


def test_the_page_of_the_attempt_before_is_closed_first(scratch: Scratch, desk: Desk) -> None:
    booking = _made(make.held)
    desk.run("open_payment", booking)
    _retry(booking)
    desk.run("open_payment", booking)
    first, second = _payments(booking)
    assert desk.bank.asked == [("create", first.id), ("expire", first.id), ("create", second.id)]
    assert [p.state for p in _payments(booking)] == ["expired", "pending"]


def test_a_page_before_that_cannot_be_closed_does_not_keep_the_guest_from_paying(
    scratch: Scratch, desk: Desk
) -> None:
    """Tried for a while; then the new link goes out, and should both be paid, one is given back."""
    booking = _made(make.held)
    desk.run("open_payment", booking)
    _retry(booking)
    desk.bank.says["expire"] = [AWAY]
    for attempts in range(LINK_TRIES - 1):
        with pytest.raises(GatewayError):
            desk.run("open_payment", booking, attempts=attempts)
    desk.run("open_payment", booking, attempts=LINK_TRIES - 1)
    assert [row.kind for row in _said(scratch)] == ["payment_link", "payment_link"]
    assert [p.state for p in _payments(booking)] == ["unknown", "pending"]


def test_a_page_that_nobody_was_given_does_not_keep_the_guest_waiting(scratch: Scratch, desk: Desk) -> None:
    booking = _made(make.held)
    desk.bank.says["create"] = [AWAY, PaymentState.PENDING]
    desk.run("open_payment", booking, attempts=LINK_TRIES - 1)
    _retry(booking)
    desk.bank.says["expire"] = [AWAY]
    desk.run("open_payment", booking)
    assert [p.state for p in _payments(booking)] == ["unknown", "pending"]
    # Once the booking is paid it is closed all the same, for it may have come about.
    with db.unit_of_work() as unit:
        make.tell(unit, Booking.for_update(unit, booking.id), PaymentFacts(PaymentState.AUTHORIZED))
    assert (
        scratch.value("SELECT count(*) FROM follow_ups WHERE job = 'close_payments' AND done_at IS NULL") == 1
    )


# ---- what happened? --------------------------------------------------------------------------------


def test_a_webhook_makes_us_ask_and_the_booking_follow(scratch: Scratch, desk: Desk) -> None:
    booking = _made(make.held)
    cause = _told(booking)
    desk.bank.says["look_up"] = [PaymentState.AUTHORIZED]
    for _ in range(2):
        desk.run("settle_payment", booking, cause=cause)
    assert _now(booking).status == "PAYMENT_SUCCESS"
    assert _events(scratch, booking).count("RECORD_PAYMENT") == 1
    assert desk.asked() == ["look_up"]


def test_what_a_webhook_tells_is_not_believed(scratch: Scratch, desk: Desk) -> None:
    booking = _made(make.held)
    desk.run("settle_payment", booking, cause=_told(booking))
    assert _now(booking).status == "PAYMENT_PENDING"


def test_what_is_known_before_it_is_asked_about_spares_the_question(scratch: Scratch, desk: Desk) -> None:
    booking = _made(make.held)
    cause = _told(booking)
    with db.unit_of_work() as unit:
        make.tell(unit, Booking.for_update(unit, booking.id), PaymentFacts(PaymentState.AUTHORIZED))
    desk.run("settle_payment", booking, cause=cause)
    assert desk.asked() == []
    assert _open_questions(scratch) == []


@pytest.mark.parametrize("answer", [PaymentState.AUTHORIZED, PaymentState.PENDING])
def test_one_answer_is_enough_for_all_that_was_told_before_the_question(
    scratch: Scratch, desk: Desk, answer: PaymentState
) -> None:
    booking, other = _made(make.held), _made(make.held)
    causes = [_told(booking, tells) for tells in (PaymentState.AUTHORIZED, None, PaymentState.AUTHORIZED)]
    not_asked_about = _told(other)
    desk.bank.says["look_up"] = [answer]
    desk.run("settle_payment", booking, cause=causes[1])
    assert _open_questions(scratch) == [not_asked_about]
    for cause in causes:
        desk.run("settle_payment", booking, cause=cause)
    assert desk.asked() == ["look_up"]


def test_what_is_told_during_the_question_is_asked_about_unless_the_answer_says_it_too(
    scratch: Scratch, desk: Desk
) -> None:
    booking = _made(make.held)
    causes: list[str] = []
    desk.bank.meanwhile = lambda: causes.extend(
        _told(booking, tells) for tells in (PaymentState.AUTHORIZED, PaymentState.CAPTURED, None)
    )
    desk.bank.says["look_up"] = [PaymentState.AUTHORIZED]
    desk.run("settle_payment", booking, cause=_told(booking))
    assert _open_questions(scratch) == causes[1:]
    desk.bank.meanwhile = lambda: None
    desk.bank.says["look_up"] = [PaymentState.CAPTURED]
    desk.run("settle_payment", booking, cause=causes[1])
    assert _payments(booking)[0].state == "captured"
    assert _open_questions(scratch) == []


def test_our_own_capture_is_no_news_when_the_provider_tells_it(scratch: Scratch, desk: Desk) -> None:
    """Its webhooks are often quicker than our own writing of its answer."""
    booking = _made(make.decided)
    desk.bank.meanwhile = lambda: [_told(booking, PaymentState.CAPTURED) for _ in range(2)] and None
    desk.run("capture_payment", booking)
    assert _open_questions(scratch) == []
    assert _now(booking).status == "OWNER_CONFIRMED"


@pytest.mark.parametrize(
    ("job", "kind", "hours"),
    [
        ("open_payment", make.held, 0),
        ("settle_payment", make.held, 0),
        ("expire_hold", make.held, 1),
        ("capture_payment", make.decided, 0),
        ("close_payments", make.paid, 0),
    ],
)
def test_what_another_machine_did_meanwhile_is_not_asked_again(
    scratch: Scratch, desk: Desk, clock: MovableClock, job: str, kind: Callable[..., Booking], hours: int
) -> None:
    booking = _made(kind)
    if job == "close_payments":
        _cancel(booking)
    clock.move(hours * HOUR)
    cause = _told(booking) if job == "settle_payment" else "test"
    due = desk.due(job, booking, cause=cause)
    scratch.run("UPDATE follow_ups SET done_at = :now WHERE id = :id", now=NOW, id=due.id)
    desk.run(job, booking, cause=cause)
    assert desk.asked() == []
    scratch.run("UPDATE follow_ups SET done_at = NULL WHERE id = :id", id=due.id)
    desk.run(job, booking, cause=cause)
    assert len(desk.asked()) == 1


def test_a_webhook_waits_for_a_provider_that_is_away(scratch: Scratch, desk: Desk) -> None:
    booking = _made(make.held)
    cause = _told(booking)
    desk.bank.says["look_up"] = [AWAY]
    with pytest.raises(GatewayError):
        desk.run("settle_payment", booking, cause=cause)
    assert _open_questions(scratch) == [cause]
    assert _payments(booking)[0].state == "created"


def test_a_payment_nobody_can_tell_about_is_asked_about_for_a_week(
    scratch: Scratch, desk: Desk, clock: MovableClock
) -> None:
    booking = _made(make.held)
    cause = f"payment:{_payments(booking)[0].id}:after_expiry"
    desk.bank.says["look_up"] = [AWAY]
    waits = []
    for days in (0, 0.01, 1, 6.9):
        clock.move(NOW + days * DAY - clock.now())
        later = desk.run("settle_payment", booking, cause=cause)
        assert later is not None
        waits.append(later.at - clock.now())
    assert waits == pytest.approx([RECONCILE_AFTER, RECONCILE_AFTER, HOUR, HOUR], abs=5 * SECOND)
    clock.move(NOW + 7 * DAY - clock.now())
    assert desk.run("settle_payment", booking, cause=cause) is None


def test_a_payment_that_turns_out_to_be_paid_takes_its_place_if_it_is_free(
    scratch: Scratch, desk: Desk, clock: MovableClock
) -> None:
    booking = _made(make.held)
    desk.bank.says["expire"] = [AWAY]
    clock.move(RULES.longest_hold)
    desk.run("expire_hold", booking)
    assert _now(booking).status == "EXPIRED"
    cause = scratch.value("SELECT cause FROM follow_ups WHERE job = 'settle_payment'")
    desk.bank.says["look_up"] = [PaymentState.AUTHORIZED]
    assert desk.run("settle_payment", booking, cause=cause) is None
    assert _now(booking).status == "PAYMENT_SUCCESS"


# ---- the end of a hold -----------------------------------------------------------------------------


def test_a_hold_that_is_not_over_is_looked_at_again_then(scratch: Scratch, desk: Desk) -> None:
    booking = _made(make.held)
    assert desk.run("expire_hold", booking) == Later(NOW + RULES.hold)
    assert desk.asked() == []


def test_an_unpaid_hold_ends_and_its_page_with_it(scratch: Scratch, desk: Desk, clock: MovableClock) -> None:
    booking = _made(make.held)
    desk.run("open_payment", booking)
    clock.move(RULES.hold)
    for _ in range(2):
        assert desk.run("expire_hold", booking) is None
    assert _now(booking).status == "EXPIRED"
    assert desk.asked() == ["create", "expire"]
    assert _payments(booking)[0].state == "expired"
    assert scratch.rows("SELECT 1 FROM follow_ups WHERE job = 'settle_payment'") == []


def test_money_that_came_at_the_last_moment_is_found_before_the_place_is_freed(
    scratch: Scratch, desk: Desk, clock: MovableClock
) -> None:
    booking = _made(make.held)
    desk.bank.says["expire"] = [PaymentState.AUTHORIZED]
    clock.move(RULES.hold)
    assert desk.run("expire_hold", booking) is None
    assert _now(booking).status == "PAYMENT_SUCCESS"
    assert scratch.value("SELECT state FROM allocations") == "KEPT"


def test_a_provider_that_cannot_say_moves_the_hold_on_to_two_hours_at_most(
    scratch: Scratch, desk: Desk, clock: MovableClock
) -> None:
    booking = _made(make.held)
    desk.bank.says["expire"] = [AWAY]
    clock.move(RULES.hold)
    steps = 0
    while (later := desk.run("expire_hold", booking)) is not None:
        steps += 1
        assert later.at <= NOW + RULES.longest_hold
        assert scratch.value("SELECT hold_until FROM allocations") == later.at
        clock.move(later.at - clock.now())
    assert steps >= 20
    assert _now(booking).status == "EXPIRED"
    assert _payments(booking)[0].state == "unknown"  # never failed
    assert scratch.value("SELECT count(*) FROM follow_ups WHERE job = 'settle_payment'") == 1
    # However often it could not say, an admin hears of it once.
    alert = scratch.row("SELECT * FROM follow_ups WHERE job = 'alert_pending_payment'")
    assert timedelta(0) <= alert.due_at - NOW - RULES.payment_alert < MINUTE


def test_a_hold_that_was_renewed_while_the_provider_thought_goes_on(
    scratch: Scratch, desk: Desk, clock: MovableClock
) -> None:
    booking = _made(make.held)
    clock.move(RULES.hold)
    until = NOW + HOUR

    def renew() -> None:
        with db.unit_of_work() as unit:
            Booking.for_update(unit, booking.id).renew_hold(unit, until, cause="test", now=NOW)

    desk.bank.meanwhile = renew
    assert desk.run("expire_hold", booking) == Later(until)
    assert _now(booking).status == "PAYMENT_PENDING"


def test_a_paid_booking_has_no_hold_to_end(scratch: Scratch, desk: Desk, clock: MovableClock) -> None:
    booking = _made(make.paid)
    clock.move(RULES.hold)
    assert desk.run("expire_hold", booking) is None
    assert desk.asked() == []


# ---- ways that are closed, and money that is taken at once ------------------------------------------


def test_without_keys_no_page_is_made_and_the_guest_hears_it_at_once(scratch: Scratch, desk: Desk) -> None:
    booking = _made(lambda unit: make.held(unit, method="razorpay"))
    assert desk.run("open_payment", booking) is None
    assert _payments(booking)[0].state == "failed"
    assert (
        scratch.value("SELECT kind FROM outbound_messages WHERE recipient = 'guest'") == "payment_unavailable"
    )


def test_what_was_begun_before_the_keys_were_taken_away_is_never_taken_for_over(
    scratch: Scratch, desk: Desk, clock: MovableClock
) -> None:
    booking = _made(lambda unit: make.held(unit, method="razorpay"))
    scratch.run("UPDATE payments SET state = 'pending', reference = 'plink_1'")
    clock.move(RULES.hold)
    later = desk.run("expire_hold", booking)
    assert later is not None
    assert _payments(booking)[0].state == "unknown"
    with pytest.raises(GatewayError):
        desk.run("settle_payment", booking, cause=f"payment:{_payments(booking)[0].id}:captured:1")


def test_money_that_is_taken_at_once_shuts_every_other_page(scratch: Scratch, desk: Desk) -> None:
    booking = _made(make.held)
    first = _payments(booking)[0]
    _retry(booking)
    desk.bank.says["look_up"] = [PaymentState.CAPTURED]
    desk.run("settle_payment", booking, cause=f"payment:{_payments(booking)[1].id}:captured:1")
    assert _now(booking).status == "PAYMENT_SUCCESS"
    causes = scratch.rows("SELECT cause FROM follow_ups WHERE job = 'close_payments' AND done_at IS NULL")
    assert len(causes) == 1
    desk.run("close_payments", booking, cause=causes[0].cause)
    assert ("expire", first.id) in desk.bank.asked
    assert [payment.state for payment in _payments(booking)] == ["expired", "captured"]


# ---- pages that cannot be closed -------------------------------------------------------------------


def test_a_page_that_nobody_pays_on_keeps_the_place_until_it_is_over(
    scratch: Scratch, desk: Desk, clock: MovableClock
) -> None:
    booking = _made(make.held)
    clock.move(RULES.hold)
    over = NOW + RULES.hold + 2 * MINUTE
    desk.bank.says["expire"] = [PaymentFacts(PaymentState.PENDING, open_until=over), PaymentState.EXPIRED]
    assert desk.run("expire_hold", booking) == Later(over)
    assert scratch.value("SELECT count(*) FROM follow_ups WHERE job = 'alert_pending_payment'") == 0
    assert _now(booking).hold_until == over
    clock.move(2 * MINUTE)
    assert desk.run("expire_hold", booking) is None
    assert _now(booking).status == "EXPIRED"


def test_who_is_paying_has_the_usual_time(scratch: Scratch, desk: Desk, clock: MovableClock) -> None:
    booking = _made(make.held)
    clock.move(RULES.hold)
    desk.bank.says["expire"] = [PaymentState.PENDING]
    later = desk.run("expire_hold", booking)
    assert later is not None
    assert RULES.hold_step <= later.at - NOW - RULES.hold < RULES.hold_step + MINUTE


def test_a_page_that_says_it_is_over_already_is_looked_at_again_soon(
    scratch: Scratch, desk: Desk, clock: MovableClock
) -> None:
    """The provider's clock and ours need not agree."""
    booking = _made(make.held)
    clock.move(RULES.hold)
    desk.bank.says["expire"] = [PaymentFacts(PaymentState.PENDING, open_until=NOW)]
    later = desk.run("expire_hold", booking)
    assert later is not None
    assert AFTER_ITS_END <= later.at - NOW - RULES.hold < AFTER_ITS_END + MINUTE


def test_what_could_not_be_closed_is_asked_about_when_it_is_over(scratch: Scratch, desk: Desk) -> None:
    booking = _made(make.held)
    _retry(booking)
    over = NOW + 9 * MINUTE
    desk.bank.says["expire"] = [PaymentFacts(PaymentState.PENDING, open_until=over)]
    for _ in range(2):
        assert desk.run("close_payments", booking) is None
    first = _payments(booking)[0]
    (question,) = _open_questions(scratch)
    assert question.startswith(f"payment:{first.id}:")
    assert scratch.value("SELECT due_at FROM follow_ups WHERE cause = :c", c=question) == over
    desk.bank.says["look_up"] = [PaymentState.EXPIRED]
    assert desk.run("settle_payment", booking, cause=question) is None
    assert [p.state for p in _payments(booking)] == ["expired", "created"]
    assert _said(scratch) == []


def test_what_was_given_up_while_it_was_paid_is_asked_about_until_it_is_known(
    scratch: Scratch, desk: Desk
) -> None:
    """A bank may still say yes to a payment whose booking the guest has cancelled."""
    booking = _made(make.held)
    _cancel(booking)
    desk.bank.says = {
        "expire": [PaymentState.PENDING],
        "look_up": [PaymentState.PENDING, PaymentState.CAPTURED],
    }
    desk.run("close_payments", booking)
    (question,) = _open_questions(scratch)
    later = desk.run("settle_payment", booking, cause=question)
    assert later is not None and later.at > NOW
    assert desk.run("settle_payment", booking, cause=question) is None
    assert _now(booking).status == "REFUND_REQUIRED"


def test_a_page_that_ends_before_the_hold_is_asked_about_at_its_end(scratch: Scratch, desk: Desk) -> None:
    booking = _made(make.held)
    desk.bank.links_live = 10 * MINUTE
    desk.run("open_payment", booking)
    (question,) = _open_questions(scratch)
    due_at = scratch.value("SELECT due_at FROM follow_ups WHERE cause = :c", c=question)
    assert due_at == NOW + 10 * MINUTE + AFTER_ITS_END


# ---- money that is not what was asked for ----------------------------------------------------------


@pytest.mark.parametrize("state", [PaymentState.AUTHORIZED, PaymentState.CAPTURED])
@pytest.mark.parametrize(("minor", "currency"), [(1, "PKR"), (10**9, "PKR"), (None, "USD")])
def test_money_of_another_amount_or_currency_pays_nothing(
    scratch: Scratch,
    desk: Desk,
    clock: MovableClock,
    state: PaymentState,
    minor: int | None,
    currency: str,
) -> None:
    booking = _made(make.held)
    other = PaymentFacts(state, amount_minor=minor, currency=currency)
    desk.bank.says = {"look_up": [other], "expire": [other]}
    with pytest.raises(GatewayError):
        desk.run("settle_payment", booking, cause=_told(booking, tells=None))
    clock.move(RULES.hold)
    assert desk.run("expire_hold", booking) is not None  # the place is kept, for nobody knows
    assert _now(booking).status == "PAYMENT_PENDING"
    assert _payments(booking)[0].state == "unknown"


def test_a_capture_of_another_amount_confirms_nothing(scratch: Scratch, desk: Desk) -> None:
    booking = _made(make.decided)
    desk.bank.says["capture"] = [PaymentFacts(PaymentState.CAPTURED, amount_minor=1, currency="PKR")]
    with pytest.raises(GatewayError):
        desk.run("capture_payment", booking)
    assert _now(booking).status == "PAYMENT_SUCCESS"
    assert _payments(booking)[0].state == "authorized"


# ---- payments that failed for good -----------------------------------------------------------------


def test_a_failed_payment_is_said_once_and_the_place_is_kept(scratch: Scratch, desk: Desk) -> None:
    booking = _made(make.held)
    desk.run("open_payment", booking)
    desk.bank.says["look_up"] = [PaymentState.FAILED]
    for _ in range(2):
        desk.run("settle_payment", booking, cause=_told(booking, tells=None))
    assert [message.kind for message in _said(scratch)] == ["payment_link", "payment_failed"]
    assert _now(booking).status == "PAYMENT_PENDING"
    _retry(booking)
    desk.run("open_payment", booking)
    assert [p.state for p in _payments(booking)] == ["failed", "pending"]


def test_that_an_attempt_failed_which_was_given_up_is_no_news_to_the_guest(
    scratch: Scratch, desk: Desk
) -> None:
    booking = _made(make.held)
    cause = _told(booking, tells=None)
    _retry(booking)
    desk.bank.says["look_up"] = [PaymentState.FAILED]
    desk.run("settle_payment", booking, cause=cause)
    assert [p.state for p in _payments(booking)] == ["failed", "created"]
    assert _said(scratch) == []


# ---- closing ---------------------------------------------------------------------------------------


def test_authorized_money_is_let_go_after_a_cancel(scratch: Scratch, desk: Desk) -> None:
    booking = _made(make.paid)
    _cancel(booking)
    for _ in range(2):
        assert desk.run("close_payments", booking) is None
    assert desk.asked() == ["void"]
    assert _payments(booking)[0].state == "voided"
    assert _now(booking).status == "GUEST_CANCELLED"


def test_letting_go_is_tried_until_the_provider_says_so(scratch: Scratch, desk: Desk) -> None:
    booking = _made(make.paid)
    _cancel(booking)
    desk.bank.says["void"] = [AWAY, AWAY, PaymentState.VOIDED]
    for _ in range(2):
        with pytest.raises(GatewayError):
            desk.run("close_payments", booking)
    assert _payments(booking)[0].state == "authorized"
    desk.run("close_payments", booking)
    assert _payments(booking)[0].state == "voided"


def test_money_that_was_taken_instead_of_let_go_is_owed_back(scratch: Scratch, desk: Desk) -> None:
    booking = _made(make.paid)
    _cancel(booking)
    desk.bank.says["void"] = [PaymentState.CAPTURED]
    desk.run("close_payments", booking)
    assert _now(booking).status == "REFUND_REQUIRED"


def test_what_pays_the_booking_is_not_closed(scratch: Scratch, desk: Desk) -> None:
    booking = _made(make.paid)
    desk.run("close_payments", booking)
    assert desk.asked() == []


# ---- capturing -------------------------------------------------------------------------------------


def test_a_yes_is_captured_once_and_confirms(scratch: Scratch, desk: Desk) -> None:
    booking = _made(make.decided)
    for _ in range(2):
        desk.run("capture_payment", booking)
    assert desk.asked() == ["capture"]
    assert _now(booking).status == "OWNER_CONFIRMED"
    assert _events(scratch, booking).count("CONFIRM") == 1


def test_nothing_is_captured_before_a_yes(scratch: Scratch, desk: Desk) -> None:
    desk.run("capture_payment", _made(make.paid))
    assert desk.asked() == []


def test_a_capture_nobody_can_tell_about_is_asked_for_again_and_is_no_failure(
    scratch: Scratch, desk: Desk
) -> None:
    booking = _made(make.decided)
    desk.bank.says["capture"] = [AWAY, PaymentState.CAPTURED]
    with pytest.raises(GatewayError):
        desk.run("capture_payment", booking)
    assert _now(booking).status == "PAYMENT_SUCCESS"
    assert _payments(booking)[0].state == "authorized"
    desk.run("capture_payment", booking)
    assert _now(booking).status == "OWNER_CONFIRMED"


@pytest.mark.parametrize("why", ["refused", "lost"])
def test_a_capture_that_fails_asks_for_a_new_payment_which_is_captured_without_asking(
    scratch: Scratch, desk: Desk, why: str
) -> None:
    booking = _made(make.decided)
    desk.bank.says["capture"] = [REFUSED if why == "refused" else PaymentState.EXPIRED]
    desk.run("capture_payment", booking)
    assert _now(booking).status == "PAYMENT_PENDING"
    desk.run("close_payments", booking)
    assert desk.asked() == ["capture", *(["void"] if why == "refused" else [])]
    desk.run("open_payment", booking)
    first, second = _payments(booking)
    assert (first.state, second.state) == ("voided", "pending")
    desk.bank.says = {"look_up": [PaymentState.AUTHORIZED]}
    desk.run("settle_payment", booking, cause=_told(booking))
    desk.run("capture_payment", booking)
    assert _now(booking).status == "OWNER_CONFIRMED"
    assert desk.bank.asked[-1] == ("capture", second.id)


@pytest.mark.parametrize("answer", [PaymentState.CAPTURED, REFUSED, PaymentState.VOIDED])
def test_a_cancel_while_the_provider_captures_is_settled_afterwards(
    scratch: Scratch, desk: Desk, answer: PaymentState | GatewayError
) -> None:
    booking = _made(make.decided)
    desk.bank.says["capture"] = [answer]
    desk.bank.meanwhile = lambda: _cancel(booking)
    desk.run("capture_payment", booking)
    desk.bank.meanwhile = lambda: None
    desk.run("close_payments", booking)
    taken = answer is PaymentState.CAPTURED
    assert _now(booking).status == ("REFUND_REQUIRED" if taken else "GUEST_CANCELLED")
    assert _payments(booking)[-1].state == ("captured" if taken else "voided")
    assert len(_payments(booking)) == 1


# ---- helpers ---------------------------------------------------------------------------------------


def _made(kind: Callable[..., Booking]) -> Booking:
    """A booking whose own follow-ups are left to the test."""
    with db.unit_of_work() as unit:
        booking = kind(unit)
    with db.unit_of_work() as unit:
        unit.execute(make.text("DELETE FROM follow_ups"))
    return booking


def _now(booking: Booking) -> Booking:
    with db.unit_of_work() as unit:
        return Booking.get(unit, booking.id)


def _payments(booking: Booking) -> Sequence[Payment]:
    with db.unit_of_work() as unit:
        return Payment.of_booking(unit, booking.id)


def _cancel(booking: Booking) -> None:
    with db.unit_of_work() as unit:
        Booking.for_update(unit, booking.id).cancel_by_guest(unit, cause="test", now=NOW)


def _retry(booking: Booking) -> None:
    with db.unit_of_work() as unit:
        Booking.for_update(unit, booking.id).retry_payment(unit, method="card", cause="test", now=NOW)


def _told(booking: Booking, tells: PaymentState | None = PaymentState.AUTHORIZED) -> str:
    """News of the newest payment is kept; the cause of the job that settles it."""
    payment = _payments(booking)[-1]
    item = Incoming("stripe", make.unique("evt_"), "payment", {}, payment_id=payment.id, tells=tells)
    with db.one_statement() as (cursor, info):
        inbound.keep_payment_news(cursor, info, item, NOW)
    with db.unit_of_work() as unit:
        newest = "SELECT cause FROM follow_ups WHERE job = 'settle_payment' ORDER BY id DESC LIMIT 1"
        return str(unit.execute(make.text(newest)).scalar_one())


def _open_questions(scratch: Scratch) -> list[str]:
    rows = scratch.rows(
        "SELECT cause FROM follow_ups WHERE job = 'settle_payment' AND done_at IS NULL ORDER BY id"
    )
    return [row.cause for row in rows]


def _said(scratch: Scratch) -> Sequence[Any]:
    return scratch.rows("SELECT * FROM outbound_messages ORDER BY id")


def _events(scratch: Scratch, booking: Booking) -> list[str]:
    rows = scratch.rows("SELECT action FROM booking_events WHERE booking_id = :id ORDER BY id", id=booking.id)
    return [row.action for row in rows]
