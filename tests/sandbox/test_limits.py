"""Every content limit of facts/whatsapp.md 2.1: at the limit it passes, one further it is refused."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.graph import Refused
from sandbox.limits import check

Body = dict[str, Any]


def message(kind: str, node: Any, **more: Any) -> Body:
    return {"messaging_product": "whatsapp", "to": "+923000000101", "type": kind, kind: node, **more}


def text(length: int) -> Body:
    return message("text", {"body": "x" * length})


def buttons(*, count: int = 1, body: int = 5, title: int = 5, number: int = 5, **more: Any) -> Body:
    replies = [{"id": f"{n}".ljust(number, "i"), "title": f"{n}".ljust(title, "t")} for n in range(count)]
    action = {"buttons": [{"type": "reply", "reply": reply} for reply in replies]}
    return message("interactive", {"type": "button", "body": {"text": "b" * body}, "action": action, **more})


def menu(
    *, sections: int = 1, rows: int = 1, body: int = 5, button: int = 5, section: int = 5, number: int = 5,
    title: int = 5, description: int = 5, **more: Any,
) -> Body:  # fmt: skip
    def row(name: str) -> Body:
        return {"id": name.ljust(number, "i"), "title": "t" * title, "description": "d" * description}

    parts = [
        {"title": "s" * section, "rows": [row(f"{s}.{r}") for r in range(rows)]} for s in range(sections)
    ]
    action = {"button": "b" * button, "sections": parts}
    return message("interactive", {"type": "list", "body": {"text": "b" * body}, "action": action, **more})


def cta(*, body: int = 5, label: int = 5, url: str = "https://example.com/x", **more: Any) -> Body:
    action = {"name": "cta_url", "parameters": {"display_text": "l" * label, "url": url}}
    return message("interactive", {"type": "cta_url", "body": {"text": "b" * body}, "action": action, **more})


def ask(kind: str, name: str, length: int) -> Body:
    return message("interactive", {"type": kind, "body": {"text": "b" * length}, "action": {"name": name}})


def header(length: int) -> Body:
    return {"header": {"type": "text", "text": "h" * length}}


def footer(length: int) -> Body:
    return {"footer": {"text": "f" * length}}


LINK = "https://example.com/a.jpg"
PAIRS = {
    "text body 4096": (text(4096), text(4097)),
    "callback data 512": (
        text(1) | {"biz_opaque_callback_data": "c" * 512},
        text(1) | {"biz_opaque_callback_data": "c" * 513},
    ),
    "three buttons": (buttons(count=3), buttons(count=4)),
    "at least one button": (buttons(count=1), buttons(count=0)),
    "button title 20": (buttons(title=20), buttons(title=21)),
    "button id 256": (buttons(number=256), buttons(number=257)),
    "button body 1024": (buttons(body=1024), buttons(body=1025)),
    "button footer 60": (buttons(**footer(60)), buttons(**footer(61))),
    "button header 60": (buttons(**header(60)), buttons(**header(61))),
    "ten sections": (menu(sections=10), menu(sections=11)),
    "ten rows in one section": (menu(rows=10), menu(rows=11)),
    "ten rows in all": (menu(sections=2, rows=5), menu(sections=2, rows=6)),
    "list button 20": (menu(button=20), menu(button=21)),
    "section title 24": (menu(section=24), menu(section=25)),
    "row title 24": (menu(title=24), menu(title=25)),
    "row description 72": (menu(description=72), menu(description=73)),
    "row id 200": (menu(number=200), menu(number=201)),
    "list body 4096": (menu(body=4096), menu(body=4097)),
    "list footer 60": (menu(**footer(60)), menu(**footer(61))),
    "list header 60": (menu(**header(60)), menu(**header(61))),
    "list header is text": (menu(), menu(header={"type": "image", "image": {"link": LINK}})),
    "cta body 1024": (cta(body=1024), cta(body=1025)),
    "cta label 20": (cta(label=20), cta(label=21)),
    "cta footer 60": (cta(**footer(60)), cta(**footer(61))),
    "cta header 60": (cta(**header(60)), cta(**header(61))),
    "cta opens http": (cta(), cta(url="javascript:alert(1)")),
    "contact request body 1024": (
        ask("request_contact_info", "request_contact_info", 1024),
        ask("request_contact_info", "request_contact_info", 1025),
    ),
    "location request body 1024": (
        ask("location_request_message", "send_location", 1024),
        ask("location_request_message", "send_location", 1025),
    ),
    "image caption 1024": (
        message("image", {"link": LINK, "caption": "c" * 1024}),
        message("image", {"link": LINK, "caption": "c" * 1025}),
    ),
    "document caption 1024": (
        message("document", {"id": "1", "caption": "c" * 1024}),
        message("document", {"id": "1", "caption": "c" * 1025}),
    ),
    "file by link or id, not both": (
        message("image", {"link": LINK}),
        message("image", {"link": LINK, "id": "1"}),
    ),
    "latitude up to 90": (
        message("location", {"latitude": 90, "longitude": 180}),
        message("location", {"latitude": 90.1, "longitude": 180}),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_limit_is_kept_to_the_character(name: str) -> None:
    fits, too_much = PAIRS[name]
    check(fits)
    with pytest.raises(Refused) as refused:
        check(too_much)
    assert refused.value.code in (131008, 131009)
    assert refused.value.details


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"to": "+1", "type": "text", "text": {"body": "x"}}, 100),
        ({"messaging_product": "whatsapp", "type": "text", "text": {"body": "x"}}, 131008),
        (message("text", {}), 131008),
        (message("text", {"body": ""}), 131008),
        (message("text", {"body": 5}), 131009),
        (message("text", {"body": " \n "}), 131009),
        (message("text", "x"), 131009),
        ({"messaging_product": "whatsapp", "to": "+1", "type": "text"}, 131008),
        (message("hologram", {}), 131051),
        (message("interactive", {"type": "carousel", "action": {}}), 131009),
        (message("interactive", {"type": "button", "action": {"buttons": []}}), 131008),
        (message("template", {"name": "x"}), 131008),
        (message("image", {}), 131008),
        (text(1) | {"recipient_type": "group"}, 131009),
        (text(1) | {"context": {}}, 131008),
    ],
)
def test_what_is_missing_or_wrong_is_named(body: Body, code: int) -> None:
    with pytest.raises(Refused) as refused:
        check(body)
    assert refused.value.code == code


def test_ids_and_titles_of_one_message_differ() -> None:
    twice = [
        {"type": "reply", "reply": {"id": "a", "title": "Yes"}},
        {"type": "reply", "reply": {"id": "b", "title": "Yes"}},
    ]
    body = buttons()
    body["interactive"]["action"]["buttons"] = twice
    with pytest.raises(Refused, match="titles"):
        check(body)
    twice[1]["reply"] = {"id": "a", "title": "No"}
    with pytest.raises(Refused, match="ids"):
        check(body)
    rows = menu(rows=2)
    rows["interactive"]["action"]["sections"][0]["rows"][1]["id"] = rows["interactive"]["action"]["sections"][
        0
    ]["rows"][0]["id"]
    with pytest.raises(Refused, match="row ids"):
        check(rows)


def test_several_sections_need_titles() -> None:
    body = menu(sections=2)
    del body["interactive"]["action"]["sections"][1]["title"]
    with pytest.raises(Refused) as refused:
        check(body)
    assert refused.value.code == 131008
    check(menu(sections=1) | {})
