"""A stranger's picture is opened without harm, upright and on white, or refused with a word."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from integrations.receipts import picture
from integrations.receipts.picture import Unreadable, open_picture
from tests.integrations.receipts.hostile import OPENED, REFUSED, encoded

DATA = Path(__file__).parents[2] / "data" / "payment_screenshots"


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_harm_is_refused(name: str) -> None:
    content, why = REFUSED[name]
    with pytest.raises(Unreadable) as refused:
        open_picture(content)
    assert refused.value.why == why


@pytest.mark.parametrize("name", OPENED)
def test_every_kind_of_picture_becomes_a_plain_one(name: str) -> None:
    opened = open_picture(OPENED[name])
    assert opened.mode == "RGB"
    assert min(opened.size) >= 300
    red, green, blue = opened.resize((1, 1)).getpixel((0, 0))  # type: ignore[misc]
    assert min(red, green, blue) >= 190  # the paper stays light: nothing is cut off, and clear is white


def test_a_picture_is_turned_as_it_was_taken() -> None:
    lying = Image.new("RGB", (800, 1200), "white")
    ImageDraw.Draw(lying).rectangle((0, 0, 800, 200), fill="black")
    exif = Image.Exif()
    exif[0x0112] = 6  # a phone held upright
    opened = open_picture(encoded(lying.rotate(90, expand=True), "JPEG", exif=exif))
    assert opened.size == (800, 1200)
    assert opened.getpixel((400, 50)) < (60, 60, 60)  # type: ignore[operator]


def test_large_ones_are_made_smaller_and_thumbnails_larger() -> None:
    assert max(open_picture(encoded(Image.new("RGB", (3000, 4000)), "JPEG")).size) == picture.LONGEST
    assert open_picture(encoded(Image.new("RGB", (400, 700)), "PNG")).size == (800, 1400)


@pytest.mark.parametrize("angle", [-7, 4, 0])
def test_a_tilted_one_is_levelled(angle: int) -> None:
    page = Image.new("RGB", (900, 1200), "white")
    pen = ImageDraw.Draw(page)
    for row in range(100, 1100, 60):
        pen.rectangle((80, row, 820, row + 18), fill="black")
    tilted = page.rotate(angle, fillcolor="white", expand=True)
    levelled = picture.straight(tilted)
    assert picture._evenness(picture._edges(levelled)) > 0.5 * picture._evenness(picture._edges(page))
    assert not picture.is_sideways(levelled)
    assert picture.is_sideways(levelled.rotate(90, expand=True))


def apart(one: str, other: str) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))


def test_copies_look_alike_and_other_receipts_do_not() -> None:
    """The same picture, smaller and packed anew; and all that were drawn, some by the same app."""
    files = sorted([*DATA.glob("*.png"), *DATA.glob("*.jpg")])
    opened = [open_picture(file.read_bytes()) for file in files]
    looks = [picture.look(one) for one in opened]
    for one, its_look in zip(opened, looks, strict=True):
        smaller = one.resize((one.width * 2 // 3, one.height * 2 // 3))
        copy = open_picture(encoded(smaller, "JPEG", quality=40))
        assert apart(picture.look(copy), its_look) <= picture.ALIKE
    for number, its_look in enumerate(looks):
        for other in looks[:number]:
            assert apart(its_look, other) > picture.ALIKE
