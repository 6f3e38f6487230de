"""What a tap means survives the way to the phone and back; what we did not write means nothing."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows import actions, router
from flows.actions import Action, Part, decode, encode

EVERY = sorted(Action.__subclasses__(), key=lambda cls: cls.verb)


def longest(kind: type[Action]) -> Action:
    values = {
        "int": 10**15 - 1,
        "str": "x" * 64,
        "date": date(2027, 12, 31),
        "time": time(23, 59),
        "Part": Part.FULL,
    }
    return kind(*(values[str(field.type)] for field in fields(kind)))


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.verb)
def test_every_action_survives_the_way_and_fits_everywhere(kind: type[Action]) -> None:
    action = longest(kind)
    payload = encode(action)
    assert decode(payload) == action
    assert len(payload) <= 200  # a row is the narrowest; templates look to their 128 themselves


def test_verbs_are_unique() -> None:
    assert len({kind.verb for kind in EVERY}) == len(EVERY)


def test_every_action_has_a_place_to_go() -> None:
    assert set(router._TAPS) == set(EVERY)


def test_old_buttons_keep_their_meaning() -> None:
    """These strings are in people's chats; changing one breaks buttons that were sent long ago."""
    assert encode(actions.RequestPayment(812, 3, "card")) == "v1:pay:812:3:card"
    assert encode(actions.RequestPayment(812, 3, "card", Part.FULL)) == "v1:pay:812:3:card:full"
    assert decode("v1:pay:812:3:card:advance") == actions.RequestPayment(812, 3, "card")
    assert encode(actions.PickDate(7, date(2026, 12, 25))) == "v1:date:7:20261225"
    assert encode(actions.ConfirmBooking("Qm7-dT_2")) == "v1:confirm:Qm7-dT_2"
    assert encode(actions.CancelBooking("Qm7-dT_2")) == "v1:decline:Qm7-dT_2"
    assert encode(actions.ShowAnswer()) == "v1:show"


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "v1",
        "v1:",
        "v0:menu",
        "v2:menu",
        "menu",
        "v1:nothing",
        "v1:menu:1",
        "v1:pay:1:2",
        "v1:pay:1:2:card:4",
        "v1:pay:1:2:card:full:5",
        "v1:pay:-1:2:card",
        "v1:pay:one:2:card",
        "v1:pay:٣:2:card",
        "v1:date:7:20261340",
        "v1:date:7:2026-12-25",
        "v1:confirm:",
        "v1:confirm:a b",
        "v1:confirm:" + "x" * 65,
        "v1:pay:" + "9" * 16 + ":1:card",
    ],
)
def test_what_we_did_not_write_is_no_action(payload: str) -> None:
    assert decode(payload) is None


@given(st.text(max_size=300))
def test_nothing_that_is_sent_breaks_the_reading(payload: str) -> None:
    decode(payload)
    decode(f"v1:{payload}")
