"""What mails and pictures tell of is kept once, and counts once, whatever the source."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from models import evidence, verification
from models.evidence import GMAIL, Evidence, keep_transfer
from models.matching import Transfer
from models.money import Money
from models.payment import Payment
from models.session import Session
from models.verification import Mode, NothingApproved
from tests import factories as make
from tests.factories import NOW

SECOND = timedelta(seconds=1)


def _transfer(**what: Any) -> Transfer:
    given: dict[str, Any] = {
        "issuer": "nayapay",
        "amount": Money(2_695_00, "PKR"),
        "transaction_id": "65 65-f0a1",
    }
    return Transfer(**{**given, **what})


def _keep(session: Session, transfer: Transfer | None = None, **what: Any) -> int | None:
    given: dict[str, Any] = {
        "source": GMAIL,
        "trusted": True,
        "known_form": True,
        "message_id": make.unique("<") + "@nayapay.com>",
        "now": NOW,
    }
    return keep_transfer(session, transfer=transfer or _transfer(), **{**given, **what})


def _kept(session: Session, transfer: Transfer | None = None, **what: Any) -> Evidence:
    evidence_id = _keep(session, transfer, **what)
    assert evidence_id is not None
    return _find(session, evidence_id)


def _find(session: Session, evidence_id: int) -> Evidence:
    found = Evidence.find(session, evidence_id)
    assert found is not None
    return found


def _match_at(session: Session, evidence_id: int) -> Any:
    return session.scalar(text("SELECT match_at FROM payment_evidence WHERE id = :id"), {"id": evidence_id})


def test_a_mail_is_kept_with_what_it_says_and_the_matcher_is_rung(session: Session) -> None:
    one = _kept(session, _transfer(text="Remarks: q7mk4 for BK-20261120-7K3QX", sender_name="SANA TARIQ"))
    assert (one.status, one.transaction_id, one.amount) == ("pending", "6565F0A1", Money(2_695_00, "PKR"))
    assert one.code is not None and one.code.startswith("P-")
    assert Evidence.with_code(session, f" {one.code.lower()} ") == one
    codes = session.scalar(text("SELECT codes FROM payment_evidence WHERE id = :id"), {"id": one.id})
    assert codes == ["BK-20261120-7K3QX", "Q7MK4"]  # and no other word of the mail
    assert _match_at(session, one.id) == NOW
    chore = session.execute(text("SELECT due_at FROM chores WHERE job = 'match_transfers'")).one()
    assert chore.due_at == NOW + SECOND


def test_the_very_same_mail_is_kept_once(session: Session) -> None:
    assert _keep(session, message_id="<1@nayapay.com>") is not None
    assert _keep(session, message_id="<1@nayapay.com>") is None


def test_without_a_transaction_id_the_mail_itself_is_the_identity(session: Session) -> None:
    meezan = _transfer(issuer="meezan", transaction_id=None)
    first = _kept(session, meezan, message_id="<1@meezanbank.com>")
    assert _keep(session, meezan, message_id="<1@meezanbank.com>") is None
    assert _kept(session, meezan, message_id="<2@meezanbank.com>").duplicate_of is None
    assert first.duplicate_of is None


def test_another_mail_about_the_same_transaction_names_the_first(session: Session) -> None:
    first = _kept(session)
    again = _kept(session, _transfer(transaction_id="6565F0A1"))
    assert again.duplicate_of == first.id
    assert _kept(session, _transfer(issuer="meezan")).duplicate_of is None


def test_what_cannot_be_believed_is_kept_and_wakes_nobody(session: Session) -> None:
    forged = _kept(session, trusted=False)
    assert (forged.status, forged.trusted, _match_at(session, forged.id)) == ("unmatched", False, None)
    assert not session.execute(text("SELECT FROM chores")).all()
    assert forged not in Evidence.unmatched(session, most=10)
    assert forged in Evidence.unmatched(session, most=10, trusted=False)
    real = _kept(session)  # which is not hindered by the forgery that came before
    assert (real.duplicate_of, _match_at(session, real.id)) == (forged.id, NOW)


def test_a_forgery_with_the_message_id_of_a_mail_to_come_does_not_stand_in_for_it(session: Session) -> None:
    assert _keep(session, message_id="<1@nayapay.com>", trusted=False) is not None
    assert _keep(session, message_id="<1@nayapay.com>") is not None


def test_money_counts_once_whoever_tells_of_it(session: Session) -> None:
    booking, other = make.by_transfer(session), make.by_transfer(session)
    first, again = _kept(session), _kept(session)
    paid = Payment.of_booking(session, booking.id)[-1]
    elsewhere = Payment.of_booking(session, other.id)[-1]
    assert evidence.count(session, again.id, booking_id=booking.id, payment_id=paid.id, by=None, now=NOW)
    for one in (first, again):
        counted = evidence.count(
            session, one.id, booking_id=other.id, payment_id=elsewhere.id, by=None, now=NOW
        )
        assert not counted
    assert (_find(session, again.id).status, _find(session, again.id).booking_id) == ("verified", booking.id)
    assert not evidence.reject_one(session, again.id, reason="x", by=None, now=NOW)


def test_the_database_itself_refuses_to_count_money_twice(session: Session) -> None:
    first, again = _kept(session), _kept(session)
    with pytest.raises(Exception, match="money_counts_once"):
        session.execute(
            text("UPDATE payment_evidence SET counted = true WHERE id IN (:first, :again)"),
            {"first": first.id, "again": again.id},
        )


def test_a_picture_of_the_transaction_has_its_mail_looked_at_again(session: Session) -> None:
    mail = _kept(session)
    session.execute(text("UPDATE payment_evidence SET match_at = NULL, status = 'unmatched'"))
    guest = make.person(session)
    shown = evidence.keep_picture(session, person_id=guest, media_id="m", mime_type="image/jpeg", now=NOW)
    evidence.note_read(
        session,
        shown,
        issuer=None,
        amount=Money(2_695_00, "PKR"),
        transaction_id="6565 f0a1",
        sender_name="Sana Tariq",
        payee_tail=None,
        occurred_at=NOW,
        now=NOW + SECOND,
    )
    assert _match_at(session, mail.id) == NOW + SECOND
    assert _find(session, shown).transaction_id == "6565F0A1"


def test_a_guest_types_the_end_of_the_id(session: Session) -> None:
    booking, mail = make.by_transfer(session), _kept(session)
    payment = Payment.of_booking(session, booking.id)[-1]
    session.execute(text("UPDATE payment_evidence SET match_at = NULL, match_round = 1"))
    session.execute(
        text("INSERT INTO match_candidates VALUES (:evidence, 1, :payment, 50, '{amount}', true)"),
        {"evidence": mail.id, "payment": payment.id},
    )
    assert not evidence.note_typed_tail(session, payment_id=payment.id, tail="a1", now=NOW)
    for _ in range(2):
        assert evidence.note_typed_tail(session, payment_id=payment.id, tail="…f0-a1", now=NOW)
    assert _match_at(session, mail.id) == NOW


def test_the_mode_is_the_settings_until_an_admin_changes_it(session: Session) -> None:
    assert verification.mode(session, Mode.MANUAL) is Mode.MANUAL
    for to in (Mode.HYBRID, Mode.AUTOMATED):
        verification.switch_mode(session, to, by=None, now=NOW)
        assert verification.mode(session, Mode.MANUAL) is to


def test_an_issuer_is_switched_on_after_a_first_mail_was_approved(session: Session) -> None:
    admin, booking, mail = make.person(session), make.by_transfer(session), _kept(session)
    with pytest.raises(NothingApproved):
        verification.switch_issuer(session, "nayapay", on=True, by=admin, now=NOW)
    payment = Payment.of_booking(session, booking.id)[-1]
    assert evidence.count(session, mail.id, booking_id=booking.id, payment_id=payment.id, by=admin, now=NOW)
    assert dict(verification.issuers(session)) == {"nayapay": False}
    verification.switch_issuer(session, "nayapay", on=True, by=admin, now=NOW)
    assert verification.confirming(session) == {"nayapay"}
    assert dict(verification.issuers(session)) == {"nayapay": True}
    verification.switch_issuer(session, "nayapay", on=False, by=admin, now=NOW)
    assert not verification.confirming(session)
