"""Paytm's checksum, held against what Paytm's own two libraries make of the same."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.paytm_checksum import FIELD, is_signed, is_signed_form, joined, sign

VECTORS = json.loads((Path(__file__).parents[1] / "data/payment_vectors/signatures.json").read_text())
CASES = VECTORS["paytm"]["cases"]
KEY = CASES[0]["key"]
anything = st.text(st.characters(codec=None))  # lone surrogates too
checksums = st.one_of(
    anything,
    st.binary(max_size=200).map(lambda data: base64.b64encode(data).decode()),
    st.sampled_from([case["checksum"] for case in CASES]),
)


def text_of(case: dict[str, Any]) -> str:
    params = case["params"]
    return params if isinstance(params, str) else joined(params)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_every_vector_is_made_and_taken(case: dict[str, Any]) -> None:
    text = text_of(case)
    assert text == case["joined"]
    assert sign(text, case["key"], salt=case["salt"]) == case["checksum"]
    assert is_signed(text, case["checksum"], case["key"])
    if not isinstance(case["params"], str):
        assert is_signed_form({**case["params"], FIELD: case["checksum"]}, case["key"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_another_text_or_key_is_refused(case: dict[str, Any]) -> None:
    text, checksum = text_of(case), case["checksum"]
    assert not is_signed(text + " ", checksum, case["key"])
    assert not is_signed(text, checksum, "ANOTHERKEYOF16CH")
    for place in range(0, len(checksum), 7):
        other = "A" if checksum[place] != "A" else "B"
        assert not is_signed(text, checksum[:place] + other + checksum[place + 1 :], case["key"])


@pytest.mark.parametrize("key", ["aB#1@&d$" * 2, "#&@ %'\"\\{}[]<>~!", "x" * 24, "y&" * 16])
def test_keys_may_hold_any_character_that_paytm_gives(key: str) -> None:
    checksum = sign("भुगतान|1.00", key)
    assert is_signed("भुगतान|1.00", checksum, key)
    assert not is_signed("भुगतान|1.0", checksum, key)


def test_the_same_text_is_signed_differently_each_time() -> None:
    assert len({sign("a|b", KEY) for _ in range(20)}) == 20


def test_a_value_that_says_null_is_signed_either_way() -> None:
    form = {"BANKNAME": "null", "MID": "M1"}
    assert is_signed_form({**form, FIELD: sign("null|M1", KEY)}, KEY)
    assert is_signed_form({**form, FIELD: sign("|M1", KEY)}, KEY)
    assert not is_signed_form({**form, FIELD: sign("x|M1", KEY)}, KEY)


def test_a_key_of_an_impossible_length_signs_nothing() -> None:
    with pytest.raises(ValueError):
        sign("a", "short")
    assert not is_signed("a", CASES[0]["checksum"], "short")


@given(text=anything, checksum=checksums, key=st.one_of(anything, st.just(KEY)))
def test_garbage_is_refused_and_never_raises(text: str, checksum: str, key: str) -> None:
    known = [(text_of(case), case["checksum"], case["key"]) for case in CASES]
    assert is_signed(text, checksum, key) == ((text, checksum, key) in known)


@given(form=st.dictionaries(anything, anything), checksum=checksums)
def test_a_garbled_form_is_refused_and_never_raises(form: dict[str, str], checksum: str) -> None:
    assert is_signed_form({**form, FIELD: checksum}, KEY) is False


@given(data=st.binary(min_size=1, max_size=200))
def test_whatever_the_key_would_encrypt_is_no_proof(data: bytes) -> None:
    """Well-formed blocks under the right key, as somebody could make who knows the key's use but no salt."""
    assert not is_signed("MID|1.00", base64.b64encode(data + bytes(-len(data) % 16)).decode(), KEY)
