"""One function per listing: what its guest would see."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from PIL import Image

from samples.pictures import things
from samples.pictures.paint import (
    HEIGHT,
    SIZE,
    WIDTH,
    Canvas,
    along,
    gradient,
    mix,
    profile,
    rgb,
    smooth,
)
from samples.pictures.rooms import elder_care_pune, home_nurse_lahore, physio_visits_karachi
from samples.pictures.terrain import Look, Summit, mountains


def fairy_meadows_huts() -> Image.Image:
    """Sunrise on Nanga Parbat, huts still in the shade of the meadow."""
    c = Canvas([(0, "#2d4a7c"), (0.3, "#7b93bd"), (0.52, "#f0c6a6"), (0.7, "#f6dcc0")])
    c.clouds(11, 60, 330, "#ffd9bf", cover=0.46, most=0.7)
    look = Look(("#3f4668", "#b98b78"), ("#7488ba", "#ffe9d2"), 120, ("#cbb6b4", 0.85, 0.1), light=1)
    summits = [
        Summit(545, 405, 620, 0.75),
        Summit(330, 350, 420, 0.7),
        Summit(860, 370, 460, 0.72),
        Summit(90, 250, 360, 0.6),
        Summit(1120, 270, 380, 0.6),
    ]
    mountains(c, summits, look, foot=560, seed=27, rough=0.9)
    near = profile(
        [(-20, 430), (200, 400), (420, 455), (640, 470), (860, 425), (1060, 400), (1220, 430)], 5, 14
    )
    c.hill(near, [(0, "#5a6c74"), (1, "#8a8f8c")], bottom=620)
    c.haze(400, 560, "#d8c3b6", 0.55)
    c.forest(
        profile([(-20, 530), (240, 515), (480, 545), (760, 548), (980, 512), (1220, 525)], 8, 6),
        4,
        "#2b4244",
        low=34,
        high=74,
    )
    c.haze(490, 600, "#cdb9a4", 0.32)
    c.forest(
        profile([(-20, 566), (180, 552), (330, 590), (460, 600)], 9, 4),
        6,
        "#1e3230",
        low=60,
        high=120,
        gap=15,
    )
    c.forest(
        profile([(800, 598), (940, 575), (1080, 556), (1220, 560)], 10, 4),
        7,
        "#1e3230",
        low=60,
        high=130,
        gap=15,
    )
    meadow = c.hill(
        smooth([(-20, 566), (260, 590), (600, 604), (900, 592), (1220, 562)]),
        [(0, "#7f9a4e"), (0.35, "#5f8440"), (1, "#2f5230")],
    )
    c.speckle(meadow, 33, "#27462b", "#93ad55", grain=70, most=0.42)
    path = smooth([(640, 800), (590, 740), (612, 690), (566, 650), (556, 612)])
    c.stroke(path, "#a9986d", 8)
    for x, y, w in ((330, 632, 120), (880, 640, 132), (560, 672, 168)):
        c.fill(
            [(x - 20, y + 4), (x + w * 1.3, y + 2), (x + w * 1.05, y + 22), (x - 10, y + 16)],
            Image.new("RGB", SIZE, rgb("#24402a")),
            blur=6,
        )
        c.cabin(x, y, w, wall="#7a4d2c", roof="#4b3a33", lit="#ffcf70")
    c.smoke(617, 556, 110, 3, most=0.42)
    things.flowers(c, 5, 690, 800, ("#f4e28a", "#f7f3ea", "#d98fb0", "#b9a2e0"), 420)
    return c.finish()


def kachura_lake_camp() -> Image.Image:
    """The blue hour: lit tents on the shore, doubled by the lake."""
    c = Canvas([(0, "#0c1a3c"), (0.25, "#27406f"), (0.45, "#6d7fa4"), (0.56, "#e2a98c"), (0.62, "#f3c79b")])
    c.stars(7, 260, 300)
    c.glow(820, 440, 420, "#ffb27a", 0.55, flat=0.5)
    look = Look(("#232c4d", "#6b6684"), ("#4c62a0", "#e6e6f2"), 60, ("#8d86a0", 0.85, 0.12), light=1)
    summits = [
        Summit(300, 300, 380, 0.7),
        Summit(560, 340, 420, 0.75),
        Summit(1060, 310, 400, 0.7),
        Summit(800, 220, 330, 0.6),
        Summit(60, 210, 300, 0.5),
    ]
    mountains(c, summits, look, foot=470, seed=14)
    mid = profile(
        [(-20, 330), (200, 372), (420, 410), (640, 420), (880, 396), (1060, 345), (1220, 320)], 15, 12
    )
    c.hill(mid, [(0, "#27304d"), (1, "#43465c")], bottom=480)
    c.haze(380, 470, "#8f7f8e", 0.45)
    shore = profile([(-20, 446), (300, 452), (700, 456), (1220, 444)], 16, 3)
    c.forest(shore, 18, "#141d2f", low=22, high=58, gap=8)
    bank = [*profile([(-20, 452), (400, 456), (800, 458), (1220, 450)], 17, 2), (1220, 486), (-20, 486)]
    c.polygon(bank, "#1d2736")
    for x, w in ((250, 66), (365, 72), (492, 78), (640, 84), (790, 78), (915, 70)):
        c.tent(x, 482, w, color="#c98a4b", inside="#ffd27d", glow=1.0)
    c.glow(568, 470, 46, "#ff9a3d", 0.9)
    c.polygon([(560, 484), (566, 466), (570, 474), (575, 462), (580, 484)], "#ffd27a")
    c.reflect(486, 800, "#13233f", 0.3, squeeze=0.95, seed=4)
    c.fill(
        [(-20, 486), (1220, 486), (1220, 490), (-20, 490)], Image.new("RGB", SIZE, rgb("#c9a58f")), blur=1.4
    )
    boat = smooth([(196, 650), (240, 668), (320, 668), (372, 646)])
    c.polygon([*boat, (352, 653), (230, 656)], "#3a2418")
    c.stroke([(200, 652), (236, 657), (352, 654), (370, 648)], "#8a5a34", 3)
    c.stroke([(280, 640), (340, 690)], "#5a3d28", 2)
    things.reeds(c, 9, 20, 170)
    things.reeds(c, 10, 1040, 1190)
    return c.finish(vignette=0.3)


def karimabad_garden_inn() -> Image.Image:
    """Spring in Hunza: Rakaposhi above terraces of apricot blossom, the inn among them."""
    c = Canvas([(0, "#3f7fc4"), (0.35, "#8fbde4"), (0.6, "#dcecf5")])
    c.clouds(23, 40, 300, "#ffffff", cover=0.44, most=0.85)
    look = Look(("#46557a", "#aaa7a6"), ("#86a0d0", "#ffffff"), 110, ("#bcd0e0", 0.8, 0.06))
    summits = [
        Summit(500, 430, 560, 0.72),
        Summit(850, 330, 430, 0.75),
        Summit(170, 290, 400, 0.65),
        Summit(1130, 250, 380, 0.6),
    ]
    mountains(c, summits, look, foot=540, seed=5)
    side = Look(("#5b5049", "#b9a184"), ("#93abd2", "#ffffff"), 900, ("#c4c5bd", 0.7, 0.1))
    flanks = [Summit(-30, 250, 420, 0.45), Summit(1240, 260, 430, 0.45), Summit(620, 60, 420, 0.3)]
    mountains(c, flanks, side, foot=590, seed=34, rough=0.7)
    c.haze(430, 560, "#dbe4e2", 0.45)
    rng = random.Random(5)
    greens = ("#8fae5a", "#7da14d", "#6a9144", "#58823c")
    for index in range(6):
        y = 500 + index * 46 + index * index * 3
        edge = smooth([(-20, y + 14), (240, y - 6), (520, y + 16), (820, y - 10), (1220, y + 12)])
        shape = c.hill(
            edge, [(0, mix(greens[index % 4], "#ffffff", 0.15)), (0.5, greens[index % 4]), (1, "#3c5f30")]
        )
        c.speckle(shape, 70 + index, "#4c6f34", "#a9c46a", grain=60, most=0.35)
        c.stroke([(x, yy + 3) for x, yy in edge], "#8d8274", 5 + index)
        c.stroke([(x, yy + 1) for x, yy in edge], "#b0a595", 2 + index * 0.4)
        if index == 2:
            things.inn(c, 640, y + 26)
        for _ in range(13 - index):
            x = rng.uniform(0, WIDTH)
            if index in (2, 3) and 590 < x < 985:
                continue
            things.blossom(c, x, along(edge, x) + 6, 26 + index * 11, rng)
    for x in (60, 96, 132, 1060, 1100, 1142):
        things.poplar(c, x, 600, rng.uniform(150, 220), rng)
    return c.finish(vignette=0.16)


def kalam_pine_huts() -> Image.Image:
    """Snow falls between deodars on huts with warm windows."""
    c = Canvas([(0, "#47577a"), (0.35, "#8592ad"), (0.6, "#c9ccd6")])
    look = Look(("#4d5775", "#8a92a9"), ("#8494b8", "#f4f5fa"), 30, ("#b9bfcd", 0.9, 0.22))
    summits = [
        Summit(520, 360, 480, 0.7),
        Summit(200, 310, 400, 0.65),
        Summit(900, 330, 440, 0.7),
        Summit(1150, 280, 360, 0.6),
    ]
    mountains(c, summits, look, foot=510, seed=44)
    for seed, base, color, low, high, veil in (
        (1, 400, "#6d7a90", 60, 110, 0.5),
        (2, 450, "#4d5d70", 90, 160, 0.38),
        (3, 500, "#324454", 120, 210, 0.2),
    ):
        line = profile([(-20, base), (400, base + 14), (800, base - 8), (1220, base + 6)], seed, 8)
        c.forest(line, seed, color, low=low, high=high, gap=15 + seed * 5)
        c.haze(base - 120, base + 60, "#c3c8d4", veil)
    ground = c.hill(
        smooth([(-20, 520), (300, 500), (640, 530), (940, 500), (1220, 524)]),
        [(0, "#dfe5f0"), (0.4, "#c3cde0"), (1, "#97a5c2")],
    )
    c.speckle(ground, 91, "#a9b6d0", "#f4f7fc", grain=26, most=0.38)
    rng = random.Random(8)
    for x, y, h in (
        (60, 600, 330),
        (150, 566, 260),
        (1120, 610, 360),
        (1032, 570, 270),
        (1185, 560, 250),
        (228, 548, 190),
    ):
        c.conifer(x, y, h, "#1f3338", rng, snow="#dfe6f0")
    river = smooth([(420, 520), (470, 560), (400, 610), (330, 680), (180, 800)])
    bank = smooth([(520, 800), (490, 700), (520, 620), (540, 566), (456, 520)])
    c.shade([*river, *bank], [(0, "#6d86a5"), (0.5, "#3f5f80"), (1, "#26415f")])
    for index in range(26):
        part = index / 26
        left, top = 440 - part * 120 + rng.uniform(-40, 60), 540 + part * 250
        c.stroke([(left, top), (left + 12 + 30 * part, top + 2)], "#a9bfd6", 1.1)
    for x, y, w in ((610, 588, 128), (850, 600, 132), (690, 664, 178)):
        c.fill(
            [(x - 24, y + 6), (x + w * 1.35, y + 4), (x + w * 1.1, y + 24), (x - 16, y + 20)],
            Image.new("RGB", SIZE, rgb("#8191b4")),
            blur=8,
        )
        c.cabin(x, y, w, wall="#6d452b", roof="#4b3a33", lit="#ffc766", snow="#eef2f8")
        c.glow(x + w * 0.3, y + 14, w * 0.8, "#ffb85c", 0.4, flat=0.35)
    c.smoke(757, 540, 130, 5, most=0.6)
    c.smoke(905, 500, 110, 6, most=0.5)
    for _ in range(900):
        size = rng.choice((0.7, 0.9, 1.2, 1.6, 2.2))
        c.ellipse(rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), size, size, "#f7f9fd")
    return c.finish(vignette=0.25)


def sea_view_gwadar() -> Image.Image:
    """The sun goes down into the Arabian Sea, seen from a white terrace."""
    c = Canvas([(0, "#35407f"), (0.2, "#7a5a96"), (0.38, "#e07f6d"), (0.5, "#ffb56b"), (0.56, "#ffd894")])
    c.clouds(53, 60, 400, "#ffb08c", cover=0.5, most=0.75)
    c.clouds(54, 120, 330, "#6c4f86", cover=0.38, most=0.6)
    c.glow(590, 424, 420, "#ffdf9a", 0.95, flat=0.8)
    c.ellipse(590, 418, 44, 44, "#fff1c4")
    head = profile(
        [(760, 452), (800, 398), (870, 372), (960, 384), (1040, 350), (1130, 340), (1230, 352)], 3, 5
    )
    c.hill([*head], [(0, "#8a4f62"), (1, "#b06a68")], bottom=456)
    sea = gradient(
        [(0, "#e39a72"), (0.12, "#b9717a"), (0.5, "#5a4c80"), (1, "#262a58")], (SIZE[0], (HEIGHT - 452) * 2)
    )
    c.image.paste(sea, (0, 904))
    rng = random.Random(12)
    for _ in range(1500):
        y = 454 + (HEIGHT - 454) * rng.random() ** 1.6
        far = (y - 454) / (HEIGHT - 454)
        x = rng.gauss(590, 26 + 190 * far)
        length = rng.uniform(4, 13) * (0.5 + 2.4 * far)
        bright = max(0.0, 1 - abs(x - 590) / (60 + 300 * far))
        c.stroke([(x - length, y), (x + length, y)], mix("#c9776e", "#ffe9b0", bright), 0.8 + 1.4 * far)
    for _ in range(420):
        y = 460 + (HEIGHT - 460) * rng.random() ** 1.3
        far = (y - 460) / (HEIGHT - 460)
        x = rng.uniform(-20, WIDTH)
        c.stroke(
            [(x, y), (x + 14 + 60 * far, y + rng.uniform(-1, 1))], mix("#8a6482", "#1f2450", far), 0.8 + far
        )
    for x, y, s in ((250, 470, 1.0), (330, 462, 0.7), (930, 474, 0.8)):
        c.polygon(
            [(x - 22 * s, y), (x + 22 * s, y), (x + 15 * s, y + 7 * s), (x - 16 * s, y + 7 * s)], "#2c2340"
        )
        c.polygon([(x, y - 42 * s), (x + 18 * s, y - 4 * s), (x, y - 4 * s)], "#3a2d50")
        c.stroke([(x, y - 44 * s), (x, y)], "#2c2340", 1.2 * s)
    things.terrace(c, rng)
    return c.finish(vignette=0.2)


def multan_mango_farm() -> Image.Image:
    """A farmhouse in the dusk: lights in the trees, the pool still."""
    c = Canvas([(0, "#182450"), (0.3, "#4b4a82"), (0.5, "#c9788a"), (0.62, "#f6b183")])
    c.stars(3, 180, 260)
    c.glow(250, 500, 420, "#ffb27f", 0.5, flat=0.5)
    rng = random.Random(21)
    for x in range(-30, 1260, 62):
        things.tree(c, x + rng.uniform(-14, 14), 528, rng.uniform(110, 190), "#1d2b35", rng)
    lawn = c.hill([(-20, 522), (1220, 522)], [(0, "#4a5a44"), (0.3, "#34493a"), (1, "#16251f")])
    c.speckle(lawn, 17, "#1c2f25", "#5d7350", grain=80, most=0.4)
    things.farmhouse(c)
    for x, h in ((90, 300), (1130, 320)):
        things.tree(c, x, 600, h, "#15232a", rng, fruit="#f4a640")
    things.string_lights(c, (110, 350), (430, 330), 34)
    things.string_lights(c, (820, 330), (1120, 345), 36)
    pool = [(330, 640), (900, 640), (1030, 800), (180, 800)]
    edge = [(312, 632), (916, 632), (1062, 812), (146, 812)]
    c.shade(edge, [(0, "#b9a78f"), (1, "#8c8073")])
    before = c.image.copy()
    c.reflect(632, 800, "#134a5e", 0.34, squeeze=0.6, seed=8)
    mirrored = c.image
    c.image = before
    c.fill(pool, mirrored)
    c.glow(600, 700, 260, "#3fd0d8", 0.42, flat=0.35)
    for x in (250, 960):
        c.polygon([(x - 40, 640), (x + 34, 622), (x + 44, 628), (x - 28, 650)], "#d9cdb8")
        c.polygon([(x + 34, 622), (x + 60, 596), (x + 66, 602), (x + 44, 628)], "#efe6d5")
    return c.finish(vignette=0.28)


def munnar_tea_rooms() -> Image.Image:
    """Rows of tea over rolling hills, mist in the valleys, a planter's bungalow."""
    c = Canvas([(0, "#8fb7d6"), (0.3, "#cfe0e4"), (0.5, "#f5ead2")])
    c.glow(930, 200, 520, "#fff3cf", 0.75)
    for seed, points, top, low in (
        (
            1,
            [(-20, 270), (200, 214), (380, 250), (620, 196), (820, 246), (1030, 206), (1220, 236)],
            "#9db8bf",
            "#c6d6d2",
        ),
        (2, [(-20, 330), (240, 300), (460, 268), (700, 330), (940, 282), (1220, 320)], "#7fa39f", "#bcd0c4"),
    ):
        c.hill(profile(points, seed, 9), [(0, top), (1, low)], bottom=600)
        c.haze(250 + seed * 40, 420 + seed * 30, "#eef0e6", 0.6)
    for seed, points, top, low, rows in (
        (
            3,
            [(-20, 420), (180, 366), (420, 392), (700, 440), (980, 372), (1220, 400)],
            "#86ad5c",
            "#5d9150",
            16,
        ),
        (4, [(-20, 470), (260, 500), (560, 452), (860, 470), (1220, 436)], "#74a94a", "#437c3d", 20),
        (5, [(-20, 560), (240, 540), (520, 590), (820, 548), (1220, 590)], "#63a03f", "#2f6b34", 24),
        (6, [(-20, 690), (300, 650), (640, 700), (960, 660), (1220, 700)], "#569437", "#20552a", 22),
    ):
        things.tea(c, smooth(points), seed, top, low, rows)
        if seed == 3:
            c.haze(380, 500, "#f1f2e4", 0.55)
        if seed == 4:
            things.bungalow(c, 700, 506)
            c.haze(470, 600, "#eef2df", 0.28)
    rng = random.Random(4)
    for x, y, h in (
        (90, 560, 190),
        (160, 548, 150),
        (1090, 570, 210),
        (1010, 540, 120),
        (520, 512, 84),
        (940, 500, 92),
    ):
        things.silver_oak(c, x, y, h, rng)
    return c.finish(vignette=0.16)


def thar_dune_camp() -> Image.Image:
    """Golden hour between dunes: white tents, a line of camels."""
    c = Canvas([(0, "#5a86b8"), (0.28, "#b9c3c4"), (0.5, "#ffdca3"), (0.6, "#ffc477")])
    c.clouds(63, 30, 300, "#fff0d9", cover=0.42, most=0.6)
    c.glow(270, 410, 460, "#fff0bb", 0.95)
    c.ellipse(270, 410, 36, 36, "#fffbe4")
    c.hill(
        smooth([(-20, 470), (200, 440), (420, 462), (660, 424), (900, 458), (1220, 430)]),
        [(0, "#e0a866"), (1, "#c98a4c")],
        bottom=620,
    )
    c.haze(420, 520, "#ffd9a0", 0.5)
    things.dune(
        c,
        [(-20, 520), (160, 492), (360, 476), (560, 520), (760, 552), (980, 540), (1220, 500)],
        360,
        "#f0b66c",
        "#a9653a",
        71,
    )
    for index, x in enumerate((470, 540, 606, 676)):
        things.camel(c, x, 520 + index * 9, 1.0 + index * 0.02)
    things.dune(
        c,
        [(-20, 560), (220, 600), (460, 640), (700, 618), (960, 560), (1220, 590)],
        960,
        "#f4bd72",
        "#b06c3e",
        72,
    )
    for x, y, w in ((560, 640, 118), (720, 628, 124), (890, 636, 134), (1060, 652, 140)):
        things.swiss_tent(c, x, y, w)
    things.dune(
        c,
        [(-20, 650), (180, 664), (420, 700), (640, 760), (900, 740), (1220, 700)],
        180,
        "#eeb063",
        "#95552f",
        73,
    )
    rng = random.Random(6)
    for index in range(46):
        top = 690 + index * 2.6
        reach = int(rng.uniform(160, 520))
        line = [
            (x, top + 5 * math.sin(x / 46 + index * 0.5) + rng.uniform(-0.6, 0.6) + x * 0.06)
            for x in range(-10, reach, 10)
        ]
        c.stroke(line, mix("#d9924f", "#a9653a", index / 46), 0.9)
    c.haze(560, 800, "#ffb766", 0.1)
    return c.finish(vignette=0.22)


def spiti_star_huts() -> Image.Image:
    """The Milky Way over Langza, two windows lit."""
    c = Canvas([(0, "#050a1e"), (0.4, "#12234a"), (0.62, "#2f4d78"), (0.72, "#6d87a0")])
    things.milky_way(c)
    c.stars(17, 1500, 560)
    look = Look(("#0f1a36", "#3d4f74"), ("#3a5594", "#d6e2f8"), 130, ("#41597e", 0.85, 0.08), light=1)
    summits = [
        Summit(500, 420, 520, 0.72),
        Summit(880, 270, 420, 0.7),
        Summit(140, 250, 380, 0.6),
        Summit(1150, 230, 360, 0.55),
    ]
    mountains(c, summits, look, foot=610, seed=84)
    c.hill(
        profile([(-20, 560), (260, 520), (520, 560), (820, 540), (1220, 520)], 85, 10),
        [(0, "#1d2a45"), (1, "#273652")],
        bottom=700,
    )
    ground = c.hill(
        smooth([(-20, 628), (300, 606), (620, 628), (900, 604), (1220, 634)]),
        [(0, "#3d4656"), (0.4, "#2b3444"), (1, "#131a28")],
    )
    c.speckle(ground, 87, "#1a2230", "#566073", grain=64, most=0.42)
    for x, y, w, h in ((250, 640, 170, 88), (470, 668, 200, 104), (740, 652, 180, 94), (960, 636, 140, 76)):
        things.mud_hut(c, x, y, w, h)
    things.prayer_flags(c, (455, 548), (160, 500), 15)
    things.prayer_flags(c, (680, 540), (1000, 520), 17)
    things.stone_wall(c, smooth([(-20, 730), (260, 716), (520, 742), (820, 724), (1220, 748)]))
    return c.finish(vignette=0.34)


def palolem_beach_huts() -> Image.Image:
    """Palm-leaf huts on the sand, the sea at the door."""
    c = Canvas([(0, "#2f8fd0"), (0.3, "#8acbea"), (0.5, "#e6f5f4")])
    c.clouds(73, 30, 300, "#ffffff", cover=0.47, most=0.9)
    c.hill(
        profile([(-20, 372), (120, 340), (280, 352), (400, 398), (430, 412)], 3, 6),
        [(0, "#4d7f5c"), (1, "#79a183")],
        bottom=414,
    )
    c.hill(
        profile([(860, 412), (900, 392), (1040, 352), (1220, 330)], 4, 6),
        [(0, "#487a58"), (1, "#6f997a")],
        bottom=414,
    )
    sea = gradient(
        [(0, "#2a86b5"), (0.35, "#27a5bd"), (0.75, "#5fcdcb"), (1, "#b9ece0")], (SIZE[0], (600 - 410) * 2)
    )
    c.image.paste(sea, (0, 820))
    rng = random.Random(3)
    for _ in range(520):
        y = 414 + 176 * rng.random() ** 1.4
        far = (y - 414) / 176
        x = rng.uniform(-20, WIDTH)
        c.stroke(
            [(x, y), (x + 8 + 50 * far, y + rng.uniform(-1, 1))],
            mix("#d9f3f2", "#1f8fae", rng.random()),
            0.6 + 1.1 * far,
        )
    sand = c.hill(
        smooth([(-20, 560), (220, 588), (520, 596), (820, 574), (1220, 540)]),
        [(0, "#e9d5a6"), (0.25, "#f2e0b4"), (1, "#d9b981")],
    )
    c.speckle(sand, 19, "#c9a871", "#fbefcf", grain=110, most=0.4)
    for shift, color, width in ((0, "#ffffff", 5), (-9, "#d8f4ee", 3), (10, "#cdb98d", 4)):
        c.stroke(
            [
                (x, y + shift + 2 * math.sin(x / 17))
                for x, y in smooth([(-20, 560), (220, 588), (520, 596), (820, 574), (1220, 540)])
            ],
            color,
            width,
        )
    c.polygon([(420, 500), (520, 502), (505, 516), (436, 515)], "#b5462f")
    c.stroke([(416, 499), (524, 501)], "#f3e2c0", 2.5)
    c.stroke([(470, 500), (470, 470)], "#5a3d28", 2)
    for x, y, w, color in (
        (690, 640, 130, "#3f9aa0"),
        (880, 655, 150, "#d9873c"),
        (1080, 668, 160, "#c75a6a"),
    ):
        things.beach_hut(c, x, y, w, color)
    for x, y, h, lean in (
        (120, 720, 430, 90),
        (210, 760, 360, -40),
        (640, 640, 260, 46),
        (1150, 700, 470, -110),
        (1010, 640, 240, 40),
    ):
        things.palm(c, x, y, h, lean, rng)
    c.stroke(smooth([(148, 560), (190, 592), (236, 596), (270, 566)]), "#f5ead2", 7)
    return c.finish(vignette=0.14)


def bedian_farmhouse() -> Image.Image:
    """Winter noon in the Punjab: mustard in flower up to a brick farmhouse."""
    c = Canvas([(0, "#5b9bd0"), (0.4, "#b5d6ea"), (0.62, "#f3efdc")])
    c.clouds(61, 60, 300, "#ffffff", cover=0.42, most=0.8)
    c.glow(240, 150, 360, "#fff4cf", 0.6)
    rng = random.Random(61)
    for x in range(-20, 1240, 44):
        things.tree(c, x + rng.uniform(-12, 12), 470, rng.uniform(70, 120), "#6f8d6a", rng)
    c.haze(380, 480, "#e7ead6", 0.5)
    for x in (120, 190, 1010, 1080, 1150):
        things.poplar(c, x, 486, rng.uniform(150, 200), rng)
    field = c.hill([(-20, 474), (1220, 474)], [(0, "#d9c23c"), (0.25, "#e2c52f"), (1, "#8d8a24")])
    c.speckle(field, 62, "#77862e", "#fbe25a", grain=90, most=0.6)
    things.inn(c, 440, 566)
    path = smooth([(610, 568), (604, 620), (640, 690), (600, 810)])
    c.stroke(path, "#c9ab79", 46)
    c.stroke(path, "#d9bf90", 34)
    things.flowers(c, 63, 580, 800, ("#f8df3e", "#ffe95f", "#e9c92d", "#b9c04a"), 1500)
    for x, h in ((70, 330), (1140, 350)):
        things.tree(c, x, 660, h, "#3f6a3c", rng)
    return c.finish(vignette=0.16)


def lonavala_rain_farm() -> Image.Image:
    """The monsoon in the Western Ghats: clouds in green valleys, a bungalow with its lights on."""
    c = Canvas([(0, "#5d7480"), (0.3, "#93a7a9"), (0.55, "#d3dad0")])
    c.clouds(71, 20, 330, "#eef1ee", cover=0.6, most=0.75)
    for seed, points, top, low in (
        (71, [(-20, 300), (220, 262), (430, 340), (640, 250), (900, 330), (1220, 270)], "#7f9a94", "#a5b7ac"),
        (72, [(-20, 400), (260, 370), (520, 430), (800, 352), (1220, 402)], "#4f7a63", "#7b9a7e"),
    ):
        c.hill(profile(points, seed, 12), [(0, top), (1, low)], bottom=620)
        c.haze(300, 560, "#dfe5dd", 0.4)
    for x in (356, 842):
        c.stroke(smooth([(x, 388), (x + 5, 440), (x - 3, 500)]), "#f4f8f7", 6)
        c.stroke(smooth([(x + 7, 392), (x + 12, 446), (x + 4, 498)]), "#dfe9e8", 3)
    c.haze(420, 560, "#e6ebe4", 0.55)
    meadow = c.hill(
        smooth([(-20, 540), (300, 512), (620, 536), (920, 508), (1220, 534)]),
        [(0, "#6f9c4a"), (0.4, "#47803c"), (1, "#1f4a2a")],
    )
    c.speckle(meadow, 73, "#23502c", "#86b35a", grain=80, most=0.45)
    things.bungalow(c, 520, 566)
    rng = random.Random(74)
    for x, y, h in ((300, 580, 200), (850, 574, 220), (960, 610, 260), (150, 640, 320), (1110, 690, 380)):
        things.tree(c, x, y, h, "#2f5f3a", rng)
    things.flowers(c, 75, 640, 800, ("#f3efe2", "#e8b7c8", "#d9cf6a"), 240)
    for _ in range(420):
        x, y, length = rng.uniform(-20, WIDTH), rng.uniform(0, HEIGHT), rng.uniform(10, 26)
        c.stroke([(x, y), (x - length * 0.18, y + length)], "#c5d0d0", 0.5)
    return c.finish(vignette=0.24)


SCENES: dict[str, Callable[[], Image.Image]] = {
    "karimabad-garden-inn": karimabad_garden_inn,
    "fairy-meadows-huts": fairy_meadows_huts,
    "kachura-lake-camp": kachura_lake_camp,
    "kalam-pine-huts": kalam_pine_huts,
    "sea-view-gwadar": sea_view_gwadar,
    "multan-mango-farm": multan_mango_farm,
    "munnar-tea-rooms": munnar_tea_rooms,
    "thar-dune-camp": thar_dune_camp,
    "spiti-star-huts": spiti_star_huts,
    "palolem-beach-huts": palolem_beach_huts,
    "bedian-farmhouse": bedian_farmhouse,
    "lonavala-rain-farm": lonavala_rain_farm,
    "home-nurse-lahore": home_nurse_lahore,
    "physio-visits-karachi": physio_visits_karachi,
    "elder-care-pune": elder_care_pune,
}
