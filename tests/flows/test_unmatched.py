"""Transfers whose booking is not certain: what an admin sees and decides in the chat, and what a guest is asked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from flows import notices, understand
from flows.actions import LinkPayment
from models import evidence, verification
from models.booking import Booking
from models.evidence import Evidence
from models.matching import Transfer
from models.message import Buttons, Menu
from models.money import Money
from models.payment import AUTO_GMAIL, Payment
from models.receipt import Receipt
from models.session import Session
from models.verification import Mode
from tests import factories as make
from tests.factories import NOW, RULES
from tests.flows.conversation import Chat, body, said_to, titles

# ---- the list --------------------------------------------------------------------------------------


def test_nothing_waits(admin: Chat) -> None:
    assert "Every payment has its booking" in body(admin.says("unmatched"))


def test_what_waits_is_listed_and_shown(session: Session, admin: Chat) -> None:
    first, second = _came(session, sender="Ali Khan"), _came(session)
    listed = admin.says("unmatched")
    assert isinstance(listed, Menu)
    assert titles(listed) == [second.code, first.code]
    shown = admin.taps(str(first.code))
    assert "Unmatched payment" in body(shown)
    assert "From: Ali Khan" in body(shown)
    assert "*Rs. 2,000* by NayaPay" in body(shown)


def test_what_nobody_should_believe_is_not_in_the_list(session: Session, admin: Chat) -> None:
    _came(session, trusted=False)
    assert "Every payment has its booking" in body(admin.says("unmatched"))


# ---- a link ----------------------------------------------------------------------------------------


def test_an_unmatched_payment_is_linked_in_one_tap(session: Session, admin: Chat) -> None:
    booking, other = (
        make.by_transfer(session),
        make.by_transfer(session, make.listing(session, advance="50%")),
    )
    money = _came(session, booking.advance)
    shown = admin.says("unmatched")
    assert titles(shown) == [booking.code, other.code]  # the nearest amount first
    linked = admin.taps(booking.code)
    assert f"Linked*: {money.code}" in body(linked)
    assert booking.status == "PAYMENT_SUCCESS"
    (row,) = Receipt.of_booking(session, booking.id)
    assert row.evidence_id == money.id


@pytest.mark.parametrize("words", ["link {p} {b}", "link {b} {p}", "Link {p}, {b}"])
def test_a_link_is_typed_in_any_order(session: Session, admin: Chat, words: str) -> None:
    booking = make.by_transfer(session)
    money = _came(session, Money(6_000_00, "PKR"))
    said = admin.says(words.format(p=money.code, b=booking.code.lower()))
    assert "what is too much has to go back" in body(said)
    assert booking.status == "PAYMENT_SUCCESS"
    again = admin.says(words.format(p=money.code, b=booking.code))
    assert "counted for this booking before" in body(again)
    assert len(Receipt.of_booking(session, booking.id)) == 1
    elsewhere = admin.says(f"link {money.code} {make.by_transfer(session).code}")
    assert f"was counted for {booking.code}" in body(elsewhere)


def test_what_cannot_be_linked_is_said(session: Session, admin: Chat) -> None:
    card, money = make.held(session), _came(session)
    assert "never asked to transfer" in body(admin.says(f"link {money.code} {card.code}"))
    assert "no booking BK-20261120-AAAAA" in body(admin.says(f"link {money.code} BK-20261120-AAAAA"))
    assert "no payment P-AAAA" in body(admin.says(f"link P-AAAA {card.code}"))
    assert "Type: link" in body(admin.says(f"link {card.code}"))
    rupees = _came(session, Money(1_00, "INR"))
    assert "same currency" in body(admin.says(f"link {rupees.code} {make.by_transfer(session).code}"))
    assert str(money.code) in body(admin.says(f"link {money.code}"))


def test_a_mail_that_may_be_forged_is_never_linked(session: Session, admin: Chat) -> None:
    booking = make.by_transfer(session)
    money = _came(session, booking.advance, trusted=False)
    assert "may be forged" in body(admin.says(f"link {money.code} {booking.code}"))
    assert booking.status == "PAYMENT_PENDING"
    assert Receipt.of_booking(session, booking.id) == []


def test_a_guest_links_nothing(session: Session, chat: Chat) -> None:
    booking = make.by_transfer(session)
    money = _came(session, booking.advance)
    chat.says(f"link {money.code} {booking.code}")
    chat.taps_template(LinkPayment(money.id, Payment.of_booking(session, booking.id)[0].id))
    assert booking.status == "PAYMENT_PENDING"


# ---- a proposal ------------------------------------------------------------------------------------


def test_a_proposal_shows_what_came_what_was_asked_for_and_every_reading(
    session: Session, admin: Chat
) -> None:
    booking, other = make.by_transfer(session), make.by_transfer(session)
    money = _came(session, booking.advance, sender="Ayesha K")
    _thought(session, money, (booking, 90, ["unique", "name"]), (other, 50, ["near"]))
    session.info["outbox"].clear()
    notices.propose_match(session, money.id, rules=RULES, now=NOW)
    (out,) = session.info["outbox"]
    assert isinstance(out.message, Buttons)
    assert [b.title for b in out.message.buttons] == ["Confirm", "Reject"]
    for words in (
        f"Most likely: *{booking.code}*",
        "Score 90: an amount that nobody else has, the name",
        f"Also possible: {other.code} (50)",
    ):
        assert words in body(out.message)
    admin.last = out.message
    assert "Linked" in body(admin.taps("Confirm"))
    assert booking.status == "PAYMENT_SUCCESS"
    assert make.last_event(session, booking).actor == "admin"


def test_a_no_leads_to_the_others_or_aside(session: Session, admin: Chat) -> None:
    booking, other = make.by_transfer(session), make.by_transfer(session)
    money = _came(session, booking.advance)
    _thought(session, money, (booking, 60, ["amount"]), (other, 50, ["near"]))
    admin.says("unmatched")
    choice = admin.taps("Reject")
    assert titles(choice) == [other.code, "None, put it aside"]
    assert "put aside" in body(admin.taps("None, put it aside"))
    assert "Every payment has its booking" in body(admin.says("unmatched"))
    found = Evidence.find(session, money.id)
    assert found is not None
    assert found.status == "rejected"
    admin.says(f"link {money.code} {other.code}")
    assert other.status != "PAYMENT_PENDING" or Receipt.of_booking(session, other.id)


def test_what_is_unknown_in_a_mail_is_said_aloud(session: Session, admin: Chat) -> None:
    _came(session, known_form=False)
    assert "do not know this form of mail" in body(admin.says("unmatched"))


def test_what_a_bank_took_back_is_given_its_booking_in_one_tap(session: Session, admin: Chat) -> None:
    booking = make.by_transfer(session)
    payment = Payment.of_booking(session, booking.id)[0]
    make.finds(session, booking, payment, make.mail(session, payment.amount), payment.amount, how=AUTO_GMAIL)
    money = _came(session, payment.amount, kind="reversal")
    session.info["outbox"].clear()
    notices.unmatched(session, money.id, rules=RULES, now=NOW)
    admin.last = said_to(session.info["outbox"], "admin")[-1].message
    assert titles(admin.last) == [booking.code]
    alert = admin.last
    admin.says(f"link {money.code} {booking.code}")  # is no way to count it once more
    assert len(Receipt.of_booking(session, booking.id)) == 1
    admin.last = alert
    assert "on record" in body(admin.taps(booking.code))
    assert booking.is_reversed
    assert "on record already" in body(admin.taps(booking.code, alert))
    assert [row.outcome for row in Receipt.of_booking(session, booking.id)] == ["exact", "reversed"]


def test_money_that_a_bank_took_back_and_nobody_knows_is_only_told(session: Session, admin: Chat) -> None:
    money = _came(session, kind="reversal")
    session.info["outbox"].clear()
    notices.unmatched(session, money.id, rules=RULES, now=NOW)
    assert "taken back" in body(said_to(session.info["outbox"], "admin")[-1].message)


# ---- modes -----------------------------------------------------------------------------------------


def test_the_first_approved_mail_offers_to_switch_its_issuer_on(session: Session, admin: Chat) -> None:
    booking = make.by_transfer(session)
    _came(session, booking.advance)
    admin.says("unmatched")
    linked = admin.taps(booking.code)
    assert titles(linked) == ["Yes, switch it on", "Not yet"]
    assert "confirm themselves" in body(admin.says("yes"))
    assert verification.confirming(session) == {"nayapay"}
    again = make.by_transfer(session)
    money = _came(session, again.advance)
    assert "switch it on" not in body(admin.says(f"link {money.code} {again.code}"))


def test_the_mode_is_shown_and_switched(session: Session, admin: Chat) -> None:
    shown = admin.says("mode")
    assert "*manual* mode" in body(shown)
    assert titles(shown) == ["Automated", "Hybrid"]
    assert "From now on *hybrid*" in body(admin.taps("Hybrid"))
    assert "From now on *automated*" in body(admin.says("mode automated"))
    assert verification.mode(session, Mode.MANUAL) is Mode.AUTOMATED
    deeds = session.scalars(text("SELECT data->>'to' FROM audit WHERE action = 'SWITCH_MODE' ORDER BY id"))
    assert list(deeds) == ["hybrid", "automated"]


def test_an_issuer_is_switched_off_and_on_but_never_before_a_first_mail(
    session: Session, admin: Chat
) -> None:
    booking = make.by_transfer(session)
    money = _came(session, booking.advance)
    admin.says(f"link {money.code} {booking.code}")
    admin.taps("Yes, switch it on")
    assert "✅ NayaPay" in body(admin.says("mode"))
    admin.taps("NayaPay off")
    assert verification.confirming(session) == frozenset()


# ---- the guest -------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["ab12", "…AB12", "TX0000ab12", "##ab12.", " AB12 "])
def test_whose_transfer_it_is_the_end_of_its_id_tells(session: Session, chat: Chat, words: str) -> None:
    booking = make.by_transfer(session, guest_id=chat.person_id)
    money = _came(session, booking.advance)
    _thought(session, money, (booking, 60, ["amount"]), verdict="tie")
    session.info["outbox"].clear()
    notices.ask_whose_transfer(session, booking, money.id, rules=RULES, now=NOW)
    asked = said_to(session.info["outbox"], "guest")[-1].message
    assert "last 4 characters" in body(asked)
    assert "We compare it" in body(chat.says(words))
    typed = session.execute(text("SELECT payment_id, tail FROM typed_tails")).one()
    assert typed == (Payment.of_booking(session, booking.id)[0].id, "AB12")


def test_an_end_of_letters_alone_is_told_from_a_word_by_the_money_that_waits(
    session: Session, chat: Chat
) -> None:
    booking = make.by_transfer(session, guest_id=chat.person_id)
    money = _came(session, booking.advance, transaction_id="6751c0ffee9dFACE")
    _thought(session, money, (booking, 60, ["amount"]), verdict="tie")
    for word in ("menu", "help", "cafe", "done"):
        assert "We compare it" not in body(chat.says(word))
    assert "We compare it" in body(chat.says("face"))
    assert session.execute(text("SELECT tail FROM typed_tails")).scalar_one() == "FACE"


def test_who_was_asked_nothing_types_what_they_like(session: Session, chat: Chat) -> None:
    make.by_transfer(session, guest_id=chat.person_id)
    assert "We compare it" not in body(chat.says("ab12"))
    for words in ("hello", "2 nights", "25/12", "Ayesha", "24 Dec 2026"):
        assert understand.end_of_id(words) is None


def test_what_is_missing_is_asked_for_with_where_to_send_it(session: Session, chat: Chat) -> None:
    booking = make.by_transfer(session, guest_id=chat.person_id)
    payment = Payment.of_booking(session, booking.id)[0]
    money = _came(session, Money(2_000_00, "PKR"))
    make.finds(session, booking, payment, money.id, Money(2_000_00, "PKR"), how=AUTO_GMAIL)
    rest = Payment.of_booking(session, booking.id)[-1]
    session.info["outbox"].clear()
    notices.rest_missing(session, booking, rest, rules=RULES, now=NOW)
    asked = said_to(session.info["outbox"], "guest")[-1].message
    assert "We have received *Rs. 2,000*" in body(asked)
    assert f"*{rest.reference}*" in body(asked)
    shown = chat.says("my bookings")
    assert f"*{rest.reference}*" in body(shown)


# ---- helpers ---------------------------------------------------------------------------------------


def _came(
    session: Session,
    amount: Money = Money(2_000_00, "PKR"),  # noqa: B008  # a frozen value
    *,
    transaction_id: str | None = None,
    sender: str | None = None,
    trusted: bool = True,
    known_form: bool = True,
    kind: str = "credit",
) -> Evidence:
    number = evidence.keep_transfer(
        session,
        source="gmail",
        transfer=Transfer(
            "nayapay",
            amount,
            transaction_id or make.unique("TX0000AB"),
            sender_name=sender,
            occurred_at=NOW - timedelta(minutes=2),
        ),
        trusted=trusted,
        known_form=known_form,
        kind=kind,
        message_id=make.unique("mail-"),
        now=NOW,
    )
    assert number is not None
    found = Evidence.find(session, number)
    assert found is not None
    return found


def _thought(
    session: Session, money: Evidence, *them: tuple[Booking, int, list[str]], verdict: str = "sure"
) -> None:
    """What the matcher would have written, the first chosen."""
    for booking, score, why in them:
        session.execute(
            text(
                "INSERT INTO match_candidates (evidence_id, round, payment_id, score, why, chosen) "
                "SELECT id, match_round, :payment, :score, :why, :chosen FROM payment_evidence WHERE id = :id"
            ),
            {
                "id": money.id,
                "payment": Payment.of_booking(session, booking.id)[-1].id,
                "score": score,
                "why": why,
                "chosen": booking is them[0][0],
            },
        )
    session.execute(
        text("UPDATE payment_evidence SET verdict = :verdict WHERE id = :id"),
        {"id": money.id, "verdict": verdict},
    )
