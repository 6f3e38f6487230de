"""One person is one row, by whatever identifier they write, however much of theirs arrives at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from models import action_code, db, evidence, outbound, person
from models.hot import Hot, Rows
from models.session import Session
from tests import factories as make
from tests.conftest import Scratch
from tests.factories import NOW

LATER = NOW + timedelta(hours=1)


# ---- who is it -------------------------------------------------------------------------------------


def test_either_identifier_finds_the_person_again(session: Session) -> None:
    phone, user_id = make.phone(), make.user_id()
    someone = _find(session, phone=phone, user_id=user_id)
    assert _find(session, phone=phone) == _find(session, user_id=user_id) == someone
    assert _find(session, phone=phone, user_id=make.user_id()) == someone
    assert _find(session, phone=make.phone()) != someone


def test_where_the_two_name_two_persons_it_is_the_older(session: Session) -> None:
    phone, user_id = make.phone(), make.user_id()
    older, newer = _find(session, user_id=user_id), _find(session, phone=phone)
    assert older < newer
    assert _find(session, phone=phone, user_id=user_id) == older


@pytest.mark.parametrize(
    ("phone", "user_id", "country"),
    [
        ("+923000000101", None, "PK"),
        ("+919000000202", None, "IN"),
        (None, "IN.00000000000000000777", "IN"),
        ("+923000000101", "IN.00000000000000000777", "IN"),  # the user id says it without a look-up
        ("+1", None, None),
        (None, "12345678", None),
    ],
)
def test_the_country_is_that_of_the_identifier(
    session: Session, phone: str | None, user_id: str | None, country: str | None
) -> None:
    session.execute(
        text("DELETE FROM person_identifiers")
    )  # the sample listings' owners have real-looking ones
    made = _find(session, phone=phone, user_id=user_id)
    assert _row(session, made).country == country


def test_a_new_person_can_be_spoken_to_at_once(session: Session) -> None:
    made = _find(session, phone=make.phone())
    make.say(session, made)
    outbound.number_and_write(session)
    assert _numbers(session, made) == [1]


def test_first_messages_that_arrive_at_once_make_one_person(scratch: Scratch) -> None:
    phone, user_id = make.phone(), make.user_id()
    found = _at_once(8, lambda: _committed(phone=phone, user_id=user_id))
    assert len(set(found)) == 1
    for table in ("persons", "conversations", "recipient_counters"):
        assert scratch.value(f"SELECT count(*) FROM {table}") == 1
    assert scratch.value("SELECT count(*) FROM person_identifiers WHERE person_id = :id", id=found[0]) == 2


def test_first_messages_that_each_tell_something_else_make_persons_who_meet(scratch: Scratch) -> None:
    phone, user_id = make.phone(), make.user_id()
    what = iter([(phone, None), (None, user_id), (phone, user_id)] * 3)
    lock = threading.Lock()

    def first_message() -> int:
        with lock:
            told = next(what)
        return _committed(phone=told[0], user_id=told[1])

    _at_once(9, first_message)
    with db.unit_of_work() as unit:
        someone = _find(unit, phone=phone, user_id=user_id)
        assert _meet(unit, someone, phone=phone, user_id=user_id) == someone
    assert scratch.value("SELECT count(DISTINCT person_id) FROM person_identifiers") == 1


# ---- two become one --------------------------------------------------------------------------------


def test_identifiers_that_come_together_stay_together(session: Session) -> None:
    phone, user_id = make.phone(), make.user_id()
    someone = _find(session, phone=phone)
    assert _meet(session, someone, phone=phone, user_id=user_id) == someone
    assert person.identify(session, phone=phone, user_id=user_id) == {
        "phone": someone,
        "user_id": someone,
    }


def test_a_profile_name_fills_a_blank_and_overwrites_nothing(session: Session) -> None:
    phone = make.phone()
    someone = _find(session, phone=phone, name=None)
    for name in ("Ayesha", "Somebody Else"):
        _meet(session, someone, phone=phone, name=name)
    assert _row(session, someone).name == "Ayesha"


@pytest.mark.parametrize("side", ["older", "newer"])
def test_the_newer_becomes_the_older_whoever_the_message_was_kept_for(session: Session, side: str) -> None:
    phone, user_id = make.phone(), make.user_id()
    older, newer = _find(session, phone=phone), _find(session, user_id=user_id)
    met_by = older if side == "older" else newer
    assert _meet(session, met_by, phone=phone, user_id=user_id) == older
    assert person.identify(session, phone=phone, user_id=user_id) == {"phone": older, "user_id": older}
    assert _row(session, newer).merged_into == older


def test_three_who_are_one_become_one(session: Session) -> None:
    phone, user_id = make.phone(), make.user_id()
    by_user_id, by_phone = _find(session, user_id=user_id), _find(session, phone=phone)
    third = _find(session, phone=make.phone())
    assert _meet(session, third, phone=phone, user_id=user_id) == by_user_id
    merged = {p: _row(session, p).merged_into for p in (by_phone, third)}
    assert set(merged.values()) <= {by_user_id, by_phone}
    assert _find(session, phone=phone) == by_user_id


def test_all_that_the_newer_has_and_is_goes_to_the_older(session: Session) -> None:
    older, newer = make.person(session), make.person(session, role="owner")
    person.give_role(session, newer, "admin")
    place = make.listing(session, owner_id=newer)
    booking = make.held(session, place, guest_id=newer)
    asked = make.paid(session)
    session.execute(
        text(
            "UPDATE bookings SET decision = 'YES', decision_made_at = now(), decision_made_by = :id "
            "WHERE id = :b"
        ),
        {"id": newer, "b": asked.id},
    )
    code = action_code.make(
        session, booking_id=asked.id, person_id=newer, action="CONFIRM", life=timedelta(hours=1), now=NOW
    )
    picture = evidence.keep_picture(
        session, person_id=newer, media_id="media-1", mime_type="image/png", now=NOW
    )
    person.merge(session, newer=newer, older=older, now=NOW)
    shown = evidence.Evidence.find(session, picture)
    assert shown is not None
    assert shown.person_id == older
    assert person.roles(session, older) == {"owner", "admin"}
    assert person.roles(session, newer) == frozenset()
    assert session.scalar(text("SELECT owner_id FROM listings WHERE id = :id"), {"id": place.id}) == older
    assert make.Booking.get(session, booking.id).person_id == older
    assert make.Booking.get(session, asked.id).decision_made_by == older
    found = action_code.find(session, code)
    assert found is not None
    assert found.person_id == older


def test_roles_that_both_have_are_had_once(session: Session) -> None:
    older, newer = make.person(session, role="owner"), make.person(session, role="owner")
    person.merge(session, newer=newer, older=older, now=NOW)
    assert person.roles(session, older) == {"owner"}


def test_what_the_newer_wrote_and_nobody_answered_waits_with_the_older(session: Session) -> None:
    older, newer = make.person(session), make.person(session)
    phone = person.phone_of(session, newer)
    assert phone is not None
    make.keep(session, make.inbound_text(phone, "done"), make.inbound_text(phone, "open"))
    session.execute(text("UPDATE inbound_events SET done_at = now() WHERE payload->'text'->>'body' = 'done'"))
    person.merge(session, newer=newer, older=older, now=NOW)
    rows = session.execute(
        text(
            "SELECT payload->'text'->>'body' AS said, conversation_id FROM inbound_events "
            "WHERE conversation_id IN (:older, :newer)"
        ),
        {"older": older, "newer": newer},
    )
    assert {row.said: row.conversation_id for row in rows} == {"open": older, "done": newer}


def test_what_was_to_be_said_to_the_newer_is_said_after_what_was_said_to_the_older(session: Session) -> None:
    older, newer = make.person(session), make.person(session)
    for someone, words in ((older, "a"), (newer, "c"), (older, "b"), (newer, "d"), (newer, "e")):
        make.say(session, someone, words)
    outbound.number_and_write(session)
    person.merge(session, newer=newer, older=older, now=NOW)
    make.say(session, older, "f")
    outbound.number_and_write(session)
    said = session.execute(
        text("SELECT seq, message->>'body' FROM outbound_messages WHERE person_id = :id ORDER BY seq"),
        {"id": older},
    )
    assert [tuple(row) for row in said] == list(zip(range(1, 7), "abcdef", strict=True))


@pytest.mark.parametrize(
    ("of_older", "of_newer", "wrote_last", "goes_on"),
    [
        ('{"at": "a"}', '{"at": "b"}', "newer", {"at": "b"}),
        ('{"at": "a"}', '{"at": "b"}', "older", {"at": "a"}),
        ('{"at": "a"}', "{}", "newer", {"at": "a"}),
        ("{}", '{"at": "b"}', "older", {"at": "b"}),
        ('{"welcome": ["owner"]}', '{"at": "b"}', "older", {"at": "b", "welcome": ["owner"]}),
        ('{"at": "a", "welcome": ["owner"]}', '{"at": "b"}', "newer", {"at": "b", "welcome": ["owner"]}),
    ],
)
def test_the_conversation_goes_on_where_they_wrote_last(
    session: Session, of_older: str, of_newer: str, wrote_last: str, goes_on: dict[str, Any]
) -> None:
    heard = (NOW, LATER) if wrote_last == "newer" else (LATER, NOW)
    older, newer = make.person(session, heard_at=heard[0]), make.person(session, heard_at=heard[1])
    _set_state(session, older, of_older)
    _set_state(session, newer, of_newer)
    person.merge(session, newer=newer, older=older, now=NOW)
    row = session.execute(text("SELECT * FROM conversations WHERE id = :id"), {"id": older}).one()
    assert row.state == goes_on
    assert row.last_inbound_at == LATER


def test_the_language_that_was_chosen_is_kept(session: Session) -> None:
    older, newer = make.person(session), make.person(session)
    person.speak(session, newer, "ur")
    person.merge(session, newer=newer, older=older, now=NOW)
    assert _row(session, older).language == "ur"


def test_what_is_said_while_two_become_one_reaches_the_one_they_are(scratch: Scratch) -> None:
    """A job read who the owner is, and meanwhile the owner's turn found that they are somebody we know."""
    with db.unit_of_work() as unit:
        older, newer = make.person(unit), make.person(unit)
    with db.unit_of_work() as job:
        make.say(job, newer, "You have a request")
        make.say(job, newer, "and a reminder")
        make.say(job, older, "Hello")
        _in_a_thread(lambda: _merge(newer, older))
    rows = scratch.rows("SELECT person_id, seq, message->>'body' FROM outbound_messages ORDER BY seq")
    said = ("Hello", "You have a request", "and a reminder")
    assert [tuple(row) for row in rows] == [(older, seq, words) for seq, words in enumerate(said, 1)]


def test_what_was_just_being_said_to_the_newer_moves_with_them(scratch: Scratch) -> None:
    """The job has its number already and commits while the merge waits for it."""
    with db.unit_of_work() as unit:
        older, newer = make.person(unit), make.person(unit)
    with Session(scratch.engine.connect()) as job:
        job.info.update(follow_ups={}, bells=set(), outbox=[])
        make.say(job, newer)
        outbound.number_and_write(job)
        merging = threading.Thread(target=lambda: _merge(newer, older))
        merging.start()
        make.wait_for(lambda: not merging.is_alive() or scratch.waiting_for_locks() == 1)
        job.commit()
        merging.join()
    assert scratch.value("SELECT person_id FROM outbound_messages") == older


# ---- identifiers change ----------------------------------------------------------------------------


def test_a_new_number_replaces_the_old_one_and_nothing_else(session: Session) -> None:
    old, user_id, new = make.phone(), make.user_id(), make.phone()
    someone = _find(session, phone=old, user_id=user_id)
    booking = make.held(session, guest_id=someone)
    person.change_identifier(session, someone, phone=new, user_id=None, now=LATER)
    assert person.phone_of(session, someone) == new
    assert person.identify(session, phone=old, user_id=user_id) == {"user_id": someone}
    assert booking.person_id == someone


def test_a_new_user_id_replaces_the_old_one_and_nothing_else(session: Session) -> None:
    phone, old, new = make.phone(), make.user_id(), make.user_id()
    someone = _find(session, phone=phone, user_id=old)
    person.change_identifier(session, someone, phone=None, user_id=new, now=LATER)
    assert person.identify(session, phone=phone, user_id=new) == {"phone": someone, "user_id": someone}
    assert person.identify(session, phone=None, user_id=old) == {}


def test_a_change_told_twice_is_one_change(session: Session) -> None:
    someone, new = _find(session, phone=make.phone()), make.phone()
    for _ in range(2):
        person.change_identifier(session, someone, phone=new, user_id=None, now=LATER)
    assert person.phone_of(session, someone) == new


@pytest.mark.parametrize("changed_by", ["older", "newer"])
def test_a_number_that_was_somebody_elses_makes_them_one(session: Session, changed_by: str) -> None:
    """They wrote from the new number before WhatsApp told us of the change."""
    first, second = make.phone(), make.phone()
    older, newer = _find(session, phone=first), _find(session, phone=second)
    if changed_by == "older":
        person.change_identifier(session, older, phone=second, user_id=None, now=LATER)
        assert person.identify(session, phone=second, user_id=None) == {"phone": older}
        assert person.identify(session, phone=first, user_id=None) == {}
    else:
        person.change_identifier(session, newer, phone=first, user_id=None, now=LATER)
        assert person.identify(session, phone=first, user_id=None) == {"phone": older}
        assert person.identify(session, phone=second, user_id=None) == {}


def test_of_several_numbers_the_newest_is_used(session: Session) -> None:
    first, second = make.phone(), make.phone()
    someone = _find(session, phone=second)
    _meet(session, someone, phone=first, now=LATER)
    assert person.phone_of(session, someone) == first
    assert person.phone_of(session, _find(session, user_id=make.user_id())) is None


# ---- roles -----------------------------------------------------------------------------------------


def test_notices_go_to_the_admins_on_duty(session: Session) -> None:
    session.execute(text("DELETE FROM person_roles"))
    on, off, owner = (make.person(session, role=role) for role in ("admin", "admin", "owner"))
    person.give_role(session, on, "admin")  # a second time changes nothing
    session.execute(text("UPDATE person_roles SET on_duty = false WHERE person_id = :id"), {"id": off})
    assert list(person.admins_on_duty(session)) == [on]
    assert person.roles(session, owner) == {"owner"}


# ---- language -------------------------------------------------------------------------------------


def test_who_somebody_is_is_read_once_in_a_unit_of_work_and_anew_when_it_changes(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = make.phone(), make.phone()
    person_id = _find(session, phone=first)
    reads: list[str] = []
    run = Hot.run

    def note(statement: Hot, session: Session, **values: Any) -> Rows:
        reads.append(statement.name)
        return run(statement, session, **values)

    monkeypatch.setattr(Hot, "run", note)
    assert [person.language_of(session, person_id) for _ in range(3)] == [None] * 3
    assert person.country_of(session, person_id) is not None
    assert person.phone_of(session, person_id) == first
    assert reads.count("about_person") == 1
    person.speak_at_first(session, person_id, "ur")
    assert person.language_of(session, person_id) == "ur"
    person.speak(session, person_id, "hi")
    assert person.language_of(session, person_id) == "hi"
    person.change_identifier(session, person_id, phone=second, user_id=None, now=LATER)
    assert person.phone_of(session, person_id) == second
    older = make.person(session)
    assert person.phone_of(session, older) != second
    person.merge(session, newer=person_id, older=older, now=LATER)
    assert person.phone_of(session, older) == second
    assert person.phone_of(session, person_id) is None


# ---- helpers ---------------------------------------------------------------------------------------


def _row(session: Session, person_id: int) -> Any:
    return session.execute(text("SELECT * FROM persons WHERE id = :id"), {"id": person_id}).one()


def _find(
    session: Session, *, phone: str | None = None, user_id: str | None = None, name: str | None = "Ayesha"
) -> int:
    return person.find_or_create(session, phone=phone, user_id=user_id, name=name, now=NOW)


def _committed(*, phone: str | None, user_id: str | None) -> int:
    with db.unit_of_work() as unit:
        return _find(unit, phone=phone, user_id=user_id)


def _meet(
    session: Session,
    person_id: int,
    *,
    phone: str | None = None,
    user_id: str | None = None,
    name: str | None = None,
    now: object = NOW,
) -> int:
    return person.meet(session, person_id, phone=phone, user_id=user_id, name=name, now=now)  # type: ignore[arg-type]


def test_nobody_is_made_one_with_someone_who_became_another_meanwhile(scratch: Scratch) -> None:
    """What they have would go to a person whom nobody finds any more."""
    user_id = make.user_id()
    with db.unit_of_work() as unit:
        first, second, third = (make.person(unit) for _ in range(3))
        _meet(unit, second, user_id=user_id)

    def third_turns_out_to_be_the_second() -> int:
        with db.unit_of_work() as unit:
            return _meet(unit, third, user_id=user_id)

    with ThreadPoolExecutor(1) as other:
        with db.unit_of_work() as unit:
            person.merge(unit, newer=second, older=first, now=NOW)
            meeting = other.submit(third_turns_out_to_be_the_second)
            make.wait_for(lambda: scratch.waiting_for_locks() >= 1)
        with pytest.raises(person.BecameAnother):
            meeting.result()
    assert third_turns_out_to_be_the_second() == first  # as the turn is, a moment later


def _merge(newer: int, older: int) -> None:
    with db.unit_of_work() as unit:
        person.merge(unit, newer=newer, older=older, now=NOW)


def _set_state(session: Session, person_id: int, state: str) -> None:
    session.execute(
        text("UPDATE conversations SET state = :state WHERE id = :id"), {"state": state, "id": person_id}
    )


def _numbers(session: Session, person_id: int) -> list[int]:
    return list(
        session.scalars(
            text("SELECT seq FROM outbound_messages WHERE person_id = :id ORDER BY seq"), {"id": person_id}
        )
    )


def _at_once(number: int, work: Callable[[], int]) -> list[int]:
    everybody = threading.Barrier(number, timeout=120)

    def wait_and_work(_: int) -> int:
        everybody.wait()
        return work()

    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(wait_and_work, range(number)))


def _in_a_thread(work: Callable[[], None]) -> None:
    with ThreadPoolExecutor(1) as thread:
        thread.submit(work).result(120)
