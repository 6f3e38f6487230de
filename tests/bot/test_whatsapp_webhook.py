"""The door keeps everything that is really from WhatsApp, once, and nothing that is not, whatever it holds."""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from bot.app import create_app
from integrations import clients
from models import db, outbox
from models.migrate import migrate
from run.stores import Stores
from tests import factories as make
from tests.bot.conftest import NUMBER, TOKEN, Door, envelope, make_settings, message, sign, value
from tests.conftest import Scratch
from tests.factories import NOW, MovableClock

WEBHOOK = "/api/whatsapp/webhook"
CONTACT = {"profile": {"name": "Ayesha Khan"}, "wa_id": "923000000999", "user_id": "PK.999"}
STATUS = {"id": "wamid.1", "status": "sent", "timestamp": "1795165520", "recipient_id": "923000000999"}


# ---- is it ours? -----------------------------------------------------------------------------------


def test_the_subscription_is_confirmed_to_whoever_knows_our_token(door: Door) -> None:
    answer = _verify(
        door, **{"hub.mode": "subscribe", "hub.verify_token": TOKEN, "hub.challenge": "1158201444"}
    )
    assert (answer.status_code, answer.data) == (200, b"1158201444")
    assert answer.mimetype == "text/plain"


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"hub.mode": "subscribe", "hub.challenge": "1"},
        {"hub.mode": "subscribe", "hub.verify_token": "guess", "hub.challenge": "1"},
        {"hub.mode": "subscribe", "hub.verify_token": "परीक्षा", "hub.challenge": "1"},
        {"hub.mode": "unsubscribe", "hub.verify_token": TOKEN, "hub.challenge": "1"},
        {"hub.verify_token": TOKEN, "hub.challenge": "1"},
    ],
)
def test_the_subscription_is_not_confirmed_to_anybody_else(door: Door, query: dict[str, str]) -> None:
    answer = _verify(door, **query)
    assert answer.status_code == 403
    assert b"1" not in answer.data.split(b"timestamp")[0]


def test_a_challenge_is_never_shown_as_a_page(door: Door) -> None:
    script = "<script>alert(1)</script>"
    answer = _verify(door, **{"hub.mode": "subscribe", "hub.verify_token": TOKEN, "hub.challenge": script})
    assert answer.mimetype == "text/plain"


BODY = json.dumps(envelope(value(messages=[message("wamid.1")]))).encode()


@pytest.mark.parametrize(
    ("signature", "status"),
    [
        (None, 401),
        ("", 401),
        ("sha256=" + "0" * 64, 403),
        (sign(BODY, "another secret"), 403),
        (sign(BODY + b" "), 403),
        (sign(BODY).upper(), 403),
        (sign(BODY).removeprefix("sha256="), 403),
        ("sha1=" + sign(BODY).removeprefix("sha256="), 403),
        (sign(BODY)[:-1], 403),
        ("sha256=¢é", 403),
        ("x" * 8000, 403),
    ],
)
def test_what_is_not_signed_by_whatsapp_is_refused_and_not_kept(
    scratch: Scratch, door: Door, signature: str | None, status: int
) -> None:
    headers = {} if signature is None else {"X-Hub-Signature-256": signature}
    answer = door.post(BODY, headers=headers)
    assert answer.status_code == status
    error = answer.get_json()
    assert error["success"] is False
    assert error["error"]["code"] in ("UNAUTHORIZED", "FORBIDDEN")
    assert scratch.rows("SELECT 1 FROM inbound_events UNION ALL SELECT 1 FROM persons") == []


@pytest.mark.parametrize(("method", "status"), [("PUT", 405), ("DELETE", 405), ("OPTIONS", 200)])
def test_what_is_no_call_of_whatsapps_is_answered_as_everywhere(
    scratch: Scratch, door: Door, method: str, status: int
) -> None:
    headers = {"X-Hub-Signature-256": sign(BODY)}
    assert door.client.open(WEBHOOK, method=method, data=BODY, headers=headers).status_code == status
    assert door.client.post(WEBHOOK + "/", data=BODY, headers=headers).status_code == 404
    assert scratch.rows("SELECT 1 FROM inbound_events") == []


def test_a_header_of_raw_bytes_is_refused(door: Door) -> None:
    answer = door.post(
        BODY, headers={}, environ_overrides={"HTTP_X_HUB_SIGNATURE_256": "sha256=\xff\xfe\x00"}
    )
    assert answer.status_code == 403


def test_the_signature_is_over_the_bytes_as_they_came(scratch: Scratch, door: Door) -> None:
    """Meta escapes what is not ASCII; written another way it would have another signature."""
    escaped = json.dumps(envelope(value(messages=[message("wamid.1", words="नमस्ते 🏕")])), ensure_ascii=True)
    spaced = json.dumps(
        envelope(value(messages=[message("wamid.2", words="سلام")])), ensure_ascii=False, indent=3
    )
    for raw in (escaped, spaced):
        assert door.post(raw.encode()).status_code == 200
    assert _said(scratch) == ["नमस्ते 🏕", "سلام"]


def test_a_body_that_is_too_large_is_refused_before_it_is_read(door: Door) -> None:
    length = {"CONTENT_LENGTH": str(5 * 1024 * 1024)}
    answer = door.post(b"{", headers={}, environ_overrides=length)
    assert answer.status_code == 413


def test_a_body_that_only_turns_out_to_be_too_large_is_refused(door: Door) -> None:
    body = json.dumps(envelope(value(messages=[message("wamid.1", words="x" * 5 * 1024 * 1024)]))).encode()
    assert door.post(body).status_code == 413


def test_three_megabytes_are_what_whatsapp_may_send(scratch: Scratch, door: Door) -> None:
    body = envelope(value(messages=[message("wamid.1", words="x" * 3 * 1024 * 1024)]))
    assert door.post(body).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"{",
        b"[]",
        b"null",
        b"5",
        b'"entry"',
        b"{}",
        b'{"entry": {}}',
        b"\xff\xfe",
        b'{"entry": NaN}',
    ],
)
def test_a_body_that_is_no_webhook_is_refused(scratch: Scratch, door: Door, body: bytes) -> None:
    assert door.post(body).status_code == 400
    assert scratch.rows("SELECT 1 FROM inbound_events") == []


# ---- kept ------------------------------------------------------------------------------------------


def test_every_message_and_status_of_a_batch_is_kept_by_itself(scratch: Scratch, door: Door) -> None:
    """Several entries, several changes, several messages and statuses: lost updates are what others complain of."""
    first = envelope(
        value(messages=[message("wamid.1"), message("wamid.2")], contacts=[CONTACT]),
        value(statuses=[{**STATUS, "id": "wamid.3"}, {**STATUS, "id": "wamid.3", "status": "delivered"}]),
        value(messages=[message("wamid.4")], statuses=[{**STATUS, "id": "wamid.5"}]),
    )
    second = envelope(value(messages=[message("wamid.6", "923000000998")]))
    body = {**first, "entry": first["entry"] + second["entry"]}
    scratch.rung.clear()
    assert door.post(body).status_code == 200
    rows = scratch.rows("SELECT kind, external_id FROM inbound_events ORDER BY external_id")
    assert [tuple(row) for row in rows] == [
        ("message", "wamid.1"),
        ("message", "wamid.2"),
        ("status", "wamid.3:delivered"),
        ("status", "wamid.3:sent"),
        ("message", "wamid.4"),
        ("status", "wamid.5:sent"),
        ("message", "wamid.6"),
    ]
    rung = {bell for bells in scratch.rung for bell in bells}
    people = scratch.rows("SELECT DISTINCT conversation_id FROM inbound_events WHERE kind = 'message'")
    assert rung == {("turns", row.conversation_id) for row in people}
    assert len(rung) == 2


def test_a_delivery_that_comes_again_is_acknowledged_and_not_kept_again(scratch: Scratch, door: Door) -> None:
    body = envelope(value(messages=[message("wamid.1")], statuses=[STATUS], contacts=[CONTACT]))
    for _ in range(3):
        assert door.post(body).status_code == 200
    assert scratch.value("SELECT count(*) FROM inbound_events") == 2
    assert scratch.value("SELECT count(*) FROM persons") == 1
    assert len(scratch.rung) == 1


def test_two_deliveries_at_once_are_one_even_in_opposite_order(scratch: Scratch, door: Door) -> None:
    for n in range(8):
        batch = [message(f"wamid.{n}.{m}", f"92300000{n}{m:03}") for m in range(6)]
        there, back = (envelope(value(messages=order)) for order in (batch, batch[::-1]))
        together = threading.Barrier(2, timeout=120)

        def deliver(body: Any, together: threading.Barrier = together) -> int:
            client = Door(door.app)
            together.wait()
            return client.post(body).status_code

        with ThreadPoolExecutor(2) as meta:
            assert list(meta.map(deliver, [there, back])) == [200, 200]
    assert scratch.value("SELECT count(*) FROM inbound_events") == 48
    assert scratch.value("SELECT count(*) FROM persons") == 48


def test_each_message_is_that_of_the_contact_who_wrote_it(scratch: Scratch, door: Door) -> None:
    contacts = [
        {"profile": {"name": "Ayesha"}, "wa_id": "923000000991", "user_id": "PK.1"},
        {"profile": {"name": "Bilal"}, "wa_id": "923000000992", "user_id": "PK.2"},
        {"profile": {"name": "Meera"}, "user_id": "IN.3"},
    ]
    body = envelope(
        value(
            contacts=contacts,
            messages=[
                message("wamid.b", "923000000992"),
                message("wamid.a", "923000000991", from_user_id="PK.1"),
                {"id": "wamid.m", "from_user_id": "IN.3", "type": "text", "text": {"body": "hi"}},
                message("wamid.x", "923000000993"),  # in no contact: nobody else's name is theirs
            ],
        )
    )
    assert door.post(body).status_code == 200
    rows = scratch.rows(
        "SELECT e.external_id, p.name, array_agg(i.value ORDER BY i.value) AS known FROM inbound_events e "
        "JOIN persons p ON p.id = e.conversation_id JOIN person_identifiers i ON i.person_id = p.id "
        "GROUP BY 1, 2 ORDER BY 1"
    )
    assert [tuple(row) for row in rows] == [
        ("wamid.a", "Ayesha", ["+923000000991", "PK.1"]),
        ("wamid.b", "Bilal", ["+923000000992", "PK.2"]),
        ("wamid.m", "Meera", ["IN.3"]),
        ("wamid.x", None, ["+923000000993"]),
    ]


def test_a_failed_status_without_contacts_is_kept_and_rung_for(scratch: Scratch, door: Door) -> None:
    failed = {
        "id": "wamid.1",
        "status": "failed",
        "timestamp": "1795165520",
        "recipient_id": "923000000999",
        "errors": [{"code": 131047, "title": "Re-engagement message"}],
    }
    for contacts in ({}, {"contacts": [{"wa_id": "923000000999"}]}):  # as documented, and as seen
        scratch.run("DELETE FROM inbound_events")
        scratch.rung.clear()
        assert door.post(envelope(value(statuses=[failed], **contacts))).status_code == 200
        assert scratch.value("SELECT payload->'errors'->0->>'code' FROM inbound_events") == "131047"
        assert scratch.rung == [{("sends", 0)}]


def test_what_is_for_another_number_of_the_business_is_not_ours(scratch: Scratch, door: Door) -> None:
    other = value(messages=[message("wamid.1")])
    other["metadata"] = {"display_phone_number": "15550002222", "phone_number_id": "200000000000002"}
    ours = value(messages=[message("wamid.2")])
    assert door.post(envelope(other, ours)).status_code == 200
    assert scratch.value("SELECT external_id FROM inbound_events") == "wamid.2"


@pytest.mark.parametrize("field", ["message_template_status_update", "account_update", "something_new"])
def test_other_news_is_kept_once_for_whoever_wants_to_look(scratch: Scratch, door: Door, field: str) -> None:
    body = envelope()
    body["entry"][0]["changes"] = [{"field": field, "value": {"event": "APPROVED", "reason": None}}]
    for _ in range(2):
        assert door.post(body).status_code == 200
    row = scratch.row("SELECT * FROM inbound_events")
    assert (row.kind, row.payload["field"]) == ("notice", field)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (r"before \u0000 after", "before   after"),  # a NUL, which PostgreSQL does not take
        (r"\u0000", " "),
        (r"C:\\u0000", r"C:\u0000"),  # six characters that somebody typed
        (r"\\\u0000", "\\ "),
        (r"half an emoji \ud83c", "half an emoji ?"),
        (r"\udfd5 the other half", "? the other half"),
        (r"both \ud83c and \u0000", "both ? and  "),
        (r"typed \\u0000 and half \ud83c", r"typed \u0000 and half ?"),
        (r"whole \ud83c\udfd5", "whole 🏕"),
    ],
)
def test_odd_characters_spoil_neither_the_message_nor_its_neighbours(
    scratch: Scratch, door: Door, raw: str, words: str
) -> None:
    body = json.dumps(envelope(value(messages=[message("wamid.1", words="@@"), message("wamid.2")])))
    assert door.post(body.replace("@@", raw).encode()).status_code == 200
    assert _said(scratch) == [words, "hi"]


@pytest.mark.parametrize("depth", [30, 200, 300, 900, 1100, 50_000])
def test_json_that_is_nested_without_end_is_kept_or_refused(scratch: Scratch, door: Door, depth: int) -> None:
    deep = "[" * depth + "]" * depth
    body = json.dumps(envelope(value(messages=[message("wamid.1", odd="@@")]))).replace('"@@"', deep)
    status = door.post(body.encode()).status_code
    assert status == (200 if depth <= 200 else 400)
    notice = json.dumps({"entry": [{"changes": [{"value": "@@"}]}]}).replace('"@@"', deep)
    assert door.post(notice.encode()).status_code in (200, 400)


@pytest.mark.parametrize(
    "number", ["9" * 400, "-" + "9" * 40, "1e400", "0.1e-400", "18446744073709551616", "-0", "1E5"]
)
def test_numbers_of_any_size_are_no_error_of_ours(scratch: Scratch, door: Door, number: str) -> None:
    body = json.dumps(envelope(value(messages=[message("wamid.1", odd="@@")]))).replace('"@@"', number)
    assert door.post(body.encode()).status_code in (200, 400)


# ---- whatever it holds -----------------------------------------------------------------------------

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(
        ["923000000999", "PK.1", "failed", "sent", "m:1", "m:²", NUMBER, "contact_request", "\0", "\ud800"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(), max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)


def _some(**fields: Any) -> Any:
    """An object in which any field may be missing, or be anything."""
    return st.fixed_dictionaries({}, optional={name: usual | anything for name, usual in fields.items()})


ids = st.sampled_from(["wamid.1", "wamid.2", "wamid.3"])
contact = _some(
    profile=_some(name=st.text(st.characters(), max_size=5)),
    wa_id=st.just("923000000999"),
    user_id=st.just("PK.1"),
)
messages = _some(
    **{"id": ids, "from": st.just("923000000999"), "type": st.sampled_from(["text", "system", "contacts"])},
    from_user_id=st.just("PK.1"),
    text=_some(body=st.text(max_size=4)),
    system=_some(wa_id=st.just("923000000998")),
    contacts=st.lists(
        _some(origin=st.just("contact_request"), phones=st.lists(_some(wa_id=st.just("923000000997"))))
    ),
)
statuses = _some(
    id=ids,
    status=st.sampled_from(["sent", "delivered", "read", "failed", "deleted"]),
    timestamp=st.just("1795165520"),
    errors=st.lists(
        _some(code=st.sampled_from([131047, 131026, 10**12]), title=st.text(max_size=3)), max_size=2
    ),
    biz_opaque_callback_data=st.sampled_from(["m:1", "m:99999999999999999999", "m:", "x"]),
)
changes = _some(
    field=st.just("messages"),
    value=_some(
        metadata=_some(phone_number_id=st.just(NUMBER)),
        contacts=st.lists(contact | anything, max_size=2),
        messages=st.lists(messages | anything, max_size=3),
        statuses=st.lists(statuses | anything, max_size=3),
    ),
)
deliveries = _some(
    object=st.just("whatsapp_business_account"),
    entry=st.lists(_some(changes=st.lists(changes | anything, max_size=2)) | anything, max_size=2),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(delivery=deliveries | anything)
def test_signed_json_of_any_shape_is_kept_once_or_refused_and_stops_nobody(
    scratch: Scratch, door: Door, delivery: Any
) -> None:
    body = json.dumps(delivery).encode()
    status = door.post(body).status_code
    assert status in (200, 400)
    kept = scratch.value("SELECT count(*) FROM inbound_events")
    assert door.post(body).status_code == status
    assert scratch.value("SELECT count(*) FROM inbound_events") == kept
    with db.unit_of_work() as unit:
        while outbox.take_statuses(unit, most=100, now=NOW):
            pass
    assert door.post(envelope(value(messages=[message(make.unique("wamid.after."))]))).status_code == 200


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(body=st.binary(max_size=40) | st.binary(max_size=20).map(lambda b: b'{"entry": [' + b + b"]}"))
def test_signed_bytes_of_any_kind_are_kept_or_refused(scratch: Scratch, door: Door, body: bytes) -> None:
    assert door.post(body).status_code in (200, 400)


# ---- when the database is away ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def own_stores() -> Iterator[Stores]:
    """Stores of this file's own, to be stopped."""
    with (
        tempfile.TemporaryDirectory(prefix="sarai-test-", ignore_cleanup_errors=True) as folder,
        Stores(Path(folder) / "data") as stores,
    ):
        migrate(stores.database_url)
        yield stores


@pytest.fixture
def house(own_stores: Stores, database_url: str, clock: MovableClock) -> Iterator[tuple[Stores, Door]]:
    before = db.process()
    engine = db.make_engine(own_stores.database_url, pool_size=5)
    db.start(engine, follow_ups={}, ring=lambda bells: None)
    app_settings = make_settings(redis_url=own_stores.redis_url)
    try:
        yield own_stores, Door(create_app(app_settings, clients.build(app_settings), clock))
    finally:
        db.start(before.engine, follow_ups=before.follow_ups, ring=before.ring)
        engine.dispose()


def test_what_cannot_be_kept_is_not_acknowledged_and_kept_when_it_comes_again(
    house: tuple[Stores, Door],
) -> None:
    stores, door = house
    body = envelope(
        value(messages=[message("wamid.first"), message("wamid.second", "923000000998")], statuses=[STATUS])
    )
    _fill_the_pool()
    stores.postgres.kill()
    for _ in range(2):
        answer = door.post(body)
        assert answer.status_code == 500
        assert answer.get_json()["error"]["code"] == "INTERNAL_ERROR"
    stores.postgres.start()
    assert door.post(body).status_code == 200
    assert door.post(body).status_code == 200
    engine = create_engine(stores.database_url)
    with engine.connect() as connection:
        kept = connection.execute(text("SELECT external_id FROM inbound_events")).scalars()
        assert sorted(kept) == ["wamid.1:sent", "wamid.first", "wamid.second"]
    engine.dispose()


def test_connections_that_died_while_nobody_used_them_cost_no_delivery(house: tuple[Stores, Door]) -> None:
    """PostgreSQL was restarted in a quiet minute: every connection of the pool is a dead one."""
    stores, door = house
    assert door.post(envelope(value(messages=[message("wamid.0")]))).status_code == 200
    _fill_the_pool()
    stores.postgres.restart()
    for n in range(1, 4):
        assert door.post(envelope(value(messages=[message(f"wamid.{n}")]))).status_code == 200


def _fill_the_pool() -> None:
    connections = [db.process().engine.connect() for _ in range(5)]
    for connection in connections:
        connection.close()


# ---- helpers ---------------------------------------------------------------------------------------


def _verify(door: Door, **query: Any) -> Any:
    return door.get(WEBHOOK, **query)


def _said(scratch: Scratch) -> Sequence[str]:
    rows = scratch.rows("SELECT payload->'text'->>'body' AS words FROM inbound_events ORDER BY id")
    return [row.words for row in rows]
