"""The ticket on paper: everything on it, whatever people are called, and the code that leads back."""

from __future__ import annotations

import re
import zlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qrcode.main import QRCode

from integrations.glyphs import LATIN1, _font, clean, outline, runs
from integrations.qr import BORDER, dark_runs, qr_matrix, qr_png, qr_svg_path
from integrations.ticket_pdf import ticket_pdf
from models.stay import Mode
from models.ticket import TicketState
from tests.integrations.tickets import TICKET

POINTS = 72 / 25.4  # in a millimetre


def drawn(pdf: bytes) -> str:
    """The operators of the only page."""
    assert pdf.count(b"/Type /Page\n") == 1
    streams = re.findall(rb"stream\n(.*?)\nendstream", pdf, re.S)
    return "".join(zlib.decompress(stream).decode("latin-1") for stream in streams)


def written(pdf: bytes) -> str:
    """The words that are on the page as text."""
    found = re.findall(r"\(((?:[^()\\]|\\.)*)\) Tj", drawn(pdf))
    return "\n".join(re.sub(r"\\(.)", r"\1", text) for text in found)


def test_the_ticket_says_everything_on_one_page() -> None:
    pdf = ticket_pdf(TICKET)
    words = written(pdf)
    assert pdf.startswith(b"%PDF-1.")
    for value in (
        TICKET.code,
        TICKET.property_name,
        TICKET.location,
        TICKET.guest_name,
        "12 Dec 2026",
        "14 Dec 2026",
        "13:00",
        "10:00",
        "4 guests",
        TICKET.units,
        TICKET.amount_due,
        TICKET.advance_paid,
        "Hosted by Sarai",
        TICKET.host_phone,
        TICKET.owner_name,
        TICKET.owner_phone,
        "Payment pi_3QabcDEF",
        *TICKET.instructions,
    ):
        assert value in words
    assert TICKET.map_link is not None
    assert TICKET.map_link.encode() in pdf  # as a link to tap
    assert TICKET.url.encode() in pdf


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (TicketState.VALID, "VALID"),
        (TicketState.USED, "CHECKED IN"),
        (TicketState.EXPIRED, "EXPIRED"),
        (TicketState.VOID, "CANCELLED"),
        (TicketState.SUSPENDED, "ON HOLD"),
    ],
)
def test_a_ticket_says_whether_it_opens_the_door(state: TicketState, word: str) -> None:
    assert word in written(ticket_pdf(replace(TICKET, state=state))).split("\n")


def test_a_shift_is_named_and_a_visit_begins_and_ends() -> None:
    shift = written(ticket_pdf(replace(TICKET, mode=Mode.SHIFT, kind="Shift: Night")))
    assert "Shift: Night" in shift
    assert "Check-in" in shift
    visit = written(ticket_pdf(replace(TICKET, mode=Mode.SLOT, kind="Duration: 2 hours")))
    assert "Duration: 2 hours" in visit
    assert "Begins" in visit
    assert "Check-in" not in visit


def test_one_guest_is_one_guest() -> None:
    assert "1 guest\n" in written(ticket_pdf(replace(TICKET, guests=1)))


def test_a_number_that_does_not_break_is_called_all_the_same() -> None:
    assert b"(tel:+923000000201)" in ticket_pdf(replace(TICKET, owner_phone="+92\u00a0300\u00a00000201"))


def test_a_time_of_day_stays_whole() -> None:
    view = replace(TICKET, check_in="Wed 25 Nov 2026, 2 pm", check_out="Thu 26 Nov 2026, 11 am")
    lines = written(ticket_pdf(view)).split("\n")
    assert {"Wed 25 Nov 2026,", "2 pm", "Thu 26 Nov 2026,", "11 am"} <= set(lines)


def test_the_rupee_of_india_is_drawn() -> None:
    pdf = ticket_pdf(replace(TICKET, amount_due="₹4,500"))
    assert "4,500" in written(pdf)
    assert outline("₹", "latin", bold=True).paths[0][0] in drawn(pdf)


@pytest.mark.parametrize("name", ["عائشہ خان", "मीरा श्रीनिवासन", "Zoë Ağaoğlu", "Мария", "Νίκος"])
def test_names_in_other_scripts_are_drawn_and_not_left_out(name: str) -> None:
    pdf = ticket_pdf(replace(TICKET, guest_name=name))
    shapes = [outline(run.text, run.font, bold=True) for run in runs(clean(name)) if run.font != LATIN1]
    assert shapes
    assert all(path in drawn(pdf) for shape in shapes for path, _, _ in shape.paths)


def test_urdu_is_joined_and_hindi_reordered() -> None:
    apart = sum(outline(letter, "arabic").width for letter in "بلال")
    assert outline("بلال", "arabic").width < apart
    # The i of ki stands before its k, and consonants make one sign.
    assert outline("कि", "devanagari").paths[0][0] == outline("ि", "devanagari").paths[0][0]
    assert len(outline("श्री", "devanagari").paths) < 4


@pytest.mark.parametrize(
    ("line", "from_left_to_right"),
    [
        ("خان Khan", ["Khan", " ", "خان"]),
        ("Khan خان", ["Khan", " ", "خان"]),
        ("مالک سے رابطہ: +92 300 0000201", ["+92 300 0000201", " :", "مالک سے رابطہ"]),
        ("رابطہ (Bilal Ahmed) کریں", ["کریں", " ", "(Bilal Ahmed)", " ", "رابطہ"]),
        ("خان (بلال) جی", ["جی", " (", "بلال", ") ", "خان"]),
        ("جمعہ ۲۴ دسمبر 2026, 14:00", ["2026, 14:00", " ", "دسمبر", " ", "24", " ", "جمعہ"]),
        ("मालिक: +91 900 0000202", ["मालिक", ": ", "+91 900 0000202"]),
        ("₹4,500 मात्र", ["₹", "4,500", " ", "मात्र"]),
    ],
)
def test_a_line_reads_in_the_direction_of_its_first_word(line: str, from_left_to_right: list[str]) -> None:
    assert [run.text for run in runs(clean(line))] == from_left_to_right


@pytest.mark.parametrize(
    "line", ["مالک سے رابطہ: +92 (24) 100% - ok!", "मालिक: “+91” [a] 50% – ok?", "₹1,02,400.50 / रात"]
)
def test_no_character_becomes_a_box(line: str) -> None:
    import uharfbuzz

    for run in runs(clean(line)):
        if run.font == LATIN1:
            run.text.encode("latin-1")
            continue
        buffer = uharfbuzz.Buffer()
        buffer.add_str(run.text)
        buffer.guess_segment_properties()
        uharfbuzz.shape(_font(run.font).font, buffer)
        assert all(glyph.codepoint != 0 for glyph in buffer.glyph_infos), run


@pytest.mark.parametrize(
    ("written_by_people", "kept"),
    [
        ("Ayesha 🌸 Khan", "Ayesha Khan"),
        ("𝓐𝔂𝓮𝓼𝓱𝓪", "Ayesha"),
        ("Children’s “Home” – 1…", 'Children\'s "Home" - 1...'),
        ("a\x00b\u200eb\nc\ud800", "abb c"),
        ("李小龙", "-"),
        ("", "-"),
    ],
)
def test_what_no_font_has_is_left_out(written_by_people: str, kept: str) -> None:
    assert clean(written_by_people) == kept


def test_a_name_of_nothing_but_hearts_is_a_guest() -> None:
    assert "Guest\nGuest" in written(ticket_pdf(replace(TICKET, guest_name="❤️❤️")))


@settings(max_examples=40, deadline=None)
@given(
    text=st.text(max_size=200), more=st.text(alphabet="عائشہ मीरा श्रीक्ष्म ab₹1 🌸\u200d\u0301", max_size=80)
)
def test_nothing_that_people_write_stops_a_ticket(text: str, more: str) -> None:
    view = replace(
        TICKET,
        property_name=text,
        guest_name=more,
        location=more + text,
        units=text + more,
        owner_name=text,
        amount_due=more,
        instructions=(text, more) * 4,
        payment_reference=text,
    )
    assert ticket_pdf.__wrapped__(view).endswith(b"%%EOF\n")


def test_the_code_is_the_address() -> None:
    """Read back module by module: the same code as the library makes, but for the mask."""
    reference = QRCode(error_correction=0, border=0, mask_pattern=2)
    reference.add_data(TICKET.url, optimize=0)
    reference.make()
    assert qr_matrix(TICKET.url) == reference.get_matrix()


def test_the_ticket_shows_the_code_upright_in_its_square() -> None:
    """From the upper left corner, a row below the other; a PDF counts its points from the lower left."""
    matrix = qr_matrix(TICKET.url)
    found = re.search(r"q 0 0 0 rg (\S+) 0 0 (\S+) (\S+) (\S+) cm (.*?) f Q", drawn(ticket_pdf(TICKET)))
    assert found is not None
    across, down, left, top = map(float, found.groups()[:4])
    dark = set()
    for column, row, length, height in re.findall(r"(\d+) (\d+) (\d+) (\d+) re", found[5]):
        assert height == "1"
        dark |= {(int(column) + n, int(row)) for n in range(int(length))}
    assert dark == {(x, y) for y, row in enumerate(matrix) for x, is_dark in enumerate(row) if is_dark}
    side = 36 * POINTS
    assert across == -down == pytest.approx(side / len(matrix), abs=0.001)
    assert left == pytest.approx(9 * POINTS, abs=0.001)
    assert side < top < 190 * POINTS


def test_page_and_picture_show_the_same_code() -> None:
    matrix = qr_matrix(TICKET.url)
    side, path = qr_svg_path(TICKET.url)
    assert side == len(matrix) + 2 * BORDER
    assert path.count("M") == len(dark_runs(matrix))
    assert sum(length for _, _, length in dark_runs(matrix)) == sum(map(sum, matrix))
    png = qr_png(TICKET.url)
    assert png.startswith(b"\x89PNG")
    from io import BytesIO

    from PIL import Image

    picture = Image.open(BytesIO(png))
    scale = picture.width // side
    read = [
        [
            picture.getpixel(((x + BORDER) * scale + 5, (y + BORDER) * scale + 5)) == 0
            for x in range(len(matrix))
        ]
        for y in range(len(matrix))
    ]
    assert read == matrix
