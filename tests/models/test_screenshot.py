"""What speaks against a picture of a payment, and what is not certain enough to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from models.money import Money
from models.screenshot import Expected, Finding, Reading, findings

NOW = datetime(2026, 11, 20, 9, 5, tzinfo=UTC)
ASKED = Expected((Money(2_697_00, "PKR"), Money(2_700_00, "PKR")), "Sarai Stays", "0300 0000900", NOW)
READ = Reading(
    is_receipt=True,
    status="success",
    amount=Money(2_697_00, "PKR"),
    issuer="nayapay",
    transaction_id="6565f0a1c2b3d4e5f6a7b8c9",
    sender_name="SANA TARIQ",
    receiver_name="SARAI STAYS",
    receiver_tail="0900",
    occurred_at=NOW + timedelta(minutes=4),
)


def test_a_picture_of_what_was_asked_for_has_nothing_against_it() -> None:
    assert findings(READ, ASKED) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"is_receipt": False}, [Finding.NOT_A_RECEIPT]),
        ({"is_receipt": None, "failure": "too_slow", "status": "failed"}, []),
        ({"status": "pending"}, [Finding.PENDING]),
        ({"status": "failed", "amount": Money(5_00, "PKR")}, [Finding.FAILED, Finding.OTHER_AMOUNT]),
        ({"amount": Money(269_00, "PKR")}, [Finding.OTHER_AMOUNT]),
        ({"amount": Money(2_697_00, "INR")}, [Finding.OTHER_AMOUNT]),
        ({"amount": Money(2_700_00, "PKR")}, []),  # rounded up to what was agreed on
        ({"amount": None}, []),  # not certain
        ({"occurred_at": NOW - timedelta(days=90)}, [Finding.TOO_OLD]),
        ({"occurred_at": NOW - timedelta(minutes=3)}, []),  # two phones, two clocks
        ({"occurred_at": None}, []),
        ({"receiver_name": "HINA RAUF", "receiver_tail": "4321"}, [Finding.SOMEBODY_ELSE]),
        ({"receiver_name": "HINA RAUF", "receiver_tail": None}, [Finding.SOMEBODY_ELSE]),
        ({"receiver_name": None, "receiver_tail": "4321"}, [Finding.SOMEBODY_ELSE]),
        (
            {"receiver_name": "HINA RAUF", "receiver_tail": "0900"},
            [],
        ),  # the account is ours, whatever it is called
        ({"receiver_name": "SARAI STAYS", "receiver_tail": "4321"}, []),  # or the other way round
        ({"receiver_name": None, "receiver_tail": "0980"}, []),  # one sign may be misread
        ({"receiver_name": "SARAISTAYS", "receiver_tail": None}, []),  # engines lose gaps
        ({"receiver_name": "حنا رؤف", "receiver_tail": None}, []),  # another script: nobody knows
        ({"receiver_name": None, "receiver_tail": None}, []),
    ],
)
def test_what_speaks_against_a_picture(change: dict[str, object], found: list[Finding]) -> None:
    assert findings(replace(READ, **change), ASKED) == found  # type: ignore[arg-type]


def test_an_account_without_digits_is_told_by_its_name() -> None:
    by_upi = replace(ASKED, account="sarai@okbank")
    assert findings(replace(READ, receiver_tail="7722"), by_upi) == []
    assert findings(replace(READ, receiver_name="Hina Rauf", receiver_tail="7722"), by_upi) == [
        Finding.SOMEBODY_ELSE
    ]


def test_a_reading_is_kept_as_it_was() -> None:
    for reading in (READ, Reading(failure="no_engine"), replace(READ, amount=None, other_ids=("482913",))):
        assert Reading.from_dict(reading.to_dict()) == reading
