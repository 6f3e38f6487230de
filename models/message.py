"""What can be said to a person: one frozen value per kind of bubble, with WhatsApp's limits kept.

A message is made once, stored in its `outbound_messages` row as compact JSON (`to_json`) and turned into
wire form only by the adapter that sends it. A limit that is broken here is a bug of ours, found by the
first test that makes the message, never by WhatsApp on a guest's phone.

Source of the limits: Meta's pages on each message kind (text, reply buttons, list, call-to-action URL).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, TypeAlias

BODY_TEXT, BODY_BUTTONS, BODY_LIST, CAPTION = 4096, 1024, 4096, 1024
FOOTER, BUTTON_TITLE, ROW_TITLE, ROW_DESCRIPTION, SECTION_TITLE = 60, 20, 24, 72, 24
MOST_BUTTONS, MOST_ROWS, MOST_SECTIONS = 3, 10, 10
BUTTON_ID, ROW_ID = 256, 200


class MessageTooLong(ValueError):
    """A message breaks one of WhatsApp's limits; says which."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a message goes to: a phone (E.164 with its plus) where known, else a business-scoped user id."""

    phone: str | None
    user_id: str | None


@dataclass(frozen=True, slots=True)
class Button:
    id: str
    title: str

    def __post_init__(self) -> None:
        _within(self.id, 1, BUTTON_ID, "button id")
        _within(self.title, 1, BUTTON_TITLE, "button title")


@dataclass(frozen=True, slots=True)
class Row:
    id: str
    title: str
    description: str | None = None

    def __post_init__(self) -> None:
        _within(self.id, 1, ROW_ID, "row id")
        _within(self.title, 1, ROW_TITLE, "row title")
        _within(self.description, 1, ROW_DESCRIPTION, "row description")


@dataclass(frozen=True, slots=True)
class Section:
    title: str | None
    rows: tuple[Row, ...]

    def __post_init__(self) -> None:
        _within(self.title, 1, SECTION_TITLE, "section title")


@dataclass(frozen=True, slots=True)
class Text:
    body: str

    def __post_init__(self) -> None:
        _within(self.body, 1, BODY_TEXT, "text")


@dataclass(frozen=True, slots=True)
class Buttons:
    """Text with one to three reply buttons, and perhaps a picture above it: by its id once uploaded, or a link."""

    body: str
    buttons: tuple[Button, ...]
    image_link: str | None = None
    footer: str | None = None
    image_id: str | None = None

    def __post_init__(self) -> None:
        _within(self.body, 1, BODY_BUTTONS, "body")
        _within(self.footer, 1, FOOTER, "footer")
        _unique([b.id for b in self.buttons], 1, MOST_BUTTONS, "buttons")
        _unique([b.title for b in self.buttons], 1, MOST_BUTTONS, "button titles")


@dataclass(frozen=True, slots=True)
class Menu:
    """Text with a button that opens a list of at most ten rows."""

    body: str
    button: str
    sections: tuple[Section, ...]
    footer: str | None = None

    def __post_init__(self) -> None:
        _within(self.body, 1, BODY_LIST, "body")
        _within(self.button, 1, BUTTON_TITLE, "list button")
        _within(self.footer, 1, FOOTER, "footer")
        _unique([r.id for s in self.sections for r in s.rows], 1, MOST_ROWS, "rows")
        if len(self.sections) > 1 and not all(s.title for s in self.sections):
            raise MessageTooLong("several sections need a title each")


@dataclass(frozen=True, slots=True)
class Link:
    """Text with one button that opens a web page."""

    body: str
    label: str
    url: str
    image_link: str | None = None
    footer: str | None = None

    def __post_init__(self) -> None:
        _within(self.body, 1, BODY_BUTTONS, "body")
        _within(self.label, 1, BUTTON_TITLE, "label")
        _within(self.footer, 1, FOOTER, "footer")


@dataclass(frozen=True, slots=True)
class Document:
    """A file with a caption; by `media_id` once uploaded, else by a public `link`."""

    filename: str
    caption: str
    media_id: str | None = None
    link: str | None = None

    def __post_init__(self) -> None:
        _within(self.caption, 1, CAPTION, "caption")


@dataclass(frozen=True, slots=True)
class Image:
    caption: str | None = None
    media_id: str | None = None
    link: str | None = None

    def __post_init__(self) -> None:
        _within(self.caption, 1, CAPTION, "caption")


@dataclass(frozen=True, slots=True)
class ContactRequest:
    """Asks for the person's phone number, which WhatsApp may hide."""

    body: str

    def __post_init__(self) -> None:
        _within(self.body, 1, BODY_BUTTONS, "body")


@dataclass(frozen=True, slots=True)
class LocationRequest:
    """Asks where the person is: a button that opens the phone's map."""

    body: str

    def __post_init__(self) -> None:
        _within(self.body, 1, BODY_BUTTONS, "body")


@dataclass(frozen=True, slots=True)
class ContactCard:
    """Somebody to call or to write to, as a phone's address book has them.

    Attributes:
        phone: E.164 with its plus.
        company: what the person belongs to.
    """

    name: str
    phone: str
    company: str

    def __post_init__(self) -> None:
        _within(self.name, 1, 100, "contact's name")
        _within(self.company, 1, 100, "contact's company")


@dataclass(frozen=True, slots=True)
class LocationPin:
    latitude: float
    longitude: float
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Template:
    """An approved template with its parameters: the only thing that reaches a closed window.

    Attributes:
        body_params: the values of {{1}}, {{2}}, … of the body, none empty, no line breaks.
        button_payloads: what each quick-reply button sends back, in order.
    """

    name: str
    language: str
    body_params: tuple[str, ...] = ()
    button_payloads: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for value in self.body_params:
            if not value.strip() or "\n" in value or "\t" in value:
                raise MessageTooLong(f"template {self.name}: a parameter is empty or holds a line break")
        for payload in self.button_payloads:
            _within(payload, 1, 128, "quick-reply payload")


@dataclass(frozen=True, slots=True)
class Typing:
    """Shows “typing…” under the message with this id (and marks it read), for at most 25 seconds."""

    wamid: str


Message: TypeAlias = (
    Text
    | Buttons
    | Menu
    | Link
    | Document
    | Image
    | ContactRequest
    | ContactCard
    | LocationRequest
    | LocationPin
    | Template
    | Typing
)

_KINDS: dict[str, type[Any]] = {
    "text": Text,
    "buttons": Buttons,
    "menu": Menu,
    "link": Link,
    "document": Document,
    "image": Image,
    "contact_request": ContactRequest,
    "contact": ContactCard,
    "location_request": LocationRequest,
    "location": LocationPin,
    "template": Template,
    "typing": Typing,
}
_NAMES = {cls: name for name, cls in _KINDS.items()}
_FIELDS = {cls: tuple(f.name for f in fields(cls)) for cls in _KINDS.values()}


def to_json(message: Message) -> dict[str, Any]:
    """The message as a JSON object that `from_json` turns back into an equal one."""
    data: dict[str, Any] = {"kind": _NAMES[type(message)]}
    for name in _FIELDS[type(message)]:
        value = getattr(message, name)
        if value is None or value == ():
            continue
        if name == "buttons":
            value = [[b.id, b.title] for b in value]
        elif name == "sections":
            value = [[s.title, [[r.id, r.title, r.description] for r in s.rows]] for s in value]
        elif isinstance(value, tuple):
            value = list(value)
        data[name] = value
    return data


def from_json(data: dict[str, Any]) -> Message:
    values = dict(data)
    cls = _KINDS[values.pop("kind")]
    if "buttons" in values:
        values["buttons"] = tuple(Button(*pair) for pair in values["buttons"])
    if "sections" in values:
        values["sections"] = tuple(
            Section(title, tuple(Row(*row) for row in rows)) for title, rows in values["sections"]
        )
    for name in ("body_params", "button_payloads"):
        if name in values:
            values[name] = tuple(values[name])
    message: Message = cls(**values)
    return message


# Marks, embeddings, overrides and isolates.
_TURNS = dict.fromkeys((0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))


def unturned(text: str) -> str:
    """Without what turns the direction of all that follows: a name is not to write a phone number backwards."""
    return text.translate(_TURNS)


def clip(text: str, most: int) -> str:
    """The text itself, or its beginning with an ellipsis, at most `most` characters long."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _within(text: str | None, least: int, most: int, what: str) -> None:
    if text is not None and not least <= len(text) <= most:
        raise MessageTooLong(
            f"{what} has {len(text)} characters, allowed are {least} to {most}: {text[:40]!r}"
        )


def _unique(values: list[str], least: int, most: int, what: str) -> None:
    if not least <= len(values) <= most:
        raise MessageTooLong(f"{len(values)} {what}, allowed are {least} to {most}")
    if len(set(values)) != len(values):
        raise MessageTooLong(f"{what} are not unique: {values}")
