"""What a guest shows is fetched, sealed and shown to the admins, whatever WhatsApp does meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.whatsapp import MediaRefused, WhatsAppUnknown
from models import db, evidence
from models import person as people
from models.booking import Booking
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


def _review(*, media_id: str | None = None) -> Booking:
    with db.unit_of_work() as unit:
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
    jobs = EvidenceJobs(pictures, rules=RULES).jobs()  # type: ignore[arg-type]
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
