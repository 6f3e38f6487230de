"""The Cloud API stand-in answers as facts/whatsapp.md 2 and 3 say, to plain HTTP and to pywa alike."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

import httpx
import pytest
import pywa
from pywa import types
from pywa.errors import WhatsAppError
from pywa.types import templates as t

from sandbox.driver import Person, World
from tests.sandbox.desk import ACCOUNT, NUMBER, OWNER_REQUEST, PNG, TOKEN, Product, Send, code_of, wamid_of

TEXT = {"body": "hello"}
_names = itertools.count(int(time.time()))


class Moved(httpx.BaseTransport):
    """Carries pywa's calls, whose host is fixed, to the sandbox."""

    def __init__(self, base_url: str) -> None:
        self._to, self._inner = httpx.URL(base_url), httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(scheme=self._to.scheme, host=self._to.host, port=self._to.port)
        request.headers["Host"] = f"{self._to.host}:{self._to.port}"
        return self._inner.handle_request(request)


@pytest.fixture(scope="module")
def wa(world: World) -> Iterator[pywa.WhatsApp]:
    """pywa 4.5.0, unchanged, pointed at the sandbox."""
    with httpx.Client(
        mounts={"https://graph.facebook.com": Moved(world.whatsapp_url)}, timeout=60
    ) as session:
        yield pywa.WhatsApp(phone_id=NUMBER, token=TOKEN, waba_id=ACCOUNT, session=session)


# Who may call, and what exists.


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Basic sandbox-token", "sandbox-token"])
def test_a_wrong_token_is_refused(world: World, authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    answer = httpx.post(f"{world.whatsapp_url}/v26.0/{NUMBER}/messages", json={}, headers=headers, timeout=60)
    assert (answer.status_code, code_of(answer)) == (401, 190)


@pytest.mark.parametrize(
    "path", ["/v26.0/999/messages", "/v3.0/200000000000001/messages", "/x/y/z", "/v26.0/123", "/"]
)
def test_an_unknown_object_is_refused(world: World, path: str) -> None:
    answer = httpx.post(
        world.whatsapp_url + path, json={}, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60
    )
    assert (answer.status_code, code_of(answer)) == (400, 100)
    assert answer.json()["error"]["error_subcode"] == 33


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b'"x"', b"null", b"\xff"])
def test_nonsense_is_refused_in_shape(graph: httpx.Client, body: bytes) -> None:
    assert code_of(graph.post(f"/{NUMBER}/messages", content=body)) == 100


# The window, the rates, the address.


def test_outside_the_24_hour_window_only_templates_go(world: World, stranger: Person, send: Send) -> None:
    assert code_of(send(stranger, text=TEXT)) == 131047
    stranger.says("hi")
    wamid_of(send(stranger, text=TEXT))
    world.clock.passes(hours=23, minutes=59)
    wamid_of(send(stranger, text=TEXT))
    world.clock.passes(minutes=1)
    assert code_of(send(stranger, text=TEXT)) == 131047
    wamid_of(send(stranger, template=template("Sea View", "Ali")))
    assert code_of(send(stranger, text=TEXT)) == 131047
    stranger.says("still here")
    wamid_of(send(stranger, text=TEXT))


def test_the_pair_rate_is_45_at_once_and_one_more_every_so_many_seconds(
    world: World, guest: Person, send: Send
) -> None:
    """Many more seconds than WhatsApp's six, for no machine may be so slow that one is over too soon."""
    world.whatsapp.limits(pair_burst=45, pair_seconds=600)
    try:
        assert all(send(guest, text=TEXT).status_code == 200 for _ in range(45))
        assert code_of(send(guest, text=TEXT)) == 131056
        wamid_of(send(world.guest, template=template("Sea View", "Ali")))
        world.clock.passes(seconds=650)
        wamid_of(send(guest, text=TEXT))
        assert code_of(send(guest, text=TEXT)) == 131056
    finally:
        world.whatsapp.limits(pair_burst=100_000)


def test_the_number_takes_so_many_a_second(world: World, guest: Person, send: Send) -> None:
    """Fewer than WhatsApp's eighty: more than three a second are sent by the slowest machine."""
    world.whatsapp.limits(per_second=3)
    try:
        outcomes = [send(guest, text=TEXT) for _ in range(30)]
        refused = [answer for answer in outcomes if answer.status_code != 200]
        assert refused
        assert {code_of(answer) for answer in refused} == {130429}
    finally:
        world.whatsapp.limits(per_second=100_000)


def test_a_person_is_reached_by_phone_or_by_user_id(
    guest: Person, send: Send, graph: httpx.Client, product: Product
) -> None:
    by_phone = send(guest, text=TEXT).json()
    assert by_phone["contacts"] == [{"input": guest.phone, "wa_id": guest.phone[1:]}]
    body = {"messaging_product": "whatsapp", "recipient": guest.user_id, "type": "text", "text": TEXT}
    by_user_id = graph.post(f"/{NUMBER}/messages", json=body).json()
    assert by_user_id["contacts"] == [{"input": guest.user_id, "user_id": guest.user_id}]
    both = graph.post(f"/{NUMBER}/messages", json=body | {"to": guest.phone}).json()
    assert both["contacts"] == [{"input": guest.phone, "wa_id": guest.phone[1:]}]
    assert len(guest.business_messages()) == 3


def test_a_user_id_in_to_is_swallowed(world: World, guest: Person, send: Send, product: Product) -> None:
    wamid = wamid_of(send(guest.user_id, text=TEXT))
    later = wamid_of(send(guest, text=TEXT))
    world.eventually(lambda: sorted(product.statuses(later)) == ["delivered", "sent"])
    assert [each.id for each in guest.business_messages()] == [later]
    assert product.statuses(wamid) == []


@pytest.mark.parametrize("to", ["+15550199999", "923000000101"])
def test_a_stranger_or_a_number_without_plus_fails_later(
    world: World, send: Send, product: Product, to: str
) -> None:
    wamid = wamid_of(send(to, text=TEXT, biz_opaque_callback_data="row-9"))
    status = world.eventually(lambda: product.items("statuses", wamid))[0]
    assert (status["status"], status["errors"][0]["code"]) == ("failed", 131026)
    assert status["biz_opaque_callback_data"] == "row-9"


@pytest.mark.parametrize("to", ["", "abc", "12", "+", "PK.!"])
def test_a_senseless_address_is_refused(send: Send, to: str) -> None:
    assert code_of(send(to, text=TEXT)) in (131008, 131009)


# What arrives on the phone, sent by pywa.


def test_pywa_sends_every_kind_and_the_phone_shows_it(
    wa: pywa.WhatsApp, guest: Person, product: Product
) -> None:
    to = guest.phone
    wa.send_message(to, "Hello *you*")
    assert guest.sees("Hello *you*").kind == "text"

    buttons = [types.Button("Yes", "code-1"), types.Button("No", "code-2")]
    sent = wa.send_message(to, "Sure?", footer="Tap one", buttons=buttons, tracker="row-1")
    bubble = guest.sees("Sure?")
    assert (bubble.kind, bubble.options, bubble.id) == ("buttons", ["Yes", "No"], sent.id)
    assert bubble.raw["footer"] == "Tap one"

    rows = [types.SectionRow("20 Nov", "d-1", "free"), types.SectionRow("21 Nov", "d-2")]
    wa.send_message(to, "Which day?", buttons=types.SectionList("Choose", [types.Section("Days", rows)]))
    bubble = guest.sees("Which day?")
    assert (bubble.kind, bubble.options, bubble.raw["list_button"]) == (
        "list",
        ["20 Nov", "21 Nov"],
        "Choose",
    )

    wa.send_message(to, "Pay here", buttons=types.URLButton("Pay", "https://example.com/pay"))
    assert guest.sees("Pay here").link == "https://example.com/pay"
    assert guest.taps("Pay", old=True) == "https://example.com/pay"

    wa.send_location(to, latitude=24.86, longitude=67.01, name="Sea View", address="Clifton")
    assert guest.sees("Sea View").raw["location"]["latitude"] == 24.86

    wa.request_contact_info(to, "Your number, please")
    assert guest.sees("Your number").kind == "contact_request"

    wa.send_image(to, product.url + "/photo.png", caption="The lawn")
    bubble = guest.sees("The lawn")
    assert bubble.kind == "image"
    assert guest.file(bubble) == PNG

    wa.send_document(
        to, b"%PDF-1.7 ticket", filename="ticket.pdf", mime_type="application/pdf", caption="Your ticket"
    )
    bubble = guest.sees("Your ticket")
    assert bubble.media
    assert (bubble.media["filename"], bubble.media["mime"]) == (
        "ticket.pdf",
        "application/pdf",
    )
    assert guest.file(bubble) == b"%PDF-1.7 ticket"


def test_pywa_understands_a_refusal(wa: pywa.WhatsApp, stranger: Person) -> None:
    with pytest.raises(WhatsAppError) as refused:
        wa.send_message(stranger.phone, "x")
    assert (refused.value.code, refused.value.status_code) == (131047, 400)
    assert "24 hours" in str(refused.value.details)


def test_a_picture_stands_above_the_buttons(guest: Person, send: Send, product: Product) -> None:
    picture = {"type": "image", "image": {"link": product.url + "/photo.png"}}
    action = {"buttons": [{"type": "reply", "reply": {"id": "b", "title": "Book"}}]}
    card = {"type": "button", "header": picture, "body": {"text": "Sea View"}, "action": action}
    wamid_of(send(guest, interactive=card))
    bubble = guest.sees("Sea View")
    assert bubble.raw["header"]["type"] == "image"
    assert guest.file(bubble) == PNG


@pytest.mark.parametrize("path", ["/missing.png", "/fake.png"])
def test_a_link_that_cannot_be_fetched_fails_later(
    world: World, guest: Person, send: Send, product: Product, path: str
) -> None:
    product.files["/fake.png"] = ("image/png", b"not a picture")
    wamid = wamid_of(send(guest, image={"link": product.url + path}))
    status = world.eventually(lambda: product.items("statuses", wamid))[0]
    assert (status["status"], status["errors"][0]["code"]) == ("failed", 131053)
    guest.sees_nothing(since=0, like="photo", for_=0.1)


# Media.


def test_media_is_uploaded_looked_up_downloaded_and_deleted(world: World, graph: httpx.Client) -> None:
    form = {"messaging_product": "whatsapp", "type": "image/png"}
    number = graph.post(f"/{NUMBER}/media", data=form, files={"file": ("a.png", PNG, "image/png")}).json()[
        "id"
    ]
    assert number.isdigit()
    details = graph.get(f"/{number}", params={"phone_number_id": NUMBER}).json()
    assert set(details) == {"messaging_product", "url", "mime_type", "sha256", "file_size", "id"}
    assert graph.get(details["url"]).content == PNG
    assert httpx.get(details["url"], timeout=60).status_code == 401
    world.clock.passes(minutes=6)
    assert graph.get(details["url"]).status_code == 404
    assert graph.get(graph.get(f"/{number}").json()["url"]).content == PNG
    world.clock.passes(days=31)
    assert code_of(graph.get(f"/{number}")) == 100
    world.clock.resets()
    assert graph.delete(f"/{number}").json() == {"success": True}
    assert code_of(graph.get(f"/{number}")) == 100


@pytest.mark.parametrize(
    ("data", "mime", "code"),
    [
        (PNG, "image/gif", 100),
        (PNG, "image/jpeg", 131053),
        (PNG + b"x" * (5 * 2**20), "image/png", 131053),
        (b"", "application/pdf", 131053),
    ],
)
def test_a_file_that_whatsapp_does_not_take_is_refused(
    graph: httpx.Client, data: bytes, mime: str, code: int
) -> None:
    form = {"messaging_product": "whatsapp", "type": mime}
    assert code_of(graph.post(f"/{NUMBER}/media", data=form, files={"file": ("a", data, mime)})) == code


def test_an_upload_needs_a_file(graph: httpx.Client) -> None:
    assert code_of(graph.post(f"/{NUMBER}/media", json={})) == 100
    assert (
        code_of(graph.post(f"/{NUMBER}/media", data={"messaging_product": "whatsapp"}, files={"x": b"1"}))
        == 100
    )


def test_an_unknown_media_id_is_refused(guest: Person, send: Send) -> None:
    assert code_of(send(guest, document={"id": "1", "filename": "x.pdf"})) == 131009


# Templates.


def template(
    *parameters: str, name: str = "owner_request", language: str = "en", buttons: tuple[str, ...] = ()
) -> dict[str, object]:
    body = {"type": "body", "parameters": [{"type": "text", "text": text} for text in parameters]}
    taps = [
        {
            "type": "button",
            "sub_type": "quick_reply",
            "index": str(n),
            "parameters": [{"type": "payload", "payload": payload}],
        }
        for n, payload in enumerate(buttons)
    ]
    return {"name": name, "language": {"code": language}, "components": [body, *taps]}


def test_a_template_from_the_folder_reaches_a_closed_window(
    stranger: Person, send: Send, product: Product, world: World
) -> None:
    wamid_of(send(stranger, template=template("Sea View", "Ali", buttons=("code-7", "code-8"))))
    bubble = stranger.sees("New booking request for Sea View from Ali.")
    assert (bubble.kind, bubble.template, bubble.options) == (
        "template",
        "owner_request",
        ["Confirm", "Cancel"],
    )
    stranger.taps("Confirm")
    node = product.items("messages", stranger.user_id)[-1]
    assert (node["type"], node["button"]) == ("button", {"text": "Confirm", "payload": "code-7"})
    assert node["context"] == {"from": "15550001111", "id": bubble.id}
    world.whatsapp.webhooks(bare_template_taps=True)
    stranger.taps("Cancel", old=True)
    assert "context" not in product.items("messages", stranger.user_id)[-1]


@pytest.mark.parametrize(
    ("node", "code"),
    [
        (template("x", "y", name="nobody"), 132001),
        (template("x", "y", language="fr"), 132001),
        (template("x", "y", name="broken"), 132001),
        (template("x"), 132000),
        (template("x", "y", "z"), 132000),
        (template(), 132000),
        (template("x", "y\nz"), 132012),
        (template("x", "y     z"), 132012),
        (template("x", ""), 131008),
        (template("x", "y" * 1024), 132005),
        (template("x", "y", buttons=("a", "b", "c")), 132000),
        (template("x", "y", buttons=("a" * 129,)), 131009),
    ],
)
def test_a_template_that_does_not_fit_is_refused(
    stranger: Person, send: Send, node: dict[str, object], code: int
) -> None:
    assert code_of(send(stranger, template=node)) == code


def test_a_template_is_created_approved_paused_and_listed(
    world: World, stranger: Person, send: Send, graph: httpx.Client, product: Product
) -> None:
    name = f"fresh_{next(_names)}"
    made = graph.post(f"/{ACCOUNT}/message_templates", json=OWNER_REQUEST | {"name": name}).json()
    assert (made["status"], made["category"]) == ("PENDING", "UTILITY")
    assert code_of(send(stranger, template=template("x", "y", name=name))) == 132001

    def approved() -> bool:
        return f'"message_template_name":"{name}"'.encode() in b"".join(hook.body for hook in product.hooks)

    world.eventually(approved)
    wamid_of(send(stranger, template=template("x", "y", name=name)))
    world.whatsapp.template(name, "PAUSED")
    assert code_of(send(stranger, template=template("x", "y", name=name))) == 132015
    assert code_of(graph.post(f"/{ACCOUNT}/message_templates", json=OWNER_REQUEST | {"name": name})) == 100
    listed = graph.get(f"/{ACCOUNT}/message_templates", params={"name": name}).json()
    assert [(each["name"], each["status"]) for each in listed["data"]] == [(name, "PAUSED")]
    page = graph.get(f"/{ACCOUNT}/message_templates", params={"limit": 1}).json()
    assert len(page["data"]) == 1
    following = graph.get(page["paging"]["next"].split("/v26.0", 1)[1]).json()
    assert following["data"][0]["id"] != page["data"][0]["id"]
    assert graph.delete(f"/{ACCOUNT}/message_templates", params={"name": name}).json() == {"success": True}


@pytest.mark.parametrize(
    ("text", "subcode"),
    [
        ("{{1}}, welcome to the house and enjoy it.", 2388299),
        ("Welcome to the house, {{1}}.", 2388299),
        ("Hi {{1}} {{2}} {{3}} and bye.", 2388293),
        ("Hello there {{2}} and welcome to us.", None),
        ("x" * 1025, None),
    ],
)
def test_a_template_that_meta_would_reject_is_refused(
    graph: httpx.Client, text: str, subcode: int | None
) -> None:
    body = {"type": "BODY", "text": text, "example": {"body_text": [["a", "b", "c"]]}}
    answer = graph.post(
        f"/{ACCOUNT}/message_templates",
        json=OWNER_REQUEST | {"name": f"bad_{next(_names)}", "components": [body]},
    )
    assert code_of(answer) == 100
    assert answer.json()["error"].get("error_subcode") == subcode


def test_pywa_creates_and_sends_a_template(wa: pywa.WhatsApp, stranger: Person, world: World) -> None:
    body = t.BodyText("Your stay at {{1}} is confirmed, see you soon.", "Sea View")
    tap = t.QuickReplyButton(text="My booking")
    name = f"pywa_{next(_names)}"
    made = t.Template(
        name=name,
        language=t.TemplateLanguage.ENGLISH,
        category=t.TemplateCategory.UTILITY,
        components=[body, t.Buttons(buttons=[tap])],
    )
    created = wa.create_template(made)
    assert created.status == t.TemplateStatus.PENDING
    template_id = created.id

    world.eventually(lambda: wa.get_template(template_id).status == t.TemplateStatus.APPROVED)
    params = [body.params("Sea View"), tap.params(callback_data="c-1", index=0)]
    wa.send_template(stranger.phone, name, t.TemplateLanguage.ENGLISH, params=params)
    assert stranger.sees("Your stay at Sea View is confirmed").options == ["My booking"]


# Read, typing, faults.


def test_read_and_typing_show_on_the_phone(guest: Person, graph: httpx.Client, send: Send) -> None:
    wamid = guest.chat()[-1].id
    assert guest.chat()[-1].status == "delivered"
    body = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}
    assert graph.put(f"/{NUMBER}/messages", json=body).json() == {"success": True}
    assert guest.chat()[-1].status == "read"
    assert not guest.is_typed_to
    assert graph.post(f"/{NUMBER}/messages", json=body | {"typing_indicator": {"type": "text"}}).json() == {
        "success": True
    }
    assert guest.is_typed_to
    wamid_of(send(guest, text=TEXT))
    assert not guest.is_typed_to
    assert code_of(graph.post(f"/{NUMBER}/messages", json=body | {"message_id": "wamid.nobody"})) == 100


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("500", 500, 131000),
        ("429", 429, 80007),
        (130429, 429, 130429),
        (131056, 400, 131056),
        (190, 401, 190),
    ],
)
def test_a_fault_strikes_as_often_as_told(
    world: World, guest: Person, send: Send, kind: str | int, status: int, code: int
) -> None:
    world.whatsapp.fault(kind, count=2, to=guest)
    wamid_of(send(world.guest, template=template("a", "b")))
    for _ in range(2):
        answer = send(guest, text=TEXT)
        assert (answer.status_code, code_of(answer)) == (status, code)
    wamid_of(send(guest, text=TEXT))


def test_a_late_refusal_comes_as_a_failed_status_with_and_without_contacts(
    world: World, guest: Person, send: Send, product: Product
) -> None:
    world.whatsapp.fault(131047, count=2, to=guest, asynchronous=True)
    wamids = [wamid_of(send(guest, text=TEXT, biz_opaque_callback_data="r")) for _ in range(2)]
    world.eventually(lambda: all(product.statuses(wamid) == ["failed"] for wamid in wamids))
    shapes = []
    for hook in product.hooks:
        value = hook.json["entry"][0]["changes"][0]["value"] if "whatsapp" in hook.path else {}
        for status in value.get("statuses", []):
            if status["id"] in wamids:
                assert status["recipient_id"] == guest.phone[1:]
                assert "recipient_user_id" not in status
                assert status["errors"][0]["code"] == 131047
                shapes.append(value.get("contacts"))
    assert sorted(shapes, key=bool) == [None, [{"wa_id": guest.phone[1:]}]]
    assert guest.business_messages() == []


def test_a_connection_breaks_before_or_after_the_message_was_taken(
    world: World, guest: Person, send: Send
) -> None:
    world.whatsapp.fault("reset", to=guest)
    with pytest.raises(httpx.TransportError):
        send(guest, text={"body": "never taken"})
    world.whatsapp.fault("lost_answer", to=guest)
    with pytest.raises(httpx.TransportError):
        send(guest, text={"body": "taken"})
    assert guest.sees("taken").body == "taken"
    assert [each.body for each in guest.business_messages()] == ["taken"]
    assert [each["outcome"] for each in world.whatsapp.sends(to=guest)] == ["reset", "lost_answer"]


def test_a_hanging_call_is_not_taken_once_the_caller_gave_up(
    world: World, guest: Person, graph: httpx.Client
) -> None:
    world.whatsapp.fault("hang", to=guest, seconds=2)
    body = {"messaging_product": "whatsapp", "to": guest.phone, "type": "text", "text": TEXT}
    with pytest.raises(httpx.ReadTimeout):
        graph.post(f"/{NUMBER}/messages", json=body, timeout=httpx.Timeout(60, read=0.1))
    world.eventually(lambda: [each["outcome"] for each in world.whatsapp.sends(to=guest)] == ["hang"])
    assert guest.business_messages() == []
    world.whatsapp.fault("hang", to=guest, seconds=0.1)
    wamid_of(graph.post(f"/{NUMBER}/messages", json=body))
    guest.sees("hello")


@pytest.mark.parametrize(("kind", "status"), [("502", 502), ("garbage", 200)])
def test_a_gateway_page_instead_of_json(
    world: World, guest: Person, send: Send, kind: str, status: int
) -> None:
    world.whatsapp.fault(kind, to=guest)
    answer = send(guest, text=TEXT)
    assert answer.status_code == status
    assert answer.text.startswith("<html>")


def test_the_cost_of_each_message_is_told(world: World, guest: Person, send: Send, product: Product) -> None:
    free, billed = wamid_of(send(guest, text=TEXT)), wamid_of(send(guest, template=template("a", "b")))
    world.eventually(lambda: len(product.statuses(free)) == len(product.statuses(billed)) == 2)
    assert product.items("statuses", free)[0]["pricing"] == {
        "billable": False, "pricing_model": "PMP", "type": "free_customer_service", "category": "service",
    }  # fmt: skip
    assert product.items("statuses", billed)[1]["pricing"]["category"] == "utility"
    guest.opens_chat()
    world.eventually(lambda: "read" in product.statuses(billed))
    assert "pricing" not in product.items("statuses", billed)[2]
