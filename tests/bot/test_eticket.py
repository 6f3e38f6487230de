"""The ticket's page: what it says in each state, what it keeps to itself, that opening it does nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import bot
from bot.eticket import eticket
from models import ticket
from models.db import unit_of_work
from models.stay import Mode
from models.ticket import TicketState
from tests import factories
from tests.conftest import NOW, Scratch
from tests.factories import MovableClock
from tests.integrations.tickets import TICKET

WHOLE = "\u00a0"  # a space that does not break
ENDS = NOW + timedelta(days=2)


@pytest.fixture
def clock(tmp_path: Path) -> MovableClock:
    return MovableClock(tmp_path, NOW)


@pytest.fixture
def browser(scratch: Scratch, clock: MovableClock) -> FlaskClient:
    app = Flask("bot", root_path=str(Path(bot.__file__).parent))
    app.register_blueprint(eticket(clock, public_url="https://bookings.example.com"))
    return app.test_client()


@pytest.fixture
def issue(scratch: Scratch) -> Callable[..., str]:
    """Makes a ticket and returns its key."""

    def issue(pdf: bytes | None = b"%PDF-1.3 as issued", **changes: object) -> str:
        with unit_of_work() as session:
            booking = factories.confirmed(session)
            key, view = ticket.new_key(), replace(TICKET, **changes)  # type: ignore[arg-type]
            ticket.keep(session, booking.id, key, view, pdf, expires_at=ENDS, now=NOW)
        return key

    return issue


def mark(scratch: Scratch, column: str, at: datetime = NOW) -> None:
    scratch.run(f"UPDATE tickets SET {column} = :at", at=at)


def words(page: TestResponse) -> str:
    """The page's text with what only holds its words together left out."""
    return re.sub(r"</?(?:bdi|span)[^>]*>", "", page.text)


def test_a_valid_ticket_shows_the_stay_and_its_code(browser: FlaskClient, issue: Callable[..., str]) -> None:
    page = browser.get(f"/eticket/{issue()}")
    assert page.status_code == 200
    for value in (
        "Valid",
        TICKET.property_name,
        TICKET.code,
        TICKET.guest_name,
        TICKET.check_in,
        TICKET.check_out,
        TICKET.amount_due,
        TICKET.advance_paid,
        TICKET.owner_phone,
        TICKET.host_phone,
        "https://maps.google.com/?q=35.3866,74.5790",
        'role="img"',
        *TICKET.instructions,
    ):
        assert value in words(page), value


def test_a_shift_is_named_and_a_visit_begins_and_ends(
    browser: FlaskClient, issue: Callable[..., str]
) -> None:
    shift = words(browser.get(f"/eticket/{issue(mode=Mode.SHIFT, kind='Shift: Night')}"))
    assert "Shift: Night" in shift
    assert "Check-in" in shift
    visit = words(browser.get(f"/eticket/{issue(mode=Mode.SLOT, kind='Duration: 2 hours')}"))
    assert "Duration: 2 hours" in visit
    assert "Begins" in visit
    assert "Check-in" not in visit


def test_a_ticket_of_an_older_release_is_by_the_night(
    scratch: Scratch, browser: FlaskClient, issue: Callable[..., str]
) -> None:
    key = issue()
    scratch.run("UPDATE tickets SET view = view - 'mode' - 'kind'")
    assert "Check-in" in words(browser.get(f"/eticket/{key}"))


def test_the_numbers_on_the_page_can_be_tapped(browser: FlaskClient, issue: Callable[..., str]) -> None:
    told = ("Carry an ID card.", f"Contact owner if needed: {TICKET.owner_phone}")
    page = browser.get(f"/eticket/{issue(instructions=told)}").text
    assert page.count(f'href="tel:+923000000201">{TICKET.owner_phone}</a>') == 2
    assert "Carry an ID card.</li>" in page
    page = browser.get(f"/eticket/{issue(owner_phone='+92 300 0000201'.replace(' ', WHOLE))}").text
    assert f'href="tel:+923000000201">+92{WHOLE}300{WHOLE}0000201</a>' in page
    page = browser.get(f"/eticket/{issue(instructions=told, owner_phone='')}").text
    assert f"{told[1]}</li>" in page


def test_a_date_on_the_page_breaks_after_its_weekday_only(
    browser: FlaskClient, issue: Callable[..., str]
) -> None:
    key = issue(check_in="Thu\u00a024\u00a0Dec\u00a02026, 2\u00a0pm")
    page = browser.get(f"/eticket/{key}")
    assert "Thu 24\u00a0Dec\u00a02026, 2\u00a0pm" in words(page)


@pytest.mark.parametrize(
    ("column", "word", "shown", "hidden"),
    [
        ("used_at", "Checked in", [TICKET.guest_name, 'role="img"'], []),
        ("voided_at", "Cancelled", [TICKET.check_in], ['role="img"', TICKET.amount_due]),
        ("suspended_at", "On hold", [TICKET.owner_phone], ['role="img"']),
    ],
)
def test_a_ticket_says_why_it_does_not_open_the_door(
    browser: FlaskClient,
    issue: Callable[..., str],
    scratch: Scratch,
    column: str,
    word: str,
    shown: list[str],
    hidden: list[str],
) -> None:
    key = issue()
    mark(scratch, column)
    page = browser.get(f"/eticket/{key}")
    assert page.status_code == 200
    assert f"<b>{word}</b>" in page.text
    assert all(value in words(page) for value in shown)
    assert not any(value in words(page) for value in hidden)
    assert browser.get(f"/eticket/{key}.pdf").data != b"%PDF-1.3 as issued"  # that one says that it is valid


def test_after_the_stay_nothing_of_the_guest_is_left(
    browser: FlaskClient, issue: Callable[..., str], clock: MovableClock
) -> None:
    key = issue()
    clock.move(timedelta(days=2, minutes=1))
    for path in (f"/eticket/{key}", f"/eticket/{key}.pdf", f"/eticket/{key}.png"):
        page = browser.get(path)
        assert page.status_code == 410
        assert "<b>Expired</b>" in page.text
        for value in (
            TICKET.guest_name,
            TICKET.owner_phone,
            TICKET.amount_due,
            TICKET.check_in,
            "pi_3QabcDEF",
        ):
            assert value not in words(page)


def test_the_files_are_what_they_say(browser: FlaskClient, issue: Callable[..., str]) -> None:
    key = issue()
    pdf, png = browser.get(f"/eticket/{key}.pdf"), browser.get(f"/eticket/{key}.png")
    assert (pdf.data, pdf.mimetype) == (b"%PDF-1.3 as issued", "application/pdf")
    assert pdf.headers["Content-Disposition"] == f'inline; filename="{TICKET.code}.pdf"'
    assert (png.data[:4], png.mimetype) == (b"\x89PNG", "image/png")


def test_a_pdf_that_failed_when_it_was_issued_is_made_now(
    browser: FlaskClient, issue: Callable[..., str]
) -> None:
    assert browser.get(f"/eticket/{issue(pdf=None)}.pdf").data.startswith(b"%PDF-1.")


@pytest.mark.parametrize(
    "path",
    [
        "nope",
        "A" * 24,
        "A" * 24 + ".pdf",
        "A" * 200,
        "%00" * 20,
        "..%2f..%2fetc%2fpasswd",
        "ä" * 20,
        "' OR 1=1 --aaaaaaaaaa",
        "A" * 24 + ".exe",
        "A" * 24 + ".pdf.pdf",
    ],
)
def test_a_key_that_nobody_was_given_is_met_kindly(browser: FlaskClient, path: str) -> None:
    page = browser.get(f"/eticket/{path}")
    assert page.status_code == 404
    assert "No ticket here" in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_opening_a_ticket_has_no_effect(
    browser: FlaskClient, issue: Callable[..., str], scratch: Scratch
) -> None:
    key = issue()
    scratch.rung.clear()
    before = scratch.rows("SELECT * FROM tickets"), scratch.rows("SELECT * FROM booking_events")
    for suffix in ("", ".pdf", ".png", ""):
        browser.get(f"/eticket/{key}{suffix}")
        browser.head(f"/eticket/{key}{suffix}")
    assert before == (scratch.rows("SELECT * FROM tickets"), scratch.rows("SELECT * FROM booking_events"))
    assert scratch.rung == []
    assert browser.post(f"/eticket/{key}").status_code == 405


def test_nobody_keeps_indexes_frames_or_scripts_it(browser: FlaskClient, issue: Callable[..., str]) -> None:
    key = issue(guest_name="<script>alert(1)</script>", property_name='"><img src=x onerror=alert(1)>')
    pages: list[TestResponse] = [browser.get(f"/eticket/{key}{suffix}") for suffix in ("", ".pdf", ".png")]
    for page in pages:
        assert page.headers["Cache-Control"] == "no-store"
        assert "noindex" in page.headers["X-Robots-Tag"]
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    text = pages[0].text
    assert "<script" not in text
    assert "<img" not in text
    assert "style=" not in text  # the policy allows the one sheet, by its hash, and no other style
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.S)
    assert _hash(style) in pages[0].headers["Content-Security-Policy"]


def test_every_state_has_words_of_its_own() -> None:
    from bot.eticket import NOTICES

    assert NOTICES.keys() == set(TicketState)
    assert len({notice.word for notice in NOTICES.values()}) == len(TicketState)


def _hash(style: str) -> str:
    import base64
    import hashlib

    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


def test_the_owner_checks_in_from_a_valid_ticket_alone(
    scratch: Scratch, clock: MovableClock, issue: Callable[..., str]
) -> None:
    app = Flask("bot", root_path=str(Path(bot.__file__).parent))
    pages = eticket(clock, public_url="https://bookings.example.com", whatsapp_number="+1 555 000 1111")
    app.register_blueprint(pages)
    browser, key = app.test_client(), issue()
    code = f"{TICKET.code}-{ticket.chat_code(key)}"
    link = f'href="https://wa.me/15550001111?text=Check%20in%20{code}"'
    assert link in browser.get(f"/eticket/{key}").text
    assert scratch.value("SELECT used_at FROM tickets") is None, "opening it has no effect"
    mark(scratch, "used_at")
    assert "wa.me" not in browser.get(f"/eticket/{key}").text


def test_without_a_number_the_page_says_what_to_type(browser: FlaskClient, issue: Callable[..., str]) -> None:
    key = issue()
    page = browser.get(f"/eticket/{key}").text
    assert "wa.me" not in page
    assert f"Check in {TICKET.code}-{ticket.chat_code(key)}" in page
