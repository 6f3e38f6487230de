"""Every code of the table has its verdict, and every verdict its own patience."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.delivery import (
    NOT_REACHED,
    VERDICTS,
    Kind,
    Reason,
    Scope,
    Verdict,
    classify,
    holds_up_successors,
    next_try,
)

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)
CHAT = NOW + timedelta(minutes=10)


def _each(
    codes: Iterable[int], kind: str, scope: str = "MESSAGE", alert: bool = False
) -> list[tuple[int, str, str, bool]]:
    return [(code, kind, scope, alert) for code in codes]


# Written from facts/whatsapp.md 2.4, row by row.
TABLE = [
    *_each([0, 190, *range(200, 300), 3, 10, 131005], "STOP_SENDER", "EVERYTHING", True),
    *_each([4, 80007], "RETRY_LATER", "EVERYTHING"),
    *_each([130429], "RETRY_LATER", "NUMBER"),
    *_each([131056], "WAIT_PERSON", "PERSON"),
    *_each([131048, 131064], "STOP_SENDER", "NOTICES", True),
    *_each([1], "RETRY"),
    *_each([2, 131000, 131016, 131057, 133004], "RETRY"),
    *_each([131047], "USE_TEMPLATE"),
    *_each([131026], "GIVE_UP"),
    *_each([130403, 131050, 130472, 131049], "GIVE_UP"),
    *_each([131021, 131030, 131031, 368, 130497, 131037, 131042, 131045], "GIVE_UP_ALERT", alert=True),
    *_each([33, 100, 131008, 131009, 131051], "GIVE_UP_ALERT", alert=True),
    *_each([132000, 132001, 132005, 132007, 132012], "GIVE_UP_ALERT", alert=True),
    *_each([132015, 132016, 132068, 132069], "GIVE_UP_ALERT", alert=True),
    *_each([131052, 131053], "GIVE_UP_ALERT", alert=True),
    *_each([131062], "OTHER_IDENTIFIER"),
]


@pytest.mark.parametrize(("code", "kind", "scope", "alert"), TABLE)
@pytest.mark.parametrize("http_status", [400, 500, None])
def test_each_code_has_its_verdict_wherever_it_comes_from(
    code: int, kind: str, scope: str, alert: bool, http_status: int | None
) -> None:
    verdict = classify(code, http_status)
    assert (verdict.kind, verdict.scope, verdict.alert) == (kind, scope, alert)


def test_the_table_is_whole() -> None:
    assert len(TABLE) == len({code for code, *_ in TABLE})
    assert {code for code, *_ in TABLE} == set(VERDICTS)


@pytest.mark.parametrize(
    ("code", "http_status", "kind", "reason"),
    [
        (None, None, "UNKNOWN", "NO_ANSWER"),  # a time-out, a reset
        (None, 500, "UNKNOWN", "NO_ANSWER"),
        (None, 503, "UNKNOWN", "NO_ANSWER"),
        (502, 502, "UNKNOWN", "NO_ANSWER"),  # a proxy's page, of which the client makes a code
        (999999, 500, "UNKNOWN", "NO_ANSWER"),
        (None, 408, "UNKNOWN", "NO_ANSWER"),
        (None, 200, "UNKNOWN", "NO_ANSWER"),  # taken, but what was answered could not be read
        (None, 302, "UNKNOWN", "NO_ANSWER"),
        (None, 401, "STOP_SENDER", "TOKEN"),
        (None, 429, "RETRY_LATER", "NUMBER_LIMIT"),
        (None, 400, "GIVE_UP_ALERT", "UNLISTED"),
        (None, 404, "GIVE_UP_ALERT", "UNLISTED"),
        (999999, 400, "GIVE_UP_ALERT", "UNLISTED"),
        (999999, None, "GIVE_UP_ALERT", "UNLISTED"),  # a failed status
    ],
)
def test_without_a_known_code_the_http_status_decides(
    code: int | None, http_status: int | None, kind: str, reason: str
) -> None:
    verdict = classify(code, http_status)
    assert (verdict.kind, verdict.reason) == (kind, reason)


def _tries(verdict: Verdict, valid_until: datetime) -> list[float]:
    """Seconds after the first try at which the message is sent, if every try ends with this verdict."""
    moments = [NOW]
    while len(moments) < 50:
        again = next_try(verdict, len(moments), moments[-1], valid_until)
        if again is None:
            break
        moments.append(again)
    return [(moment - NOW).total_seconds() for moment in moments]


@pytest.mark.parametrize("verdict", [classify(131000, 500), NOT_REACHED])
def test_three_quick_tries_then_wider_ones_for_a_day(verdict: Verdict) -> None:
    tries = _tries(verdict, TOMORROW)
    assert tries[:9] == [0, 5, 10, 40, 160, 460, 1360, 4960, 8560]
    assert {later - earlier for earlier, later in pairwise(tries[7:])} == {3600}
    assert 82800 < tries[-1] <= 86400


def test_an_answer_in_the_chat_is_not_tried_beyond_ten_minutes() -> None:
    assert _tries(classify(131000, 500), CHAT) == [0, 5, 10, 40, 160, 460]


@pytest.mark.parametrize(
    ("code", "http_status", "tries"),
    [
        (131056, 400, [0, 4, 20, 84, 340]),  # 4^attempt
        (130429, 400, [0, 1, 3, 7, 15, 30, 60, 90]),
        (4, 400, [0, 60, 180, 480]),
        (1, 400, [0, 5, 10]),  # one or two more at most
        (None, None, [0, 30, 60, 180]),  # each time a status had time to come
        (190, 401, [0, 60, 360]),
        (131048, 400, [0]),
        (131047, 400, [0]),
        (131026, 400, [0]),
        (131049, 400, [0]),
        (131031, 400, [0]),
        (100, 400, [0]),
        (132001, 400, [0]),
        (132015, 400, [0]),
        (131053, 400, [0]),
        (131062, 400, [0]),
        (999999, 400, [0]),
    ],
)
def test_each_verdict_has_its_own_patience(
    code: int | None, http_status: int | None, tries: list[float]
) -> None:
    assert _tries(classify(code, http_status), CHAT)[: len(tries)] == tries
    if len(tries) < 4:
        assert _tries(classify(code, http_status), CHAT) == tries


def test_a_pair_waits_an_hour_or_so_at_most() -> None:
    assert _tries(classify(131056, 400), TOMORROW)[:8] == [0, 4, 20, 84, 340, 1364, 5460, 9556]


def test_a_restricted_sender_looks_again_by_the_hour() -> None:
    assert _tries(classify(131048, 400), TOMORROW)[:3] == [0, 3600, 7200]


def test_a_try_that_was_not_counted_is_the_first() -> None:
    assert next_try(NOT_REACHED, 0, NOW, TOMORROW) == NOW + timedelta(seconds=5)


@given(st.sampled_from(sorted(VERDICTS)), st.integers(0, 10_000), st.integers(-10, 10_000_000))
def test_a_next_try_is_later_and_in_time(code: int, attempt: int, valid_for: int) -> None:
    valid_until = NOW + timedelta(seconds=valid_for)
    again = next_try(VERDICTS[code], attempt, NOW, valid_until)
    assert again is None or NOW < again <= valid_until


@pytest.mark.parametrize("kind", ["GIVE_UP", "GIVE_UP_ALERT", "USE_TEMPLATE", "OTHER_IDENTIFIER"])
def test_what_is_given_up_or_said_otherwise_is_not_tried_again(kind: str) -> None:
    for verdict in {*VERDICTS.values(), classify(7, 400)}:
        if verdict.kind == kind:
            assert next_try(verdict, 1, NOW, TOMORROW) is None
            assert not holds_up_successors(verdict, 1)


@pytest.mark.parametrize(
    ("verdict", "attempts_that_hold_up"),
    [
        (classify(131000, 500), [1, 2]),
        (NOT_REACHED, [1, 2]),
        (classify(1, 400), [1, 2]),
        (classify(None, None), [1, 2, 3]),
        (classify(131056, 400), [1, 2, 3, 4]),
        (classify(130429, 400), [1, 2, 3, 4]),
        (classify(190, 401), [1, 2, 3, 4]),
        (classify(131048, 400), []),
    ],
)
def test_later_messages_wait_only_while_it_keeps_the_order(
    verdict: Verdict, attempts_that_hold_up: list[int]
) -> None:
    assert [
        attempt for attempt in range(1, 5) if holds_up_successors(verdict, attempt)
    ] == attempts_that_hold_up


def test_every_kind_reason_and_scope_is_used() -> None:
    used = {*VERDICTS.values(), NOT_REACHED, classify(None, None), classify(999999, 400)}
    assert {verdict.kind for verdict in used} == set(Kind)
    assert {verdict.reason for verdict in used} == set(Reason)
    assert {verdict.scope for verdict in used} == set(Scope)
