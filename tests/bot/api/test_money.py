"""An admin sees what waits, says yes or no, and finds all that came; the booking follows as from the chat."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from models import mail
from models.booking import Booking
from models.db import unit_of_work
from models.money import Money
from models.sealed import seal_text
from tests import factories as make
from tests.bot.api.conftest import Desk, code_of
from tests.bot.api.seeds import PNG, Seeds, money_came, sow
from tests.conftest import Scratch
from tests.factories import MovableClock


@pytest.fixture
def seeds(scratch: Scratch, clock: MovableClock) -> Seeds:
    with unit_of_work() as session:
        return sow(session, now=clock.now())


def status(booking: Booking) -> str:
    with unit_of_work() as session:
        return Booking.get(session, booking.id).status


def test_what_waits_to_be_verified_is_shown_as_the_document_has_it(admin: Desk, seeds: Seeds) -> None:
    answer = admin.get("/api/admin/pending-verifications")
    assert answer["count"] == 1 and answer["next"] is None
    (shown,) = answer["bookings"]
    booking = seeds.review
    assert shown["booking_id"] == booking.code and shown["status"] == "PAYMENT_REVIEW"
    assert shown["property"]["type"] == "hut" and shown["property"]["address"] == "Gwadar, Pakistan"
    assert shown["customer"]["name"] == "Ayesha Khan" and shown["customer"]["cnic"] is None
    assert shown["booking_details"] == {
        "date": "2026-12-24",
        "check_out": "2026-12-26",
        "shift": None,
        "start_time": None,
        "guests": 2,
        "total_cost": booking.total.to_decimal_string(),
        "advance": booking.advance.to_decimal_string(),
        "due": booking.due.to_decimal_string(),
        "currency": "PKR",
    }
    assert shown["payment"]["screenshot_url"] == f"/api/admin/payment/{seeds.picture}/screenshot"


def test_the_picture_is_shown_and_who_looked_is_kept(admin: Desk, seeds: Seeds, scratch: Scratch) -> None:
    answer = admin.call("GET", f"/api/admin/payment/{seeds.picture}/screenshot")
    assert answer.mimetype == "image/png" and answer.data.startswith(PNG)
    assert scratch.value("SELECT count(*) FROM audit WHERE action = 'SEE_SCREENSHOT'") == 1


def test_an_identity_number_is_shown_by_its_end(admin: Desk, seeds: Seeds, scratch: Scratch) -> None:
    question = '[{"key": "cnic", "kind": "cnic", "text": {"en": "Your CNIC?"}, "label": {"en": "CNIC"}}]'
    scratch.run("UPDATE listings SET questions = CAST(:questions AS jsonb)", questions=question)
    scratch.run(
        "UPDATE bookings SET answers = jsonb_build_object('cnic', CAST(:sealed AS text))",
        sealed=seal_text("42101-1234567-1"),
    )
    (shown,) = admin.get("/api/admin/pending-verifications")["bookings"]
    assert shown["customer"]["cnic"].endswith("567-1") and "42101" not in shown["customer"]["cnic"]


def test_a_yes_has_the_effect_of_a_yes_in_the_chat(admin: Desk, seeds: Seeds, scratch: Scratch) -> None:
    answer = admin.post(f"/api/admin/booking/{seeds.review.code}/confirm")
    assert answer["success"] is True and answer["booking"]["verification_method"] == "manual_admin"
    assert answer["booking"]["status"] == status(seeds.review) == "PAYMENT_SUCCESS"
    assert seeds.review.id in {booking_id for bells in scratch.rung for _, booking_id in bells}
    did = scratch.row("SELECT person_id, about, origin, data FROM audit WHERE action = 'VERIFY_PAYMENT'")
    assert did.about == f"booking:{seeds.review.id}" and did.origin == "127.0.0.1"
    steps = admin.get(f"/api/admin/booking/{seeds.review.code}/details")["history"]
    assert [s["action"] for s in steps if s["actor"] == "admin"] == ["VERIFY", "RECORD_PAYMENT"]
    again = admin.call("POST", f"/api/admin/booking/{seeds.review.code}/confirm")
    assert again.status_code == 409 and code_of(again) == "ILLEGAL_TRANSITION"


def test_a_no_tells_why(admin: Desk, seeds: Seeds) -> None:
    reason = "Amount mismatch -\nExpected Rs. 5000,\treceived Rs. 4500"
    answer = admin.post(f"/api/admin/booking/{seeds.review.code.lower()}/reject", {"reason": reason})
    assert answer["booking"] == {
        "booking_id": seeds.review.code,
        "status": "PAYMENT_PENDING",
        "rejection_reason": "Amount mismatch - Expected Rs. 5000, received Rs. 4500",
    }
    assert status(seeds.review) == "PAYMENT_PENDING"
    again = admin.call("POST", f"/api/admin/booking/{seeds.review.code}/reject", json={"reason": "no"})
    assert again.status_code == 409


def test_the_same_key_has_one_effect_and_one_answer(admin: Desk, seeds: Seeds, scratch: Scratch) -> None:
    address = f"/api/admin/booking/{seeds.review.code}/reject"
    answers = []

    def ask() -> None:
        answers.append(admin.call("POST", address, json={"reason": "no"}, headers={"Idempotency-Key": "one"}))

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.data for answer in answers}) == 1
    assert sorted(answer.headers.get("Idempotent-Replayed", "") for answer in answers) == ["", *["true"] * 4]
    assert make_events(scratch, seeds.review).count("REJECT_PAYMENT") == 1
    other = admin.call("POST", address, json={"reason": "another"}, headers={"Idempotency-Key": "one"})
    assert other.status_code == 409 and code_of(other) == "IDEMPOTENCY_KEY_REUSED"


def test_what_failed_leaves_no_key_behind(admin: Desk, seeds: Seeds) -> None:
    address = f"/api/admin/booking/{seeds.review.code}/confirm"
    first = admin.call(
        "POST", address.replace(seeds.review.code, "BK-20260101-AAAAA"), headers={"Idempotency-Key": "k"}
    )
    assert first.status_code == 404
    assert admin.call("POST", address, headers={"Idempotency-Key": "k"}).status_code == 200


def make_events(scratch: Scratch, booking: Booking) -> list[str]:
    rows = scratch.rows("SELECT action FROM booking_events WHERE booking_id = :id", id=booking.id)
    return [row.action for row in rows]


def test_money_that_is_nobodys_is_listed_with_those_it_may_be_for(admin: Desk, seeds: Seeds) -> None:
    answer = admin.get("/api/admin/unmatched-payments")
    assert answer["count"] == 1
    (shown,) = answer["payments"]
    assert shown["payment_id"] == seeds.unmatched and shown["source"] == "gmail"
    assert shown["sender_name"] == "AYESHA K" and shown["currency"] == "PKR"
    (candidate,) = shown["candidates"]
    assert (candidate["booking_id"], candidate["score"], candidate["why"]) == (
        seeds.waiting.code,
        50,
        ["amount"],
    )
    details = admin.get(f"/api/admin/booking/{seeds.waiting.code}/details")
    assert details["candidates"] == [candidate]


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        (
            b"Subject: =?utf-8?q?Payment_Received_-_NayaPay?=\r\nFrom: a@b\r\n\r\nSubject: not this",
            "Payment Received - NayaPay",
        ),
        (b"Subject: a\x00b\r\n\r\n", "ab"),
        (b"no headers at all", None),
        (b"\xff" * 100_000, None),
    ],
)
def test_the_mails_subject_is_shown(
    admin: Desk, seeds: Seeds, scratch: Scratch, raw: bytes, subject: str | None
) -> None:
    with unit_of_work() as session:
        mail.open_mailbox(session, admin.clock.now())
        mail.keep(session, "18c", raw, received_at=admin.clock.now(), now=admin.clock.now())
    scratch.run("UPDATE payment_evidence SET mail_id = (SELECT id FROM mails) WHERE source = 'gmail'")
    (shown,) = admin.get("/api/admin/unmatched-payments")["payments"]
    assert shown["email_subject"] == subject and shown["email_id"]


def test_pages_hold_still_while_more_comes_in(admin: Desk, scratch: Scratch, clock: MovableClock) -> None:
    with unit_of_work() as session:
        booking = make.by_transfer(session, now=clock.now())
        codes = [money_came(session, booking, now=clock.now()) for _ in range(5)]
    seen, after = [], None
    for page in range(3):
        query = {"limit": 2, **({"after": after} if after is not None else {})}
        answer = admin.get("/api/admin/payments", **query)
        seen += [payment["payment_id"] for payment in answer["payments"]]
        after = answer["next"]
        assert (after is None) == (page == 2)
        with unit_of_work() as session:
            money_came(session, booking, now=clock.now())
    assert seen == codes[::-1]


@pytest.mark.parametrize(
    ("query", "found"),
    [({}, 2), ({"source": "screenshot"}, 1), ({"status": "unmatched"}, 1), ({"status": "verified"}, 0)],
)
def test_the_history_is_narrowed_down(admin: Desk, seeds: Seeds, query: dict[str, Any], found: int) -> None:
    assert len(admin.get("/api/admin/payments", **query)["payments"]) == found


def test_the_history_of_one_booking(admin: Desk, seeds: Seeds) -> None:
    (shown,) = admin.get("/api/admin/payments", booking_id=seeds.review.code)["payments"]
    assert shown["payment_id"] == seeds.picture and shown["booking_id"] == seeds.review.code


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("GET", "/api/admin/booking/BK-20260101-AAAAA/details"),
        ("POST", "/api/admin/booking/BK-20260101-AAAAA/confirm"),
        ("GET", "/api/admin/payment/P-ZZZZ/screenshot"),
        ("GET", "/api/admin/payment/999999999999999999/screenshot"),
    ],
)
def test_what_is_not_there_is_not_found(admin: Desk, seeds: Seeds, method: str, address: str) -> None:
    assert admin.call(method, address).status_code == 404


# ---- saying whose it is ------------------------------------------------------------------------------


def link(admin: Desk, payment: str, booking: Booking, **how: Any) -> Any:
    address = f"/api/admin/payment/{payment}/link-booking"
    return admin.call("POST", address, json={"booking_id": booking.code}, **how)


def test_money_is_linked_to_its_booking_once(admin: Desk, seeds: Seeds, scratch: Scratch) -> None:
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(link(admin, seeds.unmatched.lower(), seeds.waiting)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.json["outcome"] for answer in answers) == ["exact", "known", "known"]
    (good,) = [answer.json for answer in answers if answer.json["outcome"] == "exact"]
    assert good["booking"]["status"] == "PAYMENT_SUCCESS"
    assert good["payment"]["is_counted"] is True and good["payment"]["booking_id"] == seeds.waiting.code
    assert make_events(scratch, seeds.waiting).count("VERIFY") == 1
    with unit_of_work() as session:
        other = make.by_transfer(session, now=admin.clock.now())
    assert code_of(link(admin, seeds.unmatched, other)) == "PAYMENT_COUNTED"
    method = "SELECT verification_method FROM payments WHERE booking_id = :id"
    assert scratch.value(method, id=seeds.waiting.id) == "manual_admin"


def test_too_little_money_asks_for_the_rest(admin: Desk, scratch: Scratch, clock: MovableClock) -> None:
    with unit_of_work() as session:
        booking = make.by_transfer(session, now=clock.now())
        code = money_came(session, booking, now=clock.now(), amount=Money(1000_00, "PKR"))
    answer = link(admin, code, booking)
    assert answer.json["outcome"] == "part" and answer.json["booking"]["status"] == "PAYMENT_PENDING"


def test_money_of_another_currency_is_not_linked(admin: Desk, scratch: Scratch, clock: MovableClock) -> None:
    with unit_of_work() as session:
        booking = make.by_transfer(session, now=clock.now())
        code = money_came(session, booking, now=clock.now(), amount=Money(1000_00, "INR"))
    assert code_of(link(admin, code, booking)) == "OTHER_CURRENCY"


def test_only_what_can_be_believed_is_linked(admin: Desk, seeds: Seeds, scratch: Scratch) -> None:
    assert code_of(link(admin, seeds.picture, seeds.waiting)) == "NOT_LINKABLE"
    scratch.run("UPDATE payment_evidence SET trusted = false WHERE source = 'gmail'")
    assert code_of(link(admin, seeds.unmatched, seeds.waiting)) == "NOT_LINKABLE"
    assert admin.get("/api/admin/unmatched-payments")["count"] == 0
    assert len(admin.get("/api/admin/payments", source="gmail")["payments"]) == 1


def test_a_booking_that_is_paid_by_card_takes_no_transfer(
    admin: Desk, seeds: Seeds, clock: MovableClock
) -> None:
    with unit_of_work() as session:
        booking = make.held(session, now=clock.now())
    assert code_of(link(admin, seeds.unmatched, booking)) == "NO_TRANSFER_AWAITED"
    assert link(admin, "P-ZZZZ", booking).status_code == 404
