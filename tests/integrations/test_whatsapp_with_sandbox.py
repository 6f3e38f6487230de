"""Every kind of message is taken by the sandbox's Cloud API, which refuses what the real one refuses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from flows.templates import answer_ready
from integrations.ticket_pdf import ticket_pdf
from integrations.whatsapp import MediaRefused, WhatsApp, WhatsAppRefused, WhatsAppUnknown
from models.message import (
    Button,
    Buttons,
    ContactCard,
    ContactRequest,
    Document,
    Image,
    Link,
    LocationPin,
    LocationRequest,
    Menu,
    Message,
    Recipient,
    Row,
    Section,
    Text,
    Typing,
)
from sandbox.driver import Person, World
from tests.integrations.tickets import TICKET
from tests.sandbox.desk import Product


@pytest.fixture
def whatsapp(world: World) -> Iterator[WhatsApp]:
    made = WhatsApp(
        api_url=world.whatsapp_url,
        access_token="sandbox-token",
        phone_number_id="200000000000001",
        api_version="v26.0",
        answer_timeout=60,
    )
    yield made
    made.close()


@pytest.fixture
def guest(world: World) -> Person:
    world.whatsapp.heals()
    guest = world.guest
    guest.says("hi")
    return guest


def address(person: Person) -> Recipient:
    return Recipient(person.phone, person.user_id)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (Text("Hello"), "text"),
        (Buttons("Sure?", (Button("v1:y", "Yes"), Button("v1:n", "No")), footer="Sarai"), "buttons"),
        (Buttons("A hut", (Button("v1:b", "Book"),), image_link="PHOTO"), "buttons"),
        (
            Menu("Which?", "Choose", (Section(None, (Row("1", "One", "with a view"), Row("2", "Two"))),)),
            "list",
        ),
        (
            Menu("Which?", "Choose", (Section("A", (Row("1", "One"),)), Section("B", (Row("2", "Two"),)))),
            "list",
        ),
        (Link("Pay here", "Pay now", "https://pay.example/1"), "cta_url"),
        (ContactRequest("Your number, please"), "contact_request"),
        (Image("The view", link="PHOTO"), "image"),
        (LocationRequest("Where are you?"), "location_request"),
        (ContactCard("Bilal Ahmed", "+923000000201", "Garden Inn"), "contacts"),
        (LocationPin(36.3265, 74.6692, "Garden Inn", "Karimabad"), "location"),
    ],
)
def test_a_message_arrives(
    world: World, product: Product, whatsapp: WhatsApp, guest: Person, message: Message, kind: str
) -> None:
    message = _with_photo(message, f"{product.url}/photo.png")
    sent = whatsapp.send(address(guest), message, "ob:1")
    bubble = guest.sees("")
    assert (bubble.id, bubble.kind) == (sent.wamid, kind)
    world.eventually(
        lambda: {s["biz_opaque_callback_data"] for s in product.items("statuses", sent.wamid)} == {"ob:1"},
        what="a status with our callback data",
    )


def test_a_ticket_arrives_as_a_document(whatsapp: WhatsApp, guest: Person) -> None:
    pdf = ticket_pdf(TICKET)
    media_id = whatsapp.upload(pdf, "application/pdf", "BK-1.pdf")
    whatsapp.send(address(guest), Document("BK-1.pdf", "Your ticket", media_id=media_id), "ob:1")
    bubble = guest.sees("Your ticket")
    assert bubble.media is not None
    assert bubble.media["filename"] == "BK-1.pdf"
    assert guest.file(bubble) == pdf


def test_typing_is_seen(world: World, product: Product, whatsapp: WhatsApp, guest: Person) -> None:
    (said,) = product.items("messages", guest.user_id)[-1:]
    whatsapp.send(address(guest), Typing(said["id"]), "ob:1")
    assert world.eventually(lambda: guest.is_typed_to, what="typing")


def test_a_guest_without_phone_is_reached(whatsapp: WhatsApp, guest: Person) -> None:
    whatsapp.send(Recipient(None, guest.user_id), Text("By your id"), "ob:1")
    guest.sees("By your id")


def test_a_closed_window_is_refused_with_its_code(world: World, whatsapp: WhatsApp, guest: Person) -> None:
    world.clock.passes(hours=25)
    with pytest.raises(WhatsAppRefused) as raised:
        whatsapp.send(address(guest), Text("Too late"), "ob:1")
    assert raised.value.code == 131047


def test_a_template_reaches_a_closed_window(world: World, whatsapp: WhatsApp, guest: Person) -> None:
    world.clock.passes(hours=25)
    sent = whatsapp.send(address(guest), answer_ready(), "ob:1")
    bubble = guest.sees("")
    assert (bubble.id, bubble.template) == (sent.wamid, answer_ready().name)


@pytest.mark.parametrize("code", [131056, 130429, 131026, 190])
def test_a_refusal_carries_its_code(world: World, whatsapp: WhatsApp, guest: Person, code: int) -> None:
    world.whatsapp.fault(code, to=guest)
    with pytest.raises(WhatsAppRefused) as raised:
        whatsapp.send(address(guest), Text("No"), "ob:1")
    assert raised.value.code == code


@pytest.mark.parametrize("kind", ["reset", "500"])
def test_a_fault_leaves_the_outcome_unknown_or_says_a_code(
    world: World, whatsapp: WhatsApp, guest: Person, kind: str
) -> None:
    world.whatsapp.fault(kind, to=guest)
    with pytest.raises((WhatsAppUnknown, WhatsAppRefused)):
        whatsapp.send(address(guest), Text("No"), "ob:1")


def _with_photo(message: Message, link: str) -> Message:
    if isinstance(message, Buttons) and message.image_link:
        return Buttons(message.body, message.buttons, image_link=link)
    if isinstance(message, Image):
        return Image(message.caption, link=link)
    return message


def test_what_a_guest_sent_is_fetched_and_shown_to_somebody_else(
    world: World, whatsapp: WhatsApp, guest: Person, product: Product
) -> None:
    picture = _picture(world, guest, product)
    content, mime_type = whatsapp.download(picture, most=1_000)
    assert (content, mime_type) == (PNG, "image/png")
    with pytest.raises(MediaRefused, match="too_large"):
        whatsapp.download(picture, most=len(PNG) - 1)
    copy = whatsapp.upload(content, mime_type, "payment.png")
    message = Buttons("Please check", (Button("v1:verify:1:0", "Verify"),), image_id=copy)
    mark = guest.mark
    whatsapp.send(address(guest), message, "1:1")
    shown = guest.sees("Please check", since=mark)
    assert world.http.bytes(shown.raw["header"]["url"]) == PNG


def test_a_file_that_is_gone_is_refused(whatsapp: WhatsApp) -> None:
    with pytest.raises(WhatsAppRefused):
        whatsapp.download("999999999999999", most=1_000)


PNG = b"\x89PNG\r\n\x1a\n a picture of a transfer"


def _picture(world: World, guest: Person, product: Product) -> str:
    """Its number, as the webhook tells it."""
    guest.sends_image(PNG, mime="image/png")
    world.settles()
    images = [m for m in product.items("messages", guest.user_id) if m["type"] == "image"]
    return str(images[-1]["image"]["id"])
