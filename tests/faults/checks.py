"""What must be true once all is quiet, whatever was killed, broken or repeated meanwhile.

Accepted is what we were answered 200 for; done is what the rows and the Graph API's own log say.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.faults.house import PLACES, House
from tests.faults.meta import Guest

_STRUCTURED = ("turns.1", "turns.2", "sends", "providers", "slow", "clock")
_STATUSES = (":sent", ":delivered", ":failed")
_PLACE = re.compile(rf"\*({'|'.join(PLACES)})\*")


@dataclass
class Findings:
    """The figures, and everything that is not as promised.

    Attributes:
        doubled: messages that reached a phone more than once.
        logged: messages that the log names as sent once more.
    """

    accepted: int = 0
    statuses: int = 0
    effects: int = 0
    doubled: int = 0
    logged: int = 0
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"accepted {self.accepted} messages and {self.statuses} statuses, effects {self.effects}, "
            f"doubled {self.doubled}, logged as sent once more {self.logged}, problems {len(self.problems)}"
        )

    def must_be_good(self, context: str = "") -> None:
        assert not self.problems, f"{context}\n{self}\n" + "\n".join(self.problems[:12])


@dataclass(frozen=True)
class _Row:
    """A message that the product had to say to one of the guests."""

    id: int
    place: str
    state: str


def look(house: House, guests: Sequence[Guest], *, turns_may_fail: bool = False) -> Findings:
    """Compare what was accepted from these guests with what came of it; call when all is quiet.

    Args:
        turns_may_fail: and be tried again; else a turn that failed is a bug of ours.
    """
    found = Findings()
    _every_event_once(house, found)
    rows = _replies(house, guests)
    said = {guest.phone: [words for _, words in guest.said if words in PLACES] for guest in guests}
    _one_reply_each(found, said, rows)
    _every_reply_arrived(house, found, said, rows)
    _logs_are_fit_to_be_read(house, found, guests, turns_may_fail=turns_may_fail)
    return found


def _every_event_once(house: House, found: Findings) -> None:
    """Each accepted message and status has exactly one row, and that row is done."""
    rows: defaultdict[str, list[tuple[bool, str]]] = defaultdict(list)
    for external_id, done, outcome in house.query(
        "SELECT external_id, done_at IS NOT NULL, outcome FROM inbound_events WHERE source = 'whatsapp'"
    ):
        rows[external_id].append((done, outcome))
    for external_id in house.meta.accepted:
        found.statuses += external_id.endswith(_STATUSES)
        if rows[external_id] != [(True, "DONE")]:
            found.problems.append(f"accepted {external_id}: its rows are {rows[external_id]}")
    for external_id in rows.keys() - house.meta.accepted.keys():
        found.problems.append(f"row {external_id} is of nothing that was accepted")


def _replies(house: House, guests: Sequence[Guest]) -> dict[str, list[_Row]]:
    """What each guest was to be told about a place, in the order of the product's own numbers."""
    rows: dict[str, list[_Row]] = {guest.phone: [] for guest in guests}
    for phone, id_, state, body in house.query(
        "SELECT i.value, m.id, m.state, m.message->>'body' FROM outbound_messages m "
        "JOIN person_identifiers i USING (person_id) WHERE i.kind = 'phone' AND i.value = ANY(%s) "
        "AND m.kind = 'listing' ORDER BY m.person_id, m.seq",
        list(rows),
    ):
        place = _PLACE.search(body)
        if place is not None:
            rows[phone].append(_Row(id_, place.group(1), state))
    return rows


def _one_reply_each(found: Findings, said: dict[str, list[str]], rows: dict[str, list[_Row]]) -> None:
    """One reply to each accepted message, in the order of acceptance."""
    for phone, words in said.items():
        found.accepted += len(words)
        found.effects += len(rows[phone])
        told = [row.place for row in rows[phone]]
        if told != words:
            found.problems.append(f"{phone} said {words} and was to be told {told}")
        for row in rows[phone]:
            if row.state != "ACCEPTED":
                found.problems.append(f"{phone}: the message {row.id} about {row.place} is {row.state}")


def _every_reply_arrived(
    house: House, found: Findings, said: dict[str, list[str]], rows: dict[str, list[_Row]]
) -> None:
    """Each on the phone, in order; twice only where the first outcome was unknown, and then logged."""
    place_of = {row.id: row.place for replies in rows.values() for row in replies}
    arrived: defaultdict[str, list[int]] = defaultdict(list)
    accepted: defaultdict[str, list[int]] = defaultdict(list)  # also what WhatsApp refused only afterwards
    for sent in house.graph.log:
        if sent.reply.callback is None:
            found.problems.append(f"a message to {sent.reply.to} went out without callback data")
        elif sent.message_id in place_of and sent.accepted:
            accepted[sent.reply.to].append(sent.message_id)
            if sent.taken:
                arrived[sent.reply.to].append(sent.message_id)
            if sent.reply.kind != "template" and place_of[sent.message_id] not in sent.reply.text:
                found.problems.append(f"{sent.reply.to}: message {sent.message_id} says something else")
    for phone, words in said.items():
        order = [place_of[id_] for id_ in dict.fromkeys(accepted[phone])]
        if {place_of[id_] for id_ in arrived[phone]} != set(words):
            found.problems.append(
                f"{phone} said {words} and read {[place_of[id_] for id_ in arrived[phone]]}"
            )
        elif order != words:
            found.problems.append(f"{phone} was answered in another order: said {words}, answered {order}")
    _only_the_unknown_twice(house, found, place_of, Counter(id_ for ids in arrived.values() for id_ in ids))


def _only_the_unknown_twice(
    house: House, found: Findings, place_of: dict[int, str], times: Counter[int]
) -> None:
    logged = house.times_sent_once_more()
    unknown = dict(
        house.query(
            # Unknown is also what was written down only after the next attempt had begun.
            "SELECT message_id, count(*) FROM outbound_attempts a WHERE ended_at IS NULL OR outcome = 'UNKNOWN' "
            "OR EXISTS (SELECT 1 FROM outbound_attempts next WHERE next.message_id = a.message_id "
            "AND next.number = a.number + 1 AND next.started_at < a.ended_at) GROUP BY message_id"
        )
    )
    found.logged = sum(1 for id_ in logged if id_ in place_of)
    for id_, count in times.items():
        if count == 1:
            continue
        found.doubled += 1
        if count - 1 > unknown.get(id_, 0):
            attempts = house.query(
                "SELECT number, outcome, started_at::time(2), ended_at::time(2) FROM outbound_attempts "
                "WHERE message_id = %s ORDER BY number",
                id_,
            )
            found.problems.append(
                f"message {id_} arrived {count} times, {unknown.get(id_, 0)} unknown outcomes: {attempts}"
            )
        if count - 1 > logged[id_]:
            found.problems.append(f"message {id_} arrived {count} times and is logged {logged[id_]} times")


def _logs_are_fit_to_be_read(
    house: House, found: Findings, guests: Sequence[Guest], *, turns_may_fail: bool
) -> None:
    """No deadlock, no turn that failed for a reason of ours, and nothing about people, whatever broke.

    Each line is looked at once: what one test has found is not found again by all that follow it.
    """
    bad = ("deadlock detected",) if turns_may_fail else ("deadlock detected", "turn.failed")
    personal = [word for guest in guests for word in (guest.who.digits, f"'{guest.who.name}'")]
    for name in house.stack.names:
        if name == "sandbox":
            continue  # which knows nobody of these
        log = house.new_lines(name)
        lines = log.splitlines()
        for word in bad:
            _quote(found, f"{word} in the log of {name}", [line for line in lines if word in line])
        if name in _STRUCTURED:
            strange = [line for line in lines if line and line[0] != "{"]
            _quote(found, f"lines of another shape in the log of {name}", strange)
        for word in (*personal, *PLACES):
            if word in log:
                _quote(found, f"{word} in the log of {name}", [line for line in lines if word in line])


def _quote(found: Findings, what: str, lines: Sequence[str]) -> None:
    """A problem with the first lines that show it: who reads of it may have nothing else."""
    if lines:
        quoted = "".join(f"\n    {line[:1500]}" for line in lines[:6])
        found.problems.append(f"{len(lines)} times {what}:{quoted}")
