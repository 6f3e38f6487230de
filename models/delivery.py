"""What WhatsApp's refusal of a message means for us, and when the message is tried again.

Source: facts/whatsapp.md section 2.4; spec section 5, "Delivery"
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Kind(StrEnum):
    """What to do next; `Verdict.reason` says why."""

    RETRY = "RETRY"  # this message again, soon
    RETRY_LATER = "RETRY_LATER"  # and until then nothing else in `Verdict.scope`
    WAIT_PERSON = "WAIT_PERSON"  # and until then nothing else to this person
    STOP_SENDER = "STOP_SENDER"  # tell the admin; messages stay queued, one is tried now and then
    USE_TEMPLATE = "USE_TEMPLATE"  # the same content as its template, at once
    OTHER_IDENTIFIER = "OTHER_IDENTIFIER"  # the same message to the person's phone, if we know it
    GIVE_UP = "GIVE_UP"  # this message never; that is nobody's fault
    GIVE_UP_ALERT = "GIVE_UP_ALERT"  # this message never; tell the admin
    UNKNOWN = "UNKNOWN"  # it may have arrived: wait for a status, then send it once more


class Scope(StrEnum):
    """Who waits with the message."""

    MESSAGE = "MESSAGE"
    PERSON = "PERSON"
    NUMBER = "NUMBER"  # everything from our WhatsApp number
    NOTICES = "NOTICES"  # all but answers in a chat and what a booking cannot do without
    EVERYTHING = "EVERYTHING"


class Reason(StrEnum):
    """The row of the table; kept with the attempt and counted by."""

    TOKEN = "TOKEN"  # noqa: S105
    APP_LIMIT = "APP_LIMIT"
    NUMBER_LIMIT = "NUMBER_LIMIT"
    PAIR_LIMIT = "PAIR_LIMIT"
    RESTRICTED = "RESTRICTED"
    DOUBTFUL_REQUEST = "DOUBTFUL_REQUEST"
    TRANSIENT = "TRANSIENT"
    NOT_REACHED = "NOT_REACHED"
    NO_ANSWER = "NO_ANSWER"
    WINDOW_CLOSED = "WINDOW_CLOSED"
    UNDELIVERABLE = "UNDELIVERABLE"
    UNWANTED = "UNWANTED"
    ACCOUNT = "ACCOUNT"
    OUR_BUG = "OUR_BUG"
    TEMPLATE_WRONG = "TEMPLATE_WRONG"
    TEMPLATE_PAUSED = "TEMPLATE_PAUSED"
    MEDIA = "MEDIA"
    PHONE_ONLY = "PHONE_ONLY"
    UNLISTED = "UNLISTED"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done about one refusal.

    Attributes:
        alert: the admin is told.
    """

    kind: Kind
    reason: Reason
    scope: Scope = Scope.MESSAGE
    alert: bool = False


# Nothing left this machine (connection refused, no address): sending again cannot send twice.
NOT_REACHED = Verdict(Kind.RETRY, Reason.NOT_REACHED)

_TOKEN = Verdict(Kind.STOP_SENDER, Reason.TOKEN, Scope.EVERYTHING, alert=True)
_NUMBER_LIMIT = Verdict(Kind.RETRY_LATER, Reason.NUMBER_LIMIT, Scope.NUMBER)
_NO_ANSWER = Verdict(Kind.UNKNOWN, Reason.NO_ANSWER)
_UNLISTED = Verdict(Kind.GIVE_UP_ALERT, Reason.UNLISTED, alert=True)

_ROWS: tuple[tuple[Verdict, tuple[int, ...]], ...] = (
    (_TOKEN, (0, 190, *range(200, 300), 3, 10, 131005)),
    (Verdict(Kind.RETRY_LATER, Reason.APP_LIMIT, Scope.EVERYTHING), (4, 80007)),
    (_NUMBER_LIMIT, (130429,)),
    (Verdict(Kind.WAIT_PERSON, Reason.PAIR_LIMIT, Scope.PERSON), (131056,)),
    (Verdict(Kind.STOP_SENDER, Reason.RESTRICTED, Scope.NOTICES, alert=True), (131048, 131064)),
    (Verdict(Kind.RETRY, Reason.DOUBTFUL_REQUEST), (1,)),
    (Verdict(Kind.RETRY, Reason.TRANSIENT), (2, 131000, 131016, 131057, 133004)),
    (Verdict(Kind.USE_TEMPLATE, Reason.WINDOW_CLOSED), (131047,)),
    (Verdict(Kind.GIVE_UP, Reason.UNDELIVERABLE), (131026,)),
    # 131049 could be tried again after a day; by then there is nothing left of what we had to say.
    (Verdict(Kind.GIVE_UP, Reason.UNWANTED), (130403, 131050, 130472, 131049)),
    (
        Verdict(Kind.GIVE_UP_ALERT, Reason.ACCOUNT, alert=True),
        (131021, 131030, 131031, 368, 130497, 131037, 131042, 131045),
    ),
    (Verdict(Kind.GIVE_UP_ALERT, Reason.OUR_BUG, alert=True), (33, 100, 131008, 131009, 131051)),
    (
        Verdict(Kind.GIVE_UP_ALERT, Reason.TEMPLATE_WRONG, alert=True),
        (132000, 132001, 132005, 132007, 132012),
    ),
    # Another path is a person's: the template was what we had for when nothing else goes.
    (Verdict(Kind.GIVE_UP_ALERT, Reason.TEMPLATE_PAUSED, alert=True), (132015, 132016, 132068, 132069)),
    (Verdict(Kind.GIVE_UP_ALERT, Reason.MEDIA, alert=True), (131052, 131053)),
    (Verdict(Kind.OTHER_IDENTIFIER, Reason.PHONE_ONLY), (131062,)),
)

VERDICTS: Mapping[int, Verdict] = {code: verdict for verdict, codes in _ROWS for code in codes}


def classify(code: int | None, http_status: int | None) -> Verdict:
    """Decide by WhatsApp's error code, else by the HTTP status; never raises.

    Args:
        code: from the answer's error, or from a `failed` status; None where there was none to read.
        http_status: None where there was no answer (a time-out, a reset), and for a `failed` status.
    """
    if code is not None and code in VERDICTS:
        return VERDICTS[code]
    if http_status is None:
        return _NO_ANSWER if code is None else _UNLISTED
    if http_status == 401:
        return _TOKEN
    if http_status == 429:
        return _NUMBER_LIMIT
    if http_status == 408 or not 400 <= http_status < 500:
        return _NO_ANSWER  # also a success without a wamid: something took the message
    return _UNLISTED


QUICK_TRIES = 3
_DOUBTFUL_TRIES = 3

_SECOND, _MINUTE, _HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
# The wait after the first, second, … try; the last one repeats.
_QUICK_THEN_WIDER = (
    *(5 * _SECOND for _ in range(QUICK_TRIES - 1)),
    30 * _SECOND,
    2 * _MINUTE,
    5 * _MINUTE,
    15 * _MINUTE,
    _HOUR,
)
_SHORT_BACKOFF = (1 * _SECOND, 2 * _SECOND, 4 * _SECOND, 8 * _SECOND, 15 * _SECOND, 30 * _SECOND)
_LONG_BACKOFF = (1 * _MINUTE, 2 * _MINUTE, 5 * _MINUTE, 15 * _MINUTE)
_PAIR_BACKOFF = tuple(4**attempt * _SECOND for attempt in range(1, 7))
_WAITED_FOR = 3  # of these waits, three minutes in all; who waits longer would rather read the next message
# For a status that tells what became of it; each time that none comes another copy goes out.
_STATUS_WAIT = (30 * _SECOND, 30 * _SECOND, 2 * _MINUTE, 10 * _MINUTE, 30 * _MINUTE, _HOUR)
_LOOK_AGAIN = (1 * _MINUTE, 5 * _MINUTE)  # has somebody mended what stopped the sender?
_RESTRICTION = (_HOUR,)

# How long to wait, and after how many tries no more; None: as long as the message is valid.
_WAITS: Mapping[Reason, tuple[tuple[timedelta, ...], int | None]] = {
    Reason.TRANSIENT: (_QUICK_THEN_WIDER, None),
    Reason.NOT_REACHED: (_QUICK_THEN_WIDER, None),
    Reason.DOUBTFUL_REQUEST: (_QUICK_THEN_WIDER, _DOUBTFUL_TRIES),
    Reason.NO_ANSWER: (_STATUS_WAIT, None),
    Reason.PAIR_LIMIT: (_PAIR_BACKOFF, None),
    Reason.NUMBER_LIMIT: (_SHORT_BACKOFF, None),
    Reason.APP_LIMIT: (_LONG_BACKOFF, None),
    Reason.TOKEN: (_LOOK_AGAIN, None),
    Reason.RESTRICTED: (_RESTRICTION, None),
}


def next_try(verdict: Verdict, attempt: int, now: datetime, valid_until: datetime) -> datetime | None:
    """When this same message is sent again; None: not as it is, or not in time.

    Template and other identifier are another message, sent at once, and so are None here as well.

    Args:
        attempt: how many tries of this message have ended with this verdict's kind, this one included;
            an unknown outcome is counted apart, or it would wait too long after a few refusals.
        valid_until: the last moment at which the message is still worth sending.
    """
    waits, most = _WAITS.get(verdict.reason, ((), 0))
    if most is not None and attempt >= most:
        return None
    at = now + waits[min(max(attempt, 1), len(waits)) - 1]
    return at if at <= valid_until else None


def holds_up_successors(verdict: Verdict, attempt: int) -> bool:
    """Whether later messages to the same person wait for this one's next try, so that their order is kept.

    Only during the quick tries and the first waits for an unknown outcome, and where the person, or all, must wait
    anyway.
    """
    if verdict.kind is Kind.RETRY:
        return attempt < QUICK_TRIES
    if verdict.kind is Kind.UNKNOWN:
        return attempt <= _WAITED_FOR
    return verdict.scope in (Scope.PERSON, Scope.NUMBER, Scope.EVERYTHING)
