"""What a guest shows is fetched, sealed and shown to the admins, whatever WhatsApp does meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from integrations.receipts import PaymentStatus, Receipt
from integrations.whatsapp import MediaRefused, WhatsAppUnknown
from models import db, evidence, reading
from models import person as people
from models.booking import Booking
from models.evidence import Evidence
from models.matching import Transfer
from tests import factories as make
from tests.conftest import Scratch
from tests.factories import NOW, RULES
from workers.errands import do
from workers.evidence import PICTURE_TRIES, EvidenceJobs
from workers.follow_ups import Due, fail

JPEG = b"\xff\xd8\xff\xe0 a picture"


class Pictures:
    """WhatsApp as far as files go: hands out what was sent, takes copies, or fails as it is told."""

    def __init__(self) -> None:
        self.sent: dict[str, Any] = {}
        self.fails: list[Exception] = []
        self.fetched: list[str] = []
        self.uploaded: list[bytes] = []
        self.says: dict[bytes, Receipt | Exception] = {}
        self.read_so_far: list[bytes] = []

    def download(self, media_id: str, *, most: int) -> tuple[bytes, str]:
        self.fetched.append(media_id)
        found = self.sent[media_id]
        if isinstance(found, Exception):
            raise found
        return found, "image/jpeg"

    def upload(self, content: bytes, mime_type: str, filename: str) -> str:
        if self.fails:
            raise self.fails.pop()
        self.uploaded.append(content)
        return f"ours-{len(self.uploaded)}"

    def read(self, picture: bytes) -> Receipt:
        """The engine of this machine: what it reads off each picture, or none."""
        self.read_so_far.append(picture)
        said = self.says.get(picture, Receipt(failure="no_engine"))
        if isinstance(said, Exception):
            raise said
        return said


@pytest.fixture
def pictures() -> Pictures:
    return Pictures()


def test_a_picture_is_sealed_and_shown_above_the_buttons(scratch: Scratch, pictures: Pictures) -> None:
    pictures.sent["media-1"] = JPEG
    booking = _review(media_id="media-1")
    for _ in range(2):
        _show(scratch, pictures)
    assert (pictures.fetched, pictures.uploaded) == (["media-1"], [JPEG])
    message, template = _told(scratch)
    assert message["image_id"] == "ours-1"
    assert [title for _id, title in message["buttons"]] == ["Verify", "Reject"]
    assert booking.code in message["body"]
    assert template["name"] == "payment_to_check"
    assert JPEG not in bytes(scratch.value("SELECT content FROM payment_evidence"))


def test_a_guest_who_only_says_so_is_looked_for_too(scratch: Scratch, pictures: Pictures) -> None:
    _review()
    _show(scratch, pictures)
    assert "has sent no picture" in _told(scratch)[0]["body"]


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (b"%PDF-1.7", "no picture that we can read"),
        (MediaRefused("too_large"), "larger than 5 MB"),
        (MediaRefused("strange_address"), "did not hand it out"),
    ],
)
def test_what_is_no_picture_is_said_at_once(
    scratch: Scratch, pictures: Pictures, sent: Any, why: str
) -> None:
    pictures.sent["media-1"] = sent
    _review(media_id="media-1")
    _show(scratch, pictures)
    message, _template = _told(scratch)
    assert why in message["body"]
    assert "image_id" not in message


def test_a_picture_that_does_not_come_is_not_waited_for_for_ever(
    scratch: Scratch, pictures: Pictures
) -> None:
    pictures.sent["media-1"] = WhatsAppUnknown("no answer in time")
    _review(media_id="media-1")
    for _ in range(PICTURE_TRIES):
        _show(scratch, pictures)
    assert len(pictures.fetched) == PICTURE_TRIES
    assert "did not hand it out" in _told(scratch)[0]["body"]


def test_what_is_sealed_is_not_fetched_again(scratch: Scratch, pictures: Pictures) -> None:
    pictures.sent["media-1"] = JPEG
    pictures.fails.append(WhatsAppUnknown("no answer in time"))
    _review(media_id="media-1")
    for _ in range(2):
        _show(scratch, pictures)
    assert pictures.fetched == ["media-1"]
    assert _told(scratch)[0]["image_id"] == "ours-1"


def test_who_was_verified_meanwhile_is_shown_to_nobody(scratch: Scratch, pictures: Pictures) -> None:
    booking = _review()
    with db.unit_of_work() as unit:
        admin = make.Actor("admin", people.admins_on_duty(unit)[0])
        Booking.for_update(unit, booking.id).record_transfer(
            unit, actor=admin, rules=RULES, cause="inbound:77", now=NOW
        )
    _show(scratch, pictures)
    assert scratch.rows("SELECT 1 FROM outbound_messages WHERE kind = 'payment_to_check'") == []


# ---- what stands on it ------------------------------------------------------------------------------

SHOWS = Receipt(
    is_receipt=True,
    status=PaymentStatus.SUCCESS,
    transaction_id="6565f0a1c2b3d4e5f6a7b8c9",
    sender_name="SANA TARIQ",
    provider="nayapay",
    engine="tesseract",
)


def _sends(pictures: Pictures, receipt: Receipt | Exception, *, media_id: str = "media-1") -> Booking:
    """A picture that shows this, with amount and account as they were asked for."""
    booking = _review(media_id=media_id)
    picture = JPEG + media_id.encode()
    pictures.sent[media_id] = picture
    if isinstance(receipt, Receipt) and receipt.is_receipt and receipt.amount is None:
        asked = booking.advance
        receipt = replace(receipt, amount=Decimal(asked.minor) / 100, currency=asked.currency)
    pictures.says[picture] = receipt
    return booking


def _guest_told(scratch: Scratch) -> list[str]:
    rows = scratch.rows("SELECT message FROM outbound_messages WHERE kind = 'picture_read' ORDER BY id")
    return [row.message["body"] for row in rows]


def test_what_was_read_is_shown_beside_what_was_asked_for(scratch: Scratch, pictures: Pictures) -> None:
    _sends(pictures, SHOWS)
    for _ in range(2):
        _show(scratch, pictures)
    body = _told(scratch)[0]["body"]
    assert "6565f0a1c2b3d4e5f6a7b8c9" in body
    assert "from SANA TARIQ" in body
    assert "The amount is the one that was asked for." in body
    assert "proves nothing" in body
    assert _guest_told(scratch) == []
    assert len(pictures.read_so_far) == 1
    row = scratch.row(
        "SELECT transaction_id, amount_minor, sender_name, issuer, status FROM payment_evidence"
    )
    assert row.transaction_id == "6565F0A1C2B3D4E5F6A7B8C9"
    assert (row.sender_name, row.issuer, row.status) == ("SANA TARIQ", "nayapay", "pending")


@pytest.mark.parametrize(
    ("change", "admin", "guest"),
    [
        ({"status": PaymentStatus.PENDING}, "still pending", "still pending"),
        ({"status": PaymentStatus.FAILED}, "failed", "failed"),
        ({"receiver_name": "HINA RAUF", "receiver_account_tail": "4321"}, "somebody else", "HINA RAUF"),
        ({"amount": Decimal("1.00"), "currency": "PKR"}, "not the one that was asked for", None),
        ({"occurred_at": NOW - timedelta(days=90)}, "older", None),
    ],
)
def test_what_is_amiss_is_said_to_whom_it_helps(
    scratch: Scratch, pictures: Pictures, change: dict[str, Any], admin: str, guest: str | None
) -> None:
    _sends(pictures, replace(SHOWS, **change))
    _show(scratch, pictures)
    message, _template = _told(scratch)
    assert admin in message["body"]
    assert message["image_id"] == "ours-1"
    told = _guest_told(scratch)
    assert len(told) == (guest is not None)
    assert guest is None or guest in told[0]


def test_no_receipt_is_said_to_both_and_the_picture_is_not_lost(scratch: Scratch, pictures: Pictures) -> None:
    booking = _sends(pictures, Receipt(is_receipt=False, engine="tesseract"))
    _show(scratch, pictures)
    assert "does not look like a receipt" in _told(scratch)[0]["body"]
    (told,) = _guest_told(scratch)
    assert "cannot see a payment" in told
    with db.unit_of_work() as unit:
        assert Booking.get(unit, booking.id).is_in_review
        assert Evidence.being_checked(unit, booking.id) is not None


@pytest.mark.parametrize("fault", [Receipt(failure="too_slow"), Receipt(failure="crashed"), MemoryError()])
def test_an_engine_that_fails_costs_the_reading_alone(
    scratch: Scratch, pictures: Pictures, fault: Any
) -> None:
    _sends(pictures, fault)
    _show(scratch, pictures)
    message, _template = _told(scratch)
    assert message["image_id"] == "ours-1"
    assert "It shows" not in message["body"]
    assert _guest_told(scratch) == []


def test_the_same_payment_for_a_second_booking_is_flagged(scratch: Scratch, pictures: Pictures) -> None:
    """Another picture of it, too: by its transaction id, and by how it looks."""
    look = "01" * 528
    first = _sends(pictures, replace(SHOWS, look=look))
    _show(scratch, pictures)
    scratch.run("UPDATE outbound_messages SET kind = 'earlier'")
    _sends(pictures, replace(SHOWS, look="1" * 9 + look[9:]), media_id="media-2")
    _show(scratch, pictures)
    assert f"transaction ID was shown before, for {first.code}" in _told(scratch)[0]["body"]
    scratch.run("UPDATE outbound_messages SET kind = 'earlier'")
    _sends(
        pictures, Receipt(is_receipt=False, engine="tesseract", look="1" * 12 + look[12:]), media_id="media-3"
    )
    _show(scratch, pictures)
    assert f"looks much like a picture that came before, for {first.code}" in _told(scratch)[0]["body"]


def test_receipts_of_one_app_are_told_apart_by_their_ids(scratch: Scratch, pictures: Pictures) -> None:
    look = "01" * 528
    _sends(pictures, replace(SHOWS, look=look))
    _show(scratch, pictures)
    scratch.run("UPDATE outbound_messages SET kind = 'earlier'")
    _sends(pictures, replace(SHOWS, transaction_id="ade9423276ca7523fd60a112", look=look), media_id="media-2")
    _show(scratch, pictures)
    assert "before" not in _told(scratch)[0]["body"]


def test_a_mail_that_tells_of_the_same_transaction_is_named(scratch: Scratch, pictures: Pictures) -> None:
    booking = _sends(pictures, SHOWS)
    with db.unit_of_work() as unit:
        transfer = Transfer(
            "nayapay", booking.advance, transaction_id="6565f0a1c2b3d4e5f6a7b8c9", told_at=NOW
        )
        evidence.keep_transfer(
            unit,
            source=evidence.GMAIL,
            transfer=transfer,
            trusted=True,
            known_form=True,
            message_id="m-1",
            now=NOW,
        )
        unit.execute(text("UPDATE payment_evidence SET match_at = NULL WHERE source = 'gmail'"))
    _show(scratch, pictures)
    body = _told(scratch)[0]["body"]
    assert "A mail that we trust tells of the same transaction." in body
    assert "before" not in body  # the mail is no earlier picture
    # And the mail is looked at again, now that a picture says whose it is.
    assert scratch.value("SELECT match_at FROM payment_evidence WHERE source = 'gmail'") is not None
    with db.unit_of_work() as unit:
        shown = Evidence.of_booking(unit, booking.id)[-1]
        kept = reading.of(unit, shown.id)
        assert kept is not None
        assert kept.transaction_id == "6565f0a1c2b3d4e5f6a7b8c9"


def test_a_page_full_of_ids_names_no_more_than_a_receipt_does(scratch: Scratch, pictures: Pictures) -> None:
    guesses = tuple(f"4711000{n:04}" for n in range(200))
    _sends(pictures, replace(SHOWS, other_ids=guesses))
    _show(scratch, pictures)
    assert scratch.value("SELECT other_ids FROM payment_evidence") == list(guesses[: evidence.MOST_OTHER_IDS])


def test_a_picture_of_more_pixels_than_any_phone_takes_is_not_passed_on(
    scratch: Scratch, pictures: Pictures
) -> None:
    pictures.sent["media-1"] = (
        b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + (100_000).to_bytes(4, "big") * 2 + b"\x08\0\0\0\0"
    )
    _review(media_id="media-1")
    _show(scratch, pictures)
    assert "larger than any phone takes one" in _told(scratch)[0]["body"]
    assert pictures.read_so_far == []


def _review(*, media_id: str | None = None) -> Booking:
    with db.unit_of_work() as unit:
        if not people.admins_on_duty(unit):
            make.person(unit, name="Imran", role=people.ADMIN)
        booking, shown = make.by_transfer(unit), None
        if media_id is not None:
            shown = evidence.keep_picture(
                unit, person_id=booking.person_id, media_id=media_id, mime_type="image/jpeg", now=NOW
            )
        booking.submit_evidence(unit, rules=RULES, cause="inbound:7", now=NOW, evidence_id=shown)
        return booking


def _show(scratch: Scratch, pictures: Pictures) -> None:
    """The errand once, as its crew does it."""
    rows = scratch.rows(
        "SELECT id, job, booking_id, cause, attempts FROM follow_ups WHERE job = 'show_evidence' AND done_at IS NULL"
    )
    jobs = EvidenceJobs(pictures, rules=RULES, read=pictures.read).jobs()  # type: ignore[arg-type]
    for row in rows:
        due = Due(*row)
        try:
            do(jobs[due.job], due, _Still())  # type: ignore[arg-type]
        except WhatsAppUnknown as error:
            fail(due, error, NOW)


class _Still:
    def now(self) -> Any:
        return NOW


def _told(scratch: Scratch) -> tuple[Any, Any]:
    """What the admin was told, once."""
    row = scratch.row("SELECT message, template FROM outbound_messages WHERE kind = 'payment_to_check'")
    return row.message, row.template
