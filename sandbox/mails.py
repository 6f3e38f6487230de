"""The mails of the sandbox's mailbox: taken in as Gmail takes them in, searched in Gmail's words, kept over a restart."""

from __future__ import annotations

import base64
import email
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage, MIMEPart
from email.utils import format_datetime
from typing import Any, Final

from sandbox.store import Store

ADDRESS: Final = "sarai.sandbox@gmail.example"
LABELS: Final = (
    "INBOX",
    "UNREAD",
    "SPAM",
    "TRASH",
    "SENT",
    "DRAFT",
    "IMPORTANT",
    "STARRED",
    "CATEGORY_UPDATES",
)
HIDDEN: Final = frozenset({"SPAM", "TRASH"})
KEPT_HISTORY: Final = 5000
FIRST_HISTORY: Final = 1000

Stored = dict[str, Any]
Test = Callable[[Stored], bool]


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a mail came, which decides what Gmail says about it.

    Attributes:
        signed_by: the domain whose signature it carries; nothing where there is none, or a wrong one.
        sent_from: the domain of the server that handed it over.
    """

    signed_by: str | None
    sent_from: str


class Mails:
    """Every mail there is, oldest first, and what happened to them since."""

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        self._store, self._now = store, now
        self._all: dict[str, Stored] = store.load("mail")
        self._history: list[Stored] = list(store.load("mail-history").values())
        self._last = max((int(each["id"]) for each in self._history), default=FIRST_HISTORY)

    @property
    def history_id(self) -> str:
        return str(self._last)

    def __len__(self) -> int:
        return len(self._all)

    def take_in(self, mail: EmailMessage, arrival: Arrival, labels: Sequence[str] = ()) -> Stored:
        """A mail arrives: Gmail's own headers are put on top of whatever it brought along."""
        return self.put(
            as_taken_in(mail, arrival, self._now()), labels or ("INBOX", "UNREAD", "CATEGORY_UPDATES")
        )

    def put(self, raw: bytes, labels: Sequence[str]) -> Stored:
        """A mail as it stands, whatever is in it."""
        number = f"{secrets.randbits(60) | 1 << 60:016x}"
        stored = {
            "id": number,
            "threadId": number,
            "labelIds": list(labels),
            "internalDate": str(int(self._now() * 1000)),
            "raw": base64.urlsafe_b64encode(raw).decode(),
            "read": 0,
        }
        self._all[number] = stored
        self._note("messagesAdded", stored)
        return stored

    def find(self, number: str) -> Stored | None:
        return self._all.get(number)

    def newest_first(self) -> list[Stored]:
        return sorted(self._all.values(), key=lambda each: int(each["internalDate"]))[::-1]

    def search(self, query: str, *, with_hidden: bool, labels: Sequence[str] = ()) -> list[Stored]:
        """What Gmail would find, newest first.

        Raises:
            ValueError: not a query that we understand.
        """
        wanted = parse(query, self._now())
        hides = not with_hidden and not re.search(r"\bin:(anywhere|spam|trash)\b", query)
        return [
            each
            for each in self.newest_first()
            if not (hides and HIDDEN & set(each["labelIds"]))
            and all(label in each["labelIds"] for label in labels)
            and wanted(each)
        ]

    def modify(self, stored: Stored, add: Sequence[str], remove: Sequence[str]) -> None:
        """Other labels.

        Raises:
            ValueError: there is no such label.
        """
        if unknown := [label for label in (*add, *remove) if label not in LABELS]:
            raise ValueError(f"Invalid label: {unknown[0]}")
        before = stored["labelIds"]
        stored["labelIds"] = [label for label in dict.fromkeys([*before, *add]) if label not in remove]
        if stored["labelIds"] != before:
            self._note("labelsRemoved" if remove else "labelsAdded", stored, labels=[*(remove or add)])

    def delete(self, stored: Stored) -> None:
        """Gone for good."""
        self._note("messagesDeleted", stored)
        self._all.pop(stored["id"], None)
        self._store.delete("mail", stored["id"])

    def note_read(self, stored: Stored) -> None:
        """The product has fetched it."""
        stored["read"] += 1
        self._store.put("mail", stored["id"], stored)

    def history(self, start: int) -> list[Stored] | None:
        """What happened since; None where that is too long ago to be known."""
        oldest = int(self._history[0]["id"]) if len(self._history) == KEPT_HISTORY else FIRST_HISTORY
        if start < oldest:
            return None
        return [each for each in self._history if int(each["id"]) > start]

    def _note(self, kind: str, stored: Stored, *, labels: Sequence[str] = ()) -> None:
        self._last += secrets.randbelow(40) + 1
        stored["historyId"] = str(self._last)
        self._store.put("mail", stored["id"], stored)
        about = {key: stored[key] for key in ("id", "threadId", "labelIds")}
        entry: Stored = {"id": str(self._last), "messages": [about], kind: [{"message": about}]}
        if labels:
            entry[kind][0]["labelIds"] = list(labels)
        self._history.append(entry)
        self._store.put("mail-history", entry["id"], entry)
        for old in self._history[:-KEPT_HISTORY]:
            self._store.delete("mail-history", old["id"])
        del self._history[:-KEPT_HISTORY]


def raw_of(stored: Stored) -> bytes:
    return base64.urlsafe_b64decode(stored["raw"])


def message_of(stored: Stored) -> EmailMessage:
    found = email.message_from_bytes(raw_of(stored), policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def text_of(mail: EmailMessage) -> str:
    """What a person reads in it."""
    try:
        body = mail.get_body(("plain", "html"))
        content = str(body.get_content()) if body is not None else ""
    except (LookupError, ValueError, AttributeError):
        content = ""
    if body is not None and body.get_content_subtype() == "html":
        content = re.sub(r"<(br|/p|/tr|/h1)[^>]*>", "\n", content)
        content = re.sub(r"<!--.*?-->|<[^>]+>", " ", content, flags=re.DOTALL)
    return re.sub(r"[ \t]*\n\s*\n\s*", "\n\n", content).strip()


# What a receiving server writes on top.


def as_taken_in(mail: EmailMessage, arrival: Arrival, now: float) -> bytes:
    """The mail as Gmail keeps it: its own word on who the sender is stands above everything that the sender wrote."""
    domain = str(mail["From"]).rpartition("@")[2].strip("> ")
    date = format_datetime(datetime.fromtimestamp(now, UTC))
    bounce = f"bounce@{arrival.sent_from}"
    aligned = arrival.signed_by == domain
    dkim = (
        f"dkim=pass header.i=@{arrival.signed_by} header.s=s1 header.b={secrets.token_hex(4)}"
        if arrival.signed_by
        else f"dkim=fail header.i=@{domain} header.s=s1 header.b={secrets.token_hex(4)}"
    )
    spf = f"spf=pass (google.com: domain of {bounce} designates 203.0.113.9 as permitted sender) smtp.mailfrom={bounce}"
    dmarc = f"dmarc={'pass' if aligned else 'fail'} (p={'REJECT' if aligned else 'NONE'} dis=NONE) header.from={domain}"
    lines = (
        f"Delivered-To: {ADDRESS}",
        f"Received: by 2002:a05:6a10:4405::1 with SMTP id {secrets.token_hex(6)};",
        f"        {date}",
        f"Return-Path: <{bounce}>",
        f"Received: from mta1.{arrival.sent_from} (mta1.{arrival.sent_from}. [203.0.113.9])",
        f"        by mx.google.com with ESMTPS id {secrets.token_hex(8)}",
        f"        for <{ADDRESS}>;",
        f"        {date}",
        f"Authentication-Results: mx.google.com;\r\n       {dkim};\r\n       {spf};\r\n       {dmarc}",
    )
    return "".join(f"{line}\r\n" for line in lines).encode() + mail.as_bytes(policy=policy.SMTP)


# Gmail's search.

_TOKEN: Final = re.compile(r'\s*(-?[a-z_]+:(?=[({])|-?[a-z_]+:"[^"]*"|"[^"]*"|[(){}]|-(?=[({])|[^\s(){}]+)')


def parse(query: str, now: float) -> Test:
    """A query as a test of a mail: words, fields, `-`, OR, and groups in () or {}.

    Raises:
        ValueError: a group that does not end, or a field that nobody knows.
    """
    tokens = [found.strip() for found in _TOKEN.findall(query)]
    reader = _Reader(tokens, now)
    test = reader.all_of(until=None)
    if reader.left:
        raise ValueError(f"unexpected {reader.left[0]!r} in the query")
    return test


class _Reader:
    def __init__(self, tokens: Sequence[str], now: float) -> None:
        self.left, self._now = list(tokens), now

    def all_of(self, *, until: str | None, field: str = "") -> Test:
        """Everything up to the end of the group; OR binds more tightly than standing side by side."""
        tests: list[Test] = []
        while self.left and self.left[0] != until:
            either = [self._one(field)]
            while self.left and self.left[0] == "OR":
                self.left.pop(0)
                either.append(self._one(field))
            tests.append(_any(either))
        return _all(tests)

    def _one(self, field: str) -> Test:
        if not self.left:
            raise ValueError("the query ends too early")
        token = self.left.pop(0)
        if token in (")", "}"):
            raise ValueError(f"unexpected {token!r} in the query")
        negated, bare = (True, token[1:]) if token.startswith("-") else (False, token)
        if bare.endswith(":") and self.left and self.left[0] in "({":
            field, bare = bare[:-1], self.left.pop(0)
        elif not bare and self.left and self.left[0] in "({":
            bare = self.left.pop(0)
        test = self._group(bare, field) if bare in "({" and bare else self._term(bare, field)
        return (lambda mail: not test(mail)) if negated else test

    def _group(self, opening: str, field: str) -> Test:
        closing = ")" if opening == "(" else "}"
        if opening == "(":
            test = self.all_of(until=closing, field=field)
        else:
            either: list[Test] = []
            while self.left and self.left[0] != closing:
                either.append(self._one(field))
            test = _any(either)
        if not self.left:
            raise ValueError("a group in the query does not end")
        self.left.pop(0)
        return test

    def _term(self, token: str, field: str) -> Test:
        name, colon, value = token.partition(":")
        if not field and colon and value and name.isidentifier():
            return self._field(name.lower(), value.strip('"'))
        return self._field(field or "words", token.strip('"'))

    def _field(self, name: str, value: str) -> Test:
        low = value.lower()
        if name in ("from", "to", "subject"):
            return lambda mail: low in str(message_of(mail)[name] or "").lower()
        if name in ("in", "label", "is", "category"):
            return _labelled(name, low)
        if name in ("after", "before", "newer", "older"):
            at = _moment(value) * 1000
            later = name in ("after", "newer")
            return lambda mail: int(mail["internalDate"]) >= at if later else int(mail["internalDate"]) < at
        if name in ("newer_than", "older_than"):
            at = (self._now - _span(value)) * 1000
            return lambda mail: (int(mail["internalDate"]) >= at) == (name == "newer_than")
        if name in ("larger", "smaller", "size"):
            size = _size(value)
            return lambda mail: (len(raw_of(mail)) < size) == (name == "smaller")
        if name == "rfc822msgid":
            return lambda mail: low in str(message_of(mail)["Message-ID"] or "").lower()
        if name != "words":
            raise ValueError(f"unknown field {name}: in the query")
        return lambda mail: low in (str(message_of(mail)["Subject"]) + text_of(message_of(mail))).lower()


def _labelled(name: str, value: str) -> Test:
    places = {"sent": "SENT", "drafts": "DRAFT", "draft": "DRAFT", "chats": "CHAT", "chat": "CHAT"}
    if value == "anywhere":
        return lambda mail: True
    if value == "read":
        return lambda mail: "UNREAD" not in mail["labelIds"]
    wanted = f"CATEGORY_{value.upper()}" if name == "category" else places.get(value, value.upper())
    return lambda mail: wanted in mail["labelIds"]


def _moment(value: str) -> float:
    if value.isdigit() and len(value) > 8:
        return float(value)
    return datetime.strptime(value.replace("-", "/"), "%Y/%m/%d").replace(tzinfo=UTC).timestamp()


def _span(value: str) -> float:
    if not re.fullmatch(r"\d+[hdmy]", value):
        raise ValueError(f"{value} is no span of time")
    return int(value[:-1]) * {"h": 3600.0, "d": 86400.0, "m": 30 * 86400.0, "y": 365 * 86400.0}[value[-1]]


def _size(value: str) -> int:
    found = re.fullmatch(r"(\d+)([KM]?)", value.upper())
    if found is None:
        raise ValueError(f"{value} is no size")
    return int(found[1]) * {"": 1, "K": 1024, "M": 1024 * 1024}[found[2]]


def _any(tests: Sequence[Test]) -> Test:
    return tests[0] if len(tests) == 1 else lambda mail: any(test(mail) for test in tests)


def _all(tests: Sequence[Test]) -> Test:
    return lambda mail: all(test(mail) for test in tests)


def parts_of(mail: MIMEPart, number: str = "") -> Iterator[Stored]:
    """A mail as `format=full` shows it: its parts, with their headers and bodies."""
    content = mail.get_payload(decode=True)
    body: Stored = {"size": len(content) if isinstance(content, bytes) else 0}
    if isinstance(content, bytes):
        body["data"] = base64.urlsafe_b64encode(content).decode()
    part: Stored = {
        "partId": number,
        "mimeType": mail.get_content_type(),
        "filename": mail.get_filename() or "",
        "headers": [{"name": name, "value": str(value)} for name, value in mail.items()],
        "body": body,
    }
    if mail.is_multipart():
        part["parts"] = [
            inner
            for place, each in enumerate(mail.iter_parts())
            for inner in parts_of(each, f"{number}.{place}".lstrip("."))
        ]
    yield part
