"""A confirmed booking becomes one ticket and one message, whatever the PDF and its upload do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import text

from integrations.whatsapp import WhatsApp
from models import db, ticket
from models.booking import Booking
from models.clock import Clock
from tests import factories as make
from tests.conftest import Scratch
from tests.factories import NOW, RULES
from tests.workers.graph import Graph
from workers import tickets
from workers.errands import do
from workers.follow_ups import Due
from workers.tickets import TicketJobs


@pytest.fixture
def graph() -> Iterator[Graph]:
    with Graph().running() as graph:
        yield graph


@pytest.fixture
def jobs(graph: Graph) -> Iterator[TicketJobs]:
    whatsapp = WhatsApp(
        api_url=graph.url, access_token="token", phone_number_id="200000000000001", api_version="v26.0"
    )
    yield TicketJobs(whatsapp, rules=RULES)
    whatsapp.close()


def test_a_ticket_is_made_once_and_sent_as_one_document(
    scratch: Scratch, graph: Graph, jobs: TicketJobs
) -> None:
    booking = _confirmed()
    for _ in range(2):
        _issue(jobs, booking)
    assert len(graph.uploaded) == 1
    assert scratch.value("SELECT status FROM bookings") == "TICKET_GENERATED"
    (message,) = _to_guest(scratch)
    assert (message["kind"], message["media_id"]) == ("document", "1234567890")
    assert message["filename"] == f"{booking.code}.pdf"
    page = _page(booking)
    assert page.view.url in message["caption"]
    assert page.view.code == booking.code
    assert page.pdf is not None
    assert page.pdf.startswith(b"%PDF")


@pytest.mark.parametrize("answer", [131053, 190, "reset", {}, {"id": None}])
def test_a_file_that_whatsapp_does_not_take_is_left_out_and_the_link_goes_alone(
    scratch: Scratch, graph: Graph, jobs: TicketJobs, answer: Any
) -> None:
    booking = _confirmed()
    graph.will["media"] = [answer]
    _issue(jobs, booking)
    (message,) = _to_guest(scratch)
    assert message["kind"] != "document"
    page = _page(booking)
    assert page.view.url in str(message)
    assert page.pdf is not None  # the page has it all the same


def test_a_pdf_that_cannot_be_made_is_left_out_too(
    scratch: Scratch, graph: Graph, jobs: TicketJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking = _confirmed()
    monkeypatch.setattr("integrations.ticket_pdf.ticket_pdf", lambda view: 1 / 0)
    _issue(jobs, booking)
    assert graph.uploaded == []
    (message,) = _to_guest(scratch)
    assert _page(booking).view.url in str(message)
    assert _page(booking).pdf is None


def test_a_booking_that_was_cancelled_gets_no_ticket(
    scratch: Scratch, graph: Graph, jobs: TicketJobs
) -> None:
    booking = _confirmed()
    _cancel(booking)
    _issue(jobs, booking)
    assert graph.uploaded == []
    assert scratch.rows("SELECT 1 FROM tickets UNION ALL SELECT 1 FROM outbound_messages") == []


def test_a_ticket_is_not_issued_when_the_booking_is_cancelled_while_it_is_made(
    scratch: Scratch, graph: Graph, jobs: TicketJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking = _confirmed()
    make_document = TicketJobs._make_document

    def slowly(self: TicketJobs, *what: Any) -> Any:
        _cancel(booking)
        return make_document(self, *what)

    monkeypatch.setattr(tickets.TicketJobs, "_make_document", slowly)
    _issue(jobs, booking)
    assert _to_guest(scratch) == []
    assert scratch.rows("SELECT 1 FROM tickets") == []
    assert scratch.value("SELECT status FROM bookings") == "REFUND_REQUIRED"


def _confirmed() -> Booking:
    with db.unit_of_work() as unit:
        return make.confirmed(unit)


def _issue(jobs: TicketJobs, booking: Booking) -> None:
    with db.unit_of_work() as unit:
        row = unit.execute(
            text(
                "SELECT id, job, booking_id, cause, attempts FROM follow_ups "
                "WHERE booking_id = :id AND job = 'issue_ticket'"
            ),
            {"id": booking.id},
        ).one()
    do(jobs.issue_ticket, Due(*row), Clock())


def _cancel(booking: Booking) -> None:
    with db.unit_of_work() as unit:
        Booking.for_update(unit, booking.id).cancel_by_guest(unit, cause="test", now=NOW)


def _to_guest(scratch: Scratch) -> Sequence[dict[str, Any]]:
    rows = scratch.rows("SELECT message FROM outbound_messages WHERE recipient = 'guest' ORDER BY id")
    return [row.message for row in rows]


def _page(booking: Booking) -> ticket.TicketPage:
    with db.unit_of_work() as unit:
        key = ticket.key_of(unit, booking.id)
        assert key is not None
        page = ticket.find(unit, key, NOW)
    assert page is not None
    return page
