"""The e-ticket as a page to carry: one PDF in the shape of a phone's screen, with a QR code.

The page is 105 x 190 mm, so that it fills a phone when opened there and fits any printer's paper. About 3 ms
of CPU: built-in fonts, the QR code as plain rectangles, and outlines for what is beyond Latin-1 (`glyphs`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from fpdf import FPDF
from fpdf.fonts import CORE_FONTS_CHARWIDTHS

from integrations.glyphs import LATIN1, Run, clean, outline, runs
from integrations.qr import dark_runs, qr_matrix
from models.stay import Mode
from models.ticket import TicketState, TicketView

Color = tuple[int, int, int]
Align = Literal["left", "right", "center"]

WIDTH, HEIGHT, MARGIN = 105.0, 190.0, 9.0
INNER = WIDTH - 2 * MARGIN
INK: Color = (23, 32, 38)
QUIET: Color = (104, 116, 124)
PINE: Color = (15, 92, 77)
PALE: Color = (233, 243, 240)
RULE: Color = (206, 214, 217)
WHITE: Color = (255, 255, 255)
POINT = 25.4 / 72  # mm

# What stands on a ticket that does not open the door (any more), and in which color.
_STATES: dict[TicketState, tuple[str, Color]] = {
    TicketState.VALID: ("VALID", PINE),
    TicketState.USED: ("CHECKED IN", PINE),
    TicketState.EXPIRED: ("EXPIRED", QUIET),
    TicketState.VOID: ("CANCELLED", (168, 40, 34)),
    TicketState.SUSPENDED: ("ON HOLD", (160, 98, 0)),
}


@lru_cache(maxsize=32)
def ticket_pdf(view: TicketView) -> bytes:
    """The ticket as a PDF of one page; never fails on what people are called or write."""
    page = _Page(view.code)
    bottom = _head(page, view)
    bottom = _stay(page, view, bottom)
    if view.state is not TicketState.VOID:
        bottom = _money(page, view, bottom)
    bottom = _door(page, view, bottom)
    _foot(page, view, bottom)
    return bytes(page.output())


def _head(page: _Page, view: TicketView) -> float:
    page.box(0, 0, WIDTH, 15, PINE)
    page.words(MARGIN, 9.6, "E-ticket", 13, bold=True, color=WHITE)
    page.words(WIDTH - MARGIN, 9.4, f"Hosted by {view.host_name}", 8.5, color=WHITE, align="right", width=58)
    y = 25.0
    for part in page.wrap(view.property_name, 20, INNER, lines=2, bold=True):
        page.words(MARGIN, y, part, 20, bold=True)
        y += 8.2
    page.words(MARGIN, y - 2.2, view.location, 9.5, color=QUIET, width=INNER)
    if view.kind is not None:
        y += 4.8
        page.words(MARGIN, y - 2.2, view.kind, 9.5, bold=True, width=INNER)
    word, color = _STATES[view.state]
    width = page.width(word, 8, bold=True) + 6
    page.box(MARGIN, y + 1.2, width, 5.6, color, radius=2.8)
    page.words(MARGIN + width / 2, y + 5.0, word, 8, bold=True, color=WHITE, align="center")
    page.words(WIDTH - MARGIN, y + 5.2, view.code, 11, bold=True, align="right")
    return _tear(page, y + 12)


def _stay(page: _Page, view: TicketView, y: float) -> float:
    half = INNER / 2 - 2
    right = MARGIN + INNER / 2 + 2
    guests = f"{view.guests} guest" if view.guests == 1 else f"{view.guests} guests"
    labels = ("Begins", "Ends") if view.mode == Mode.SLOT else ("Check-in", "Check-out")
    cells = (
        ((labels[0], view.check_in), (labels[1], view.check_out)),
        (("Guest", clean(view.guest_name, otherwise="Guest")), (guests, view.units)),
    )
    for row in cells:
        lowest = y
        for x, (label, value) in zip((MARGIN, right), row, strict=True):
            page.words(x, y + 4, label, 8.5, color=QUIET)
            bottom = y + 4
            for part in page.two_lines(value, 11, half):
                bottom += 5.2
                page.words(x, bottom, part, 11, bold=True)
            lowest = max(lowest, bottom)
        y = lowest + 2.6
    return y + 1.6


def _money(page: _Page, view: TicketView, y: float) -> float:
    page.box(MARGIN, y, INNER, 17, PALE, radius=3)
    where = "visit" if view.mode == Mode.SLOT else "property"
    page.words(MARGIN + 4, y + 6, f"To pay at the {where}", 8.5, color=PINE)
    page.words(MARGIN + 4, y + 13.6, view.amount_due, 19, bold=True, color=PINE, width=52)
    page.words(WIDTH - MARGIN - 4, y + 6, "Advance paid", 8, color=QUIET, align="right")
    page.words(WIDTH - MARGIN - 4, y + 10.6, view.advance_paid, 9.5, align="right", width=30)
    return _tear(page, y + 21.5)


def _door(page: _Page, view: TicketView, y: float) -> float:
    side = 36.0
    page.qr(qr_matrix(view.url), MARGIN, y + 1, side)
    page.link(MARGIN, y + 1, side, side, view.url)
    x = MARGIN + side + 5
    width = WIDTH - MARGIN - x
    where = "Your visit" if view.mode == Mode.SLOT else "At the property"
    page.words(x, y + 4.5, where, 8.5, color=QUIET, width=width)
    page.words(x, y + 9.6, clean(view.owner_name, otherwise="The owner"), 11, bold=True, width=width)
    page.words(x, y + 14.4, view.owner_phone, 10, width=width)
    page.link(x, y + 10.5, width, 5, f"tel:{''.join(view.owner_phone.split())}")
    page.words(x, y + 20.6, view.host_name, 8.5, color=QUIET, width=width)
    page.words(x, y + 25.2, view.host_phone, 10, width=width)
    page.link(x, y + 21.3, width, 5, f"tel:{''.join(view.host_phone.split())}")
    if view.map_link:
        page.box(x, y + 29.4, 26, 6.6, PINE, radius=3.3)
        page.words(x + 13, y + 33.9, "Directions", 9, bold=True, color=WHITE, align="center")
        page.link(x, y + 29.4, 26, 6.6, view.map_link)
    return y + side + 6


def _foot(page: _Page, view: TicketView, y: float) -> None:
    lowest = HEIGHT - 10
    for instruction in view.instructions:
        parts = page.wrap(instruction, 8.8, INNER - 4, lines=3)
        if y + 4.3 * len(parts) > lowest:
            break
        page.dot(MARGIN + 0.9, y + 1.7, PINE)
        for part in parts:
            y += 4.3
            page.words(MARGIN + 4, y - 1.4, part, 8.8)
        y += 0.9
    if view.payment_reference:
        page.words(
            WIDTH / 2,
            HEIGHT - 5,
            f"Payment {view.payment_reference}",
            7,
            color=QUIET,
            align="center",
            width=INNER,
        )


def _tear(page: _Page, y: float) -> float:
    """A perforation across the page with a notch at either edge."""
    page.notches(y)
    return y + 3


class _Page(FPDF):
    """A page on which one line of text is one call; all lengths in mm, fonts in points."""

    def __init__(self, title: str) -> None:
        super().__init__(format=(WIDTH, HEIGHT))
        self.set_auto_page_break(False)
        self.set_title(f"E-ticket {title}")
        self.set_lang("en")
        self.add_page()

    def words(
        self,
        x: float,
        baseline: float,
        text: str,
        size: float,
        *,
        bold: bool = False,
        color: Color = INK,
        align: Align = "left",
        width: float | None = None,
    ) -> None:
        """Write one line; one that is wider than `width` is set smaller, and cut below six points."""
        text = clean(text)
        taken = self.width(text, size, bold=bold)
        if width is not None and taken > width:
            size = max(6.0, size * width / taken)
            while len(text) > 1 and (taken := self.width(text, size, bold=bold)) > width:
                text = text[:-4].rstrip() + "..." if len(text) > 4 else text[:1]
        if align != "left":
            x -= taken / 2 if align == "center" else taken
        self.set_text_color(*color)
        for run in runs(text):
            if run.font == LATIN1:
                self.set_font("Helvetica", "B" if bold else "", size)
                self.text(x, baseline, run.text)
            else:
                self._draw(x, baseline, run, size, bold=bold, color=color)
            x += _run_width(run, bold) * size * POINT / 1000

    def width(self, text: str, size: float, *, bold: bool = False) -> float:
        return sum(_run_width(run, bold) for run in runs(clean(text))) * size * POINT / 1000

    def wrap(self, text: str, size: float, width: float, *, lines: int, bold: bool = False) -> list[str]:
        """Break a text into at most so many lines, at its last comma where that fits; what is left is cut."""
        text = clean(text)
        if self.width(text, size, bold=bold) <= width:
            return [text]
        first, comma, rest = text.rpartition(", ")
        if (
            lines > 1
            and comma
            and max(self.width(part, size, bold=bold) for part in (first, rest)) < width - 1
        ):
            return [f"{first},", rest]
        words = text.split(" ")
        found = [words[0]]
        for word in words[1:]:
            longer = f"{found[-1]} {word}"
            if len(found) == lines or self.width(longer, size, bold=bold) <= width:
                found[-1] = longer
            else:
                found.append(word)
        for index, part in enumerate(found):
            while len(part) > 4 and self.width(part, size, bold=bold) > width:
                part = part[:-4].rstrip() + "..."
            found[index] = part
        return found

    def two_lines(self, text: str, size: float, width: float) -> list[str]:
        """Bold text on two lines at most; a date breaks before its time of day, never inside it."""
        day, comma, time = text.rpartition(", ")
        if comma and self.width(text, size, bold=True) > width >= self.width(f"{day},", size, bold=True):
            return [f"{day},", time]
        return self.wrap(text, size, width, lines=2, bold=True)

    def box(self, x: float, y: float, w: float, h: float, color: Color, *, radius: float = 0) -> None:
        self.set_fill_color(*color)
        if radius:
            self.rect(x, y, w, h, style="F", round_corners=True, corner_radius=radius)
        else:
            self.rect(x, y, w, h, style="F")

    def dot(self, x: float, y: float, color: Color) -> None:
        self.set_fill_color(*color)
        self.circle(x, y, 0.8, style="F")

    def notches(self, y: float) -> None:
        self.set_draw_color(*RULE)
        self.set_line_width(0.3)
        self.set_dash_pattern(dash=1.4, gap=1.4)
        self.line(5, y, WIDTH - 5, y)
        self.set_dash_pattern()
        self.set_fill_color(*RULE)
        for x in (0.0, WIDTH):
            self.circle(x, y, 2.6, style="F")

    def qr(self, matrix: list[list[bool]], x: float, y: float, side: float) -> None:
        """Rectangles, a run of dark modules each: sharp at any size, and cheaper than a picture."""
        module = side / len(matrix) / POINT
        left, top = x / POINT, (HEIGHT - y) / POINT
        # Counted in modules from the upper left corner, row by row downwards.
        squares = " ".join([f"{column} {row} {length} 1 re" for column, row, length in dark_runs(matrix)])
        self._out(f"q 0 0 0 rg {module:.4f} 0 0 {-module:.4f} {left:.3f} {top:.3f} cm {squares} f Q")

    def _draw(self, x: float, y: float, run: Run, size: float, *, bold: bool, color: Color) -> None:
        """Draw a run as shapes, for it is in none of the built-in fonts."""
        scale = size / 1000
        left, base = x / POINT, (HEIGHT - y) / POINT
        red, green, blue = (channel / 255 for channel in color)
        operators = [f"q {red:.3f} {green:.3f} {blue:.3f} rg"]
        for path, dx, dy in outline(run.text, run.font, bold=bold).paths:
            at = f"{left + dx * scale:.3f} {base + dy * scale:.3f}"
            operators.append(f"q {scale:.5f} 0 0 {scale:.5f} {at} cm {path} f Q")
        self._out(" ".join([*operators, "Q"]))


def _run_width(run: Run, bold: bool) -> float:
    """In thousandths of the font size."""
    if run.font != LATIN1:
        return outline(run.text, run.font, bold=bold).width
    widths = CORE_FONTS_CHARWIDTHS["helveticaB" if bold else "helvetica"]
    return float(sum([widths[character] for character in run.text]))
