"""Whether Gmail itself vouches for the sender of a mail.

A mail may carry any header its sender likes, a forged `Authentication-Results` included. Gmail writes its own
above all of those: so only the topmost one counts, only from `mx.google.com`, and only where nothing but Gmail's
own headers stands above it. Whatever can be read in two ways is not believed.

Source: facts/payments.md 3 "Trusting Authentication-Results"; RFC 8601, RFC 5322
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from integrations.payment_mail.envelope import Envelope

GMAIL: Final = "mx.google.com"
MOST_CHARS: Final = 16_000  # Gmail's are some hundred

# What Gmail puts above its own result. A mail that it fetched elsewhere, or that was laid into the mailbox by
# IMAP or API, brings other headers first.
_GMAILS_OWN: Final = frozenset(
    ("delivered-to", "received", "x-received", "return-path", "received-spf", "x-forwarded-encrypted")
)
_GMAILS_PREFIXES: Final = ("arc-", "x-google-", "x-gm-")
_TAKEN_IN: Final = re.compile(r"\bby mx\.google\.com with E?SMTP", re.IGNORECASE)
_HANDED_ON: Final = re.compile(r"by [0-9a-f.:]+ with SMTP id ", re.IGNORECASE)

_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_ADDRESS: Final = re.compile(
    r"(?:[^<>@,;:\"()]*<)?\s*([^\s<>@,;:\"()]{1,64}@([a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])))\s*(>?)\s*"
)
_METHOD: Final = re.compile(r"\s*([a-z0-9-]{1,30})(?:/[0-9]+)?\s*=\s*([a-z]{1,20})(?=\s|$)", re.IGNORECASE)
_PROPERTY: Final = re.compile(
    r'\b(header|smtp|policy|body)\.([a-z0-9-]{1,30})\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;]+)', re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Result:
    method: str
    verdict: str
    properties: dict[str, str]


def sender(envelope: Envelope) -> str | None:
    """The one address that the mail says it is from, lower case; None if there are several, or any doubt."""
    values = envelope.values("from")
    if len(values) != 1:
        return None
    found = _ADDRESS.fullmatch(_QUOTED.sub("", values[0][:1000]).lower())
    if found is None or ("<" in _QUOTED.sub("", values[0])) != (found[3] == ">"):
        return None
    return found[1]


def is_vouched_for(envelope: Envelope, domain: str) -> bool:
    """Gmail saw an aligned pass for this very domain of the From header when it took the mail in."""
    value = _gmails_result(envelope)
    results = _parse(value) if value is not None else None
    if results is None:
        return False
    dmarc = [result for result in results if result.method == "dmarc"]
    if len(dmarc) > 1:
        return False
    if dmarc and dmarc[0].verdict == "pass":
        return dmarc[0].properties.get("header.from") == domain
    if dmarc and dmarc[0].verdict != "none":
        return False
    return any(
        result.method == "dkim" and result.verdict == "pass" and _is_within(_signer(result), domain)
        for result in results
    )


def _gmails_result(envelope: Envelope) -> str | None:
    """The topmost Authentication-Results, if nobody but Gmail can have written it."""
    if not envelope.is_clean:
        return None
    was_taken_in = False
    for name, value in envelope.headers:
        if name == "authentication-results":
            return value if was_taken_in else None
        if name not in _GMAILS_OWN and not name.startswith(_GMAILS_PREFIXES):
            return None
        if name == "received":
            was_taken_in = was_taken_in or bool(_TAKEN_IN.search(value))
            if not was_taken_in and not _HANDED_ON.match(value):
                return None
    return None


def _parse(value: str) -> Sequence[_Result] | None:
    """The results of a header by Gmail; None where another server wrote it or its text has no clear structure."""
    bare = _without_comments(value) if len(value) <= MOST_CHARS else None
    if bare is None:
        return None
    server, *statements = _split(bare)
    if server.strip().lower() not in (GMAIL, f"{GMAIL} 1"):
        return None
    results = []
    for statement in statements:
        method = _METHOD.match(statement)
        if method is None:
            if statement.strip():
                return None
            continue
        properties: dict[str, str] = {}
        for found in _PROPERTY.finditer(statement, method.end()):
            properties.setdefault(f"{found[1]}.{found[2]}".lower(), found[3].strip('"').lower())
        results.append(_Result(method[1].lower(), method[2].lower(), properties))
    return results


def _without_comments(value: str) -> str | None:
    """The header without (comments), which may nest and hide a "dmarc=pass"; None if they do not close."""
    out: list[str] = []
    depth, is_quoted, is_escaped = 0, False, False
    for letter in value:
        if is_escaped:
            is_escaped = False
        elif letter == "\\" and (depth or is_quoted):
            is_escaped = True
        elif letter == '"' and not depth:
            is_quoted = not is_quoted
        elif not is_quoted and letter in "()":
            depth += 1 if letter == "(" else -1
            if depth < 0:
                return None
            out.append(" ")
            continue
        if not depth:
            out.append(letter)
    return None if depth or is_quoted else "".join(out)


def _split(value: str) -> list[str]:
    """At the semicolons outside quotes."""
    out, is_quoted, is_escaped = [""], False, False
    for letter in value:
        if is_escaped:
            is_escaped = False
        elif letter == "\\":
            is_escaped = is_quoted
        elif letter == '"':
            is_quoted = not is_quoted
        elif letter == ";" and not is_quoted:
            out.append("")
            continue
        out[-1] += letter
    return out


def _signer(result: _Result) -> str:
    """The signing domain. `header.d` is the signer's; `header.i`, which Gmail writes, lies in or under it."""
    return result.properties.get("header.d") or result.properties.get("header.i", "").rpartition("@")[2]


def _is_within(signer: str, domain: str) -> bool:
    return signer == domain or signer.endswith("." + domain)
