"""Refuses an outbound message that WhatsApp would refuse: missing parts, and everything that is too long.

pywa sends whatever it is given, so this is the only place on a newcomer's machine where a fourth button
or a 25-character row is found out. Source: facts/whatsapp.md 2.1 and 3.2 (Meta's page per message kind).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sandbox.graph import Refused

Body = dict[str, Any]
MISSING, INVALID, UNSUPPORTED = 131008, 131009, 131051
URL = re.compile(r"https?://[^\s/?#]+\S*\Z", re.IGNORECASE)
USER_ID = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}\Z")
MEDIA_HEADERS = ("image", "video", "document")
CAPTION = 1024


def check(body: Body) -> None:
    """Let a well-formed message pass.

    Raises:
        Refused: the first thing that is wrong, with the path of the parameter.
    """
    if body.get("messaging_product") != "whatsapp":
        raise Refused(100, "The parameter messaging_product is required and must be 'whatsapp'")
    if body.get("recipient_type", "individual") != "individual":
        raise Refused(INVALID, "recipient_type must be 'individual'")
    if not body.get("to") and not body.get("recipient"):
        raise Refused(MISSING, "to or recipient is required")
    _text(body, "biz_opaque_callback_data", "biz_opaque_callback_data", 512, required=False)
    if "context" in body:
        _text(_node(body, "context", "context"), "message_id", "context.message_id", 512)
    kind = body.get("type", "text")
    if not isinstance(kind, str) or kind not in KINDS:
        raise Refused(UNSUPPORTED, f"Message type {kind!r} is not supported")
    KINDS[kind](_node(body, kind, kind))


def _check_text(node: Body) -> None:
    _text(node, "body", "text.body", 4096)
    _flag(node, "preview_url", "text.preview_url")


def _check_media(kind: str, *, caption: bool) -> Callable[[Body], None]:
    def check_media(node: Body) -> None:
        check_file(node, kind)
        if caption:
            _text(node, "caption", f"{kind}.caption", CAPTION, required=False)
        elif "caption" in node:
            raise Refused(INVALID, f"{kind}.caption is not supported")
        if "filename" in node and kind == "document":
            _text(node, "filename", "document.filename", 240)

    return check_media


def check_file(node: Body, path: str) -> None:
    """A media object names its file by id or by link, one of the two."""
    if bool(node.get("id")) == bool(node.get("link")):
        raise Refused(MISSING, f"{path} needs either id or link")
    if node.get("link"):
        _url(node, "link", f"{path}.link")


def _check_location(node: Body) -> None:
    for name, most in (("latitude", 90), ("longitude", 180)):
        value = node.get(name)
        try:
            number = float(value) if not isinstance(value, bool) else 1000.0  # type: ignore[arg-type]
        except (TypeError, ValueError):
            raise Refused(
                MISSING if value is None else INVALID, f"location.{name} must be a number"
            ) from None
        if not -most <= number <= most:
            raise Refused(INVALID, f"location.{name} must be between -{most} and {most}")
    _text(node, "name", "location.name", 1000, required=False)
    _text(node, "address", "location.address", 1000, required=False)


def _check_contacts(node: Any) -> None:
    for index, contact in enumerate(_list(node, "contacts", 1, 257)):
        name = _node(contact, "name", f"contacts[{index}].name")
        _text(name, "formatted_name", f"contacts[{index}].name.formatted_name", 1000)


def _check_reaction(node: Body) -> None:
    _text(node, "message_id", "reaction.message_id", 512)
    if not isinstance(node.get("emoji"), str):
        raise Refused(MISSING, "reaction.emoji is required")


def _check_template(node: Body) -> None:
    _text(node, "name", "template.name", 512)
    _text(_node(node, "language", "template.language"), "code", "template.language.code", 15)
    for index, component in enumerate(_list(node.get("components") or [], "template.components", 0, 20)):
        path = f"template.components[{index}]"
        if str(component.get("type", "")).lower() not in ("header", "body", "button"):
            raise Refused(INVALID, f"{path}.type must be header, body or button")
        for parameter in _list(component.get("parameters") or [], f"{path}.parameters", 0, 100):
            if parameter.get("type") == "location":
                _check_location(_node(parameter, "location", f"{path}.parameters.location"))


def _check_interactive(node: Body) -> None:
    kind = node.get("type")
    if not isinstance(kind, str) or kind not in INTERACTIVE:
        raise Refused(INVALID, f"interactive.type {kind!r} is not supported")
    INTERACTIVE[kind](node, _node(node, "action", "interactive.action"))


def _check_buttons(node: Body, action: Body) -> None:
    _frame(node, body=1024, headers=("text", *MEDIA_HEADERS))
    titles, ids = [], []
    for index, button in enumerate(_list(action.get("buttons"), "interactive.action.buttons", 1, 3)):
        path = f"interactive.action.buttons[{index}]"
        if button.get("type", "reply") != "reply":
            raise Refused(INVALID, f"{path}.type must be 'reply'")
        reply = _node(button, "reply", f"{path}.reply")
        ids.append(_text(reply, "id", f"{path}.reply.id", 256))
        titles.append(_text(reply, "title", f"{path}.reply.title", 20))
    _unique(ids, "button ids")
    _unique(titles, "button titles")


def _check_list(node: Body, action: Body) -> None:
    _frame(node, body=4096, headers=("text",))
    _text(action, "button", "interactive.action.button", 20)
    sections = _list(action.get("sections"), "interactive.action.sections", 1, 10)
    ids = []
    for index, section in enumerate(sections):
        path = f"interactive.action.sections[{index}]"
        _text(section, "title", f"{path}.title", 24, required=len(sections) > 1)
        for number, row in enumerate(_list(section.get("rows"), f"{path}.rows", 1, 10)):
            ids.append(_text(row, "id", f"{path}.rows[{number}].id", 200))
            _text(row, "title", f"{path}.rows[{number}].title", 24)
            _text(row, "description", f"{path}.rows[{number}].description", 72, required=False)
    if len(ids) > 10:
        raise Refused(
            INVALID, f"A list has at most 10 rows in all sections together; this one has {len(ids)}"
        )
    _unique(ids, "row ids")


def _check_cta_url(node: Body, action: Body) -> None:
    _frame(node, body=1024, headers=("text", *MEDIA_HEADERS))
    if action.get("name") != "cta_url":
        raise Refused(INVALID, "interactive.action.name must be 'cta_url'")
    parameters = _node(action, "parameters", "interactive.action.parameters")
    _text(parameters, "display_text", "interactive.action.parameters.display_text", 20)
    _url(parameters, "url", "interactive.action.parameters.url")


def _check_flow(node: Body, action: Body) -> None:
    _frame(node, body=1024, headers=("text", *MEDIA_HEADERS))
    parameters = _node(action, "parameters", "interactive.action.parameters")
    _text(parameters, "flow_cta", "interactive.action.parameters.flow_cta", 20)
    if bool(parameters.get("flow_id")) == bool(parameters.get("flow_name")):
        raise Refused(MISSING, "interactive.action.parameters needs either flow_id or flow_name")


def _check_ask(name: str) -> Callable[[Body, Body], None]:
    def check_ask(node: Body, action: Body) -> None:
        _frame(node, body=1024, headers=(), footer=False)
        if action.get("name") != name:
            raise Refused(INVALID, f"interactive.action.name must be '{name}'")

    return check_ask


INTERACTIVE: dict[str, Callable[[Body, Body], None]] = {
    "button": _check_buttons,
    "list": _check_list,
    "cta_url": _check_cta_url,
    "flow": _check_flow,
    "location_request_message": _check_ask("send_location"),
    "request_contact_info": _check_ask("request_contact_info"),
}
KINDS: dict[str, Callable[[Any], None]] = {
    "text": _check_text,
    "image": _check_media("image", caption=True),
    "document": _check_media("document", caption=True),
    "video": _check_media("video", caption=True),
    "audio": _check_media("audio", caption=False),
    "sticker": _check_media("sticker", caption=False),
    "location": _check_location,
    "contacts": _check_contacts,
    "reaction": _check_reaction,
    "template": _check_template,
    "interactive": _check_interactive,
}


def _frame(node: Body, *, body: int, headers: tuple[str, ...], footer: bool = True) -> None:
    """Body (always), header and footer of an interactive message."""
    _text(_node(node, "body", "interactive.body"), "text", "interactive.body.text", body)
    if "footer" in node:
        if not footer:
            raise Refused(INVALID, "interactive.footer is not supported here")
        _text(_node(node, "footer", "interactive.footer"), "text", "interactive.footer.text", 60)
    if "header" not in node:
        return
    header = _node(node, "header", "interactive.header")
    kind = header.get("type")
    if kind not in headers:
        raise Refused(INVALID, f"interactive.header.type {kind!r} is not supported here")
    if kind == "text":
        _text(header, "text", "interactive.header.text", 60)
    else:
        check_file(_node(header, str(kind), f"interactive.header.{kind}"), f"interactive.header.{kind}")


def _node(parent: Any, key: str, path: str) -> Any:
    value = parent.get(key) if isinstance(parent, dict) else None
    if value is None:
        raise Refused(MISSING, f"{path} is required")
    if not isinstance(value, list if key == "contacts" else dict):
        raise Refused(INVALID, f"{path} has the wrong type")
    return value


def _list(value: Any, path: str, least: int, most: int) -> list[Body]:
    if value is None:
        raise Refused(MISSING, f"{path} is required")
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise Refused(INVALID, f"{path} must be a list of objects")
    if not least <= len(value) <= most:
        raise Refused(INVALID, f"{path} must have {least} to {most} entries; this one has {len(value)}")
    return value


def _text(node: Body, key: str, path: str, most: int, *, required: bool = True) -> str:
    value = node.get(key)
    if value is None and not required:
        return ""
    if value is None or value == "":
        raise Refused(MISSING, f"{path} is required and must not be empty")
    if not isinstance(value, str):
        raise Refused(INVALID, f"{path} must be a string")
    if required and not value.strip():
        raise Refused(INVALID, f"{path} must not be blank")
    if len(value) > most:
        raise Refused(INVALID, f"{path} may have at most {most} characters; this one has {len(value)}")
    return value


def _url(node: Body, key: str, path: str) -> None:
    if not URL.match(_text(node, key, path, 2000)):
        raise Refused(INVALID, f"{path} must be a valid http(s) URL")


def _flag(node: Body, key: str, path: str) -> None:
    if not isinstance(node.get(key, False), bool):
        raise Refused(INVALID, f"{path} must be true or false")


def _unique(values: list[str], what: str) -> None:
    if len(set(values)) != len(values):
        raise Refused(INVALID, f"The {what} of one message must be unique")
