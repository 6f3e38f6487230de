"""Between the wire and the phone: an outbound body as a bubble, and what a person does as a webhook node.

Source of the shapes: facts/whatsapp.md 3.1 and 3.2.
"""

from __future__ import annotations

from typing import Any

from sandbox.templates import Filled

Node = dict[str, Any]
FILES = ("image", "document", "video", "audio", "sticker")
SHOWN = ("text", "interactive", "button", "location", "contacts", *FILES)
KIND_OF = {
    "button": "buttons",
    "list": "list",
    "cta_url": "cta_url",
    "request_contact_info": "contact_request",
    "location_request_message": "location_request",
    "flow": "flow",
}


def bubble_of(body: Node, filled: Filled | None) -> Node:
    """What the person's phone shows of an outbound message; its file still to be put in."""
    kind = body.get("type", "text")
    shown: Node = {"from": "business", "reply_to": (body.get("context") or {}).get("message_id")}
    if filled:
        return shown | _template(filled)
    node = body[kind]
    if kind == "text":
        return shown | {"kind": "text", "body": node["body"]}
    if kind == "interactive":
        return shown | _interactive(node)
    if kind in FILES:
        return shown | {"kind": kind, "body": node.get("caption") or "", "voice": node.get("voice") is True}
    if kind == "location":
        place = {key: node.get(key) for key in ("latitude", "longitude", "name", "address")}
        return shown | {"kind": "location", "body": node.get("name") or "", "location": place}
    if kind == "contacts":
        return shown | {"kind": "contacts", "body": node[0]["name"]["formatted_name"], "contact": node[0]}
    return shown | {"kind": "unsupported", "body": f"[{kind}]"}


def file_of(body: Node, filled: Filled | None) -> tuple[str, Node] | None:
    """The kind and node of the file that a message carries, its own or its header's."""
    kind = body.get("type", "text")
    if kind in FILES:
        return kind, body[kind]
    header = filled.header if filled else (body.get("interactive") or {}).get("header")
    if not header or header["type"] in ("text", "location"):
        return None
    return header["type"], (header.get("file") or {}) if filled else header[header["type"]]


def put_file(bubble: Node, kind: str, shown: Node) -> None:
    """Show a fetched file in its bubble: as the bubble's own, or above the text."""
    if bubble["kind"] in FILES:
        bubble["media"] = shown
    else:
        bubble["header"] = {"type": kind, "text": None, "url": shown["url"], "filename": shown["filename"]}
        bubble["media"] = shown


def _template(filled: Filled) -> Node:
    header = {k: v for k, v in filled.header.items() if k != "file"} if filled.header else None
    place = filled.header["file"] if filled.header and filled.header["type"] == "location" else None
    return {
        "kind": "template",
        "template": filled.name,
        "header": header,
        "location": place,
        "body": filled.body,
        "footer": filled.footer,
        "options": filled.options,
    }


def _interactive(node: Node) -> Node:
    action, header = node["action"], node.get("header")
    bubble: Node = {"kind": KIND_OF.get(node["type"], "unsupported"), "body": node["body"]["text"]}
    if "footer" in node:
        bubble["footer"] = node["footer"]["text"]
    if header and header["type"] == "text":
        bubble["header"] = {"type": "text", "text": header["text"], "url": None, "filename": None}
    if node["type"] == "button":
        bubble["options"] = [{**each["reply"], "kind": "reply"} for each in action["buttons"]]
    elif node["type"] == "list":
        bubble["list_button"], bubble["sections"] = action["button"], action["sections"]
        rows = [row for section in action["sections"] for row in section["rows"]]
        bubble["options"] = [{**row, "kind": "row"} for row in rows]
    elif node["type"] == "cta_url":
        link = action["parameters"]
        bubble["options"] = [{"id": "url", "title": link["display_text"], "kind": "url", "url": link["url"]}]
    elif node["type"] == "flow":
        bubble["options"] = [{"id": "flow", "title": action["parameters"]["flow_cta"], "kind": "flow"}]
    elif node["type"] == "request_contact_info":
        bubble["options"] = [{"id": "contact", "title": "Share phone number", "kind": "contact"}]
    elif node["type"] == "location_request_message":
        bubble["options"] = [{"id": "location", "title": "Send location", "kind": "location"}]
    return bubble


def reply_node(bubble: Node, option: Node) -> Node:
    """What a tap sends: a button's or a row's reply, or a template's quick reply."""
    if bubble["template"]:
        return {"type": "button", "button": {"text": option["title"], "payload": option["id"]}}
    if option["kind"] == "row":
        reply = {key: option[key] for key in ("id", "title", "description") if option.get(key)}
        return {"type": "interactive", "interactive": {"type": "list_reply", "list_reply": reply}}
    reply = {"id": option["id"], "title": option["title"]}
    return {"type": "interactive", "interactive": {"type": "button_reply", "button_reply": reply}}


def shared_contact_node(name: str, phone: str) -> Node:
    """The person's own contact, shared on request."""
    node = contact_node(name, phone)
    node["contacts"][0]["origin"] = "contact_request"
    return node


def contact_node(name: str, phone: str) -> Node:
    """A contact card out of the phone's address book."""
    first, _, last = name.partition(" ")
    entry: Node = {
        "name": {"formatted_name": name, "first_name": first},
        "phones": [{"phone": phone, "wa_id": phone.lstrip("+"), "type": "CELL"}],
    }
    if last:
        entry["name"]["last_name"] = last
    return {"type": "contacts", "contacts": [entry]}


def unsupported_node() -> Node:
    """What comes of a message that the Cloud API does not carry: a poll, a picture for one look."""
    error = {
        "code": 131051,
        "title": "Message type unknown",
        "message": "Message type unknown",
        "error_data": {"details": "Message type is currently not supported."},
    }
    return {"type": "unsupported", "errors": [error]}


def own_bubble(node: Node) -> Node:
    """The bubble on the person's own side for a node that they sent."""
    kind = node["type"]
    context = node.get("context") or {}
    bubble: Node = {"from": "person", "kind": "text", "body": "", "reply_to": context.get("id")}
    bubble["forwarded"] = bool(context.get("forwarded") or context.get("frequently_forwarded"))
    if kind in SHOWN:
        return bubble | _own_part(kind, node[kind])
    return bubble | {"kind": "unsupported", "body": f"[{kind}]"}


def _own_part(kind: str, part: Any) -> Node:
    if kind == "text":
        return {"body": part.get("body") or ""}
    if kind == "button":
        return {"body": part.get("text") or ""}
    if kind == "interactive":
        reply = part.get("button_reply") or part.get("list_reply") or {"title": "Sent"}
        return {"body": "\n".join(filter(None, (reply.get("title"), reply.get("description"))))}
    if kind == "location":
        place = {key: part.get(key) for key in ("latitude", "longitude", "name", "address")}
        return {"kind": "location", "body": part.get("name") or "", "location": place}
    if kind == "contacts":
        first = part[0] if part else {}
        return {
            "kind": "contacts",
            "body": (first.get("name") or {}).get("formatted_name", ""),
            "contact": first,
        }
    return {"kind": kind, "body": part.get("caption") or "", "voice": part.get("voice") is True}
