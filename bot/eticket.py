"""The e-ticket for everyone who has its key: a page, the PDF, and the QR code as a picture.

Opening it has no effect, whoever does. After the stay nothing of the guest is on it any more.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from flask import Blueprint, Response, render_template

from models import ticket
from models.clock import Clock
from models.db import unit_of_work
from models.ticket import TicketPage, TicketState

# Loaded with the first ticket that is asked for, for the web process rarely needs them:
# integrations.qr, integrations.ticket_pdf

KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
CSS = (Path(__file__).parent / "templates" / "eticket.css").read_text()
_CSS_HASH = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()

HEADERS = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_CSS_HASH}'; img-src data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
}


@dataclass(frozen=True, slots=True)
class Notice:
    """What the page says about a ticket in this state, and what it still shows."""

    word: str
    sentence: str
    shows_stay: bool = True
    shows_code: bool = True


NOTICES = {
    TicketState.VALID: Notice("Valid", "Show this page or its QR code when you arrive."),
    TicketState.USED: Notice("Checked in", "This ticket has been used: the guest has arrived."),
    TicketState.EXPIRED: Notice(
        "Expired", "The stay is over and this ticket with it.", shows_stay=False, shows_code=False
    ),
    TicketState.VOID: Notice(
        "Cancelled", "This booking was cancelled. The ticket is not valid.", shows_code=False
    ),
    TicketState.SUSPENDED: Notice(
        "On hold",
        "The payment of this booking is being checked. Please call your host before you travel.",
        shows_code=False,
    ),
}


def eticket(clock: Clock, *, public_url: str, whatsapp_number: str = "") -> Blueprint:
    """The pages of all tickets.

    Args:
        whatsapp_number: where the owner's “check in” leads; without one the page says what to type.
    """
    pages = Blueprint("eticket", __name__)

    def find(key: str) -> TicketPage | None:
        if not KEY.fullmatch(key):
            return None
        with unit_of_work() as session:
            return ticket.find(session, key, clock.now())

    @pages.get("/eticket/<path:key>")
    def page(key: str) -> Response:
        key, _, kind = key.partition(".")
        found = find(key)
        if found is None or kind not in ("", "pdf", "png"):
            return _answer(render_template("eticket_unknown.html", css=CSS), status=404)
        notice = NOTICES[found.view.state]
        if kind == "" or not notice.shows_stay or (kind == "png" and not notice.shows_code):
            address = f"{public_url}/eticket/{key}"
            return _page(found, notice, key, address, whatsapp_number)
        return _pdf(found) if kind == "pdf" else _png(f"{public_url}/eticket/{key}")

    return pages


def _page(found: TicketPage, notice: Notice, key: str, address: str, whatsapp_number: str) -> Response:
    from integrations.qr import qr_svg_path

    # What the owner sends from their own chat; from anybody else it has no effect.
    words = f"Check in {found.view.code}-{ticket.chat_code(key)}"
    digits = "".join(filter(str.isdecimal, whatsapp_number))
    chat = f"https://wa.me/{digits}?text={quote(words)}" if digits else None

    side, path = qr_svg_path(address) if notice.shows_code else (0, "")
    html = render_template(
        "eticket.html",
        t=found.view,
        notice=notice,
        key=key,
        side=side,
        path=path,
        css=CSS,
        words=words,
        chat=chat,
    )
    # Gone, not missing: what asks again by itself (a mail scanner, a preview) may stop asking.
    return _answer(html, status=200 if notice.shows_stay else 410)


def _pdf(found: TicketPage) -> Response:
    """The file as it was issued; made anew where it failed then or the ticket has changed since."""
    file = found.pdf
    if file is None or found.view.state is not TicketState.VALID:
        from integrations.ticket_pdf import ticket_pdf

        file = ticket_pdf(found.view)
    response = _answer(file, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{found.view.code}.pdf"'
    return response


def _png(address: str) -> Response:
    from integrations.qr import qr_png

    return _answer(qr_png(address), mimetype="image/png")


def _answer(body: str | bytes, *, status: int = 200, mimetype: str = "text/html") -> Response:
    return Response(body, status=status, mimetype=mimetype, headers=HEADERS)
