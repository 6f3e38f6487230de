"""One plain text out of every mail: markup gone, letters that only look different made the same.

Lines stay lines and a table's cells are parted by tabs, so that a label and its value stay neighbours.
Every step is linear in the text's length.

Source: facts/payments.md, "What this means" 5
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Final

MOST_CHARS: Final = 200_000
MOST_LINES: Final = 2_000

_BLOCKS: Final = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "option",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "title",
        "tr",
        "ul",
    ]
)
_CELLS: Final = frozenset(("td", "th"))
_UNSEEN: Final = frozenset(("style", "script", "head", "title", "noscript", "template", "svg"))
_VOID: Final = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    ]
)
_TAG: Final = re.compile(r"<(?:!--|(/?)([a-zA-Z][a-zA-Z0-9:]{0,30})([^<>]{0,8000})>|[!?/][^<>]{0,8000}>)")
_HIDDEN: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)

# Where a tag stood inside a line: it may part a label from its value, or the digits of one amount.
_JOINT: Final = "\ue000"
_JOINTS: Final = re.compile(f"{_JOINT}{{2,}}")
_INSIDE_A_NUMBER: Final = re.compile(f"(?<=[0-9.,]){_JOINT}(?=[0-9.,])")
_BEFORE_SMALL: Final = re.compile(f"{_JOINT}(?=[a-z.,;:!?)\\s])|(?<=\\s){_JOINT}")

_SIGNS: Final = str.maketrans(
    {
        "٬": ",",
        "٫": ".",
        "،": ",",
        "۔": ".",
        "।": ".",
        "॥": ".",
        "؛": ";",
        "‐": "-",
        "‑": "-",
        "‒": "-",
        "–": "-",
        "—": "-",
        "−": "-",
        "⁄": "/",
        "•": "*",
        "●": "*",
        "∙": "*",
        "·": "*",
        "﷼": "SAR ",
        "\u2028": "\n",
        "\u2029": "\n",
        "\x0b": "\n",
        "\x0c": "\n",
        "\x85": "\n",
    }
)
_FOREIGN_DIGIT: Final = re.compile(r"[^\D0-9]")
_INVISIBLE: Final = re.compile("[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e"
                               "\u2060-\u206f\u20e3\ufe00-\ufe0f\ufeff\x00-\x08\x0e-\x1f\x7f]")  # fmt: skip
_SPACES: Final = re.compile(r"[^\S\n\t]+")
_LEADER: Final = re.compile(r"[ \t]?(?:[.·_][ ]?){4,40}[ \t]?")  # Amount ........ PKR 5,000
_AROUND_TAB: Final = re.compile(r" *\t[\t ]*")


def fold(text: str) -> str:
    """Normalise plain text: one kind of digit, space, dash and line end; marks that nobody sees are gone."""
    text = _INVISIBLE.sub("", text[:MOST_CHARS].replace("\r\n", "\n").replace("\r", "\n"))
    text = unicodedata.normalize("NFKC", text.translate(_SIGNS))[:MOST_CHARS].translate(_SIGNS)
    text = _FOREIGN_DIGIT.sub(_plain_digit, _INVISIBLE.sub("", text))
    text = _AROUND_TAB.sub("\t", _LEADER.sub("\t", _SPACES.sub(" ", text)))
    lines = (line.strip() for line in text.split("\n")[: 10 * MOST_LINES])
    return "\n".join([line for line in lines if line][:MOST_LINES])


def fold_html(markup: str) -> str:
    """The words that a reader of the HTML sees, normalised; comments, styles and hidden elements are left out."""
    return fold(_close_joints(html.unescape(_strip_tags(markup.replace(_JOINT, "")))[: 2 * MOST_CHARS]))


def _strip_tags(markup: str) -> str:
    out: list[str] = []
    hidden_by, depth, at, is_set = "", 0, 0, False
    while tag := _TAG.search(markup, at):
        if not hidden_by:
            out.append(_words(markup[at : tag.start()], is_set=is_set))
        at = tag.end()
        if tag[0] == "<!--":
            end = markup.find("-->", tag.start() + 2)
            if end < 0:  # never closed: the rest is a comment
                return "".join(out)
            at = end + 3
            continue
        name, is_end = (tag[2] or "").lower(), tag[1] == "/"
        if hidden_by:
            if name == hidden_by:
                depth += -1 if is_end else 1
                hidden_by = hidden_by if depth else ""
        elif not is_end and name not in _VOID and (name in _UNSEEN or _HIDDEN.search(tag[3] or "")):
            hidden_by, depth = name, 1
        else:
            is_set = not is_end if name == "pre" else is_set
            out.append(_gap(name))
    if not hidden_by:
        out.append(_words(markup[at:], is_set=is_set))
    return "".join(out)


def _words(text: str, *, is_set: bool) -> str:
    """In HTML a line end is a space, but where the lines are set as they stand (pre)."""
    return text if is_set else text.replace("\r", " ").replace("\n", " ").replace("\t", " ")


def _gap(name: str) -> str:
    if name in _BLOCKS:
        return "\n"
    return "\t" if name in _CELLS else _JOINT if name else ""


def _close_joints(text: str) -> str:
    text = _INSIDE_A_NUMBER.sub("", _JOINTS.sub(_JOINT, _INVISIBLE.sub("", text)))
    return _BEFORE_SMALL.sub("", text).replace(_JOINT, " ")


def _plain_digit(found: re.Match[str]) -> str:
    digit = unicodedata.decimal(found[0], None)
    return found[0] if digit is None else str(digit)
