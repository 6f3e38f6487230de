"""Looks into the mailbox: takes over what is new, keeps it sealed, reads it, and hands on what tells of money.

A look is due when the row of the mailbox says so (`models/mail.py`): every few minutes, and when a hold ends. Its
calls are made with nothing locked. What was taken over is kept before it is read, and read once: a mail on which
reading breaks off is tried three times and then set aside, and the admins are told.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from flows import notices
from integrations.gmail_mailbox import Mail, MailboxError, Refused
from models import evidence, mail, sealed
from models.clock import Clock
from models.db import unit_of_work
from models.mail import Look, Unread
from models.matching import Transfer
from models.money import Money
from models.session import Session

if TYPE_CHECKING:
    from integrations.payment_mail import PaymentMail

log = structlog.get_logger()

MOST_A_LOOK: Final = 50
LOOK_FOR: Final = 120.0  # seconds; what is not taken over by then is left to the next look, which is at once
WAIT_AT_FIRST, WAIT_AT_MOST = timedelta(seconds=15), timedelta(minutes=10)
# Where a person has to act in Google's console no new permission tells us that they have: we ask now and then.
ASK_AGAIN: Final = timedelta(minutes=10)


class Mailbox(Protocol):
    """Where the mails are: `integrations.gmail_mailbox`."""

    marks: bool

    def token(self) -> str: ...
    def ids(self, since: datetime, until: datetime | None = None) -> Sequence[str]: ...
    def fetch(self, mail_id: str) -> Mail | None: ...
    def mark_read(self, mail_id: str) -> None: ...


class MailboxRound:
    """The round that the providers' crew makes, when it is time.

    Args:
        read: what a mail says: `integrations.payment_mail.read`, which never raises.
    """

    name = "look_for_mail"

    def __init__(
        self, mailbox: Mailbox, *, read: Callable[[bytes], PaymentMail], every: timedelta, clock: Clock
    ) -> None:
        self._mailbox, self._read, self._every, self._clock = mailbox, read, every, clock

    def claim(self) -> Callable[[], None] | None:
        with unit_of_work() as session:
            look = mail.claim(session, self._clock.now())
        return None if look is None else lambda: self.look(look)

    def look(self, claimed: Look) -> None:
        """One look: take over, read, and say when the next one is due."""
        ending = self._take_over(claimed)
        self.read_kept()
        with unit_of_work() as session:
            ending(session, self._clock.now())

    def _take_over(self, claimed: Look) -> Callable[[Session, datetime], None]:
        """Keep what is new; returns what is to be written of how that went."""
        try:
            if claimed.refused_token is not None and self._mailbox.token() == claimed.refused_token:
                return lambda session, now: mail.rest(session, claimed, again_at=now + self._every)
            read_until, is_all = self._keep_new(claimed)
        except MailboxError as error:
            log.warning("mailbox.not_read", code=error.code, failures=claimed.failures + 1)
            return partial(self._note_failure, claimed, error)
        wait = self._every if is_all else timedelta(0)
        return lambda session, now: mail.finish(session, claimed, read_until=read_until, again_at=now + wait)

    def _keep_new(self, claimed: Look) -> tuple[datetime | None, bool]:
        """Keep what is not kept yet, the oldest first: up to when all is ours now, and whether that is all there is."""
        began = time.monotonic()
        since, until = claimed.stretch()
        ids = self._mailbox.ids(since, until)
        with unit_of_work() as session:
            had = mail.known(session, ids)
        new = [each for each in reversed(ids) if each not in had]
        kept = 0
        stuck: dict[str, MailboxError] = {}
        for mail_id in new[:MOST_A_LOOK]:
            if time.monotonic() - began > LOOK_FOR:
                break
            try:
                self._keep(mail_id)
                kept += 1
            except MailboxError as error:
                if not error.is_about_one:
                    raise
                stuck[mail_id] = error
        if new:
            log.info("mailbox.looked", found=len(ids), kept=kept, left=len(new) - kept)
        for mail_id, why in stuck.items():
            # Where none can be had it is Gmail that fails, and where others can, this one will never be.
            if not kept or claimed.failures < mail.MOST_ATTEMPTS:
                raise why
            self._give_up(mail_id)
        if kept + len(stuck) < len(new):
            return claimed.read_until, False
        return until or claimed.began_at, until is None

    def _keep(self, mail_id: str) -> None:
        came = self._mailbox.fetch(mail_id)
        with unit_of_work() as session:
            now = self._clock.now()
            if came is None:
                mail.note_gone(session, mail_id, now)
            else:
                mail.keep(session, mail_id, came.raw, received_at=came.received_at, now=now)

    def _give_up(self, mail_id: str) -> None:
        """Gmail does not hand it out: a person should look at it there."""
        with unit_of_work() as session:
            now = self._clock.now()
            number = mail.note_gone(session, mail_id, now, why="not_handed_out")
            if number is not None:
                notices.mail_set_aside(session, number, received_at=now, now=now)
        log.error("mail.set_aside", mail_id=number, why="not_handed_out")

    def _note_failure(self, claimed: Look, error: MailboxError, session: Session, now: datetime) -> None:
        """Wait, or, where waiting does not help, tell the admins once."""
        if error.retryable:
            mail.fail(session, claimed, error.code, again_at=now + self._wait(claimed.failures, error))
            return
        token, wait = None, max(self._every, ASK_AGAIN)
        if isinstance(error, Refused):
            token, wait = error.token, self._every  # a look at the file costs nothing
        if mail.disconnect(session, claimed, error.code, token=token, again_at=now + wait, now=now):
            notices.mailbox_disconnected(session, why=error.code, now=now)

    def _wait(self, failures: int, error: MailboxError) -> timedelta:
        """Twice as long each time, and never less than Gmail asked for."""
        usual: timedelta = min(self._every, WAIT_AT_FIRST) * 2 ** min(failures, 12)
        return max(min(usual, WAIT_AT_MOST), error.wait or timedelta(0))

    def read_kept(self) -> None:
        """Read whatever is kept and unread, from this look or from one that was cut short."""
        after = 0
        while True:
            with unit_of_work() as session:
                unread = mail.take_unread(session, after=after)
            if unread is None:
                return
            after = unread.id
            self._read_one(unread)

    def _read_one(self, unread: Unread) -> None:
        if unread.attempts > mail.MOST_ATTEMPTS:
            self._set_aside(unread, "unreadable")
            return
        try:
            found = self._read(sealed.open_(unread.sealed))
            if _kind_of(found) is not None and found.trusted and _money_in(found) is None:
                self._set_aside(unread, "no_amount")
            elif self._hand_on(unread, found) and found.is_payment and self._mailbox.marks:
                self._mailbox.mark_read(unread.external_id)
        except sealed.CannotOpen:
            self._set_aside(unread, "sealed_by_another_key")
        except MailboxError as error:  # it is read, and that it stays marked as new costs nothing
            log.warning("mail.not_marked", mail_id=unread.id, code=error.code)
        except Exception as error:
            log.exception("mail.not_read", mail_id=unread.id, attempts=unread.attempts, exc_info=error)

    def _hand_on(self, unread: Unread, found: PaymentMail) -> bool:
        """What the mail says becomes evidence, and it is read, in one commit; False where somebody was quicker."""
        with unit_of_work() as session:
            now = self._clock.now()
            if not mail.finish_reading(session, unread.id, now=now):
                return False
            kind = _kind_of(found)
            if kind is not None and (transfer := _transfer(unread, found, kind)) is not None:
                evidence.keep_transfer(
                    session,
                    source=evidence.GMAIL,
                    transfer=transfer,
                    trusted=found.trusted,
                    known_form=found.known_form,
                    kind=kind,
                    message_id=found.message_id or f"{mail.GMAIL}:{unread.external_id}",
                    mail_id=unread.id,
                    reverses=_taken_back(found, kind),
                    now=now,
                )
            return True

    def _set_aside(self, unread: Unread, why: str) -> None:
        """It will not be read any more; a person should look at it in the mailbox."""
        with unit_of_work() as session:
            now = self._clock.now()
            if mail.finish_reading(session, unread.id, failure=why, now=now):
                notices.mail_set_aside(session, unread.id, received_at=unread.received_at, now=now)
        log.error("mail.set_aside", mail_id=unread.id, why=why)


def _kind_of(found: PaymentMail) -> str | None:
    """What becomes of it; a mail about anything else is kept and goes no further."""
    if found.is_payment:
        return evidence.CREDIT
    return evidence.REVERSAL if found.event == evidence.REVERSAL else None


def _money_in(found: PaymentMail) -> Money | None:
    if found.amount is None or found.currency is None:
        return None
    try:
        return Money.parse(f"{found.amount:f}", found.currency)
    except ValueError:
        return None


def _taken_back(found: PaymentMail, kind: str) -> str | None:
    """The transaction that a reversal is about; some name no other than that one."""
    return (found.reverses or found.transaction_id) if kind == evidence.REVERSAL else None


def _transfer(unread: Unread, found: PaymentMail, kind: str) -> Transfer | None:
    amount = _money_in(found)
    if amount is None:
        return None
    takes_back_its_own = kind == evidence.REVERSAL and found.reverses is None
    return Transfer(
        issuer=found.provider,
        amount=amount,
        transaction_id=None if takes_back_its_own else found.transaction_id,
        text=found.text,
        sender_name=found.sender_name,
        sender_phone=found.sender_phone,
        payee_tail=found.account_tail,
        occurred_at=found.occurred_at if found.occurred_precision in ("second", "minute") else None,
        told_at=unread.received_at,
    )
