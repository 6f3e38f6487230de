"""Brushes for landscapes: skies, mountains with rock and snow, water, trees, light in windows.

A scene is painted in units of a 1200 x 800 picture and kept at twice that size, so that scaling it down at
the end smooths every edge. All chance comes from seeds: the same program paints the same picture.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

WIDTH, HEIGHT, SCALE = 1200, 800, 2
SIZE = (WIDTH * SCALE, HEIGHT * SCALE)

Point = tuple[float, float]
Color = str | tuple[int, int, int]
Stops = Sequence[tuple[float, Color]]


def rgb(color: Color) -> tuple[int, int, int]:
    if isinstance(color, str):
        value = color.lstrip("#")
        return int(value[0:2], 16), int(value[2:4], 16), int(value[4:6], 16)
    return color


def mix(a: Color, b: Color, part: float) -> tuple[int, int, int]:
    """From a (0) to b (1)."""
    (r, g, b_), (r2, g2, b2) = rgb(a), rgb(b)
    return round(r + (r2 - r) * part), round(g + (g2 - g) * part), round(b_ + (b2 - b_) * part)


def gradient(stops: Stops, size: tuple[int, int] = SIZE) -> Image.Image:
    """Colors from top (0) to bottom (1)."""
    height = 512
    column = Image.new("RGB", (1, height))
    for y in range(height):
        at = y / (height - 1)
        below = max((s for s in stops if s[0] <= at), key=lambda s: s[0], default=stops[0])
        above = min((s for s in stops if s[0] >= at), key=lambda s: s[0], default=stops[-1])
        span = above[0] - below[0]
        column.putpixel((0, y), mix(below[1], above[1], (at - below[0]) / span if span else 0))
    return column.resize(size, Image.Resampling.BICUBIC)


def fbm(
    seed: int, cells: tuple[int, int], octaves: int = 5, gain: float = 0.5, size: tuple[int, int] = SIZE
) -> Image.Image:
    """Clouds of grey: coarse noise, with finer and weaker noise laid over it."""
    rng = random.Random(seed)
    small = (size[0] // 2, size[1] // 2)
    total: Image.Image | None = None
    weight, summed = 1.0, 0.0
    for octave in range(octaves):
        grid = (max(2, cells[0] * 2**octave), max(2, cells[1] * 2**octave))
        if grid[0] > small[0] or grid[1] > small[1]:
            break
        noise = Image.frombytes("L", grid, rng.randbytes(grid[0] * grid[1]))
        noise = noise.resize(small, Image.Resampling.BICUBIC)
        summed += weight
        total = noise if total is None else Image.blend(total, noise, weight / summed)
        weight *= gain
    assert total is not None
    return ImageOps.autocontrast(total, cutoff=1).resize(size, Image.Resampling.BILINEAR)


def profile(points: Sequence[Point], seed: int, rough: float, *, step: int = 3) -> list[Point]:
    """A line through the given points, made jagged between them."""
    rng = random.Random(seed)
    octaves = [
        (wave, [rng.uniform(-1, 1) for _ in range(WIDTH // wave + 12)]) for wave in (120, 60, 30, 15, 7)
    ]
    line: list[Point] = []
    for x in range(-20, WIDTH + 21, step):
        y = along(points, x)
        amount = rough
        for wave, values in octaves:
            place, part = divmod((x + 20) / wave, 1)
            part = part * part * (3 - 2 * part)
            y += amount * (values[int(place)] * (1 - part) + values[int(place) + 1] * part)
            amount *= 0.55
        line.append((x, y))
    return line


def along(points: Sequence[Point], x: float) -> float:
    """The height at x of the line through these points."""
    for (x1, y1), (x2, y2) in pairwise(points):
        if x1 <= x <= x2:
            return y1 + (y2 - y1) * (x - x1) / (x2 - x1)
    return points[0][1] if x < points[0][0] else points[-1][1]


def smooth(points: Sequence[Point], *, step: int = 4) -> list[Point]:
    """A soft line through the points (Catmull-Rom)."""
    line: list[Point] = []
    padded = [points[0], *points, points[-1]]
    for p0, p1, p2, p3 in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        count = max(2, int(math.dist(p1, p2) / step))
        for index in range(count):
            t = index / count
            line.append(
                tuple(  # type: ignore[arg-type]
                    0.5
                    * (
                        2 * b
                        + (c - a) * t
                        + (2 * a - 5 * b + 4 * c - d) * t * t
                        + (3 * b - a - 3 * c + d) * t**3
                    )
                    for a, b, c, d in zip(p0, p1, p2, p3, strict=True)
                )
            )
    line.append(points[-1])
    return line


class Canvas:
    """A picture in the making; every method paints over what is there."""

    def __init__(self, sky: Stops) -> None:
        self.image = gradient(sky)

    # ------------------------------------------------------------------ shapes

    def polygon(self, points: Iterable[Point], color: Color) -> None:
        ImageDraw.Draw(self.image).polygon([(x * SCALE, y * SCALE) for x, y in points], fill=rgb(color))

    def ellipse(self, x: float, y: float, rx: float, ry: float, color: Color) -> None:
        box = [(x - rx) * SCALE, (y - ry) * SCALE, (x + rx) * SCALE, (y + ry) * SCALE]
        ImageDraw.Draw(self.image).ellipse(box, fill=rgb(color))

    def stroke(self, points: Iterable[Point], color: Color, width: float) -> None:
        line = [(x * SCALE, y * SCALE) for x, y in points]
        ImageDraw.Draw(self.image).line(
            line, fill=rgb(color), width=max(1, round(width * SCALE)), joint="curve"
        )

    def mask(self, *shapes: Iterable[Point], blur: float = 0) -> Image.Image:
        """White where the shapes are."""
        mask = Image.new("L", SIZE, 0)
        draw = ImageDraw.Draw(mask)
        for points in shapes:
            draw.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=255)
        return mask.filter(ImageFilter.GaussianBlur(blur * SCALE)) if blur else mask

    def fill(self, points: Iterable[Point], paint: Image.Image, *, blur: float = 0) -> None:
        """Lay a picture into a shape."""
        self.image.paste(paint, (0, 0), self.mask(points, blur=blur))

    def shade(self, points: Sequence[Point], stops: Stops) -> None:
        """Fill a shape with colors from its own top to its own bottom."""
        top, bottom = min(y for _, y in points), max(y for _, y in points)
        paint = Image.new("RGB", SIZE)
        height = max(1, round((bottom - top) * SCALE))
        paint.paste(gradient(stops, (SIZE[0], height)), (0, round(top * SCALE)))
        self.fill(points, paint)

    # ------------------------------------------------------------------ light and air

    def glow(
        self, x: float, y: float, radius: float, color: Color, strength: float = 1.0, *, flat: float = 1
    ) -> None:
        """Light that spreads from a point; `flat` below 1 makes it wider than high."""
        side = max(2, round(radius * 2 * SCALE)), max(2, round(radius * 2 * SCALE * flat))
        disc = ImageOps.invert(Image.radial_gradient("L")).resize(side, Image.Resampling.BILINEAR)
        disc = disc.point(lambda v: int(min(255, (max(0, v - 75) / 180) ** 2 * 255 * strength)))
        light = Image.new("RGB", SIZE)
        mask = Image.new("L", SIZE)
        mask.paste(disc, (round((x - radius) * SCALE), round((y - radius * flat) * SCALE)))
        light.paste(Image.new("RGB", SIZE, rgb(color)), (0, 0), mask)
        self.image = ImageChops.screen(self.image, light)

    def haze(self, top: float, bottom: float, color: Color, most: float) -> None:
        """Air that thickens from `top` down to `bottom`."""
        ramp = gradient(
            [(0, (0, 0, 0)), (1, (255, 255, 255))], (SIZE[0], max(1, round((bottom - top) * SCALE)))
        )
        mask = Image.new("L", SIZE, 0)
        mask.paste(ramp.convert("L").point(lambda v: int(v * most)), (0, round(top * SCALE)))
        self.image.paste(Image.new("RGB", SIZE, rgb(color)), (0, 0), mask)

    def clouds(
        self, seed: int, top: float, bottom: float, color: Color, *, cover: float, most: float = 0.8
    ) -> None:
        """Long thin clouds between two heights; the lower `cover`, the fewer."""
        noise = fbm(seed, (3, 10), 5)
        start = 255 * (1 - cover)
        mask = noise.point(lambda v: int(max(0.0, min(1.0, (v - start) / 90)) * 255 * most))
        middle, half = (top + bottom) / 2, (bottom - top) / 2
        fade = Image.new("L", (1, HEIGHT))
        for y in range(HEIGHT):
            fade.putpixel((0, y), int(max(0.0, 1 - (abs(y - middle) / half) ** 2) * 255))
        mask = ImageChops.multiply(mask, fade.resize(SIZE))
        self.image.paste(Image.new("RGB", SIZE, rgb(color)), (0, 0), mask)

    def stars(self, seed: int, count: int, bottom: float) -> None:
        rng = random.Random(seed)
        draw = ImageDraw.Draw(self.image)
        for _ in range(count):
            x, y = rng.uniform(0, SIZE[0]), rng.uniform(0, bottom * SCALE)
            size = rng.choice((0.6, 0.6, 0.8, 0.8, 1.0, 1.3, 1.9))
            under = self.image.getpixel((int(x), int(y)))
            assert isinstance(under, tuple)
            tint = rng.choice(("#ffffff", "#ffffff", "#dfe8ff", "#fff1dc"))
            dim = rng.uniform(0.35, 1.0) * (1 - 0.7 * y / (bottom * SCALE))
            draw.ellipse(
                [x - size, y - size, x + size, y + size], fill=mix((under[0], under[1], under[2]), tint, dim)
            )

    def speckle(
        self, points: Sequence[Point], seed: int, dark: Color, light: Color, *, grain: int, most: float
    ) -> None:
        """Grass, sand or gravel in a shape: fine noise between two colors."""
        noise = fbm(seed, (grain, grain // 2), 4, 0.75)
        paint = ImageOps.colorize(noise, rgb(dark), rgb(light))
        mask = self.mask(points).point(lambda v: int(v * most))
        self.image.paste(paint, (0, 0), mask)

    # ------------------------------------------------------------------ land

    def hill(self, ridge: Sequence[Point], stops: Stops, *, bottom: float = HEIGHT) -> list[Point]:
        """A plain hill under a line; its outline."""
        shape = [*ridge, (ridge[-1][0], bottom), (ridge[0][0], bottom)]
        self.shade(shape, stops)
        return shape

    def forest(
        self, ridge: Sequence[Point], seed: int, color: Color, *, low: float, high: float, gap: float = 7
    ) -> None:
        """Conifers along a line."""
        rng = random.Random(seed)
        x = ridge[0][0]
        while x < ridge[-1][0]:
            self.conifer(
                x,
                along(ridge, x) + 4,
                rng.uniform(low, high),
                mix(color, "#000000", rng.uniform(0, 0.18)),
                rng,
            )
            x += rng.uniform(gap * 0.6, gap * 1.6)

    def conifer(
        self,
        x: float,
        y: float,
        height: float,
        color: Color,
        rng: random.Random,
        *,
        snow: Color | None = None,
    ) -> None:
        """A fir: tiers that widen downwards, ragged at the edge."""
        half = height * rng.uniform(0.17, 0.22)
        left: list[Point] = []
        right: list[Point] = []
        tiers = max(5, int(height / 9))
        for tier in range(1, tiers + 1):
            part = tier / tiers
            at = y - height * (1 - part * 0.96)
            wide = half * part * rng.uniform(0.85, 1.15)
            left += [(x - wide, at), (x - wide * 0.5, at - height * 0.015)]
            right += [(x + wide * rng.uniform(0.9, 1.1), at), (x + wide * 0.5, at - height * 0.015)]
        self.polygon([(x, y - height), *right, (x, y), *reversed(left)], color)
        if snow is not None:
            for tier in range(1, tiers):
                part = tier / tiers
                at = y - height * (1 - part * 0.96)
                wide = half * part
                for _ in range(3):
                    px = x + rng.uniform(-0.8, 0.55) * wide
                    drop = rng.uniform(0.1, 0.3) * wide
                    self.polygon(
                        [
                            (px - drop, at - 1),
                            (px, at - height * 0.022),
                            (px + drop, at - 2),
                            (px, at + height * 0.008),
                        ],
                        mix(snow, color, rng.uniform(0, 0.3)),
                    )

    def reflect(
        self, water: float, bottom: float, tint: Color, part: float, *, squeeze: float = 0.9, seed: int = 1
    ) -> None:
        """What stands above the line `water` again below it, darker, blurred and broken by ripples."""
        depth = round((bottom - water) * SCALE)
        source = round(depth / squeeze)
        top = max(0, round(water * SCALE) - source)
        mirror = ImageOps.flip(self.image.crop((0, top, SIZE[0], round(water * SCALE))))
        mirror = mirror.resize((SIZE[0], depth), Image.Resampling.BICUBIC)
        mirror = mirror.filter(ImageFilter.BoxBlur((1, 5)))
        rng = random.Random(seed)
        waves = [(rng.uniform(0.05, 0.3), rng.uniform(0, 6), rng.uniform(0.4, 1)) for _ in range(5)]
        rippled = mirror.copy()
        for y in range(depth):
            far = y / depth
            shift = sum(math.sin(y * f / (0.4 + far) + p) * a for f, p, a in waves) * (1 + 5 * far)
            row = mirror.crop((0, y, SIZE[0], y + 1))
            rippled.paste(row, (round(shift), y))
        dark = Image.blend(rippled, Image.new("RGB", rippled.size, rgb(tint)), part)
        self.image.paste(dark, (0, round(water * SCALE)))

    # ------------------------------------------------------------------ what people build

    def window(
        self,
        x: float,
        y: float,
        w: float,
        h: float,
        color: Color = "#ffd98a",
        frame: Color | None = "#3a2618",
    ) -> None:
        self.glow(x + w / 2, y + h / 2, max(w, h) * 2.4, color, 0.55)
        self.shade(
            [(x, y), (x + w, y), (x + w, y + h), (x, y + h)], [(0, mix(color, "#ffffff", 0.45)), (1, color)]
        )
        if frame is not None:
            thin = max(0.8, w * 0.07)
            self.stroke([(x + w / 2, y), (x + w / 2, y + h)], frame, thin)
            self.stroke([(x, y + h / 2), (x + w, y + h / 2)], frame, thin)
            self.stroke([(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)], frame, thin * 1.3)

    def tent(self, x: float, y: float, width: float, *, color: Color, inside: Color, glow: float) -> None:
        """A ridge tent, lit from within."""
        half, high = width / 2, width * 0.62
        if glow:
            self.glow(x, y - high * 0.3, width * 1.15, inside, glow * 0.75, flat=0.7)
        apex, far = (x - width * 0.06, y - high), (x + width * 0.3, y - high * 0.94)
        side = [apex, far, (x + half * 1.28, y - high * 0.04), (x + half * 0.72, y)]
        front = [apex, (x + half * 0.72, y), (x - half, y)]
        dark, light = mix(color, "#000000", 0.28), mix(color, inside, 0.55 * min(1, glow))
        self.shade(side, [(0, mix(dark, inside, 0.15 * glow)), (1, mix(dark, inside, 0.42 * glow))])
        self.shade(front, [(0, mix(color, inside, 0.25 * glow)), (1, light)])
        flap = [(apex[0], apex[1] + high * 0.2), (x + half * 0.16, y), (x - half * 0.34, y)]
        self.shade(flap, [(0, mix(inside, "#ffffff", 0.2 * glow)), (1, mix(inside, "#ffffff", 0.5 * glow))])
        self.stroke([apex, (x - half - width * 0.2, y + 2)], mix(color, "#000000", 0.4), 0.7)
        self.stroke([far, (x + half * 1.28 + width * 0.18, y + 1)], mix(color, "#000000", 0.4), 0.7)

    def cabin(
        self,
        x: float,
        y: float,
        width: float,
        *,
        wall: Color,
        roof: Color,
        lit: Color = "#ffd07a",
        snow: Color | None = None,
        logs: bool = True,
    ) -> None:
        """A wooden hut seen from the front corner: gable, long wall, roof, door and windows."""
        high, gable, deep = width * 0.40, width * 0.36, width * 0.62
        front = [
            (x, y),
            (x, y - high),
            (x + width * 0.25, y - high - gable),
            (x + width * 0.5, y - high),
            (x + width * 0.5, y),
        ]
        long = [
            (x + width * 0.5, y),
            (x + width * 0.5, y - high),
            (x + width * 0.5 + deep, y - high * 0.96),
            (x + width * 0.5 + deep, y - 3),
        ]
        self.shade(long, [(0, mix(wall, "#000000", 0.42)), (1, mix(wall, "#000000", 0.25))])
        self.shade(front, [(0, mix(wall, "#000000", 0.12)), (1, wall)])
        if logs:
            rows = 9
            for row in range(1, rows):
                at = y - high * row / rows
                self.stroke([(x, at), (x + width * 0.5, at)], mix(wall, "#000000", 0.3), 0.8)
                self.stroke(
                    [(x + width * 0.5, at), (x + width * 0.5 + deep, at + 1)], mix(wall, "#000000", 0.5), 0.8
                )
        top = (x + width * 0.25, y - high - gable)
        back = (x + width * 0.25 + deep, y - high - gable * 0.96)
        eave = (x + width * 0.5 + deep + width * 0.05, y - high * 0.86)
        cover = [
            (top[0] - 2, top[1] - 4),
            (back[0] + 4, back[1] - 4),
            eave,
            (x + width * 0.56, y - high * 0.88),
        ]
        shade = snow or roof
        self.shade(cover, [(0, mix(shade, "#ffffff", 0.12)), (1, mix(shade, "#000000", 0.12))])
        thick = width * (0.05 if snow else 0.03)
        self.stroke(
            [(x - width * 0.07, y - high * 0.86), (top[0], top[1] - 2), (x + width * 0.57, y - high * 0.86)],
            snow or mix(roof, "#000000", 0.3),
            thick,
        )
        self.window(x + width * 0.08, y - high * 0.82, width * 0.12, high * 0.34, lit)
        door = [
            (x + width * 0.29, y),
            (x + width * 0.29, y - high * 0.62),
            (x + width * 0.43, y - high * 0.62),
            (x + width * 0.43, y),
        ]
        self.shade(door, [(0, mix(wall, "#000000", 0.55)), (1, mix(wall, "#000000", 0.4))])
        self.window(x + width * 0.205, y - high - gable * 0.5, width * 0.09, high * 0.24, lit)
        for place in (0.16, 0.52):
            self.window(x + width * 0.5 + deep * place, y - high * 0.72, width * 0.15, high * 0.34, lit)

    def smoke(
        self, x: float, y: float, height: float, seed: int, color: Color = "#e9e6e2", most: float = 0.5
    ) -> None:
        rng = random.Random(seed)
        mask = Image.new("L", SIZE, 0)
        draw = ImageDraw.Draw(mask)
        drift = 0.0
        for step in range(40):
            part = step / 40
            drift += rng.uniform(-0.6, 1.6)
            radius = (3 + 16 * part) * SCALE
            cx, cy = (x + drift * part * 2) * SCALE, (y - height * part) * SCALE
            draw.ellipse(
                [cx - radius, cy - radius, cx + radius, cy + radius], fill=int(255 * most * (1 - part) ** 1.3)
            )
        mask = mask.filter(ImageFilter.GaussianBlur(7 * SCALE))
        self.image.paste(Image.new("RGB", SIZE, rgb(color)), (0, 0), mask)

    # ------------------------------------------------------------------ the end

    def finish(
        self, *, vignette: float = 0.22, warmth: Callable[[Image.Image], Image.Image] | None = None
    ) -> Image.Image:
        """Scale down, darken the corners a little, add a film's grain."""
        image = self.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        if warmth is not None:
            image = warmth(image)
        corners = (
            Image.radial_gradient("L")
            .resize((WIDTH, HEIGHT))
            .point(lambda v: int(max(0, v - 110) / 145 * 255 * vignette))
        )
        image.paste(Image.new("RGB", image.size, (8, 10, 18)), (0, 0), corners)
        return image
