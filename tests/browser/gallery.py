"""One of every kind of message, in both directions, for the pictures of `test_gallery`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from sandbox.driver import Person
from tests.sandbox.desk import ACCOUNT, NUMBER, wamid_of

SAMPLES = Path(__file__).parents[2] / "sandbox" / "page" / "samples"
PHOTO, VIDEO, VOICE, STICKER, PDF = (
    (SAMPLES / name).read_bytes()
    for name in ("valley.jpg", "boat.mp4", "voice.ogg", "chai.webp", "id-card.pdf")
)
LONG = (
    "The huts stand in a garden of apricot trees above the river. "
    "In the morning you see Rakaposhi from your bed; in the evening the family cooks for everyone. "
)
PLACE = {
    "latitude": 36.3265,
    "longitude": 74.6692,
    "name": "Karimabad Garden Inn",
    "address": "Karimabad, Hunza",
}
CARD = {
    "name": {"formatted_name": "Bilal Ahmed", "first_name": "Bilal"},
    "phones": [{"phone": "+92 300 0000201", "wa_id": "923000000201", "type": "CELL"}],
}


class Business:
    """The business's side of the line: sends whatever it is told through the Cloud API."""

    def __init__(self, graph: httpx.Client) -> None:
        self._graph = graph

    def sends(self, to: Person, kind: str, node: Any, **more: Any) -> str:
        body = {"messaging_product": "whatsapp", "to": to.phone, "type": kind, kind: node, **more}
        return wamid_of(self._graph.post(f"/{NUMBER}/messages", json=body))

    def text(self, to: Person, body: str, **more: Any) -> str:
        return self.sends(to, "text", {"body": body}, **more)

    def interactive(self, to: Person, kind: str, body: str, action: Any, **more: Any) -> str:
        return self.sends(to, "interactive", {"type": kind, "body": {"text": body}, "action": action, **more})

    def uploads(self, name: str, data: bytes, mime: str) -> str:
        form = {"messaging_product": "whatsapp", "type": mime}
        answer = self._graph.post(f"/{NUMBER}/media", data=form, files={"file": (name, data, mime)})
        return str(answer.json()["id"])

    def makes_template(self, name: str, *components: Mapping[str, Any]) -> None:
        given = {"name": name, "language": "en", "category": "UTILITY", "components": list(components)}
        self._graph.post(f"/{ACCOUNT}/message_templates", json=given).raise_for_status()

    def types(self, about: str) -> None:
        """Marks a message as read, with a typing indicator."""
        body = {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": about,
            "typing_indicator": {"type": "text"},
        }
        self._graph.post(f"/{NUMBER}/messages", json=body).raise_for_status()


def words(business: Business, person: Person) -> None:
    """Text in its shapes: formatted, with links, long, from the right, emoji alone."""
    person.says("Assalam o alaikum")
    business.text(person, "*Bold*, _italic_, ~struck~ and ```mono```, *_both_*, 2*3*4 and snake_case stay.")
    business.text(person, "Your ticket: https://sarai.example/eticket/abc123 — or call +92 300 0000201.")
    business.text(person, "We have:\n- huts\n- camps\n1. Hunza\n2. Skardu\n> You asked for a quiet place.")
    person.says("*jazakallah*, send me https://maps.example please")
    business.text(person, LONG * 8)
    business.text(person, "خوش آمدید! آپ کہاں ٹھہرنا چاہیں گے؟\n*کمرہ* یا خیمہ؟")
    person.says("مجھے ہنزہ میں دو راتوں کے لیے کمرہ چاہیے۔")
    business.text(person, "नमस्ते! आप कब आना चाहेंगे?")
    person.says("👍")
    person.says("🙏❤️")


def choices(business: Business, person: Person) -> None:
    """Buttons, lists, links, with each kind of header."""
    person.says("hi")
    replies = [
        {"type": "reply", "reply": {"id": f"b-{name}", "title": name}}
        for name in ("Book a stay", "My bookings", "Help")
    ]
    business.interactive(
        person,
        "button",
        "Welcome to *Sarai*. What would you like to do?",
        {"buttons": replies},
        footer={"text": "Type “menu” at any time"},
    )
    person.taps("Book a stay")
    rows = [
        {"id": f"r-{n}", "title": f"{20 + n} Nov 2026", "description": "Free · Rs. 8,500 a night"}
        for n in range(5)
    ]
    business.interactive(
        person,
        "list",
        "Which day do you arrive?",
        {"button": "Choose a day", "sections": [{"title": "Free days", "rows": rows}]},
        header={"type": "text", "text": "Karimabad Garden Inn"},
        footer={"text": "Times are local"},
    )
    person.taps("22 Nov 2026")
    photo = business.uploads("room.jpg", PHOTO, "image/jpeg")
    business.interactive(
        person,
        "button",
        "*Garden room*\nTwo beds, breakfast, view of Rakaposhi.",
        {"buttons": replies[:1]},
        header={"type": "image", "image": {"id": photo}},
    )
    pdf = business.uploads("summary.pdf", PDF, "application/pdf")
    business.interactive(
        person,
        "cta_url",
        "We keep the place for you for 15 minutes.",
        {"name": "cta_url", "parameters": {"display_text": "Pay Rs. 8,500", "url": "https://pay.example/1"}},
        header={"type": "document", "document": {"id": pdf, "filename": "Summary.pdf"}},
        footer={"text": "Card payments by Stripe"},
    )


def files(business: Business, person: Person) -> None:
    """Pictures, films, voices, stickers and papers, from both."""
    person.says("photos please")
    photo = business.uploads("room.jpg", PHOTO, "image/jpeg")
    business.sends(person, "image", {"id": photo, "caption": "The garden in June"})
    business.sends(person, "image", {"id": photo})
    pdf = business.uploads("ticket.pdf", PDF, "application/pdf")
    business.sends(
        person,
        "document",
        {
            "id": pdf,
            "filename": "BK-20261122-7K3QX.pdf",
            "caption": "Your e-ticket: https://sarai.example/eticket/abc",
        },
    )
    person.sends_image(PHOTO, caption="Is it this one?")
    person.sends_document(PDF, filename="id-card.pdf")
    person.sends_file("video", VIDEO, mime="video/mp4")
    person.sends_voice(VOICE)
    person.sends_file("sticker", STICKER, mime="image/webp")
    business.sends(
        person, "video", {"id": business.uploads("boat.mp4", VIDEO, "video/mp4"), "caption": "Attabad Lake"}
    )
    business.sends(person, "audio", {"id": business.uploads("voice.ogg", VOICE, "audio/ogg"), "voice": True})
    business.sends(person, "sticker", {"id": business.uploads("chai.webp", STICKER, "image/webp")})


def places(business: Business, person: Person) -> None:
    """Where and who: locations and contacts, sent and asked for."""
    person.says("where is it?")
    business.sends(person, "location", PLACE)
    business.sends(person, "contacts", [CARD])
    business.interactive(
        person,
        "location_request_message",
        "Where are you? We tell you how far it is.",
        {"name": "send_location"},
    )
    person.shares_location(36.3229, 74.6667, name="Karimabad Bazaar", address="Hunza, Gilgit-Baltistan")
    person.shares_location(36.30, 74.66)
    business.interactive(
        person,
        "request_contact_info",
        "Owners need a number to call. Would you share yours?",
        {"name": "request_contact_info"},
    )
    person.taps("Share phone number")
    person.sends_card("Meera Iyer", "+91 900 0000202")


def templates(business: Business, person: Person, settled: Callable[[], object]) -> None:
    """Templates with each kind of header and button."""
    person.says("hello")
    quick = [{"type": "QUICK_REPLY", "text": "Confirm"}, {"type": "QUICK_REPLY", "text": "Decline"}]
    body = {
        "type": "BODY",
        "text": "Booking {{1}} is waiting for your answer.",
        "example": {"body_text": [["BK-1"]]},
    }
    footer = {"type": "FOOTER", "text": "Sarai bookings"}
    link = {"type": "URL", "text": "Open ticket", "url": "https://sarai.example/eticket/abc"}
    call = {"type": "PHONE_NUMBER", "text": "Call the host", "phone_number": "+923000000201"}
    code = {"type": "COPY_CODE", "example": "HUNZA10"}
    business.makes_template(
        "gallery_text",
        {"type": "HEADER", "format": "TEXT", "text": "New booking request"},
        body,
        footer,
        {"type": "BUTTONS", "buttons": quick},
    )
    example = {"header_handle": ["4::aW"]}
    business.makes_template(
        "gallery_image",
        {"type": "HEADER", "format": "IMAGE", "example": example},
        body,
        {"type": "BUTTONS", "buttons": [link, call]},
    )
    business.makes_template(
        "gallery_document", {"type": "HEADER", "format": "DOCUMENT", "example": example}, body, footer
    )
    business.makes_template(
        "gallery_location",
        {"type": "HEADER", "format": "LOCATION"},
        body,
        {"type": "BUTTONS", "buttons": [code]},
    )
    settled()

    def send(name: str, *components: Any) -> None:
        filled = {"type": "body", "parameters": [{"type": "text", "text": "BK-20261122-7K3QX"}]}
        business.sends(
            person,
            "template",
            {"name": name, "language": {"code": "en"}, "components": [filled, *components]},
        )

    def header(kind: str, value: Any) -> Any:
        return {"type": "header", "parameters": [{"type": kind, kind: value}]}

    send("gallery_text")
    send("gallery_image", header("image", {"id": business.uploads("room.jpg", PHOTO, "image/jpeg")}))
    pdf = business.uploads("ticket.pdf", PDF, "application/pdf")
    send("gallery_document", header("document", {"id": pdf, "filename": "Ticket.pdf"}))
    copied = [{"type": "coupon_code", "coupon_code": "HUNZA10"}]
    copy = {"type": "button", "sub_type": "COPY_CODE", "index": 0, "parameters": copied}
    send("gallery_location", header("location", PLACE), copy)


def talk(business: Business, person: Person) -> None:
    """Answers to messages, reactions, what was deleted, what cannot be shown, what did not arrive."""
    person.says("Is breakfast included?")
    asked = person.chat()[-1]
    business.text(person, "Yes, from 8 to 10.", context={"message_id": asked.id})
    answer = person.sees("from 8 to 10")
    person.replies("Can we have it at 7?", to=answer)
    person.reacts("👍", to=answer)
    wish = person.chat()[-1]
    business.sends(person, "reaction", {"message_id": wish.id, "emoji": "🙏"})
    person.says("oops, wrong chat")
    person.deletes(person.chat()[-1])
    person.sends_unsupported()
    person.sends_raw(
        {"type": "text", "text": {"body": "Sent to you by a friend"}, "context": {"forwarded": True}}
    )
    person.says("Anyone there?")
