"""What can be made to go wrong, in words: every switch and every fault of all stand-ins.

The page draws its panel from these tables, and says what is on with the same sentences; see `courier.Switches`
for what the switches do and `faults.Fault` for the faults.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from sandbox.courier import Switches
from sandbox.faults import Fault
from sandbox.graph import ERRORS, NAMED_FAULTS


@dataclass(frozen=True, slots=True)
class Switch:
    """One switch: what it does, and the same as it is shown while it is on. `unit` is empty for on or off."""

    name: str
    unit: str
    says: str
    on: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One way for a call to go wrong; `waits` if it takes a number of seconds."""

    name: str
    short: str
    says: str
    waits: bool = False


DUPLICATE = Switch(
    "duplicate", "times", "Each webhook comes this many times at once.", "each webhook comes {} times"
)
DELAY = Switch("delay", "seconds", "Each webhook comes this much later.", "each webhook comes {} s late")
REORDER = Switch("reorder", "", "Webhooks overtake one another.", "webhooks overtake one another")
FORGE = Switch(
    "forge",
    "",
    "Before each webhook comes a copy that somebody else has signed.",
    "each webhook comes with a forged copy",
)
WHATSAPP_SWITCHES = (
    DUPLICATE,
    Switch("batch", "in one", "Up to this many webhooks come in one body.", "up to {} webhooks in one body"),
    DELAY,
    Switch(
        "drop",
        "%",
        "So many webhooks get lost: a message comes again with the retry, a tick never.",
        "{} % of the webhooks get lost",
    ),
    REORDER,
    Switch(
        "rewrap",
        "",
        "Each webhook comes once more, in another envelope.",
        "each webhook comes again in another envelope",
    ),
    Switch(
        "hold_statuses",
        "",
        "Ticks are not told to the product until this is off.",
        "ticks are held back",
    ),
    FORGE,
    Switch(
        "paused", "", "Nothing at all is told to the product until this is off.", "webhooks are held back"
    ),
    Switch(
        "late_refusals",
        "",
        "A closed window or a bad picture is accepted first and refused by a later webhook.",
        "refusals come later, by webhook",
    ),
    Switch(
        "bare_template_taps",
        "",
        "A tap on a template's button does not say which message it stood under.",
        "taps on templates come without their message",
    ),
)
PROVIDER_SWITCHES = (
    DUPLICATE,
    DELAY,
    Switch(
        "drop",
        "%",
        "So many webhooks get lost; each comes again with the retry.",
        "{} % of the webhooks get lost",
    ),
    REORDER,
    FORGE,
    Switch("paused", "", "Webhooks are held back until this is off.", "webhooks are held back"),
)
# Meta's error codes in plain words; `graph.ERRORS` has their titles.
MEANINGS = {
    0: "Who the product says it is cannot be checked: its access token is broken.",
    1: "The request is wrong, or WhatsApp stumbled; nobody can tell which.",
    2: "WhatsApp is down for a moment; waiting helps.",
    3: "The app may not do this at all.",
    4: "The app has asked too much in this hour.",
    10: "A permission was never given, or was taken away.",
    33: "The business's number was deleted.",
    100: "The request has a parameter that is wrong, or asks for something nobody knows.",
    190: "The access token has run out.",
    200: "A permission was never given, or was taken away.",
    368: "The business is blocked for a time because it broke a policy.",
    80007: "The account has asked too much; waiting long helps.",
    130403: "The business itself has blocked this person.",
    130429: "The number sends more messages a second than it may; waiting a moment helps.",
    130472: "WhatsApp keeps this message back for an experiment with this person.",
    130497: "The business may not write to people of this country.",
    131000: "Something went wrong at WhatsApp; trying again may help.",
    131005: "The product has no access to this.",
    131008: "A part of the message is missing.",
    131009: "A part of the message is wrong.",
    131016: "A part of WhatsApp is down or busy; waiting helps.",
    131021: "The number cannot write to itself.",
    131026: "The person cannot get it: not on WhatsApp, too old an app, or the terms were not accepted.",
    131030: "A test number may write only to the people on its list.",
    131031: "The business's account is locked.",
    131037: "The business's name is not approved yet.",
    131042: "WhatsApp has no way to be paid for messages: no card on file.",
    131045: "The number is not registered properly.",
    131047: "The person has not written for 24 hours: only templates may be sent.",
    131048: "Too many people blocked or reported the number: it may write less for a time.",
    131049: "WhatsApp keeps this message back so that the person does not get too many like it.",
    131050: "The person does not want marketing messages from this business.",
    131051: "WhatsApp does not know this kind of message.",
    131052: "A file that a person sent could not be fetched.",
    131053: "A file that the product sends could not be taken: too large, the wrong kind, or not to be fetched.",
    131056: "Too many messages to this one person in too short a time; waiting helps.",
    131057: "The account is being moved or upgraded; waiting helps.",
    131062: "This kind of message can be sent to a phone number only, not to a user id.",
    131064: "The number's messages were judged to be of another kind than said: it may write less for a time.",
    132000: "The template takes another number of values.",
    132001: "There is no such template in this language, or it is not approved yet.",
    132005: "The template's text with its values is too long.",
    132007: "A value breaks the rules for what a template may say.",
    132012: "A value of the template is of the wrong kind.",
    132015: "The template is paused because people did not like it.",
    132016: "The template is disabled for good.",
    132068: "The form is blocked.",
    132069: "The form is slowed down: it was sent too often.",
    133004: "The server that keeps the number is down for a moment; waiting helps.",
}
COMMON_FAULTS = (
    Kind(
        "hang",
        "no answer",
        "Stays silent so long; done only if the product still waits then.",
        waits=True,
    ),
    Kind("slow", "answered late", "Does it at once, but answers so much later.", waits=True),
    Kind("reset", "connection broken, not done", "Breaks the connection before anything is done."),
    Kind("lost_answer", "done, answer lost", "Does it, then breaks the connection before the answer."),
)
WHATSAPP_FAULTS = (
    *COMMON_FAULTS,
    Kind("502", "a gateway's page", "Answers 502 with a page instead of JSON: a gateway on the way is down."),
    Kind("garbage", "an answer that is no JSON", "Answers 200 with a page instead of JSON."),
    *(
        Kind(str(code), title[:1].lower() + title[1:], MEANINGS[code])
        for code, (_, title) in sorted(ERRORS.items())
    ),
)
STRIPE_FAULTS = (
    Kind("503", "Stripe is down", "Stripe is down: the call fails with 503."),
    Kind("500", "Stripe stumbles", "Stripe stumbles: the call fails with 500, done or not."),
    *COMMON_FAULTS,
    Kind("400", "refused", "Stripe refuses the request as malformed."),
    Kind("401", "key refused", "Stripe does not accept the secret key."),
    Kind("409", "locked", "Another call holds the same object; waiting helps."),
    Kind("429", "too many calls", "Too many calls in one second; waiting helps."),
    Kind(
        "decline_capture",
        "the bank refuses the capture",
        "The bank takes its word back when money is captured.",
    ),
    Kind(
        "expired_capture",
        "the authorization has lapsed",
        "The authorization has lapsed when the money is captured.",
    ),
    Kind("pending_refund", "the refund stays pending", "A refund is accepted and stays pending."),
    Kind("decline_refund", "the refund fails later", "A refund is accepted and fails a moment later."),
)
PAYTM_FAULTS = (
    Kind("503", "Paytm is down", "Paytm is down: the call fails with 503."),
    Kind("501", "system error", "Paytm answers that it stumbled; nobody knows what was done."),
    *COMMON_FAULTS,
    Kind("garbage", "an answer that is no JSON", "Answers 200 with a page instead of JSON."),
    Kind("bad_signature", "an answer signed by somebody else", "The signature is not by the merchant's key."),
    Kind("other_amount", "a status with another amount", "Says that another amount was paid."),
    Kind("other_order", "a status of another order", "Answers about an order that nobody asked for."),
    Kind("other_mid", "a status of another merchant's", "Answers about another merchant's order."),
)
RAZORPAY_FAULTS = (
    Kind("503", "Razorpay is down", "Razorpay is down: the call fails with 503."),
    Kind("500", "Razorpay stumbles", "Razorpay stumbles: the call fails with 500, done or not."),
    *COMMON_FAULTS,
    Kind("400", "refused", "Razorpay refuses the request."),
    Kind("401", "key refused", "Razorpay does not accept the key."),
    Kind("429", "too many calls", "Too many calls in one second; waiting helps."),
)
GMAIL_FAULTS = (
    Kind("503", "Gmail is down", "Gmail is down: the call fails with 503 and says when to come back."),
    Kind("500", "Gmail stumbles", "Gmail stumbles: the call fails with 500."),
    *COMMON_FAULTS,
    Kind("429", "too many calls", "Too many calls: Gmail says when to come back.", waits=True),
    Kind("403", "rate limit", "The user's rate limit is used up."),
    Kind("401", "access token refused", "The access token is not taken; a new one may be."),
    Kind("404", "mail deleted", "The mail was deleted between the list and now."),
    Kind("access", "API switched off", "The Gmail API is switched off in Google Cloud."),
    Kind("garbage", "an answer that is no JSON", "Answers 200 with a page instead of JSON."),
)
CALLS = {
    "": "message",
    "media": "upload",
    "typing": "typing indicator",
    "read": "read tick",
    "message_templates": "template call",
}
STAND_INS: dict[str, tuple[str, tuple[Switch, ...], tuple[Kind, ...]]] = {
    "whatsapp": ("WhatsApp", WHATSAPP_SWITCHES, WHATSAPP_FAULTS),
    "stripe": ("Stripe", PROVIDER_SWITCHES, STRIPE_FAULTS),
    "paytm": ("Paytm", PROVIDER_SWITCHES, PAYTM_FAULTS),
    "razorpay": ("Razorpay", PROVIDER_SWITCHES, RAZORPAY_FAULTS),
    "gmail": ("Gmail", (), GMAIL_FAULTS),
}


def catalogue() -> dict[str, Any]:
    """Everything that can be switched on, for the page."""
    return {
        name: {
            "name": shown,
            "switches": [{**asdict(switch), "calm": CALM[switch.name]} for switch in switches],
            "faults": [asdict(kind) for kind in kinds],
            "calls": CALLS if name == "whatsapp" else {"": "call"},
        }
        for name, (shown, switches, kinds) in STAND_INS.items()
    }


CALM: dict[str, Any] = asdict(Switches())


def known_fault(stand_in: str, kind: str) -> bool:
    """May a fault of this stand-in be called this?"""
    if any(each.name == kind for each in STAND_INS[stand_in][2]):
        return True
    if stand_in == "whatsapp":
        return kind in NAMED_FAULTS or kind.isdigit()
    return re.fullmatch(r"[45]\d\d", kind) is not None


def at_work(
    stand_in: str, switches: Switches, faults: Iterable[Fault], name_of: Callable[[str], str]
) -> list[dict[str, Any]]:
    """What is on at this moment, a sentence each, with what turns it off."""
    shown, known, kinds = STAND_INS[stand_in]
    found: list[dict[str, Any]] = []
    for switch in known:
        value = getattr(switches, switch.name)
        if value != CALM[switch.name]:
            number = f"{value * 100:g}" if switch.unit == "%" else f"{value:g}"
            found.append(
                {"of": stand_in, "says": f"{shown}: {switch.on.format(number)}", "switch": switch.name}
            )
    for fault in faults:
        what = _what(stand_in, fault, name_of)
        found.append({"of": stand_in, "says": f"{shown}: {what}: {_how(kinds, fault)}", "fault": fault.n})
    return found


def _what(stand_in: str, fault: Fault, name_of: Callable[[str], str]) -> str:
    usual = CALLS if stand_in == "whatsapp" else {"": "call"}
    call, rest = usual.get(fault.on or "", "call"), "" if (fault.on or "") in usual else f" to {fault.on}"
    rest += f" to {name_of(fault.to)}" if fault.to else ""
    if fault.count is None:
        return f"every {call}{rest}"
    return f"next {call}{rest}" if fault.count == 1 else f"next {fault.count} {call}s{rest}"


def _how(kinds: tuple[Kind, ...], fault: Fault) -> str:
    code = str(NAMED_FAULTS.get(fault.kind, fault.kind)) if kinds is WHATSAPP_FAULTS else fault.kind
    short = next((kind.short for kind in kinds if kind.name == code), "refused")
    if fault.kind.isdigit():
        short = f"{fault.kind} ({short})"
    if fault.seconds:
        short += f" for {fault.seconds:g} s" if fault.kind == "hang" else f" by {fault.seconds:g} s"
    return f"accepted, then {short}" if fault.late else short
