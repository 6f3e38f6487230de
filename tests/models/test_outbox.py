"""Every message is tried in its order, in time, at its person's pace, and ends as what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import Row, text

from models import db, delivery, outbound, outbox
from models.message import Typing
from models.outbox import Outcome, Sendable
from models.session import Session
from tests import factories as make
from tests.conftest import Scratch
from tests.factories import NOW

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
WINDOW_CLOSED, PAIR_LIMIT, UNDELIVERABLE, OUR_BUG, TOKEN = 131047, 131056, 131026, 131009, 190


# ---- whose turn is it ------------------------------------------------------------------------------


def test_a_person_gets_one_message_at_a_time_in_order_and_others_pass(session: Session) -> None:
    one, other = _person(session), _person(session)
    _say(session, one, "a", "b", "c")
    _say(session, other, "A", "B")
    rounds = []
    while sendables := _claim(session):
        rounds.append([_words(s) for s in sendables])
        _accepted(session, sendables)
    assert rounds == [["a", "A"], ["b", "B"], ["c"]]


def test_who_has_waited_longest_comes_first_and_no_more_than_asked_for(session: Session) -> None:
    people = [_person(session) for _ in range(4)]
    for n, someone in enumerate(people):
        _say(session, someone, str(n), now=NOW - n * SECOND)
    assert sorted(_words(s) for s in _claim(session, most=2)) == ["2", "3"]


def test_what_is_being_sent_is_nobody_elses_to_send(session: Session) -> None:
    _say(session, _person(session), "a", "b")
    assert len(_claim(session)) == 1
    assert _claim(session) == []


def test_two_senders_at_once_take_different_messages(scratch: Scratch) -> None:
    with db.unit_of_work() as unit:
        for _ in range(6):
            _say(unit, _person(unit), "a", "b")
    with db.unit_of_work() as first, db.unit_of_work() as second:
        mine = outbox.claim(first, most=3, now=NOW)
        others = outbox.claim(second, most=50, now=NOW)
    assert len(mine) == len(others) == 3
    assert not {s.person_id for s in mine} & {s.person_id for s in others}


def test_a_message_says_whom_it_goes_to_and_what(session: Session) -> None:
    someone, booking = _person(session), make.held(session)
    phone, user_id = _identifiers(session, someone)
    _say(session, someone, "Hello", booking_id=booking.id, kind="payment_link", template=True)
    (sendable,) = _claim(session)
    assert (sendable.to.phone, sendable.to.user_id) == (phone, user_id)
    assert (sendable.person_id, sendable.booking_id, sendable.kind) == (someone, booking.id, "payment_link")
    assert sendable.template is not None
    assert (sendable.attempt, sendable.as_template) == (1, False)
    assert outbox.callback_data(sendable) == f"m:{sendable.id}"


def test_of_several_identifiers_the_newest_is_written_to(session: Session) -> None:
    someone, new = _person(session), make.phone()
    make.people.meet(session, someone, phone=new, user_id=None, name=None, now=NOW + HOUR)
    _say(session, someone, "a")
    assert _claim(session)[0].to.phone == new


def test_each_attempt_is_on_record_before_it_is_made(session: Session) -> None:
    _say(session, _person(session), "a")
    (sendable,) = _claim(session)
    (attempt,) = _attempts(session, sendable)
    assert (attempt.number, attempt.started_at, attempt.ended_at) == (1, NOW, None)
    _refused(session, sendable, delivery.NOT_REACHED, error="refused")
    (sendable,) = _claim(session, NOW + 5 * SECOND)
    _accepted(session, [sendable], now=NOW + 6 * SECOND, wamid="wamid.2")
    first, second = _attempts(session, sendable)
    assert (first.outcome, first.error, first.ended_at) == ("NOT_SENT", "refused", NOW)
    assert (second.number, second.outcome, second.wamid) == (2, "ACCEPTED", "wamid.2")
    assert second.ended_at == NOW + 6 * SECOND
    row = _row(session, sendable)
    assert (row.state, row.attempts, row.accepted_at) == ("ACCEPTED", 2, NOW + 6 * SECOND)
    assert (row.wamid, row.error_code, row.error) == ("wamid.2", None, None)


def test_who_is_just_being_written_to_is_passed_over_and_not_waited_for(scratch: Scratch) -> None:
    """A turn holds its person's counter until it commits, and rings then."""
    with db.unit_of_work() as unit:
        one, other = _person(unit), _person(unit)
        _say(unit, one, "a")
        _say(unit, other, "A")
    with db.unit_of_work() as turn:
        _say(turn, one, "b")
        assert [_words(s) for s in outbox.exchange([], most=9, look=True, now=NOW)] == ["A"]
    assert [_words(s) for s in outbox.exchange([], most=9, look=True, now=NOW)] == ["a"]


# ---- recorded and claimed in one exchange ----------------------------------------------------------


@pytest.mark.parametrize("look", [True, False])
def test_good_news_lets_the_next_message_go_in_the_same_exchange(scratch: Scratch, *, look: bool) -> None:
    with db.unit_of_work() as unit:
        _say(unit, _person(unit), "a", "b")
    first = outbox.exchange([], most=5, look=True, now=NOW)
    second = outbox.exchange(_good(first), most=5, look=look, now=NOW)
    third = outbox.exchange(_good(second), most=5, look=look, now=NOW)
    assert [_words(s) for s in (*first, *second, *third)] == ["a", "b"]
    rows = scratch.rows(
        "SELECT m.state, m.wamid, a.outcome, a.wamid FROM outbound_messages m "
        "JOIN outbound_attempts a ON a.message_id = m.id ORDER BY seq"
    )
    assert [tuple(row) for row in rows] == [
        ("ACCEPTED", f"wamid.{s.id}", "ACCEPTED", f"wamid.{s.id}") for s in (*first, *second)
    ]


def test_without_room_good_news_is_recorded_and_nothing_claimed(scratch: Scratch) -> None:
    with db.unit_of_work() as unit:
        _say(unit, _person(unit), "a", "b")
    first = outbox.exchange([], most=5, look=True, now=NOW)
    assert outbox.exchange(_good(first), most=0, look=True, now=NOW) == []
    assert scratch.value("SELECT count(*) FROM outbound_messages WHERE state = 'ACCEPTED'") == 1


def test_a_refusal_among_good_news_is_taken_with_it(scratch: Scratch) -> None:
    with db.unit_of_work() as unit:
        one, other = _person(unit), _person(unit)
        _say(unit, one, "a", "b")
        _say(unit, other, "A", "B")
    good, bad = outbox.exchange([], most=5, look=True, now=NOW)
    refused = Outcome(bad, verdict=delivery.classify(UNDELIVERABLE, 400), code=UNDELIVERABLE)
    after = outbox.exchange([*_good([good]), refused], most=5, look=False, now=NOW)
    assert [_words(s) for s in after] == ["b", "B"]


def test_the_acceptance_of_a_request_is_followed_up_once_however_often_it_is_told(scratch: Scratch) -> None:
    with db.unit_of_work() as unit:
        booking = make.held(unit)
        _say(unit, booking.person_id, "a", kind="booking_request", booking_id=booking.id)
    sent = outbox.exchange([], most=5, look=True, now=NOW)
    for _ in range(2):
        outbox.exchange(_good(sent), most=5, look=False, now=NOW)
    assert scratch.value("SELECT count(*) FROM follow_ups WHERE job = 'record_request_sent'") == 1


def test_news_of_an_attempt_that_is_told_again_changes_nothing_of_the_next(session: Session) -> None:
    """The database took it and was lost before it could say so: the sender tells it once more."""
    _say(session, _person(session), "a", template=True)
    (sendable,) = _claim(session)
    _refused(session, sendable, WINDOW_CLOSED)
    (again,) = _claim(session)
    _refused(session, sendable, WINDOW_CLOSED)
    assert (_row(session, again).state, again.attempt) == ("SENDING", 2)
    assert _claim(session) == []


# ---- tried again -----------------------------------------------------------------------------------


def test_a_message_holds_up_its_successors_during_the_quick_tries_only(session: Session) -> None:
    one, other = _person(session), _person(session)
    _say(session, one, "first", "second", "third")
    now, tries = NOW, []
    for attempt in range(1, 4):
        (sendable,) = _claim(session, now)
        assert (_words(sendable), sendable.attempt) == ("first", attempt)
        _refused(session, sendable, delivery.NOT_REACHED, now=now)
        tries.append(now)
        now = _row(session, sendable).due_at
        if attempt == 1:
            _say(session, other, "other", now=now - SECOND)
            assert [_words(s) for s in _claim(session, now - SECOND)] == ["other"]
        if attempt < 3:
            assert _claim(session, now - SECOND) == []
    assert [at - NOW for at in tries] == [0 * SECOND, 5 * SECOND, 10 * SECOND]
    assert [_words(s) for s in _claim(session, tries[-1])] == ["second"]
    assert now - tries[-1] == 30 * SECOND  # and the first goes on, wider, by itself


def test_a_message_is_tried_until_it_is_worth_nothing_any_more(session: Session) -> None:
    booking = make.held(session)
    _say(session, booking.person_id, "a", valid_for=HOUR, booking_id=booking.id)
    now, attempts = NOW, 0
    while _states(session) == ["QUEUED"]:
        for sendable in _claim(session, now):
            attempts += 1
            _refused(session, sendable, delivery.NOT_REACHED, now=now)
        now += MINUTE / 4
    assert _states(session) == ["FAILED"]
    assert now < NOW + HOUR
    assert attempts > 5
    assert _told(session) == [booking.id]


@pytest.mark.parametrize("code", [UNDELIVERABLE, OUR_BUG, 132001, 131042, 424242])
def test_a_refusal_that_waiting_does_not_help_ends_at_once_and_is_told(session: Session, code: int) -> None:
    booking = make.held(session)
    _say(session, booking.person_id, "a", "b", booking_id=booking.id)
    (sendable,) = _claim(session)
    _refused(session, sendable, code)
    row = _row(session, sendable)
    assert (row.state, row.failed_at, row.error_code) == ("FAILED", NOW, code)
    assert _attempts(session, sendable)[0].outcome == "REFUSED"
    assert _told(session) == [booking.id]
    assert [_words(s) for s in _claim(session)] == ["b"]


@pytest.mark.parametrize("what", [{"recipient": "admin"}, {"booking_id": None}])
def test_an_alert_about_an_alert_is_not_raised(session: Session, what: dict[str, Any]) -> None:
    booking = make.held(session)
    _say(session, booking.person_id, "a", **{"booking_id": booking.id, **what})
    _refused(session, _claim(session)[0], UNDELIVERABLE)
    assert _told(session) == []


def test_a_typing_indicator_is_tried_once_and_missed_by_nobody(session: Session) -> None:
    booking = make.held(session)
    make.say(session, booking.person_id, Typing("wamid.in"), kind="typing", booking_id=booking.id)
    _say(session, booking.person_id, "a")
    (typing,) = _claim(session)
    assert not typing.as_template
    _refused(session, typing, delivery.NOT_REACHED)
    assert _row(session, typing).state == "FAILED"
    assert _told(session) == []
    assert [_words(s) for s in _claim(session)] == ["a"]


def test_a_person_who_is_written_to_too_fast_waits_alone_and_longer_each_time(session: Session) -> None:
    one, other = _person(session), _person(session)
    _say(session, one, "a", "b")
    _say(session, other, "A")
    now, waits = NOW, []
    for _ in range(3):
        (sendable,) = (s for s in _claim(session, now) if s.person_id == one)
        _refused(session, sendable, PAIR_LIMIT, now=now)
        waits.append(_row(session, sendable).due_at - now)
        assert [s for s in _claim(session, now) if s.person_id == one] == []
        now += waits[-1]
    assert waits == [4 * SECOND, 16 * SECOND, 64 * SECOND]
    assert [_words(s) for s in _claim(session, now)] == ["a"]


@pytest.mark.parametrize("code", [TOKEN, 4, 130429])
def test_a_refusal_that_means_all_of_us_keeps_the_persons_messages_in_order(
    session: Session, code: int
) -> None:
    _say(session, _person(session), "a", "b")
    (sendable,) = _claim(session)
    _refused(session, sendable, code)
    assert _claim(session) == []
    assert [_words(s) for s in _claim(session, NOW + 2 * MINUTE)] == ["a"]


# ---- an outcome nobody knows -----------------------------------------------------------------------

UNKNOWN = delivery.classify(None, None)


def test_an_unknown_outcome_waits_for_a_status_and_is_then_sent_once_more(session: Session) -> None:
    someone = _person(session)
    _say(session, someone, "a", "b")
    (sendable,) = _claim(session)
    _refused(session, sendable, UNKNOWN, error="no answer in time")
    assert _row(session, sendable).state == "UNKNOWN"
    assert _attempts(session, sendable)[0].outcome == "UNKNOWN"
    for later in (NOW, NOW + 29 * SECOND):
        assert outbox.recover_lost(session, later) == []
        assert _claim(session, later) == []  # the next one waits too: it may be the answer to the first
    session.info["bells"].clear()
    assert outbox.recover_lost(session, NOW + 30 * SECOND) == [sendable.id]
    assert session.info["bells"] == {("sends", someone)}
    (again,) = _claim(session, NOW + 30 * SECOND)
    assert (again.id, again.attempt) == (sendable.id, 2)
    _accepted(session, [again], now=NOW + 31 * SECOND)
    assert [_words(s) for s in _claim(session, NOW + 31 * SECOND)] == ["b"]


@pytest.mark.parametrize("name", ["sent", "delivered", "read"])
def test_a_status_that_carries_our_mark_proves_that_it_was_taken(session: Session, name: str) -> None:
    _say(session, _person(session), "a", "b")
    (sendable,) = _claim(session)
    _refused(session, sendable, UNKNOWN)
    _statuses(session, make.status("wamid.1", name, biz_opaque_callback_data=f"m:{sendable.id}"))
    row = _row(session, sendable)
    assert (row.state, row.wamid) == ("ACCEPTED", "wamid.1")
    assert outbox.recover_lost(session, NOW + MINUTE) == []
    assert [_words(s) for s in _claim(session)] == ["b"]


def test_a_status_that_overtakes_the_answer_leaves_nothing_for_the_answer_to_undo(session: Session) -> None:
    _say(session, _person(session), "a")
    (sendable,) = _claim(session)
    _statuses(session, make.status("wamid.1", "delivered", biz_opaque_callback_data=f"m:{sendable.id}"))
    _refused(session, sendable, UNKNOWN)
    row = _row(session, sendable)
    assert (row.state, row.wamid, row.delivered_at) == ("ACCEPTED", "wamid.1", NOW)
    assert outbox.recover_lost(session, NOW + MINUTE) == []


def test_what_a_killed_sender_was_sending_is_sent_once_more_after_thirty_seconds(session: Session) -> None:
    _say(session, _person(session), "a")
    (sendable,) = _claim(session)
    assert outbox.recover_lost(session, NOW + 29 * SECOND) == []
    assert outbox.recover_lost(session, NOW + 30 * SECOND) == [sendable.id]
    (again,) = _claim(session, NOW + 30 * SECOND)
    assert again.id == sendable.id
    assert [a.number for a in _attempts(session, sendable)] == [1, 2]


def test_an_answer_that_was_written_late_spares_the_second_sending(session: Session) -> None:
    """The database was away: the sender knows what became of it, and the sweeper looked first."""
    _say(session, _person(session), "a", "b")
    (sendable,) = _claim(session)
    assert outbox.recover_lost(session, NOW + MINUTE) == [sendable.id]
    _accepted(session, [sendable], now=NOW + MINUTE)
    assert _row(session, sendable).state == "ACCEPTED"
    assert [_words(s) for s in _claim(session, NOW + MINUTE)] == ["b"]


def test_an_answer_about_an_earlier_attempt_ends_no_later_one(session: Session) -> None:
    """WhatsApp took it and told at once that it failed, before its own answer: that is tried again."""
    _say(session, _person(session), "a")
    (sendable,) = _claim(session)
    _statuses(session, make.failed("wamid.1", 131000, biz_opaque_callback_data=f"m:{sendable.id}"))
    assert _row(session, sendable).state == "QUEUED"
    _accepted(session, [sendable])
    assert _row(session, sendable).state == "QUEUED"


def test_a_typing_indicator_of_a_killed_sender_is_forgotten(session: Session) -> None:
    make.say(session, _person(session), Typing("wamid.in"), kind="typing")
    outbound.number_and_write(session)
    (sendable,) = _claim(session)
    assert outbox.recover_lost(session, NOW + MINUTE) == []
    assert _row(session, sendable).state == "FAILED"


# ---- the closed window -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heard", "as_template"), [(1, False), (23.9, False), (23.99, True), (24.1, True), (None, True)]
)
def test_who_has_not_written_for_a_day_gets_the_template(
    session: Session, heard: float | None, *, as_template: bool
) -> None:
    """A minute early: the message may be on its way when the window closes."""
    someone = _person(session, heard_at=NOW - heard * HOUR if heard is not None else None)
    _say(session, someone, "a", template=True)
    (sendable,) = _claim(session)
    assert sendable.as_template is as_template
    assert _attempts(session, sendable)[0].as_template is as_template


def test_a_window_that_was_closed_after_all_switches_to_the_template_once_at_once(session: Session) -> None:
    booking = make.held(session)
    _say(session, booking.person_id, "a", template=True, booking_id=booking.id)
    (sendable,) = _claim(session)
    _refused(session, sendable, WINDOW_CLOSED)
    (again,) = _claim(session)
    assert (again.id, again.as_template) == (sendable.id, True)
    _refused(session, again, WINDOW_CLOSED)
    assert _row(session, again).state == "FAILED"
    assert _told(session) == [booking.id]


def test_a_window_that_is_told_closed_by_a_later_status_switches_once_too(session: Session) -> None:
    booking = make.held(session)
    _say(session, booking.person_id, "a", template=True, booking_id=booking.id)
    (sendable,) = _claim(session)
    _accepted(session, [sendable], wamid="wamid.1")
    session.info["bells"].clear()
    _statuses(session, make.failed("wamid.1", WINDOW_CLOSED))
    assert ("sends", booking.person_id) in session.info["bells"]
    (again,) = _claim(session)
    assert (again.id, again.as_template) == (sendable.id, True)
    _accepted(session, [again], wamid="wamid.2")
    assert _row(session, again).wamid == "wamid.2"
    _statuses(session, make.failed("wamid.2", WINDOW_CLOSED))
    assert _row(session, again).state == "FAILED"
    assert _told(session) == [booking.id]


@pytest.mark.parametrize("marked", [True, False])
def test_a_late_sent_of_the_failed_try_does_not_stop_the_template(session: Session, *, marked: bool) -> None:
    """Statuses come in any order; `sent` says nothing that the `failed` of the same try did not know."""
    _say(session, _person(session), "a", template=True)
    (sendable,) = _claim(session)
    _accepted(session, [sendable], wamid="wamid.1")
    mark = {"biz_opaque_callback_data": f"m:{sendable.id}"} if marked else {}
    _statuses(session, make.failed("wamid.1", WINDOW_CLOSED, **mark))
    _statuses(session, make.status("wamid.1", "sent", **mark))
    (again,) = _claim(session)
    assert (again.id, again.as_template) == (sendable.id, True)


def test_a_failure_that_overtakes_the_answer_is_not_forgotten_by_it(session: Session) -> None:
    _say(session, _person(session), "a", template=True)
    (sendable,) = _claim(session)
    mark = {"biz_opaque_callback_data": f"m:{sendable.id}"}
    _statuses(session, make.failed("wamid.1", WINDOW_CLOSED, **mark))
    _accepted(session, [sendable], wamid="wamid.1")
    _statuses(session, make.status("wamid.1", "sent", **mark))
    (again,) = _claim(session)
    assert (again.id, again.as_template) == (sendable.id, True)


# ---- what WhatsApp says later ----------------------------------------------------------------------


@pytest.mark.parametrize("order", list(permutations(["sent", "delivered", "read"])), ids="-".join)
def test_statuses_in_any_order_and_repeated_tell_the_same(session: Session, order: Sequence[str]) -> None:
    sendable = _sent(session, "wamid.1")
    at = {"sent": NOW + SECOND, "delivered": NOW + 2 * SECOND, "read": NOW + 3 * SECOND}
    for name in order:
        _statuses(session, make.status("wamid.1", name, at=at[name]))
    session.execute(text("UPDATE inbound_events SET done_at = NULL"))  # all of them again, in another order
    session.execute(text('UPDATE inbound_events SET payload = payload || \'{"timestamp": "0"}\''))
    outbox.take_statuses(session, most=9, now=NOW)
    row = _row(session, sendable)
    assert {"sent": row.sent_at, "delivered": row.delivered_at, "read": row.read_at} == at
    assert row.state == "ACCEPTED"


def test_played_is_read(session: Session) -> None:
    sendable = _sent(session, "wamid.1")
    _statuses(session, make.status("wamid.1", "played"))
    assert _row(session, sendable).read_at == NOW


@pytest.mark.parametrize("arrived", ["delivered", "read"])
@pytest.mark.parametrize("together", [True, False])
def test_a_failure_of_what_has_arrived_is_nothing(session: Session, arrived: str, *, together: bool) -> None:
    sendable = _sent(session, "wamid.1")
    news = [make.status("wamid.1", arrived), make.failed("wamid.1", UNDELIVERABLE)]
    for batch in [news] if together else [[item] for item in news]:
        _statuses(session, *batch)
    assert _row(session, sendable).state == "ACCEPTED"
    assert _told(session) == []


def test_what_arrives_after_its_failure_has_arrived(session: Session) -> None:
    sendable = _sent(session, "wamid.1")
    _statuses(session, make.failed("wamid.1", UNDELIVERABLE))
    assert _row(session, sendable).state == "FAILED"
    _statuses(session, make.status("wamid.1", "delivered"))
    row = _row(session, sendable)
    assert (row.state, row.failed_at) == ("ACCEPTED", None)


def test_sent_after_failed_is_old_news(session: Session) -> None:
    sendable = _sent(session, "wamid.1")
    _statuses(session, make.failed("wamid.1", UNDELIVERABLE))
    _statuses(session, make.status("wamid.1", "sent"))
    assert _row(session, sendable).state == "FAILED"


def test_a_later_failure_ends_the_message_and_marks_its_attempt(session: Session) -> None:
    sendable = _sent(session, "wamid.1")
    _statuses(session, make.failed("wamid.1", UNDELIVERABLE))
    row = _row(session, sendable)
    assert (row.state, row.error_code, row.error) == ("FAILED", UNDELIVERABLE, "It failed")
    attempt = _attempts(session, sendable)[0]
    assert (attempt.outcome, attempt.error_code) == ("REFUSED", UNDELIVERABLE)
    assert _told(session) == [sendable.booking_id]


def test_a_later_failure_that_may_pass_is_tried_again(session: Session) -> None:
    sendable = _sent(session, "wamid.1")
    _statuses(session, make.failed("wamid.1", 131000))
    assert _claim(session) == []
    (again,) = _claim(session, NOW + 5 * SECOND)
    assert (again.id, again.attempt) == (sendable.id, 2)


def test_the_failure_of_an_earlier_try_does_not_end_the_later_one(session: Session) -> None:
    sendable = _sent(session, "wamid.1")
    _statuses(session, make.failed("wamid.1", 131000))
    (again,) = _claim(session, NOW + MINUTE)
    _accepted(session, [again], wamid="wamid.2")
    mark = {"biz_opaque_callback_data": f"m:{sendable.id}"}
    session.execute(text("DELETE FROM inbound_events"))
    _statuses(session, make.failed("wamid.1", UNDELIVERABLE, **mark))
    assert _row(session, sendable).state == "ACCEPTED"


@pytest.mark.parametrize("marked", [True, False])
def test_all_that_is_told_of_a_message_at_once_is_one_change(session: Session, *, marked: bool) -> None:
    """With our mark or without it, and of other messages too."""
    one, other = _sent(session, "wamid.1"), _sent(session, "wamid.2")
    mark = {"biz_opaque_callback_data": f"m:{one.id}"} if marked else {}
    _statuses(
        session,
        make.status("wamid.1", "read", at=NOW + 3 * SECOND),
        make.status("wamid.2", "sent", at=NOW + SECOND),
        make.status("wamid.1", "sent", at=NOW + SECOND, **mark),
        make.status("wamid.nobody's", "read"),
        make.status("wamid.1", "delivered", at=NOW + 2 * SECOND, **mark),
    )
    row = _row(session, one)
    assert [row.sent_at, row.delivered_at, row.read_at] == [NOW + n * SECOND for n in (1, 2, 3)]
    row = _row(session, other)
    assert [row.sent_at, row.delivered_at, row.read_at] == [NOW + SECOND, None, None]
    assert session.execute(text("SELECT 1 FROM inbound_events WHERE done_at IS NULL")).all() == []


@pytest.mark.parametrize("arrived", ["wamid.1", "wamid.2"])
def test_of_two_tries_told_at_once_the_one_that_arrived_is_the_messages(
    session: Session, arrived: str
) -> None:
    sendable = _sent(session, "wamid.1")
    _statuses(session, make.failed("wamid.1", 131000))
    assert _row(session, sendable).wamid is None
    mark = {"biz_opaque_callback_data": f"m:{sendable.id}"}
    _statuses(
        session, make.status("wamid.1", "sent", **mark), make.status(arrived, "delivered", at=NOW, **mark)
    )
    row = _row(session, sendable)
    assert (row.state, row.wamid, row.delivered_at) == ("ACCEPTED", arrived, NOW)


def test_the_window_that_opens_a_request_records_it_as_sent(session: Session) -> None:
    booking = make.paid(session)
    _say(session, booking.person_id, "A request", kind="booking_request", booking_id=booking.id)
    (sendable,) = _claim(session)
    assert "record_request_sent" not in make.follow_ups(session, booking)
    _accepted(session, [sendable])
    assert make.follow_ups(session, booking)["record_request_sent"] == NOW


@pytest.mark.parametrize("name", ["sent", "delivered", "read"])
def test_a_status_that_proves_a_request_records_it_as_sent(session: Session, name: str) -> None:
    """The answer was lost, or the sender died before it: WhatsApp has taken the request all the same."""
    booking = make.paid(session)
    _say(session, booking.person_id, "A request", kind="booking_request", booking_id=booking.id)
    (sendable,) = _claim(session)
    _refused(session, sendable, UNKNOWN)
    mark = {"biz_opaque_callback_data": f"m:{sendable.id}"}
    _statuses(session, make.status("wamid.1", name, **mark))
    assert make.follow_ups(session, booking)["record_request_sent"] == NOW
    _statuses(session, make.status("wamid.1", "failed", **mark))
    _accepted(session, [sendable])
    jobs = text("SELECT count(*) FROM follow_ups WHERE job = 'record_request_sent'")
    assert session.scalar(jobs) == 1


def test_statuses_are_taken_in_batches_until_none_is_left(session: Session) -> None:
    sendable = _sent(session, "wamid.1")
    make.keep(session, *(make.status("wamid.1", name) for name in ("sent", "delivered", "read")))
    taken = [outbox.take_statuses(session, most=2, now=NOW) for _ in range(3)]
    assert taken == [2, 1, 0]
    assert _row(session, sendable).read_at == NOW


@pytest.mark.parametrize(
    "status",
    [
        {},
        {"status": "sent"},
        {"status": "sent", "timestamp": "soon"},
        {"status": "sent", "timestamp": 10**18},
        {"status": "sent", "timestamp": None},
        {"status": "sent", "timestamp": []},
        {"status": "sent", "biz_opaque_callback_data": "m:²"},
        {"status": "sent", "biz_opaque_callback_data": "m:99999999999999999999999"},
        {"status": "sent", "biz_opaque_callback_data": {"m": 1}},
        {"status": "sent", "biz_opaque_callback_data": "somebody else's"},
        {"status": "deleted"},
        {"status": "failed"},
        {"status": "failed", "errors": None},
        {"status": "failed", "errors": 5},
        {"status": "failed", "errors": ["131047"]},
        {"status": "failed", "errors": {"code": 131047}},
        {"status": "failed", "errors": [{"code": [131047]}]},
        {"status": "failed", "errors": [{"code": "131047", "title": 5}]},
        {"status": "failed", "errors": [{"code": 10**12}]},
        {"status": "failed", "errors": [{"code": True}]},
        {"status": "failed", "errors": [{}]},
    ],
)
@pytest.mark.parametrize("known", [True, False])
def test_a_status_of_no_known_shape_does_not_stop_the_others(
    session: Session, status: dict[str, Any], *, known: bool
) -> None:
    first, second = _sent(session, "wamid.1"), _sent(session, "wamid.2")
    odd = make.Incoming(
        "whatsapp", "odd", "status", {"id": "wamid.1" if known else "wamid.9", "timestamp": "1", **status}
    )
    _statuses(session, odd, make.status("wamid.2", "delivered"))
    assert _row(session, second).delivered_at == NOW
    assert _row(session, first).state in ("ACCEPTED", "FAILED", "QUEUED")


def test_what_whatsapp_says_of_an_error_is_kept_whatever_it_is(session: Session) -> None:
    """A row that cannot be written would be tried again for ever, and nobody else's message with it."""
    _say(session, _person(session), "a")
    (sendable,) = _claim(session)
    error = "one\0two\ud800" + "x" * 900
    outcome = Outcome(sendable, verdict=delivery.classify(10**12, 400), code=10**12, error=error)
    outbox.record(session, [outcome], NOW)
    row = _row(session, sendable)
    assert (row.state, row.error_code, row.error[:8]) == ("FAILED", None, "one two?")


# ---- too late --------------------------------------------------------------------------------------


def test_what_is_worth_nothing_any_more_is_not_sent_and_told_if_it_mattered(session: Session) -> None:
    booking = make.held(session)
    _say(session, booking.person_id, "stale", booking_id=booking.id)
    _say(session, booking.person_id, "fresh", now=NOW + 5 * MINUTE)
    late = NOW + 10 * MINUTE
    assert outbox.lapse(session, late - SECOND) == 0
    assert [_words(s) for s in _claim(session, late)] == ["fresh"]  # it is not even waited for
    assert [outbox.lapse(session, late) for _ in range(2)] == [1, 0]
    assert sorted(_states(session)) == ["LAPSED", "SENDING"]
    assert _told(session) == [booking.id]


def test_what_lapsed_stays_so_whatever_is_said_later(session: Session) -> None:
    _say(session, _person(session), "a")
    (sendable,) = _claim(session)
    _refused(session, sendable, UNKNOWN)
    outbox.recover_lost(session, NOW + 10 * MINUTE)
    outbox.lapse(session, NOW + 10 * MINUTE)
    mark = {"biz_opaque_callback_data": f"m:{sendable.id}"}
    _statuses(session, make.failed("wamid.1", UNDELIVERABLE, **mark), make.status("wamid.1", "read", **mark))
    assert _row(session, sendable).state == "LAPSED"


# ---- the pace --------------------------------------------------------------------------------------


def test_a_person_is_lent_a_burst_of_forty_and_then_gets_one_every_six_seconds(session: Session) -> None:
    someone, other = _person(session), _person(session)
    _say(session, someone, *map(str, range(50)))
    sent = 0
    while sendables := _claim(session):
        _accepted(session, sendables)
        sent += len(sendables)
    assert sent == outbox.PAIR_BURST == 40
    _say(session, other, "others do not wait")
    assert [_words(s) for s in _claim(session)] == ["others do not wait"]
    for seconds, allowed in ((5.9, 0), (6, 1), (6.1, 0), (12, 1), (30, 3), (30.1, 0)):
        now, sent = NOW + seconds * SECOND, 0
        while sendables := _claim(session, now):
            _accepted(session, sendables, now=now)
            sent += len(sendables)
        assert sent == allowed, seconds


# ---- helpers ---------------------------------------------------------------------------------------


def _person(session: Session, **what: Any) -> int:
    return make.person(session, **what)


def _identifiers(session: Session, person_id: int) -> tuple[str, str]:
    found = dict(
        session.execute(
            text("SELECT kind, value FROM person_identifiers WHERE person_id = :id"), {"id": person_id}
        ).all()
    )
    return found["phone"], found["user_id"]


def _say(session: Session, person_id: int, *words: str, **what: Any) -> None:
    for each in words:
        make.say(session, person_id, each, **what)
    outbound.number_and_write(session)


def _sent(session: Session, wamid: str) -> Sendable:
    """A message to a guest about a booking that WhatsApp accepted."""
    booking = make.held(session)
    _say(session, booking.person_id, "a", booking_id=booking.id)
    (sendable,) = _claim(session)
    _accepted(session, [sendable], wamid=wamid)
    return sendable


def _claim(session: Session, now: datetime = NOW, most: int = 50) -> list[Sendable]:
    return outbox.claim(session, most=most, now=now)


def _words(sendable: Sendable) -> str:
    return str(sendable.message["body"])


def _accepted(
    session: Session, sendables: Sequence[Sendable], *, now: datetime = NOW, wamid: str | None = None
) -> None:
    outcomes = [Outcome(s, wamid=wamid or make.unique("wamid.")) for s in sendables]
    outbox.record(session, outcomes, now)


def _good(sendables: Sequence[Sendable]) -> list[Outcome]:
    return [Outcome(sendable, wamid=f"wamid.{sendable.id}") for sendable in sendables]


def _refused(
    session: Session,
    sendable: Sendable,
    why: int | delivery.Verdict,
    *,
    now: datetime = NOW,
    error: str | None = None,
) -> None:
    code = why if isinstance(why, int) else None
    verdict = delivery.classify(why, 400) if isinstance(why, int) else why
    outbox.record(session, [Outcome(sendable, verdict=verdict, code=code, error=error)], now)


def _statuses(session: Session, *items: make.Incoming) -> None:
    """What WhatsApp says later, as one batch."""
    make.keep(session, *items)
    while outbox.take_statuses(session, most=100, now=NOW):
        pass


def _row(session: Session, sendable: Sendable) -> Row[Any]:
    found = session.execute(text("SELECT * FROM outbound_messages WHERE id = :id"), {"id": sendable.id})
    return found.one()


def _states(session: Session) -> list[str]:
    return list(session.scalars(text("SELECT state FROM outbound_messages ORDER BY id")))


def _attempts(session: Session, sendable: Sendable) -> Sequence[Row[Any]]:
    return session.execute(
        text("SELECT * FROM outbound_attempts WHERE message_id = :id ORDER BY number"), {"id": sendable.id}
    ).all()


def _told(session: Session) -> list[int]:
    """Bookings of which an admin is to hear that a message did not arrive."""
    return list(
        session.scalars(
            text("SELECT booking_id FROM follow_ups WHERE job = 'tell_message_failed' ORDER BY id")
        )
    )
