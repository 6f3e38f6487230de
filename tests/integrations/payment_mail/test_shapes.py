"""However a mail is packed, the same receipt comes out of it."""

from __future__ import annotations

import base64
import quopri

import pytest

from integrations.payment_mail import read
from integrations.payment_mail.envelope import decode_header
from integrations.payment_mail.folding import fold, fold_html
from tests.integrations.payment_mail.letters import RECEIPT, letter

R = RECEIPT.encode()
TABLE = "<table>" + "".join(
    f'<tr><td class="a"><!--[if mso]>x<![endif]--><b>{label}</b></td><td>{value}</td></tr>'
    for label, value in (
        ("Amount Received", "<span>Rs.</span>&nbsp;<b>2</b><b>,</b><b>500</b>"),
        ("Transaction ID", "6565f0a1c2b3d4e5f6a7b8c9"),
        ("Source Acc. Title", "SANA TARIQ"),
    )
)


def typed(kind: str, *more: str) -> tuple[str, ...]:
    return (f"Content-Type: {kind}", *more)


BASE64, QUOTED = "Content-Transfer-Encoding: base64", "Content-Transfer-Encoding: Quoted-Printable"
SHAPES = {
    "quoted-printable": (typed("text/plain; charset=utf-8", QUOTED), quopri.encodestring(R)),
    "html alone": (typed("text/html; charset=utf-8", QUOTED), quopri.encodestring(TABLE.encode())),
    "html that says nothing of it": (typed("text/plain"), TABLE.encode()),
    "utf-16": (typed("text/plain; charset=utf-16", BASE64), base64.encodebytes(RECEIPT.encode("utf-16"))),
    "utf-16le": (
        typed("text/plain; charset=utf-16le", BASE64),
        base64.encodebytes(RECEIPT.encode("utf-16le")),
    ),
    "no type": ((), R),
    "unknown charset": (typed("text/plain; charset=x-foo"), R),
    "unknown encoding": (typed("text/plain", "Content-Transfer-Encoding: x-uuencode"), R),
    "dirty base64": (typed("text/plain", BASE64), base64.encodebytes(R).replace(b"\n", b" *\n")),
    "wrong boundary": (
        typed("multipart/mixed; boundary=zzz"),
        b"--q\r\nContent-Type: text/plain\r\n\r\n" + R,
    ),
    "no boundary": (
        typed("multipart/mixed"),
        b"\r\n--q\r\nContent-Type: text/plain\r\n\r\n" + R + b"\r\n--q--",
    ),
    "empty plain part": (
        typed("multipart/alternative; boundary=q"),
        b"--q\r\n\r\nPlease view this in HTML.\r\n--q\r\nContent-Type: text/html\r\n\r\n"
        + TABLE.encode()
        + b"\r\n--q--",
    ),
    "nested, with an attachment": (
        typed("multipart/mixed; boundary=a"),
        b'--a\r\nContent-Type: multipart/related; boundary="b b"\r\n\r\n--b b\r\nContent-Type: multipart/alternative;'
        b"\r\n boundary=c\r\n\r\nx\r\n--c\r\n\r\n"
        + R
        + b"\r\n--c--\r\n--b b--\r\n--a\r\nContent-Type: text/plain\r\n"
        b"Content-Disposition: attachment\r\n\r\nRs. 99,999 received\r\n--a--\r\n",
    ),
}


@pytest.mark.parametrize(("content", "body"), SHAPES.values(), ids=SHAPES)
def test_receipt_is_read_from_any_shape(content, body):
    mail = read(letter(body, content=content))
    assert (str(mail.amount), mail.currency) == ("2500", "PKR")
    assert (mail.transaction_id, mail.sender_name) == ("6565f0a1c2b3d4e5f6a7b8c9", "SANA TARIQ")
    assert mail.trusted and mail.known_form


@pytest.mark.parametrize(
    "written",
    [
        "\u202bRs.\u200f 2\u200b,5\u00ad00\u202c",
        "Rs. ۲٬۵۰۰",
        "Rs. २,५००",
        "Ｒｓ．２，５００",
        "Rs.\u202f2,500.00",
        "₨ 2,500/-",
        "PKR. 2,500",
    ],
)
def test_amount_is_read_in_any_writing(written):
    mail = read(letter(RECEIPT.replace("Rs. 2,500", written)))
    assert mail.amount == 2500 and mail.known_form


@pytest.mark.parametrize(
    ("charset", "stored", "name"),
    [
        ("utf-8", "cp1252", "ZARA’S"),
        ("us-ascii", "utf-8", "SANÁ"),
        ("iso-8859-1", "utf-8", "Zoë"),
        ("windows-1256", "windows-1256", "احمد رضا"),
        ("windows-1252", "cp1252", "ZARA’S"),
    ],
)
def test_charset_that_lies_does_no_harm(charset, stored, name):
    body = RECEIPT.replace("SANA TARIQ", name).encode(stored)
    assert read(letter(body, content=typed(f"text/plain; charset={charset}"))).sender_name == name


def test_a_letter_cut_between_two_encoded_words_is_whole():
    assert decode_header("=?utf-8?B?4oI=?=\r\n =?utf-8?B?uQ==?= 500 =?UTF-8?Q?f=C3=BCr?= x") == "₹ 500 für x"


def test_comments_styles_and_hidden_words_are_not_read():
    seen = fold_html(
        "<style>p{}</style><!-- Rs. 1 --><p>Rs. 2</p><div style='display:none'>Rs. 3<div>Rs. 4</div></div>"
        "<!--[if !mso]><!--><i>Rs. 5</i><!--<![endif]-->"
    )
    assert seen == "Rs. 2\nRs. 5"


def test_folding_twice_changes_nothing():
    text = "ﷺ Rs.\u00a02٬500 \u202e1۲۳ — a\t b\r\n\r\nx"
    assert fold(fold(text)) == fold(text)
