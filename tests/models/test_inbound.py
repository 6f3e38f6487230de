"""What comes in is kept once and worked off once, in order for each person, whoever works."""

from __future__ import annotations

import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from models import conversation, db, inbound, person
from models.booking_event import demand
from models.inbound import Incoming
from models.payment import PaymentState
from models.session import Session
from tests import factories as make
from tests.conftest import Scratch
from tests.factories import NOW

SECOND = timedelta(seconds=1)


# ---- kept ------------------------------------------------------------------------------------------


def test_a_strangers_message_makes_a_person_and_rings_for_their_turn(scratch: Scratch) -> None:
    _kept(replace(make.inbound_text("+923000000999", "hi", user="PK.999"), name="Ayesha"))
    event = scratch.row("SELECT * FROM inbound_events")
    someone = scratch.value("SELECT id FROM persons")
    assert (event.conversation_id, event.kind, event.source) == (someone, "message", "whatsapp")
    assert event.payload["text"] == {"body": "hi"}
    assert (event.received_at, event.done_at, event.attempts) == (NOW, None, 0)
    assert not event.meets  # they are all that the message tells already
    assert scratch.value("SELECT name FROM persons") == "Ayesha"
    assert scratch.rung == [{("turns", someone)}]


def test_a_message_of_somebody_known_tells_nothing_new(scratch: Scratch) -> None:
    phone, user_id, someone = _known_person()
    _kept(make.inbound_text(phone), make.inbound_text(phone, user=user_id))
    rows = scratch.rows("SELECT conversation_id, meets FROM inbound_events")
    assert [tuple(row) for row in rows] == [(someone, False)] * 2
    assert scratch.value("SELECT count(*) FROM persons") == 1
    assert scratch.rung == [{("turns", someone)}]


def test_a_message_with_an_identifier_that_is_new_tells_the_turn_so(scratch: Scratch) -> None:
    phone, _, someone = _known_person()
    _kept(make.inbound_text(phone, user="PK.another"))
    row = scratch.row("SELECT conversation_id, meets FROM inbound_events")
    assert tuple(row) == (someone, True)


def test_a_message_that_names_two_persons_waits_for_the_older(scratch: Scratch) -> None:
    (phone, _, older), (_, user_id, _) = _known_person(), _known_person()
    _kept(make.inbound_text(phone, user=user_id))
    row = scratch.row("SELECT conversation_id, meets FROM inbound_events")
    assert tuple(row) == (older, True)


@pytest.mark.parametrize("kind", ["stranger", "known", "status", "failed", "notice", "payment"])
def test_a_repeat_changes_nothing_and_rings_for_nobody(scratch: Scratch, kind: str) -> None:
    item = _item(kind)
    scratch.rung.clear()
    _kept(item, item)
    before = scratch.rows("SELECT * FROM inbound_events"), scratch.rows("SELECT * FROM follow_ups")
    assert len(before[0]) == 1
    scratch.rung.clear()
    _kept(item)
    _kept(item, item)
    assert (scratch.rows("SELECT * FROM inbound_events"), scratch.rows("SELECT * FROM follow_ups")) == before
    assert scratch.value("SELECT count(*) FROM persons") == scratch.value(
        "SELECT count(*) FROM conversations"
    )
    assert scratch.rung == []


@pytest.mark.parametrize(
    ("kind", "bell"), [("status", None), ("failed", "sends"), ("notice", None), ("payment", "providers")]
)
def test_only_what_wants_something_done_rings(scratch: Scratch, kind: str, bell: str | None) -> None:
    item = _item(kind)
    scratch.rung.clear()
    _kept(item)
    assert [queue for bells in scratch.rung for queue, _ in bells] == ([bell] if bell else [])


def test_the_same_words_from_two_sources_are_two_events(scratch: Scratch) -> None:
    for source in ("whatsapp", "stripe"):
        _kept(Incoming(source, "evt_1", "notice", {}))
    assert scratch.value("SELECT count(*) FROM inbound_events") == 2


def test_a_batch_is_kept_in_its_order(scratch: Scratch) -> None:
    known, _, _ = _known_person()
    stranger = make.phone()
    batch = [make.inbound_text((known, stranger)[n % 2], str(n)) for n in range(20)]
    _kept(*batch)
    for phone in (known, stranger):
        rows = scratch.rows(
            "SELECT payload->'text'->>'body' AS said FROM inbound_events "
            "WHERE payload->>'from' = :phone ORDER BY id",
            phone=phone.removeprefix("+"),
        )
        said = [int(row.said) for row in rows]
        assert said == sorted(said)
        assert len(said) == 10


def test_two_webhooks_with_the_same_first_message_make_one_person_and_one_event(scratch: Scratch) -> None:
    for _ in range(5):
        item = make.inbound_text(make.phone(), user=make.user_id())
        _at_once(*[lambda item=item: _kept(item)] * 4)
    for table in ("persons", "inbound_events"):
        assert scratch.value(f"SELECT count(*) FROM {table}") == 5


def test_a_payments_news_makes_one_question_to_its_provider(scratch: Scratch) -> None:
    with db.unit_of_work() as unit:
        booking = make.held(unit)
        payment_id = make.Payment.of_booking(unit, booking.id)[0].id
    scratch.run("DELETE FROM follow_ups")
    scratch.rung.clear()
    _at_once(*[lambda: _kept(_payment_news("evt_1", payment_id))] * 4)
    event = scratch.row("SELECT * FROM inbound_events")
    job = scratch.row("SELECT * FROM follow_ups")
    assert (job.job, job.queue, job.booking_id) == ("settle_payment", "providers", booking.id)
    assert (job.cause, job.due_at) == (f"payment:{payment_id}:authorized:{event.id}", NOW)
    assert (event.outcome, event.done_at) == ("ASKED", NOW)  # the question is what is open now
    assert event.conversation_id == booking.person_id
    assert [bells for bells in scratch.rung if bells] == [{("providers", booking.id)}]
    _kept(_payment_news("evt_2", payment_id))
    assert scratch.value("SELECT count(*) FROM follow_ups") == 2


@pytest.mark.parametrize(
    ("tells", "asked"),
    [
        (PaymentState.CREATED, False),
        (PaymentState.AUTHORIZED, False),
        (PaymentState.CAPTURED, True),
        (None, True),
    ],
)
def test_news_that_tells_no_more_than_is_known_is_kept_and_done_with(
    scratch: Scratch, tells: PaymentState | None, *, asked: bool
) -> None:
    with db.unit_of_work() as unit:
        payment = make.Payment.of_booking(unit, make.paid(unit).id)[0]
    scratch.run("DELETE FROM follow_ups")
    scratch.rung.clear()
    _kept(_payment_news("evt_1", payment.id, tells))
    event = scratch.row("SELECT outcome, done_at FROM inbound_events")
    assert event == ("ASKED" if asked else "KNOWN", NOW)
    assert len(scratch.rows("SELECT 1 FROM follow_ups")) == asked
    assert len([bells for bells in scratch.rung if bells]) == asked


@pytest.mark.parametrize("payment_id", [None, 999_999_999])
def test_news_of_a_payment_that_is_not_ours_is_kept_and_done_with(
    scratch: Scratch, payment_id: int | None
) -> None:
    _kept(_payment_news("evt_1", payment_id))
    assert scratch.value("SELECT outcome FROM inbound_events") == "NOT_OURS"
    assert scratch.rows("SELECT 1 FROM follow_ups") == []
    assert [bells for bells in scratch.rung if bells] == []


def test_a_message_is_kept_at_once_while_the_persons_turn_is_under_way(scratch: Scratch) -> None:
    """The door answers within a moment, however long a turn waits for something."""
    phone, _, someone = _known_person()
    _kept(make.inbound_text(phone, "first"))
    with _unit(scratch) as turn:
        assert _claim(turn) is not None
        with ThreadPoolExecutor(1) as door:
            door.submit(_kept, make.inbound_text(phone, "second")).result(120)
        locked = conversation.lock(turn, someone)
        assert locked == {}
    assert scratch.value("SELECT count(*) FROM inbound_events") == 2


def test_a_payments_news_is_kept_at_once_while_its_booking_is_worked_on(scratch: Scratch) -> None:
    with db.unit_of_work() as unit:
        booking = make.held(unit)
        payment_id = make.Payment.of_booking(unit, booking.id)[0].id
    with db.unit_of_work() as job, ThreadPoolExecutor(1) as door:
        make.Booking.for_update(job, booking.id)
        door.submit(_kept, _payment_news("evt_1", payment_id)).result(120)
    assert scratch.value("SELECT count(*) FROM follow_ups WHERE job = 'settle_payment'") == 1


# ---- claimed ---------------------------------------------------------------------------------------


def test_the_person_who_waited_longest_comes_first_with_their_oldest_message(scratch: Scratch) -> None:
    (first, _, first_id), (second, _, _) = _known_person(), _known_person()
    with db.unit_of_work() as unit:
        person.speak(unit, first_id, "ur")
        state = make.text('UPDATE conversations SET state = \'{"flow": "book"}\' WHERE id = :id')
        unit.execute(state, {"id": first_id})
    _kept(*(make.inbound_text(phone, words) for phone, words in ((first, "a"), (second, "b"), (first, "c"))))
    order = []
    while (event := _work_off()) is not None:
        order.append(event.payload["text"]["body"])
        if event.payload["text"]["body"] == "a":
            assert (event.conversation_id, event.state) == (first_id, {"flow": "book"})
            assert (event.language, event.name) == ("ur", "Ayesha Khan")
            assert (event.received_at, event.attempts, event.meets) == (NOW, 0, False)
    assert order == ["a", "b", "c"]


def test_nobody_else_works_for_a_person_whose_turn_is_under_way(scratch: Scratch) -> None:
    (first, _, first_id), (second, _, second_id) = _known_person(), _known_person()
    _kept(make.inbound_text(first), make.inbound_text(first), make.inbound_text(second))
    with _unit(scratch) as one, _unit(scratch) as two, _unit(scratch) as three:
        taken = [_claim(unit) for unit in (one, two, three)]
        assert [event and event.conversation_id for event in taken] == [first_id, second_id, None]
        one.rollback()  # it crashed; what it had is there for the next
        again = _claim(three)
        assert again is not None
        assert taken[0] is not None
        assert again.id == taken[0].id


def test_the_second_message_is_never_taken_before_the_first(scratch: Scratch) -> None:
    """Whoever holds the first may let go of it undone, just when the second is looked at."""
    phone, _, _ = _known_person()
    _kept(make.inbound_text(phone, "first"), make.inbound_text(phone, "second"))
    with _unit(scratch) as holder, _unit(scratch) as other:
        holder.execute(make.text("SELECT 1 FROM inbound_events ORDER BY id LIMIT 1 FOR UPDATE"))
        assert _claim(other) is None
        holder.rollback()
        event = _claim(other)
        assert event is not None
        assert event.payload["text"]["body"] == "first"


def test_four_workers_work_off_everything_once_and_in_each_persons_order(scratch: Scratch) -> None:
    people = [_known_person()[0] for _ in range(12)]
    _kept(*(make.inbound_text(phone, str(n)) for n in range(6) for phone in people))
    done: dict[int, list[int]] = defaultdict(list)

    def drain(lane: int) -> None:
        while True:
            with db.unit_of_work() as unit:
                event, more = inbound.claim(unit, lane=lane, lanes=2, now=NOW)
                if event is None and not more:
                    return
                if event is None:
                    continue  # two that look at the same moment may both pass over what is left
                assert event.conversation_id % 2 == lane
                inbound.finish(unit, event.id, outcome="DONE", now=NOW)
                # Under the conversation's lock, so that the list has the order of the commits.
                done[event.conversation_id].append(int(event.payload["text"]["body"]))

    _at_once(lambda: drain(0), lambda: drain(0), lambda: drain(1), lambda: drain(1))
    assert list(done.values()) == [list(range(6))] * 12


def test_a_claim_tells_whether_anything_else_is_due_in_the_lane(scratch: Scratch) -> None:
    """Else nobody would look again at what is passed over, or a look that finds nothing follows each turn."""
    phone, _, someone = _known_person()
    with db.unit_of_work() as unit:
        assert inbound.claim(unit, lane=0, lanes=1, now=NOW) == (None, False)
    _kept(make.inbound_text(phone))
    with db.unit_of_work() as unit:
        event, more = inbound.claim(unit, lane=0, lanes=1, now=NOW)
        assert event is not None
        assert not more
        with db.unit_of_work() as other:
            assert inbound.claim(other, lane=0, lanes=1, now=NOW) == (None, True)
            assert inbound.claim(other, lane=(someone + 1) % 2, lanes=2, now=NOW) == (None, False)
    _kept(make.inbound_text(phone))
    with db.unit_of_work() as unit:
        assert inbound.claim(unit, lane=0, lanes=1, now=NOW)[1]
    _work_off(fails=True)
    with db.unit_of_work() as unit:
        assert inbound.claim(unit, lane=0, lanes=1, now=NOW) == (None, False)


@pytest.mark.parametrize(
    ("queue", "wait", "due"), [("turns", 0, True), ("turns", 1, False), ("slow", 0, False)]
)
def test_a_follow_up_of_the_lane_is_something_else(
    scratch: Scratch, queue: str, wait: int, due: bool
) -> None:
    with db.unit_of_work() as unit:
        booking = make.draft(unit)
        unit.execute(make.text("DELETE FROM follow_ups"))
        demand(unit, booking.id, "job", queue, cause="test", due_at=NOW + wait * SECOND, now=NOW)
    with db.unit_of_work() as unit:
        assert inbound.claim(unit, lane=0, lanes=1, now=NOW) == (None, due)
        assert inbound.claim(unit, lane=(booking.id + 1) % 2, lanes=2, now=NOW) == (None, False)


def test_statuses_and_news_of_payments_are_nobodys_turn(scratch: Scratch) -> None:
    for kind in ("status", "notice", "payment"):
        _kept(_item(kind))
    assert _work_off() is None


def test_a_turn_that_failed_is_tried_again_after_a_moment_while_others_go_on(scratch: Scratch) -> None:
    (first, _, _), (second, _, _) = _known_person(), _known_person()
    _kept(make.inbound_text(first, "a"), make.inbound_text(first, "b"), make.inbound_text(second, "c"))
    failing = _work_off(fails=True)
    assert failing is not None
    other = _work_off()
    assert other is not None
    assert other.payload["text"]["body"] == "c"
    assert _work_off() is None  # not the second message of the first either: it may build on the first
    again = _work_off(now=NOW + 0.2 * SECOND)
    assert again is not None
    assert (again.id, again.attempts) == (failing.id, 1)


def test_a_turn_that_succeeds_lets_the_next_one_come_at_once(scratch: Scratch) -> None:
    phone, _, someone = _known_person()
    _kept(make.inbound_text(phone), make.inbound_text(phone))
    _work_off(fails=True)
    with db.unit_of_work() as unit:
        event = _claim(unit, NOW + SECOND)
        assert event is not None
        inbound.finish_turn(unit, event, {"at": "menu"}, now=NOW + SECOND)
    row = scratch.row("SELECT state, last_inbound_at FROM conversations WHERE id = :id", id=someone)
    assert tuple(row) == ({"at": "menu"}, NOW)
    assert _work_off() is not None


@pytest.mark.parametrize("says", [0, 1, 2])
def test_what_a_turn_said_is_written_with_its_end(scratch: Scratch, says: int) -> None:
    phone, _, someone = _known_person()
    _kept(make.inbound_text(phone))
    with db.unit_of_work() as unit:
        event = _claim(unit, NOW)
        assert event is not None
        for number in range(1, says + 1):
            make.say(unit, someone, f"Line {number}")
        inbound.finish_turn(unit, event, {"at": "menu"}, now=NOW)
    said = scratch.rows("SELECT seq, message->>'body' FROM outbound_messages ORDER BY seq")
    assert [tuple(row) for row in said] == [(number, f"Line {number}") for number in range(1, says + 1)]
    assert scratch.value("SELECT outcome FROM inbound_events") == "DONE"
    assert scratch.value("SELECT state FROM conversations WHERE id = :id", id=someone) == {"at": "menu"}


def test_the_fifth_failure_parks_the_message_and_the_next_one_goes_on_at_once(scratch: Scratch) -> None:
    phone, _, _ = _known_person()
    _kept(make.inbound_text(phone, "a"), make.inbound_text(phone, "b"))
    now, waits = NOW, []
    for attempt in range(1, 6):
        event = _work_off(fails=True, now=now)
        assert event is not None
        assert (event.payload["text"]["body"], event.attempts) == ("a", attempt - 1)
        row = scratch.row("SELECT * FROM inbound_events ORDER BY id LIMIT 1")
        waits.append((row.due_at - now).total_seconds())
        assert (row.outcome, row.attempts) == ("PARKED" if attempt == 5 else None, attempt)
        assert _work_off(now=now) is None or attempt == 5
        now = row.due_at
    assert waits[:4] == pytest.approx([0.2, 0.6, 1.8, 5.4])
    row = scratch.row("SELECT * FROM inbound_events ORDER BY id LIMIT 1")
    assert row.error == "it failed"
    assert row.done_at is not None
    assert scratch.value("SELECT outcome FROM inbound_events ORDER BY id DESC LIMIT 1") == "DONE"


def test_a_failure_of_what_is_done_already_counts_nothing(scratch: Scratch) -> None:
    phone, _, _ = _known_person()
    _kept(make.inbound_text(phone))
    event = _work_off()
    assert event is not None
    with db.unit_of_work() as unit:
        assert not inbound.fail(unit, event.id, error="too late", now=NOW)
        assert not inbound.fail(unit, -1, error="never was", now=NOW)
    assert scratch.value("SELECT outcome FROM inbound_events") == "DONE"


def test_a_long_error_is_kept_short(scratch: Scratch) -> None:
    phone, _, _ = _known_person()
    _kept(make.inbound_text(phone))
    with db.unit_of_work() as unit:
        event = _claim(unit)
        assert event is not None
        inbound.fail(unit, event.id, error="x" * 9000, now=NOW)
    assert len(scratch.value("SELECT error FROM inbound_events")) == 500


def test_what_is_said_to_someone_who_was_just_found_to_be_another_is_the_others_to_hear(
    scratch: Scratch,
) -> None:
    """At the second try, which takes the time to find out who that is."""
    (_, _, older), (_, _, newer), (guests, _, _) = (_known_person() for _ in range(3))
    with db.unit_of_work() as unit:
        person.merge(unit, newer=newer, older=older, now=NOW)
    _kept(make.inbound_text(guests))

    def turn(attempts: int) -> None:
        with db.unit_of_work() as unit:
            event = _claim(unit)
            assert event is not None
            make.say(unit, newer)
            inbound.finish_turn(unit, replace(event, attempts=attempts), {"at": "menu"}, now=NOW)

    with pytest.raises(person.BecameAnother):
        turn(0)
    assert scratch.rows("SELECT 1 FROM outbound_messages") == []
    turn(1)
    assert scratch.value("SELECT person_id FROM outbound_messages") == older
    assert _work_off() is None


def test_what_is_kept_for_someone_who_is_just_found_to_be_another_is_the_others_turn(
    scratch: Scratch,
) -> None:
    """The door saw who wrote before the merge committed, and keeps the message after it."""
    (_, _, older), (phone, _, newer) = _known_person(), _known_person()
    _kept(make.inbound_text(phone, "before"))
    with db.unit_of_work() as unit:
        person.merge(unit, newer=newer, older=older, now=NOW)
    _kept(make.inbound_text(phone, "after"))
    scratch.run(
        "UPDATE inbound_events SET conversation_id = :id WHERE payload->'text'->>'body' = 'after'", id=newer
    )
    said = []
    while (event := _work_off()) is not None:
        said.append((event.conversation_id, event.payload["text"]["body"]))
    assert said == [(older, "before"), (older, "after")]


def test_the_lane_of_who_they_are_is_rung_where_it_is_another_one(scratch: Scratch) -> None:
    phone, _, one = _known_person()
    (_, _, other) = _known_person()
    _kept(make.inbound_text(phone))
    scratch.run("UPDATE persons SET merged_into = :other WHERE id = :one", one=one, other=other)
    scratch.rung.clear()
    with db.unit_of_work() as unit:
        assert inbound.claim(unit, lane=one % 2, lanes=2, now=NOW) == (None, False)
    assert scratch.rung == [{("turns", other)}]
    with db.unit_of_work() as unit:
        event, _more = inbound.claim(unit, lane=other % 2, lanes=2, now=NOW)
    assert event is not None
    assert event.conversation_id == other


def test_an_event_is_read_anew_as_that_of_who_they_are(scratch: Scratch) -> None:
    (phone, _, newer), (_, _, older) = _known_person(), _known_person()
    _kept(make.inbound_text(phone))
    scratch.run("UPDATE persons SET language = 'hi', name = 'Meera' WHERE id = :id", id=older)
    scratch.run('UPDATE conversations SET state = \'{"flow": "pay"}\' WHERE id = :id', id=older)
    with db.unit_of_work() as unit:
        event = _claim(unit)
        assert event is not None
        anew = inbound.claimed_as(unit, event, older)
    assert (event.conversation_id, anew.conversation_id, anew.id) == (newer, older, event.id)
    assert (anew.state, anew.language, anew.name) == ({"flow": "pay"}, "hi", "Meera")


# ---- who wrote -------------------------------------------------------------------------------------

PHONE, USER = "+923000000101", "PK.00000000000000000101"


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ({"from": "923000000101", "from_user_id": USER}, (PHONE, USER, None)),
        ({"from_user_id": USER}, (None, USER, None)),  # the phone may be hidden
        ({"from": "923000000101"}, (PHONE, None, None)),
        (
            {"_contact": {"wa_id": "923000000101", "user_id": USER, "profile": {"name": "Ayesha"}}},
            (PHONE, USER, "Ayesha"),
        ),
        ({"from": "923000000101", "_contact": {"profile": {"name": "   "}}}, (PHONE, None, None)),
        ({"from": "923000000101", "_contact": {"profile": {"name": "A" * 999}}}, (PHONE, None, "A" * 200)),
        ({"from": "+923000000101"}, (None, None, None)),
        ({"from": 923000000101, "from_user_id": 5}, (None, None, None)),
        ({"from": ["923000000101"], "_contact": {"profile": "Ayesha"}}, (None, None, None)),
        ({"from": "9" * 21, "from_user_id": "P" * 201}, (None, None, None)),
        ({"from": "", "from_user_id": ""}, (None, None, None)),
        ({"_contact": []}, (None, None, None)),
        ({"_contact": None, "contacts": None}, (None, None, None)),
        ({}, (None, None, None)),
        (
            {
                "from_user_id": USER,
                "contacts": [{"origin": "contact_request", "phones": [{"wa_id": "923000000101"}]}],
            },
            (PHONE, USER, None),
        ),
        ({"from_user_id": USER, "contacts": [{"phones": [{"wa_id": "923000000999"}]}]}, (None, USER, None)),
        ({"from_user_id": USER, "contacts": 5}, (None, USER, None)),
        ({"from_user_id": USER, "contacts": {"origin": "contact_request"}}, (None, USER, None)),
        (
            {"from_user_id": USER, "contacts": [{"origin": "contact_request", "phones": 5}]},
            (None, USER, None),
        ),
        (
            {"from_user_id": USER, "contacts": [{"origin": "contact_request", "phones": [7]}]},
            (None, USER, None),
        ),
    ],
)
def test_who_wrote_is_read_from_whatever_tells_it(message: dict[str, Any], told: tuple[Any, ...]) -> None:
    assert inbound.sender(message) == told


# ---- helpers ---------------------------------------------------------------------------------------


def _kept(*items: Incoming) -> None:
    """As the doors keep them: what is known in one statement, the rest in a unit of work."""
    news = [item for item in items if item.kind == "payment"]
    with db.one_statement() as (cursor, info):
        bells, rest = inbound.keep_known(cursor, info, [item for item in items if item not in news], NOW)
        for item in news:
            bells += inbound.keep_payment_news(cursor, info, item, NOW)
    if bells:
        db.process().ring(bells)
    if rest:
        with db.unit_of_work() as unit:
            unit.info["bells"].update(inbound.keep(unit, rest, NOW))


def _known_person() -> tuple[str, str, int]:
    phone, user_id = make.phone(), make.user_id()
    with db.unit_of_work() as unit:
        found = person.find_or_create(unit, phone=phone, user_id=user_id, name="Ayesha Khan", now=NOW)
    return phone, user_id, found


def _item(kind: str) -> Incoming:
    if kind == "known":
        return make.inbound_text(_known_person()[0])
    if kind == "payment":
        with db.unit_of_work() as unit:
            payment = make.Payment.of_booking(unit, make.held(unit).id)[0]
        with db.unit_of_work() as unit:
            unit.execute(make.text("DELETE FROM follow_ups"))
        return _payment_news("evt_1", payment.id)
    return {
        "stranger": make.inbound_text("+923000000999"),
        "status": make.status("wamid.A", "sent"),
        "failed": make.failed("wamid.A", 131047),
        "notice": Incoming("whatsapp", "hash:1", "notice", {"field": "account_update"}),
    }[kind]


def _payment_news(
    external_id: str, payment_id: int | None, tells: PaymentState | None = PaymentState.AUTHORIZED
) -> Incoming:
    payload = {"type": "checkout.session.completed", "payment_id": payment_id}
    return Incoming("stripe", external_id, "payment", payload, payment_id=payment_id, tells=tells)


def _unit(scratch: Scratch) -> Session:
    unit = Session(scratch.engine.connect())
    unit.info.update(follow_ups={}, bells=set(), outbox=[])
    return unit


def _claim(unit: Session, now: Any = NOW) -> inbound.Claimed | None:
    event, _more = inbound.claim(unit, lane=0, lanes=1, now=now)
    return event


def _work_off(*, fails: bool = False, now: Any = NOW) -> inbound.Claimed | None:
    """One turn that says nothing, or fails."""
    with db.unit_of_work() as unit:
        event = _claim(unit, now)
        if event is None:
            return None
        if not fails:
            inbound.finish(unit, event.id, outcome="DONE", now=now)
            return event
        unit.rollback()
    with db.unit_of_work() as unit:
        conversation.lock(unit, event.conversation_id)
        inbound.fail(unit, event.id, error="it failed", now=now)
    return event


def _at_once(*works: Any) -> None:
    everybody = threading.Barrier(len(works), timeout=120)

    def wait_and_work(work: Any) -> None:
        everybody.wait()
        work()

    with ThreadPoolExecutor(len(works)) as threads:
        list(threads.map(wait_and_work, works))
