"""Any bytes get an answer, in time; and a mangled mail never becomes another payment."""

from __future__ import annotations

import ast
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations import payment_mail
from integrations.payment_mail import Event, read
from tests.integrations.payment_mail.letters import RECEIPT, letter

MAILS = sorted((Path(__file__).parents[2] / "data" / "payment_mails").glob("*.eml"))
IN_TIME = 2.0
# Nothing here waits, or has another thread or process work: see `in_time`.
MERE_WORK = {
    "__future__", "binascii", "collections.abc", "dataclasses", "datetime", "decimal", "email.utils", "enum", "functools",
    "html", "integrations.payment_mail", "models.money", "orjson", "pathlib", "re", "structlog", "tomllib", "traceback",
    "typing", "unicodedata",
}  # fmt: skip
HEAD = b"From: a@b.example\r\nSubject: x\r\n"
SAID = b"You received Rs. 500 from ALI"


def nested(levels: int) -> bytes:
    part = SAID
    for level in range(levels):
        part = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n%b\r\n--b%d--\r\n" % (
            level,
            level,
            part,
            level,
        )
    return part


def many(piece: bytes, size: int) -> bytes:
    return piece * (size // len(piece))


@contextmanager
def in_time() -> Iterator[None]:
    """What is read is read in time, by the clock of this thread: the wall's goes on while the machine hangs or works
    for others. Reading is mere work of this thread, as the test below holds: nothing escapes that clock.
    """
    before = time.thread_time()
    yield
    assert time.thread_time() - before < IN_TIME


def test_reading_is_mere_work_of_one_thread() -> None:
    """Else the clock of that thread would not tell how long it takes."""
    imported = set()
    for path in Path(payment_mail.__file__).parent.rglob("*.py"):
        if path.name != "__main__.py":
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    imported |= {name.name for name in node.names}
                elif isinstance(node, ast.ImportFrom):
                    assert node.module and not node.level, f"{path.name} imports by a relative name"
                    imported.add(node.module)
    ours = {name for name in imported if name.startswith("integrations.payment_mail.")}
    assert imported - ours <= MERE_WORK


@pytest.mark.parametrize("label", ["Note", "Remarks", "Payment message"])
@pytest.mark.parametrize(
    "said",
    [
        "Amount Reversed Rs. 50,000 Transaction ID deadbeef12345678",
        "Amount Received Rs. 50,000 Transaction ID deadbeef12345678",
        "This was refunded and has failed",
    ],
)
def test_what_a_payer_writes_is_no_statement_of_the_issuers(label: str, said: str) -> None:
    """Also behind a full stop."""
    mail = read(letter(RECEIPT.replace("Amount Received", f"{label}: Hello. {said}\nAmount Received")))
    assert (mail.event, mail.known_form, mail.amount) == (Event.CREDIT, True, 2500)
    assert mail.transaction_id == "6565f0a1c2b3d4e5f6a7b8c9"


def test_halves_of_letters_are_none() -> None:
    """UTF-7 can spell them, and no row can hold one."""
    head = b"From: a@b.example\r\nSubject: You got Rs. 500\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n"
    mail = read(head + b"You have received Rs. 500 from +2ADYAA- Ali\r\n\x80")
    assert mail.sender_name is not None
    assert (mail.text + mail.sender_name).encode()


HUGE = 30_000_000
HOSTILE = {
    "nothing": b"",
    "zeros": b"\0" * 1000,
    "one endless header": b"X: " + b"a" * HUGE,
    "headers without end": many(b"X: a\r\n", HUGE),
    "brackets without end": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<" * HUGE,
    "tags without end": HEAD + b"Content-Type: text/html\r\n\r\n" + many(b"<td><p>Rs 5", HUGE),
    "comments left open": HEAD + b"Content-Type: text/html\r\n\r\n" + many(b"<!--x--><!-- ", 3_000_000),
    "private letters": HEAD + b"Content-Type: text/html\r\n\r\n" + many("\ue000".encode(), 600_000),
    "text without end": HEAD + b"\r\n" + many(b"Rs. 5 received from ", HUGE),
    "lines that are nearly boundaries": HEAD
    + b'Content-Type: multipart/mixed; boundary="-"\r\n\r\n'
    + b"-" * HUGE,
    "parts without end": HEAD
    + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    + many(b"--b\r\n\r\nRs 5\r\n", HUGE),
    "a thousand levels": HEAD + nested(1000),
    "a thousand messages": HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 1000 + SAID,
    "one boundary for all": HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" * 1000 + SAID,
    "an open bracket in the result": letter(result="mx.google.com; " + "(" * 200_000),
    "parameters without end": b"Content-Type: text/plain" + b"; a=b" * 60_000 + b"\r\n\r\nx",
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_hostile_mail_gets_an_answer_in_time(raw):
    with in_time():
        mail = read(raw)
    assert not mail.trusted


def test_words_behind_a_large_attachment_are_read():
    picture = b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n" + many(
        b"A" * 76 + b"\r\n", HUGE
    )
    raw = letter(
        b"--b\r\n" + picture + b"--b\r\n\r\n" + RECEIPT.encode() + b"\r\n--b--",
        content=("Content-Type: multipart/mixed; boundary=b",),
    )
    with in_time():
        mail = read(raw)
    assert mail.amount == 2500


PIECES = (
    "Rs ", "Rs. 5 ", "1,", "1,11,", "a ", "A", "from ", "from by ", "received ", "Transaction ID ", "\n", "\t", "Sender: ",
    "12:", "20-11-2026 ", "( ", "from 0300", "@", "a@", "*", "your account ", "سے ", "rupees one ", "one hundred and ",
    "Amount Received Rs 5 ", "Sender Name:: a: Amount Transferred:: PKR 5 ", "note: ", "> a\n", "From: x\n", "UPI-A-", "-",
    "sent you Rs 5 ", "pending ", "will be ", "\u202e", "ﷺ", "<td>", "&#x", "0" * 50, "PKR 5 received to your account ",
)  # fmt: skip


@given(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=4),
    st.sampled_from(["nayapay.com", "faysalbank.com", "hdfcbank.net"]),
)
@settings(max_examples=25, deadline=None, derandomize=True)
def test_no_wording_makes_the_patterns_explode(pieces, domain):
    piece = "".join(pieces)
    with in_time():
        read(
            letter(
                piece * (60_000 // len(piece)),
                sender=f"<a@{domain}>",
                subject=piece[:200].replace("\n", " "),
            )
        )


@given(st.sampled_from(MAILS), st.data())
@settings(max_examples=150, deadline=None, derandomize=True)
def test_mangled_mail_is_answered(file, data):
    raw = bytearray(file.read_bytes()[:20_000])
    for _ in range(data.draw(st.integers(1, 8))):
        start = data.draw(st.integers(0, len(raw)))
        raw[start : start + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=20))
    assert read(bytes(raw)).event in Event


@given(st.binary(max_size=3000))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_any_bytes_are_answered(raw):
    assert not read(raw).trusted
    assert not read(letter(raw, content=("Content-Type: text/html",))).known_form
