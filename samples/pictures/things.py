"""Things that stand, grow or walk in a landscape: trees, houses, tents, camels, flags."""

from __future__ import annotations

import math
import random
from itertools import pairwise

from PIL import Image, ImageChops, ImageFilter, ImageOps

from samples.pictures.paint import HEIGHT, SIZE, WIDTH, Canvas, along, fbm, gradient, mix, rgb, smooth


def flowers(c: Canvas, seed: int, top: float, bottom: float, colors: tuple[str, ...], count: int) -> None:
    rng = random.Random(seed)
    for _ in range(count):
        y = top + (bottom - top) * rng.random() ** 0.7
        near = (y - top) / (bottom - top)
        size = 0.9 + 2.2 * near
        c.ellipse(rng.uniform(0, WIDTH), y, size, size * 0.8, rng.choice(colors))


def reeds(c: Canvas, seed: int, left: float, right: float) -> None:
    rng = random.Random(seed)
    for _ in range(46):
        x, high, lean = rng.uniform(left, right), rng.uniform(60, 150), rng.uniform(-26, 26)
        c.stroke(
            smooth([(x, 806), (x + lean * 0.3, 806 - high * 0.6), (x + lean, 806 - high)]),
            "#0c1526",
            rng.uniform(1.2, 2.6),
        )


def blossom(c: Canvas, x: float, y: float, size: float, rng: random.Random) -> None:
    """An apricot tree in flower."""
    c.stroke([(x, y), (x + size * 0.04, y - size * 0.5)], "#4b382c", max(1.5, size * 0.07))
    c.stroke([(x, y - size * 0.3), (x + size * 0.22, y - size * 0.62)], "#4b382c", max(1, size * 0.04))
    c.stroke([(x, y - size * 0.3), (x - size * 0.22, y - size * 0.6)], "#4b382c", max(1, size * 0.04))
    for _ in range(70):
        angle, far = rng.uniform(0, math.tau), rng.random() ** 0.6
        px, py = x + math.cos(angle) * far * size * 0.5, y - size * 0.78 + math.sin(angle) * far * size * 0.36
        low = (py - (y - size * 1.1)) / (size * 0.7)
        color = mix(rng.choice(("#fff4f6", "#fbd9e2", "#f7c3d2")), "#c98aa2", max(0.0, min(0.6, low * 0.6)))
        c.ellipse(px, py, size * rng.uniform(0.045, 0.09), size * rng.uniform(0.04, 0.075), color)


def poplar(c: Canvas, x: float, y: float, height: float, rng: random.Random) -> None:
    c.stroke([(x, y), (x, y - height * 0.3)], "#6b5a49", 3)
    for _ in range(150):
        part = rng.random()
        wide = math.sin(math.pi * min(1, part * 0.92 + 0.08)) ** 0.8 * height * 0.085
        px = x + rng.uniform(-1, 1) * wide
        color = mix("#5f8a3a", "#b9d46a", rng.random() * (0.4 + 0.6 * (px > x)))
        c.ellipse(px, y - height * (0.12 + 0.88 * part), rng.uniform(2, 4.5), rng.uniform(3, 6), color)


def inn(c: Canvas, x: float, y: float) -> None:
    """Two storeys of stone and timber with a veranda."""
    w, h = 300, 112
    c.fill(
        [(x - 14, y), (x + w + 40, y), (x + w + 60, y + 20), (x - 10, y + 18)],
        Image.new("RGB", SIZE, rgb("#3c5a2c")),
        blur=7,
    )
    c.shade([(x, y), (x, y - h), (x + w, y - h), (x + w, y)], [(0, "#d9cdb9"), (1, "#b5a68f")])
    c.speckle(
        [(x, y), (x, y - h), (x + w, y - h), (x + w, y)], 55, "#9d8f7a", "#efe6d6", grain=150, most=0.35
    )
    c.shade(
        [(x + w, y), (x + w, y - h), (x + w + 46, y - h + 8), (x + w + 46, y - 6)],
        [(0, "#8f8270"), (1, "#7d715f")],
    )
    c.shade(
        [(x - 16, y - h + 3), (x + 8, y - h - 34), (x + w + 22, y - h - 34), (x + w + 12, y - h + 3)],
        [(0, "#8c4a36"), (1, "#6b3526")],
    )
    c.polygon([(x + w + 22, y - h - 34), (x + w + 58, y - h + 8), (x + w + 12, y - h + 3)], "#57291e")
    for column in range(6):
        c.window(x + 18 + column * 47, y - h + 16, 24, 28, "#ffdf9c", "#5a3b26")
        if column != 3:
            c.window(x + 18 + column * 47, y - 42, 24, 30, "#ffdf9c", "#5a3b26")
    c.shade(
        [(x + 158, y), (x + 158, y - 44), (x + 188, y - 44), (x + 188, y)], [(0, "#5f3b24"), (1, "#4a2d1b")]
    )
    c.polygon([(x - 8, y - 56), (x + w + 6, y - 56), (x + w + 6, y - 51), (x - 8, y - 51)], "#6b4429")
    for column in range(26):
        c.stroke([(x - 4 + column * 12, y - 56), (x - 4 + column * 12, y - 72)], "#7d5233", 1.6)
    c.stroke([(x - 8, y - 72), (x + w + 6, y - 72)], "#6b4429", 2.6)
    for column in range(5):
        c.stroke([(x + column * 75, y), (x + column * 75, y - h)], "#6b4429", 3.4)


def terrace(c: Canvas, rng: random.Random) -> None:
    """White arch, wall and floor around the view."""
    white, shadow = "#f6e6d8", "#c9a9a6"
    left = [
        (-20, 0),
        (190, 0),
        *smooth([(190, 150), (150, 210), (132, 300), (130, 400)]),
        (130, 820),
        (-20, 820),
    ]
    c.shade(left, [(0, "#d9bdb8"), (0.5, "#efd6c6"), (1, "#caa7a0")])
    c.shade(
        [
            (190, 0),
            (212, 0),
            *smooth([(212, 146), (170, 212), (152, 300), (150, 400)]),
            (150, 820),
            (130, 820),
            (130, 400),
            (132, 300),
            (150, 210),
            (190, 150),
        ],
        [(0, "#ffd9b0"), (1, "#f7b58c")],
    )
    c.shade(
        [
            (-20, 0),
            (1220, 0),
            (1220, 44),
            *smooth([(1220, 60), (900, 26), (560, 22), (300, 50), (190, 150)]),
            (-20, 150),
        ],
        [(0, "#c9aaa8"), (1, "#ecd2c4")],
    )
    c.shade([(120, 690), (1220, 690), (1220, 820), (60, 820)], [(0, "#d9a98f"), (1, "#a9786f")])
    for index in range(9):
        c.stroke([(620 + (index - 4) * 90, 690), (620 + (index - 4) * 210, 820)], "#b98a7c", 1.4)
    c.stroke([(90, 742), (1220, 742)], "#b98a7c", 1.4)
    c.shade([(130, 606), (1220, 606), (1220, 622), (130, 622)], [(0, "#fff0df"), (1, "#e3bfae")])
    for x in range(146, 1220, 34):
        c.shade(
            [(x - 6, 622), (x + 6, 622), (x + 3, 650), (x + 7, 690), (x - 7, 690), (x - 3, 650)],
            [(0, white), (1, shadow)],
        )
    c.shade([(130, 688), (1220, 688), (1220, 700), (130, 700)], [(0, "#f3d9c7"), (1, "#c79f93")])
    c.polygon([(820, 700), (1010, 700), (1040, 724), (790, 724)], "#7a4a34")
    for x in (812, 1018):
        c.stroke([(x, 722), (x, 790)], "#5f3827", 6)
    c.shade([(905, 668), (925, 668), (930, 700), (900, 700)], [(0, "#ffffff"), (1, "#d9c2ba")])
    c.ellipse(960, 697, 17, 4, "#f7ece2")
    for x, lean in ((1100, 1), (730, -1)):
        c.polygon([(x - 36, 742), (x + 36, 742), (x + 32, 756), (x - 32, 756)], "#8a5a40")
        c.polygon(
            [(x + lean * 30, 742), (x + lean * 44, 650), (x + lean * 52, 650), (x + lean * 38, 742)],
            "#8a5a40",
        )
        for foot in (-28, 28):
            c.stroke([(x + foot, 756), (x + foot, 806)], "#6b4431", 5)
    _bougainvillea(c, rng)


def _bougainvillea(c: Canvas, rng: random.Random) -> None:
    branches = (
        ((-20, 40), (90, 60), (190, 34)),
        ((40, -10), (120, 90), (96, 230)),
        ((-20, 120), (50, 170), (40, 330)),
        ((160, -10), (230, 40), (262, 96)),
    )
    for branch in branches:
        for x, y in smooth(branch, step=3):
            for _ in range(3):
                c.ellipse(
                    x + rng.gauss(0, 17),
                    y + rng.gauss(0, 15),
                    rng.uniform(4, 8),
                    rng.uniform(3, 6),
                    rng.choice(("#2f4f33", "#3f5f3d", "#54784a")),
                )
    for branch in branches:
        for x, y in smooth(branch, step=3):
            for _ in range(4):
                color = mix(rng.choice(("#d94f83", "#e86f9c", "#c93b73")), "#7d2452", rng.random() * 0.35)
                c.ellipse(
                    x + rng.gauss(0, 19), y + rng.gauss(0, 17), rng.uniform(3, 6), rng.uniform(3, 5), color
                )


def tree(
    c: Canvas, x: float, y: float, height: float, color: str, rng: random.Random, fruit: str | None = None
) -> None:
    """A round-headed tree, such as a mango."""
    c.stroke([(x, y), (x + 3, y - height * 0.5)], mix(color, "#000000", 0.4), height * 0.06)
    for _ in range(90):
        angle, far = rng.uniform(0, math.tau), rng.random() ** 0.5
        px, py = (
            x + math.cos(angle) * far * height * 0.42,
            y - height * 0.66 + math.sin(angle) * far * height * 0.34,
        )
        shade = mix(color, "#6f8a63", max(0.0, 0.35 * (1 - (py - (y - height)) / height)) * rng.random())
        c.ellipse(px, py, height * rng.uniform(0.05, 0.1), height * rng.uniform(0.04, 0.08), shade)
    if fruit is not None:
        for _ in range(26):
            angle, far = rng.uniform(0, math.tau), rng.random() ** 0.5
            px, py = (
                x + math.cos(angle) * far * height * 0.4,
                y - height * 0.6 + math.sin(angle) * far * height * 0.3,
            )
            c.ellipse(px, py, 3.2, 4.4, mix(fruit, "#7a4a20", rng.random() * 0.5))


def farmhouse(c: Canvas) -> None:
    """A long white house with arches, lit from inside."""
    x, y, w, h = 330, 600, 560, 128
    c.glow(x + w / 2, y - 30, 460, "#ffb765", 0.5, flat=0.5)
    c.shade([(x, y), (x, y - h), (x + w, y - h), (x + w, y)], [(0, "#b09a92"), (1, "#e0b98f")])
    c.shade(
        [(x - 16, y - h), (x - 16, y - h - 16), (x + w + 16, y - h - 16), (x + w + 16, y - h)],
        [(0, "#8d7b7e"), (1, "#6f6069")],
    )
    c.shade(
        [(x + 170, y - h - 16), (x + 170, y - h - 84), (x + 390, y - h - 84), (x + 390, y - h - 16)],
        [(0, "#9c8a8a"), (1, "#c9a68b")],
    )
    c.shade(
        [(x + 156, y - h - 84), (x + 156, y - h - 98), (x + 404, y - h - 98), (x + 404, y - h - 84)],
        [(0, "#8d7b7e"), (1, "#6f6069")],
    )
    for place in (200, 262, 324):
        c.window(x + place, y - h - 68, 36, 40, "#ffcf7d", "#5a4030")
    for index in range(7):
        left = x + 22 + index * 76
        arch = [
            (left, y),
            (left, y - 62),
            *[
                (left + 30 - 30 * math.cos(a / 12 * math.pi), y - 62 - 34 * math.sin(a / 12 * math.pi))
                for a in range(13)
            ],
            (left + 60, y - 62),
            (left + 60, y),
        ]
        c.shade(arch, [(0, "#ffd58a"), (0.6, "#f7b25e"), (1, "#d98a45")])
        if index == 3:
            c.shade(
                [(left + 14, y), (left + 14, y - 56), (left + 46, y - 56), (left + 46, y)],
                [(0, "#7a4a2a"), (1, "#5c351d")],
            )
        else:
            c.stroke([(left + 30, y), (left + 30, y - 92)], "#a9743f", 2)
            c.stroke([(left, y - 44), (left + 60, y - 44)], "#a9743f", 2)
    c.shade(
        [(x - 30, y + 12), (x, y), (x + w, y), (x + w + 30, y + 12), (x + w + 44, y + 26), (x - 44, y + 26)],
        [(0, "#e0bf94"), (1, "#8f7d6c")],
    )


def string_lights(c: Canvas, start: tuple[float, float], end: tuple[float, float], sag: float) -> None:
    line: list[tuple[float, float]] = []
    for index in range(41):
        t = index / 40
        line.append(
            (start[0] + (end[0] - start[0]) * t, start[1] + (end[1] - start[1]) * t + sag * 4 * t * (1 - t))
        )
    c.stroke(line, "#1a1d26", 1)
    for x, y in line[2:-1:4]:
        c.glow(x, y + 4, 22, "#ffcf7a", 0.8)
        c.ellipse(x, y + 4, 2.6, 3.2, "#fff2cf")


def tea(c: Canvas, ridge: list[tuple[float, float]], seed: int, top: str, low: str, rows: int) -> None:
    """A hill of tea: rounded bushes in rows that follow the slope, with dark paths between."""
    shape = c.hill(ridge, [(0, top), (1, low)])
    paint = c.image.copy()
    canvas = Canvas([(0, low), (1, low)])
    canvas.image = paint
    rng = random.Random(seed)
    near = seed - 2
    gap = 5.5 + near * 4.2
    for row in range(rows):
        y = row * gap * (1 + row * 0.055)
        part = row / rows
        wave = rng.uniform(0, 6)
        lift = [(x, yy + y + (2 + near) * math.sin(x / (60 + 14 * near) + wave) * 0.6) for x, yy in ridge]
        color = mix(top, low, min(1, part * 1.2))
        canvas.stroke([(x, yy + gap * 0.42) for x, yy in lift], mix(color, "#0f2f1c", 0.5), gap * 0.42)
        canvas.stroke(lift, color, gap * 0.8)
        canvas.stroke([(x, yy - gap * 0.2) for x, yy in lift], mix(color, "#e6efa0", 0.34), gap * 0.3)
    noise = fbm(seed + 40, (60, 40), 4, 0.7)
    grain = ImageOps.colorize(noise, (70, 90, 50), (190, 205, 150))
    canvas.image = Image.blend(canvas.image, ImageChops.overlay(canvas.image, grain), 0.55)
    c.fill(shape, canvas.image)


def bungalow(c: Canvas, x: float, y: float) -> None:
    w, h = 190, 50
    c.shade([(x, y), (x, y - h), (x + w, y - h), (x + w, y)], [(0, "#fbf3e4"), (1, "#e3d6c0")])
    c.shade(
        [(x - 18, y - h + 5), (x + 34, y - h - 46), (x + w - 34, y - h - 46), (x + w + 18, y - h + 5)],
        [(0, "#b5523c"), (1, "#93402f")],
    )
    c.shade(
        [(x + 66, y - h - 8), (x + 95, y - h - 40), (x + 124, y - h - 8)], [(0, "#fbf3e4"), (1, "#efe2cd")]
    )
    c.polygon(
        [
            (x + 58, y - h - 4),
            (x + 95, y - h - 46),
            (x + 132, y - h - 4),
            (x + 124, y - h - 4),
            (x + 95, y - h - 36),
            (x + 66, y - h - 4),
        ],
        "#93402f",
    )
    for place in (14, 48, 122, 156):
        c.window(x + place, y - h + 14, 18, 22, "#ffe3a6", "#5f4632")
    c.shade(
        [(x + 84, y), (x + 84, y - 36), (x + 106, y - 36), (x + 106, y)], [(0, "#6b4a32"), (1, "#573a26")]
    )
    for place in range(0, 191, 38):
        c.stroke([(x + place, y), (x + place, y - h + 4)], "#fffaf0", 3)
    c.polygon(
        [(x + 142, y - h - 30), (x + 156, y - h - 30), (x + 156, y - h - 62), (x + 142, y - h - 62)],
        "#a9604a",
    )
    c.smoke(x + 149, y - h - 62, 70, 2, most=0.3)


def silver_oak(c: Canvas, x: float, y: float, height: float, rng: random.Random) -> None:
    c.stroke([(x, y), (x + 2, y - height * 0.8)], "#6f6a5c", max(1.6, height * 0.025))
    for _ in range(110):
        part = rng.random()
        wide = height * 0.16 * math.sin(math.pi * (0.15 + part * 0.8))
        px, py = x + rng.gauss(0, 0.5) * wide, y - height * (0.35 + 0.62 * part)
        c.ellipse(px, py, height * 0.035, height * 0.024, mix("#3f6a45", "#9dbb86", rng.random()))


def dune(
    c: Canvas, points: list[tuple[float, float]], crest: float, light: str, dark: str, seed: int
) -> None:
    """A dune: bright on the sun's side, in shadow beyond a curved crest line."""
    ridge = smooth(points)
    shape = c.hill(ridge, [(0, mix(light, "#fff1cf", 0.35)), (0.3, light), (1, mix(light, dark, 0.45))])
    c.speckle(shape, seed, mix(light, dark, 0.4), mix(light, "#ffffff", 0.25), grain=120, most=0.22)
    top = along(ridge, crest)
    edge = smooth(
        [
            (crest, top - 1),
            (crest + 70, top + 40),
            (crest + 60, top + 96),
            (crest + 170, top + 170),
            (crest + 260, HEIGHT + 10),
        ]
    )
    behind = [(x, y) for x, y in ridge if x >= crest]
    shadow = [*edge, (1240, HEIGHT + 10), (1240, behind[-1][1] if behind else HEIGHT), *reversed(behind)]
    stops = gradient([(0, mix(dark, light, 0.45)), (0.5, mix(dark, light, 0.3)), (1, dark)])
    mask = c.mask(shadow, blur=1.5)
    mask = ImageChops.multiply(mask, c.mask(shape)).point(lambda v: int(v * 0.72))
    fade = Image.new("L", (256, 1))
    for x in range(256):
        at = x / 255 * WIDTH
        fade.putpixel((x, 0), int(255 * max(0.0, min(1.0, 1 - (at - crest - 250) / 420))))
    mask = ImageChops.multiply(mask, fade.resize(SIZE))
    c.image.paste(stops, (0, 0), mask)


def camel(c: Canvas, x: float, y: float, s: float) -> None:
    color = "#3f2618"
    for dx in (-13, -8, 9, 14):
        c.stroke(
            [(x + dx * s, y - 24 * s), (x + (dx + 1.5) * s, y - 12 * s), (x + dx * s, y)], color, 2.4 * s
        )
    body = smooth(
        [
            (x - 19 * s, y - 22 * s),
            (x - 17 * s, y - 33 * s),
            (x - 8 * s, y - 36 * s),
            (x, y - 47 * s),
            (x + 8 * s, y - 36 * s),
            (x + 17 * s, y - 34 * s),
            (x + 20 * s, y - 25 * s),
            (x + 8 * s, y - 20 * s),
            (x - 10 * s, y - 20 * s),
        ],
        step=1,
    )
    c.polygon(body, color)
    c.stroke(
        smooth(
            [
                (x - 16 * s, y - 28 * s),
                (x - 25 * s, y - 26 * s),
                (x - 29 * s, y - 38 * s),
                (x - 31 * s, y - 47 * s),
            ],
            step=2,
        ),
        color,
        4.4 * s,
    )
    c.polygon(
        [
            (x - 29 * s, y - 49 * s),
            (x - 40 * s, y - 46 * s),
            (x - 39 * s, y - 42 * s),
            (x - 29 * s, y - 43 * s),
        ],
        color,
    )
    c.polygon(
        [(x - 7 * s, y - 38 * s), (x + 7 * s, y - 38 * s), (x + 9 * s, y - 26 * s), (x - 9 * s, y - 26 * s)],
        "#b5402f",
    )


def swiss_tent(c: Canvas, x: float, y: float, w: float) -> None:
    """A big canvas tent with stripes, porch and carpet."""
    h = w * 0.42
    c.fill(
        [
            (x - w * 0.6, y - 2),
            (x + w * 0.5, y - 2),
            (x + w * 0.95, y + h * 0.24),
            (x - w * 0.1, y + h * 0.26),
        ],
        Image.new("RGB", SIZE, rgb("#8a5230")),
        blur=5,
    )
    c.shade(
        [(x - w / 2, y), (x - w / 2, y - h), (x + w / 2, y - h), (x + w / 2, y)],
        [(0, "#fff6e2"), (1, "#e9cfa3")],
    )
    c.polygon([(x - w * 0.58, y - h), (x, y - h * 1.75), (x + w * 0.58, y - h)], "#fdf1d9")
    for index in range(7):
        a, b = -0.58 + index * 1.16 / 7, -0.58 + (index + 0.5) * 1.16 / 7
        c.polygon([(x + a * w, y - h), (x + b * w, y - h), (x, y - h * 1.75)], "#c9503c")
    scallop = [(x - w * 0.58 + i * w * 1.16 / 14, y - h + (0 if i % 2 == 0 else h * 0.14)) for i in range(15)]
    c.polygon([(x - w * 0.58, y - h), *scallop, (x + w * 0.58, y - h)], "#b5402f")
    c.shade(
        [(x - w * 0.13, y), (x - w * 0.13, y - h * 0.74), (x + w * 0.13, y - h * 0.74), (x + w * 0.13, y)],
        [(0, "#7a4a2c"), (1, "#b5763c")],
    )
    c.polygon([(x - w * 0.13, y - h * 0.74), (x - w * 0.04, y - h * 0.74), (x - w * 0.13, y)], "#fff3dc")
    c.polygon([(x + w * 0.13, y - h * 0.74), (x + w * 0.04, y - h * 0.74), (x + w * 0.13, y)], "#f0dab4")
    for side in (-1, 1):
        c.shade(
            [
                (x + side * w * 0.22, y - h * 0.3),
                (x + side * w * 0.22, y - h * 0.62),
                (x + side * w * 0.38, y - h * 0.62),
                (x + side * w * 0.38, y - h * 0.3),
            ],
            [(0, "#a9743f"), (1, "#c98f55")],
        )
    c.polygon(
        [(x - w * 0.1, y), (x + w * 0.1, y), (x + w * 0.2, y + h * 0.3), (x - w * 0.14, y + h * 0.3)],
        "#9c2f2f",
    )
    c.stroke([(x, y - h * 1.75), (x, y - h * 1.95)], "#6b4428", 1.6)
    c.polygon([(x, y - h * 1.95), (x + w * 0.1, y - h * 1.9), (x, y - h * 1.84)], "#e0a030")


def milky_way(c: Canvas) -> None:
    """A band of light across the sky, with dark lanes in it."""
    band = Image.new("L", SIZE, 0)
    rng = random.Random(5)
    points = smooth([(180, 640), (360, 420), (560, 260), (800, 110), (1060, -30)])
    canvas = Canvas([(0, "#000000"), (1, "#000000")])
    for width, level in ((250, 40), (180, 80), (110, 140), (52, 200)):
        canvas.stroke(points, (level, level, level), width)
    band = canvas.image.convert("L").filter(ImageFilter.GaussianBlur(70))
    lanes = fbm(9, (7, 6), 6, 0.62)
    band = ImageChops.multiply(band, lanes.point(lambda v: int(min(255, max(0, v - 40) * 1.55))))
    color = ImageOps.colorize(fbm(12, (4, 3), 4), (150, 165, 235), (255, 226, 200))
    light = Image.composite(color, Image.new("RGB", SIZE), band.point(lambda v: int(v * 0.95)))
    c.image = ImageChops.screen(c.image, light)
    for _ in range(2600):
        x, y = rng.choice(points)
        x, y = x + rng.gauss(0, 62), y + rng.gauss(0, 62)
        if 0 <= x < WIDTH and 0 <= y < 560:
            size = rng.choice((0.25, 0.3, 0.4, 0.55))
            c.ellipse(x, y, size, size, mix("#7f92c9", "#ffffff", rng.random()))


def mud_hut(c: Canvas, x: float, y: float, w: float, h: float) -> None:
    """Whitewashed walls, a dark band under the flat roof with its winter's hay."""
    c.shade([(x, y), (x + 3, y - h), (x + w - 3, y - h), (x + w, y)], [(0, "#5f6b82"), (1, "#7d8799")])
    c.shade(
        [(x + w, y), (x + w - 3, y - h), (x + w + w * 0.26, y - h * 0.94), (x + w + w * 0.28, y - 4)],
        [(0, "#333d52"), (1, "#3f495e")],
    )
    c.polygon(
        [
            (x - 6, y - h),
            (x - 6, y - h - 10),
            (x + w + w * 0.3, y - h * 0.94 - 8),
            (x + w + w * 0.3, y - h * 0.94 + 2),
            (x + w, y - h + 2),
        ],
        "#3a1f22",
    )
    c.polygon(
        [
            (x - 3, y - h - 10),
            (x + w * 0.2, y - h - 22),
            (x + w * 0.8, y - h - 20),
            (x + w * 1.26, y - h - 6),
        ],
        "#4d4a44",
    )
    for place in (0.14, 0.66):
        c.polygon(
            [
                (x + w * place - 4, y - h * 0.8),
                (x + w * (place + 0.2) + 4, y - h * 0.8),
                (x + w * (place + 0.2) + 2, y - h * 0.34),
                (x + w * place - 2, y - h * 0.34),
            ],
            "#23181c",
        )
        c.window(x + w * place, y - h * 0.76, w * 0.2, h * 0.38, "#ffc25e", "#2a1a16")
    c.shade(
        [(x + w * 0.43, y), (x + w * 0.43, y - h * 0.6), (x + w * 0.58, y - h * 0.6), (x + w * 0.58, y)],
        [(0, "#3a2320"), (1, "#57332a")],
    )
    c.glow(x + w * 0.5, y + 6, w * 0.7, "#ffb04d", 0.3, flat=0.3)


def stone_wall(c: Canvas, line: list[tuple[float, float]]) -> None:
    rng = random.Random(3)
    for row in range(4):
        x = -20.0
        while x < WIDTH + 20:
            w = rng.uniform(16, 34)
            y = along(line, x) + row * 13
            box = [(x, y), (x + w - 2, y + rng.uniform(-2, 2)), (x + w - 2, y + 12), (x, y + 12)]
            c.polygon(box, mix("#171e2c", "#3d4759", rng.random() * (1 - row * 0.2)))
            x += w


def prayer_flags(c: Canvas, start: tuple[float, float], end: tuple[float, float], count: int) -> None:
    colors = ("#3f6fc4", "#e9e9ea", "#c9453c", "#4a9a5a", "#e0b23c")
    line: list[tuple[float, float]] = []
    for index in range(count * 4 + 1):
        t = index / (count * 4)
        line.append(
            (start[0] + (end[0] - start[0]) * t, start[1] + (end[1] - start[1]) * t + 34 * 4 * t * (1 - t))
        )
    c.stroke(line, "#0f1626", 1)
    for index, (x, y) in enumerate(line[2::4]):
        c.polygon(
            [(x - 5, y), (x + 5, y), (x + 4, y + 11), (x - 6, y + 10)],
            mix(colors[index % 5], "#16223f", 0.42),
        )


def beach_hut(c: Canvas, x: float, y: float, w: float, color: str) -> None:
    """On stilts, woven walls, a roof of palm leaves, a hammock on the porch."""
    h = w * 0.52
    floor = y - w * 0.2
    c.fill(
        [(x - w * 0.5, y), (x + w * 0.5, y), (x + w * 0.3, y + 20), (x - w * 0.7, y + 18)],
        Image.new("RGB", SIZE, rgb("#b5935f")),
        blur=6,
    )
    for place in (-0.46, -0.16, 0.16, 0.46):
        c.stroke([(x + place * w, y + 4), (x + place * w, floor)], "#6b4a30", 4)
    c.polygon(
        [(x - w * 0.56, floor), (x + w * 0.56, floor), (x + w * 0.56, floor + 7), (x - w * 0.56, floor + 7)],
        "#8a6240",
    )
    c.shade(
        [
            (x - w * 0.42, floor),
            (x - w * 0.42, floor - h * 0.8),
            (x + w * 0.42, floor - h * 0.8),
            (x + w * 0.42, floor),
        ],
        [(0, mix(color, "#3a2a1c", 0.35)), (1, color)],
    )
    for index in range(1, 9):
        at = floor - h * 0.8 * index / 9
        c.stroke([(x - w * 0.42, at), (x + w * 0.42, at)], mix(color, "#000000", 0.16), 1)
    c.shade(
        [
            (x - w * 0.1, floor),
            (x - w * 0.1, floor - h * 0.6),
            (x + w * 0.12, floor - h * 0.6),
            (x + w * 0.12, floor),
        ],
        [(0, "#4a3020"), (1, "#6b4830")],
    )
    c.shade(
        [
            (x - w * 0.34, floor - h * 0.24),
            (x - w * 0.34, floor - h * 0.56),
            (x - w * 0.18, floor - h * 0.56),
            (x - w * 0.18, floor - h * 0.24),
        ],
        [(0, "#eaf6f4"), (1, "#a9d3d2")],
    )
    c.shade(
        [
            (x + w * 0.2, floor - h * 0.24),
            (x + w * 0.2, floor - h * 0.56),
            (x + w * 0.36, floor - h * 0.56),
            (x + w * 0.36, floor - h * 0.24),
        ],
        [(0, "#eaf6f4"), (1, "#a9d3d2")],
    )
    rng = random.Random(int(x))
    c.shade(
        [
            (x - w * 0.64, floor - h * 0.66),
            (x - w * 0.1, floor - h * 1.5),
            (x + w * 0.1, floor - h * 1.5),
            (x + w * 0.64, floor - h * 0.66),
        ],
        [(0, "#b08a52"), (1, "#86643a")],
    )
    for _ in range(170):
        t, side = rng.random(), rng.choice((-1, 1))
        sx, sy = x + side * w * (0.06 + 0.54 * t) * rng.random(), floor - h * (1.5 - 0.82 * t)
        c.stroke(
            [(sx, sy), (sx + side * w * 0.05, sy + h * 0.16)], mix("#c9a468", "#5f4526", rng.random()), 1.1
        )
    for index in range(26):
        ex = x - w * 0.64 + index * w * 1.28 / 25
        c.stroke(
            [(ex, floor - h * 0.68), (ex + rng.uniform(-2, 2), floor - h * 0.68 + rng.uniform(7, 14))],
            "#8a683c",
            1.4,
        )
    c.stroke([(x - w * 0.5, floor), (x - w * 0.5, floor - h * 0.7)], "#6b4a30", 3)
    c.stroke([(x + w * 0.5, floor), (x + w * 0.5, floor - h * 0.7)], "#6b4a30", 3)
    c.stroke([(x - w * 0.56, floor - h * 0.24), (x - w * 0.42, floor - h * 0.24)], "#8a6240", 2)
    for step in range(3):
        c.polygon(
            [
                (x - w * 0.1, floor + 9 + step * 8),
                (x + w * 0.12, floor + 9 + step * 8),
                (x + w * 0.13, floor + 13 + step * 8),
                (x - w * 0.11, floor + 13 + step * 8),
            ],
            "#7d5838",
        )


def palm(c: Canvas, x: float, y: float, height: float, lean: float, rng: random.Random) -> None:
    trunk = smooth(
        [
            (x, y),
            (x + lean * 0.12, y - height * 0.35),
            (x + lean * 0.45, y - height * 0.7),
            (x + lean, y - height),
        ],
        step=2,
    )
    for index, ((ax, ay), (bx, by)) in enumerate(pairwise(trunk)):
        part = index / len(trunk)
        wide = height * (0.046 - 0.02 * part)
        c.stroke([(ax, ay), (bx, by + 1)], mix("#6b543c", "#94795a", (index // 3 % 3) / 2), wide)
        c.stroke(
            [(ax + wide * 0.26, ay), (bx + wide * 0.26, by + 1)],
            mix("#b5966d", "#7d6547", (index // 3 % 3) / 2),
            wide * 0.3,
        )
    tx, ty = trunk[-1]
    for index in range(15):
        angle = -math.pi * 0.5 + (index - 7) * 0.36 + rng.uniform(-0.1, 0.1)
        long = height * rng.uniform(0.34, 0.44)
        droop = abs(index - 7) / 7
        tip = (tx + math.cos(angle) * long, ty + math.sin(angle) * long * 0.7 + long * 0.42 * (0.4 + droop))
        middle = (tx + math.cos(angle) * long * 0.55, ty + math.sin(angle) * long * 0.62 - long * 0.08)
        rib = smooth([(tx, ty), middle, tip], step=3)
        color = mix("#2f6b3a", "#8fb552", rng.random() * 0.8)
        for place, (px, py) in enumerate(rib):
            part = place / len(rib)
            leaf = long * 0.2 * math.sin(math.pi * min(1, part * 0.9 + 0.12))
            for side in (-1, 1):
                c.stroke(
                    [(px, py), (px + side * leaf * 0.45 + math.cos(angle) * leaf * 0.5, py + leaf * 0.85)],
                    mix(color, "#14331f", 0.25 * (side > 0)),
                    1.4,
                )
        c.stroke(rib, mix(color, "#e6e39a", 0.3), 1.6)
    for dx, dy in ((-6, 5), (4, 8), (9, 2)):
        c.ellipse(tx + dx, ty + dy, height * 0.016, height * 0.018, "#7d5f35")
