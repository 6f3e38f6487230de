"""Scenes indoors: rooms in which somebody is cared for at home."""

from __future__ import annotations

import random
from collections.abc import Sequence

from PIL.Image import Image

from samples.pictures import things
from samples.pictures.paint import WIDTH, Canvas, Color, Point, Stops, mix, smooth

FLOOR = 590


def _room(wall: Stops, floor: Stops) -> Canvas:
    """A wall and a floor of boards that run towards whoever looks."""
    c = Canvas(wall)
    boards = [(-20.0, float(FLOOR)), (WIDTH + 20.0, float(FLOOR)), (WIDTH + 20.0, 820.0), (-20.0, 820.0)]
    c.shade(boards, floor)
    for n in range(-14, 15):
        c.stroke([(600 + n * 58, FLOOR), (600 + n * 118, 820)], mix(floor[-1][1], "#000000", 0.22), 1.2)
    c.polygon([(-20, FLOOR - 14), (WIDTH + 20, FLOOR - 14), (WIDTH + 20, FLOOR), (-20, FLOOR)], "#efe7da")
    c.stroke([(-20, FLOOR - 14), (WIDTH + 20, FLOOR - 14)], "#cbbfae", 1.4)
    return c


def _rect(x: float, y: float, w: float, h: float) -> list[Point]:
    return [(x, y), (x + w, y), (x + w, y + h), (x, y + h)]


def _window(c: Canvas, x: float, y: float, w: float, h: float, view: Stops, seed: int) -> None:
    """A window with a garden before it, and its light on the floor."""
    c.polygon(_rect(x - 14, y - 14, w + 28, h + 28), "#f6f1e8")
    c.shade(_rect(x, y, w, h), view)
    rng = random.Random(seed)
    whole = c.image.copy()
    for _ in range(5):
        things.tree(
            c, x + rng.uniform(0.05, 0.95) * w, y + h + 26, rng.uniform(0.5, 0.75) * h, "#4f7a4c", rng
        )
    garden, c.image = c.image, whole
    c.fill(_rect(x, y, w, h), garden)
    for part in (1 / 3, 2 / 3):
        c.stroke([(x + w * part, y), (x + w * part, y + h)], "#f6f1e8", 7)
    c.stroke([(x, y + h * 0.36), (x + w, y + h * 0.36)], "#f6f1e8", 6)
    c.polygon(_rect(x - 26, y + h + 14, w + 52, 14), "#e6ddcd")
    c.glow(x + w / 2, y + h / 2, w * 1.25, "#fff3d2", 0.5)
    c.glow(x + w * 0.7, 720, w * 0.95, "#fff0c8", 0.42, flat=0.3)


def _curtain(c: Canvas, x: float, y: float, w: float, h: float, color: Color) -> None:
    for n in range(6):
        fold = [
            (x + w * n / 6, y),
            (x + w * (n + 1) / 6, y),
            (x + w * (n + 1) / 6, y + h),
            (x + w * n / 6, y + h),
        ]
        c.shade(
            fold,
            [(0, mix(color, "#ffffff", 0.12 * (n % 2))), (1, mix(color, "#000000", 0.08 + 0.1 * (n % 2)))],
        )


def _plant(c: Canvas, x: float, y: float, size: float, seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(26):
        lean, high = rng.uniform(-0.8, 0.8) * size, rng.uniform(0.7, 1.5) * size
        leaf = smooth(
            [
                (x, y - size * 0.5),
                (x + lean * 0.5, y - size * 0.6 - high * 0.6),
                (x + lean, y - size * 0.5 - high),
            ]
        )
        c.stroke(leaf, mix("#2f5d3c", "#86ad6b", rng.random()), size * 0.07)
    c.shade(
        [
            (x - size * 0.42, y - size * 0.6),
            (x + size * 0.42, y - size * 0.6),
            (x + size * 0.3, y),
            (x - size * 0.3, y),
        ],
        [(0, "#c9774f"), (1, "#94502f")],
    )


def _rug(c: Canvas, x: float, y: float, rx: float, ry: float, colors: Sequence[Color]) -> None:
    for n, color in enumerate(colors):
        c.ellipse(x, y, rx * (1 - 0.16 * n), ry * (1 - 0.16 * n), color)


def _picture(c: Canvas, x: float, y: float, w: float, h: float, hill: Color) -> None:
    c.polygon(_rect(x - 8, y - 8, w + 16, h + 16), "#7a5638")
    c.shade(_rect(x, y, w, h), [(0, "#d9e6ea"), (1, "#f3e3c4")])
    c.polygon(
        [(x, y + h), (x, y + h * 0.7), (x + w * 0.4, y + h * 0.4), (x + w, y + h * 0.75), (x + w, y + h)],
        hill,
    )


def _table(c: Canvas, x: float, y: float, w: float) -> None:
    for leg in (x + 14, x + w - 22):
        c.polygon(_rect(leg, y, 9, FLOOR + 96 - y), "#6b4529")
    c.shade(_rect(x, y - 14, w, 18), [(0, "#a87549"), (1, "#7f5332")])


def _armchair(c: Canvas, x: float, y: float, color: Color) -> None:
    """Its seat at (x, y), from the front."""
    dark = mix(color, "#000000", 0.25)
    c.ellipse(x, y + 118, 190, 22, "#5d4632")
    back = smooth(
        [
            (x - 118, y + 20),
            (x - 124, y - 150),
            (x - 70, y - 206),
            (x, y - 214),
            (x + 70, y - 206),
            (x + 124, y - 150),
            (x + 118, y + 20),
        ]
    )
    c.shade(back, [(0, mix(color, "#ffffff", 0.16)), (1, color)])
    for row in range(3):
        for n in range(-2, 3):
            c.ellipse(x + n * 38, y - 150 + row * 44, 4, 4, dark)
    for side in (-1, 1):
        arm = smooth(
            [
                (x + side * 104, y + 104),
                (x + side * 96, y - 40),
                (x + side * 130, y - 72),
                (x + side * 172, y - 36),
                (x + side * 166, y + 104),
            ]
        )
        c.shade(arm, [(0, mix(color, "#ffffff", 0.1)), (1, dark)])
        c.polygon(_rect(x + side * 130 - 10, y + 104, 20, 20), "#4a2f1c")
    c.shade(_rect(x - 108, y + 4, 216, 100), [(0, dark), (1, mix(dark, "#000000", 0.2))])
    c.shade(
        smooth([(x - 112, y + 18), (x - 96, y - 18), (x, y - 26), (x + 96, y - 18), (x + 112, y + 18)]),
        [(0, mix(color, "#ffffff", 0.22)), (1, color)],
    )


def home_nurse_lahore() -> Image:
    """A bright morning: the nurse's bag is open on the table, the bed is made."""
    c = _room([(0, "#dbe9e8"), (0.75, "#eef3ec")], [(0, "#c49a6c"), (1, "#9b7248")])
    _window(c, 480, 110, 330, 290, [(0, "#9fcbe8"), (0.6, "#e3f0ea"), (1, "#b7cf9b")], 5)
    _curtain(c, 400, 84, 72, 430, "#8fb6b0")
    _curtain(c, 818, 84, 72, 430, "#8fb6b0")
    c.polygon(_rect(390, 76, 510, 10), "#7d5a3c")
    _picture(c, 130, 170, 150, 110, "#7fa08d")
    c.ellipse(240, 706, 330, 26, "#7c5936")
    c.shade(_rect(-30, 380, 44, 320), [(0, "#8a5c39"), (1, "#5f3d25")])
    c.shade(
        smooth([(-20, 700), (-20, 560), (120, 520), (420, 546), (500, 580), (506, 700)]),
        [(0, "#ffffff"), (1, "#c7d4d6")],
    )
    c.shade(
        smooth([(150, 548), (300, 528), (480, 566), (512, 640), (508, 704), (150, 704)]),
        [(0, "#7fb0ac"), (1, "#4d807e")],
    )
    for n in range(5):
        c.stroke(
            smooth([(170 + n * 68, 548 + n * 5), (180 + n * 68, 640), (176 + n * 68, 702)]), "#6a9a97", 2
        )
    c.shade(
        smooth([(10, 540), (40, 486), (120, 482), (146, 530), (80, 556)]), [(0, "#ffffff"), (1, "#d8e0e0")]
    )
    _table(c, 700, 560, 380)
    c.shade(
        smooth([(760, 546), (766, 450), (790, 436), (930, 436), (954, 450), (960, 546)]),
        [(0, "#3fa878"), (1, "#22734e")],
    )
    c.stroke(smooth([(810, 438), (816, 400), (860, 388), (904, 400), (910, 438)]), "#1c5a3d", 9)
    c.ellipse(860, 494, 34, 34, "#ffffff")
    c.polygon(_rect(853, 474, 14, 40), "#2f8f62")
    c.polygon(_rect(840, 487, 40, 14), "#2f8f62")
    tube = smooth([(1000, 544), (984, 500), (1010, 470), (1046, 490), (1040, 530), (1064, 544)])
    c.stroke(tube, "#2d3a44", 6)
    c.ellipse(1066, 542, 13, 8, "#8c979e")
    for x, color in ((724, "#8fc0d8"), (1028, "#f0c465")):
        c.shade(_rect(x, 506, 24, 40), [(0, color), (1, mix(color, "#000000", 0.2))])
        c.polygon(_rect(x + 3, 496, 18, 11), "#f4f1ea")
    _plant(c, 1130, 690, 96, 4)
    return c.finish(vignette=0.16)


def physio_visits_karachi() -> Image:
    """The living room turned into a place to exercise: mat, ball, bands, and the sea outside."""
    c = _room([(0, "#f3e2cf"), (0.75, "#f8efe2")], [(0, "#b98f68"), (1, "#8f6845")])
    _window(c, 150, 100, 420, 310, [(0, "#7fb8e6"), (0.55, "#dff0f5"), (0.6, "#4f9fb4"), (1, "#8ec6c6")], 9)
    _curtain(c, 70, 74, 72, 452, "#d99a6c")
    _curtain(c, 578, 74, 72, 452, "#d99a6c")
    c.polygon(_rect(58, 66, 606, 10), "#7d5a3c")
    c.shade(_rect(800, 130, 250, 300), [(0, "#cddfe6"), (1, "#eef5f4")])
    for edge in ((792, 122, 266, 8), (792, 430, 266, 8), (792, 122, 8, 316), (1050, 122, 8, 316)):
        c.polygon(_rect(*edge), "#9a7350")
    for n, color in enumerate(("#d2574c", "#e6a23e", "#4d9a73", "#3f79b3")):
        c.stroke(
            smooth(
                [
                    (1102 + n * 22, 210),
                    (1096 + n * 22, 330),
                    (1104 + n * 22, 420),
                    (1112 + n * 22, 330),
                    (1106 + n * 22, 210),
                ]
            ),
            color,
            7,
        )
    c.polygon(_rect(1088, 200, 92, 10), "#6b4529")
    mat = [(230, 660), (820, 660), (900, 760), (150, 760)]
    c.polygon([(x + 6, y + 8) for x, y in mat], "#6d4d31")
    c.shade(mat, [(0, "#4f9aa0"), (1, "#2f767e")])
    for part in (0.25, 0.5, 0.75):
        c.stroke([(230 - 80 * part, 660 + 100 * part), (820 + 80 * part, 660 + 100 * part)], "#65adb1", 1.6)
    c.ellipse(960, 724, 150, 20, "#6d4d31")
    for n in range(40):
        part = n / 40
        color = mix("#8b3f86", "#e59bd6", part)
        c.ellipse(960 - 42 * part, 610 - 46 * part, 118 * (1 - part), 118 * (1 - part), color)
    for x, y in ((330, 700), (420, 716)):
        c.stroke([(x - 34, y), (x + 34, y)], "#39424a", 9)
        for side in (-1, 1):
            c.ellipse(x + side * 36, y, 15, 19, "#2b3238")
            c.ellipse(x + side * 44, y, 11, 15, "#454f57")
    c.shade(
        smooth([(566, 700), (560, 676), (640, 670), (652, 690), (640, 708)]), [(0, "#f4f0e6"), (1, "#d3c9b4")]
    )
    _plant(c, 716, 640, 92, 12)
    return c.finish(vignette=0.16)


def elder_care_pune() -> Image:
    """Late afternoon: an armchair by the window, tea for two, a book and reading glasses."""
    c = _room([(0, "#e9cfa8"), (0.75, "#f4e3c6")], [(0, "#a5754a"), (1, "#7a5332")])
    _window(c, 640, 96, 380, 310, [(0, "#f2b774"), (0.5, "#fbe0ac"), (1, "#a9b36b")], 14)
    _curtain(c, 556, 70, 76, 456, "#b7604e")
    _curtain(c, 1028, 70, 76, 456, "#b7604e")
    c.polygon(_rect(544, 62, 572, 10), "#6b4529")
    _picture(c, 110, 130, 120, 96, "#8c9a6b")
    _picture(c, 262, 166, 92, 74, "#b98a5a")
    c.shade(_rect(96, 330, 210, 12), [(0, "#8a5c39"), (1, "#6b4529")])
    for n, color in enumerate(("#9c3f3a", "#3f6a86", "#c79a3e", "#5d7a4a", "#7a4a72", "#b56b3a", "#3f5a52")):
        c.polygon(_rect(108 + n * 23, 268 + (n * 7) % 18, 19, 62 - (n * 7) % 18), color)
    _rug(c, 560, 722, 470, 70, ("#8a3f38", "#d9b07a", "#9c4a40", "#e3c391"))
    _armchair(c, 430, 560, "#5f8a86")
    c.shade(
        smooth([(352, 470), (372, 438), (460, 436), (486, 470), (470, 540), (368, 540)]),
        [(0, "#f0d9a8"), (1, "#d0a868")],
    )
    _table(c, 690, 590, 250)
    c.shade(
        smooth([(742, 576), (744, 526), (770, 512), (806, 526), (808, 576)]), [(0, "#fbf6ea"), (1, "#d8cdb6")]
    )
    c.stroke(smooth([(808, 536), (834, 526), (838, 548), (812, 560)]), "#e6dcc6", 5)
    c.stroke(smooth([(742, 540), (720, 530), (716, 516)]), "#e6dcc6", 6)
    for x in (850, 900):
        c.polygon([(x - 18, 552), (x + 18, 552), (x + 13, 576), (x - 13, 576)], "#fbf6ea")
        c.ellipse(x, 552, 18, 4, "#a5653a")
    c.smoke(850, 548, 70, 6, most=0.34)
    c.smoke(900, 548, 64, 8, most=0.3)
    _plant(c, 1120, 690, 104, 21)
    c.stroke([(196, 700), (196, 380)], "#6b4a2e", 8)
    c.ellipse(196, 702, 46, 9, "#5a3d26")
    c.polygon([(140, 392), (252, 392), (230, 322), (162, 322)], "#f7dfa6")
    c.glow(196, 400, 210, "#ffdf9a", 0.5)
    return c.finish(vignette=0.2)
