"""What goes to WhatsApp and what is made of its answers.

The shapes are held twice: against the documented ones, and against what pywa's own methods send.
"""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from pywa import WhatsApp as Pywa
from pywa import types
from pywa.types.templates import BodyText, QuickReplyButton, TemplateLanguage

from integrations.whatsapp import (
    MediaRefused,
    NotSent,
    Sent,
    WhatsApp,
    WhatsAppRefused,
    WhatsAppUnknown,
    wire,
)
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
    Template,
    Text,
    Typing,
)
from tests.integrations.outside import Outside, answer, hang, outside, raw, reset, unused_port

NUMBER = "200000000000001"
GUEST = Recipient("+923000000101", "PK.00000000000000000101")
HIDDEN = Recipient(None, "PK.00000000000000000101")
ACCEPTED = (
    '{"messaging_product":"whatsapp","contacts":[{"input":"+923000000101","wa_id":"923000000101"}],'
    '"messages":[{"id":"wamid.ABC"}]}'
)


def client(url: str, *, answer_timeout: float = 60) -> WhatsApp:
    return WhatsApp(
        api_url=url,
        access_token="token-of-ours",
        phone_number_id=NUMBER,
        api_version="v26.0",
        connect_timeout=60,
        answer_timeout=answer_timeout,
    )


@pytest.fixture
def graph() -> Iterator[Outside]:
    with outside(answer(200, ACCEPTED)) as running:
        yield running


@pytest.fixture
def whatsapp(graph: Outside) -> Iterator[WhatsApp]:
    made = client(graph.url)
    yield made
    made.close()


# ---- shapes ----------------------------------------------------------------------------------------

SHAPES: list[tuple[Message, str, Any]] = [
    (Text("Hello اور 👋"), "text", {"body": "Hello اور 👋", "preview_url": False}),
    (
        Buttons("Sure?", (Button("v1:y", "Yes"), Button("v1:n", "No")), footer="Sarai"),
        "interactive",
        {
            "type": "button",
            "body": {"text": "Sure?"},
            "footer": {"text": "Sarai"},
            "action": {
                "buttons": [
                    {"type": "reply", "reply": {"id": "v1:y", "title": "Yes"}},
                    {"type": "reply", "reply": {"id": "v1:n", "title": "No"}},
                ]
            },
        },
    ),
    (
        Buttons("A hut", (Button("v1:b", "Book"),), image_link="https://x.example/photos/hut.jpg"),
        "interactive",
        {
            "type": "button",
            "header": {"type": "image", "image": {"link": "https://x.example/photos/hut.jpg"}},
            "body": {"text": "A hut"},
            "action": {"buttons": [{"type": "reply", "reply": {"id": "v1:b", "title": "Book"}}]},
        },
    ),
    (
        Menu(
            "Which?",
            "Choose",
            (
                Section("Huts", (Row("1", "One", "with a view"), Row("2", "Two"))),
                Section("Camps", (Row("3", "Three"),)),
            ),
            footer="Page 1",
        ),
        "interactive",
        {
            "type": "list",
            "body": {"text": "Which?"},
            "footer": {"text": "Page 1"},
            "action": {
                "button": "Choose",
                "sections": [
                    {
                        "title": "Huts",
                        "rows": [
                            {"id": "1", "title": "One", "description": "with a view"},
                            {"id": "2", "title": "Two"},
                        ],
                    },
                    {"title": "Camps", "rows": [{"id": "3", "title": "Three"}]},
                ],
            },
        },
    ),
    (
        Link("Pay here", "Pay now", "https://checkout.stripe.com/c/pay/cs_1"),
        "interactive",
        {
            "type": "cta_url",
            "body": {"text": "Pay here"},
            "action": {
                "name": "cta_url",
                "parameters": {"display_text": "Pay now", "url": "https://checkout.stripe.com/c/pay/cs_1"},
            },
        },
    ),
    (
        ContactRequest("Your number, please"),
        "interactive",
        {
            "type": "request_contact_info",
            "body": {"text": "Your number, please"},
            "action": {"name": "request_contact_info"},
        },
    ),
    (
        Document("BK-1.pdf", "Your ticket", media_id="123456"),
        "document",
        {"id": "123456", "filename": "BK-1.pdf", "caption": "Your ticket"},
    ),
    (
        Document("BK-1.pdf", "Your ticket", link="https://x.example/eticket/k.pdf"),
        "document",
        {"link": "https://x.example/eticket/k.pdf", "filename": "BK-1.pdf", "caption": "Your ticket"},
    ),
    (
        Image("The view", link="https://x.example/a.jpg"),
        "image",
        {"link": "https://x.example/a.jpg", "caption": "The view"},
    ),
    (Image(media_id="987654"), "image", {"id": "987654"}),
    (
        LocationPin(36.3265, 74.6692, "Garden Inn", "Karimabad"),
        "location",
        {"latitude": 36.3265, "longitude": 74.6692, "name": "Garden Inn", "address": "Karimabad"},
    ),
    (
        Template("owner_request", "en", ("Ayesha", "12 Dec"), ("v1:y", "v1:n")),
        "template",
        {
            "name": "owner_request",
            "language": {"code": "en"},
            "components": [
                {
                    "type": "BODY",
                    "parameters": [{"type": "text", "text": "Ayesha"}, {"type": "text", "text": "12 Dec"}],
                },
                {
                    "type": "button",
                    "sub_type": "QUICK_REPLY",
                    "index": 0,
                    "parameters": [{"type": "payload", "payload": "v1:y"}],
                },
                {
                    "type": "button",
                    "sub_type": "QUICK_REPLY",
                    "index": 1,
                    "parameters": [{"type": "payload", "payload": "v1:n"}],
                },
            ],
        },
    ),
    (Template("answer_ready", "ur"), "template", {"name": "answer_ready", "language": {"code": "ur"}}),
    (
        LocationRequest("Where are you?"),
        "interactive",
        {
            "type": "location_request_message",
            "body": {"text": "Where are you?"},
            "action": {"name": "send_location"},
        },
    ),
    (
        ContactCard("Bilal Ahmed", "+923000000201", "Garden Inn"),
        "contacts",
        [
            {
                "name": {"formatted_name": "Bilal Ahmed", "first_name": "Bilal Ahmed"},
                "phones": [{"phone": "+923000000201", "type": "WORK", "wa_id": "923000000201"}],
                "org": {"company": "Garden Inn"},
            }
        ],
    ),
]


@pytest.mark.parametrize(("message", "kind", "node"), SHAPES, ids=lambda value: type(value).__name__)
def test_every_message_goes_out_as_documented(
    graph: Outside, whatsapp: WhatsApp, message: Message, kind: str, node: dict[str, Any]
) -> None:
    assert whatsapp.send(GUEST, message, "ob:17") == Sent("wamid.ABC")
    (request,) = graph.requests
    assert (request.method, request.path) == ("POST", f"/v26.0/{NUMBER}/messages")
    assert request.headers["authorization"] == "Bearer token-of-ours"
    assert request.headers["content-type"] == "application/json"
    assert request.json == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+923000000101",
        "type": kind,
        kind: node,
        "biz_opaque_callback_data": "ob:17",
    }


def test_a_person_whose_phone_is_hidden_is_reached_by_user_id(graph: Outside, whatsapp: WhatsApp) -> None:
    graph.will = [
        answer(200, ACCEPTED.replace('"wa_id":"923000000101"', '"user_id":"PK.00000000000000000101"'))
    ]
    assert whatsapp.send(HIDDEN, Text("Hi"), "ob:1") == Sent("wamid.ABC")
    body = graph.requests[0].json
    assert body["recipient"] == "PK.00000000000000000101"
    assert "to" not in body


def test_nobody_can_be_written_to_without_an_address() -> None:
    with pytest.raises(ValueError, match="neither phone nor user id"):
        wire(Recipient(None, None), Text("Hi"), "ob:1")


def test_a_file_without_content_is_our_bug() -> None:
    with pytest.raises(ValueError, match="neither media id nor link"):
        wire(GUEST, Image("nothing"), "ob:1")


def test_a_section_without_title_sends_no_null() -> None:
    body = wire(GUEST, Menu("Which?", "Choose", (Section(None, (Row("1", "One"),)),)), "ob:1")
    assert body["interactive"]["action"]["sections"] == [{"rows": [{"id": "1", "title": "One"}]}]


def test_typing_marks_the_message_as_read_and_is_no_message(graph: Outside, whatsapp: WhatsApp) -> None:
    graph.will = [answer(200, '{"success": true}')]
    assert whatsapp.send(GUEST, Typing("wamid.IN"), "ob:1") == Sent(None)
    assert graph.requests[0].json == {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": "wamid.IN",
        "typing_indicator": {"type": "text"},
    }


def _buttons() -> list[types.Button]:
    return [types.Button("Yes", "v1:y"), types.Button("No", "v1:n")]


def _menu() -> types.SectionList:
    rows = [types.SectionRow("One", "1", "with a view"), types.SectionRow("Two", "2")]
    return types.SectionList(
        "Choose", [types.Section("Huts", rows), types.Section("Camps", [types.SectionRow("Three", "3")])]
    )


AS_PYWA: list[tuple[int, Callable[[Pywa], Any]]] = [
    (0, lambda wa: wa.send_message("+923000000101", "Hello اور 👋", tracker="ob:17")),
    (
        1,
        lambda wa: wa.send_message(
            "+923000000101", "Sure?", footer="Sarai", buttons=_buttons(), tracker="ob:17"
        ),
    ),
    (
        2,
        lambda wa: wa.send_image(
            "+923000000101",
            "https://x.example/photos/hut.jpg",
            caption="A hut",
            buttons=[types.Button("Book", "v1:b")],
            tracker="ob:17",
        ),
    ),
    (
        3,
        lambda wa: wa.send_message(
            "+923000000101", "Which?", footer="Page 1", buttons=_menu(), tracker="ob:17"
        ),
    ),
    (
        4,
        lambda wa: wa.send_message(
            "+923000000101",
            "Pay here",
            buttons=types.URLButton("Pay now", "https://checkout.stripe.com/c/pay/cs_1"),
            tracker="ob:17",
        ),
    ),
    (5, lambda wa: wa.request_contact_info("+923000000101", "Your number, please", tracker="ob:17")),
    (
        6,
        lambda wa: wa.send_document(
            "+923000000101", "123456", filename="BK-1.pdf", caption="Your ticket", tracker="ob:17"
        ),
    ),
    (
        8,
        lambda wa: wa.send_image(
            "+923000000101", "https://x.example/a.jpg", caption="The view", tracker="ob:17"
        ),
    ),
    (
        10,
        lambda wa: wa.send_location(
            "+923000000101", 36.3265, 74.6692, "Garden Inn", "Karimabad", tracker="ob:17"
        ),
    ),
    (
        11,
        lambda wa: wa.send_template(
            "+923000000101",
            "owner_request",
            TemplateLanguage.ENGLISH,
            [
                BodyText.params("Ayesha", "12 Dec"),
                QuickReplyButton.params(callback_data="v1:y", index=0),
                QuickReplyButton.params(callback_data="v1:n", index=1),
            ],
            tracker="ob:17",
        ),
    ),
    (-2, lambda wa: wa.request_location("+923000000101", "Where are you?", tracker="ob:17")),
]


@pytest.mark.parametrize(("index", "send"), AS_PYWA)
def test_pywa_would_have_sent_the_same(index: int, send: Callable[[Pywa], Any]) -> None:
    sent: list[bytes] = []

    def take(request: httpx.Request) -> httpx.Response:
        sent.append(request.read())
        return httpx.Response(200, text=ACCEPTED)

    session = httpx.Client(transport=httpx.MockTransport(take))
    send(Pywa(phone_id=NUMBER, token="x", session=session, api_version=26.0))
    theirs = httpx.Response(200, content=sent[0]).json()
    assert wire(GUEST, SHAPES[index][0], "ob:17") == theirs


def test_a_file_is_uploaded_as_a_form(graph: Outside, whatsapp: WhatsApp) -> None:
    graph.will = [answer(200, '{"id": "4711"}')]
    assert whatsapp.upload(b"%PDF-1.3 \x00\xff", "application/pdf", "BK-1.pdf") == "4711"
    (request,) = graph.requests
    assert request.path == f"/v26.0/{NUMBER}/media"
    assert request.headers["authorization"] == "Bearer token-of-ours"
    assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'name="messaging_product"\r\n\r\nwhatsapp' in request.body
    assert b'name="type"\r\n\r\napplication/pdf' in request.body
    assert (
        b'name="file"; filename="BK-1.pdf"\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.3 \x00\xff'
        in request.body
    )


# ---- errors ----------------------------------------------------------------------------------------


def graph_error(code: int, **more: Any) -> str:
    error = {"message": f"(#{code}) No", "type": "OAuthException", "code": code, "fbtrace_id": "x", **more}
    return httpx.Response(200, json={"error": error}).text


@pytest.mark.parametrize(
    ("http_status", "code"),
    [
        (400, 131047),
        (400, 131056),
        (429, 130429),
        (401, 190),
        (400, 100),
        (403, 10),
        (500, 131000),
        (503, 2),
        (400, 1),
    ],
)
def test_an_answer_with_a_code_is_a_refusal(
    graph: Outside, whatsapp: WhatsApp, http_status: int, code: int
) -> None:
    details = {"error_data": {"messaging_product": "whatsapp", "details": "More than 24 hours have passed."}}
    graph.will = [answer(http_status, graph_error(code, error_subcode=33, **details))]
    with pytest.raises(WhatsAppRefused) as raised:
        whatsapp.send(GUEST, Text("Hi"), "ob:1")
    refused = raised.value
    assert (refused.code, refused.http_status, refused.subcode) == (code, http_status, 33)
    assert refused.message == f"(#{code}) No More than 24 hours have passed."
    assert refused.retry_after is None


def test_how_long_to_wait_is_passed_on(graph: Outside, whatsapp: WhatsApp) -> None:
    graph.will = [answer(429, graph_error(130429), Retry_After="7")]
    with pytest.raises(WhatsAppRefused) as raised:
        whatsapp.send(GUEST, Text("Hi"), "ob:1")
    assert raised.value.retry_after == 7


@pytest.mark.parametrize(
    ("status", "body", "content_type", "code"),
    [
        (404, "<html>Not Found</html>", "text/html", 1),
        (400, '{"fault": "odd"}', "application/json", 1),
        (413, "", "text/plain", 1),
        (429, "slow down", "text/plain", 130429),
    ],
)
def test_a_4xx_that_is_not_the_apis_went_no_further(
    graph: Outside, whatsapp: WhatsApp, status: int, body: str, content_type: str, code: int
) -> None:
    graph.will = [answer(status, body, content_type)]
    with pytest.raises(WhatsAppRefused) as raised:
        whatsapp.send(GUEST, Text("Hi"), "ob:1")
    assert (raised.value.code, raised.value.http_status) == (code, status)


@pytest.mark.parametrize(
    "misbehaves",
    [
        pytest.param(reset, id="reset"),
        pytest.param(answer(500, "<html>Sorry</html>", "text/html"), id="500 page"),
        pytest.param(answer(502, "", "text/html"), id="502 empty"),
        pytest.param(answer(503, '{"message": "no"}'), id="503 without a code"),
        pytest.param(answer(200, "<html>login</html>", "text/html"), id="200 page"),
        pytest.param(answer(400, '{"error": "odd"}'), id="400 of no known shape"),
        pytest.param(answer(200, "{}"), id="200 empty"),
        pytest.param(answer(200, "[]"), id="200 list"),
        pytest.param(answer(200, '{"messages": []}'), id="200 without an id"),
        pytest.param(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", then_close=True), id="cut off"),
    ],
)
def test_an_outcome_nobody_knows_is_called_so(graph: Outside, whatsapp: WhatsApp, misbehaves: Any) -> None:
    graph.will = [misbehaves]
    with pytest.raises(WhatsAppUnknown):
        whatsapp.send(GUEST, Text("Hi"), "ob:1")
    assert whatsapp.send(GUEST, Text("Hi"), "ob:2") == Sent("wamid.ABC")


def test_no_answer_in_time_is_an_outcome_nobody_knows(graph: Outside) -> None:
    graph.will = [hang]
    with pytest.raises(WhatsAppUnknown, match="no answer in time"):
        client(graph.url, answer_timeout=0.3).send(GUEST, Text("Hi"), "ob:1")


def test_an_answer_without_contacts_still_has_its_id(graph: Outside, whatsapp: WhatsApp) -> None:
    graph.will = [answer(200, '{"messages": [{"id": "wamid.XYZ"}]}')]
    assert whatsapp.send(GUEST, Text("Hi"), "ob:1") == Sent("wamid.XYZ")


def test_nobody_listening_means_not_sent() -> None:
    with pytest.raises(NotSent):
        client(f"http://127.0.0.1:{unused_port()}").send(GUEST, Text("Hi"), "ob:1")


def test_a_refused_upload_says_why(graph: Outside, whatsapp: WhatsApp) -> None:
    graph.will = [answer(400, graph_error(131053))]
    with pytest.raises(WhatsAppRefused) as raised:
        whatsapp.upload(b"x", "application/pdf", "a.pdf")
    assert raised.value.code == 131053


@contextmanager
def _step() -> Iterator[None]:
    yield


@pytest.mark.parametrize("misbehaves", [answer(400, graph_error(131047)), reset, answer(200, "odd")])
def test_errors_are_plain_ones_and_hold_nothing_of_the_message(
    graph: Outside, whatsapp: WhatsApp, misbehaves: Any
) -> None:
    """pywa's own turn into a TypeError in a context manager and cannot be pickled."""
    graph.will = [misbehaves]
    words = " ".join(["Ayesha", "Khan"])  # so that no line of this file contains them
    with pytest.raises((WhatsAppRefused, WhatsAppUnknown)) as raised, _step():
        whatsapp.send(GUEST, Text(words), "ob:1")
    again = pickle.loads(pickle.dumps(raised.value))
    assert str(again) == str(raised.value)
    assert raised.value.__context__ is None
    assert words not in "".join(traceback.format_exception(raised.value, chain=True))


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/file",
        "http://lookaside.fbsbx.com/file",
        "https://fbsbx.com.evil.example/file",
        "https://notfbsbx.com/file",
        "file:///etc/passwd",
    ],
)
def test_our_token_goes_to_nobody_but_whatsapp(url: str) -> None:
    told = f'{{"url":"{url}","mime_type":"image/jpeg","file_size":10,"id":"1"}}'
    with outside(answer(200, told)) as graph:
        whatsapp = client(graph.url)
        with pytest.raises(MediaRefused, match="strange_address"):
            whatsapp.download("1", most=1_000)
        whatsapp.close()
        assert len(graph.requests) == 1


def test_a_file_larger_than_was_told_is_not_kept() -> None:
    with outside(answer(200, b"x" * 2_000, "image/jpeg")) as graph:
        told = f'{{"url":"{graph.url}/file","mime_type":"image/jpeg","file_size":10,"id":"1"}}'
        graph.will.append(answer(200, told))
        whatsapp = client(graph.url)
        with pytest.raises(MediaRefused, match="too_large"):
            whatsapp.download("1", most=1_000)
        whatsapp.close()
