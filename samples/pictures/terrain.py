"""Mountains as land with heights, seen from afar: ridges run down from summits, light falls from a side.

A field of heights is made of cones with ribs and finer noise, lit and shadowed, and then drawn column by
column from the front to the back, each point only where nothing nearer hides it.
"""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageFilter, ImageMath

from samples.pictures.paint import HEIGHT, SCALE, SIZE, WIDTH, Canvas, Color, mix, rgb

STEP = 1.0  # picture units per column
COLUMNS = round(WIDTH / STEP) + 2
ROWS = 260  # steps into the distance


@dataclass(frozen=True, slots=True)
class Summit:
    """A mountain: where its top stands, how high and how wide it is; `far` from 0 (front) to 1 (back)."""

    x: float
    height: float
    width: float
    far: float = 0.6


@dataclass(frozen=True, slots=True)
class Look:
    """Colors of rock and snow in shadow and in light, and of the air.

    Attributes:
        snow_line: the height above the foot from which snow lies.
        haze: color of the air, and how much of it lies over the foot and over the farthest summit.
        light: -1 from the left, 1 from the right.
    """

    rock: tuple[Color, Color]
    snow: tuple[Color, Color]
    snow_line: float
    haze: tuple[Color, float, float]
    light: float = -1


def mountains(
    canvas: Canvas, summits: Sequence[Summit], look: Look, *, foot: float, seed: int, rough: float = 1
) -> None:
    """Paint a range whose front stands at the height `foot` of the picture."""
    heights = _heights(summits, seed, rough)
    lit = _light(heights, look.light)
    picture, mask = _project(heights, lit, _noise(seed + 9, (40, 20), 4), look, foot)
    size = (round(COLUMNS * STEP * SCALE), SIZE[1])
    canvas.image.paste(
        picture.resize(size, Image.Resampling.BICUBIC), (-2, 0), mask.resize(size, Image.Resampling.BICUBIC)
    )


def _heights(summits: Sequence[Summit], seed: int, rough: float) -> list[array[float]]:
    broad, fine, warp = _noise(seed, (9, 5), 5), _noise(seed + 1, (30, 15), 4), _noise(seed + 2, (6, 4), 3)
    rng = random.Random(seed)
    made = [(s, rng.uniform(0, 6), rng.choice((5, 6, 7)), s.far * ROWS) for s in summits]
    rows: list[array[float]] = []
    for z in range(ROWS):
        row = array("f")
        edge = min(1.0, z / 26)  # the front comes down to the foot
        for column in range(COLUMNS):
            x = column * STEP
            bend = warp[z][column] - 0.5
            best = 0.0
            for summit, turn, ribs, far in made:
                dx, dz = (x - summit.x) / summit.width + bend * 0.22, (z - far) * 2.1 / summit.width
                distance = math.sqrt(dx * dx + dz * dz)
                if distance >= 1:
                    continue
                angle = math.atan2(dz, dx) + bend * 2.2
                ridge = 1 - abs(math.sin(angle * ribs / 2 + turn))
                small = 1 - abs(math.sin(angle * ribs * 1.9 + turn * 2 + bend * 9))
                fall = 1 - distance
                slope = fall**1.35
                best = max(
                    best, summit.height * (slope + fall * distance * (0.62 * ridge + 0.3 * small - 0.34))
                )
            ragged = abs(2 * broad[z][column] - 1)
            best += rough * best**0.55 * (5.5 * (0.5 - ragged) + 2.2 * (fine[z][column] - 0.5))
            row.append(max(0.0, best * edge))
        rows.append(row)
    return rows


def _light(heights: list[array[float]], side: float) -> list[array[float]]:
    """0 in shadow to 1 in full light; what stands between a point and the light shades it."""
    lx, ly, lz = side * 0.8, 0.42, -0.42
    order = range(COLUMNS) if side < 0 else range(COLUMNS - 1, -1, -1)
    rows: list[array[float]] = []
    for z in range(ROWS):
        here, behind, before = heights[z], heights[min(ROWS - 1, z + 1)], heights[max(0, z - 1)]
        row = array("f", bytes(4 * COLUMNS))
        shadow = 0.0
        for x in order:
            left, right = here[max(0, x - 1)], here[min(COLUMNS - 1, x + 1)]
            nx, nz = (left - right) / (2 * STEP), (before[x] - behind[x]) / 4.2
            length = math.sqrt(nx * nx + nz * nz + 1)
            value = 0.30 + 0.72 * (nx * lx + ly + nz * lz) / length
            shadow = max(shadow - 0.8 * STEP, here[x])
            if shadow - here[x] > 1:
                value *= 1 - min(0.42, (shadow - here[x]) * 0.03)
            row[x] = max(0.0, min(1.0, value))
        rows.append(row)
    return rows


def _project(
    heights: list[array[float]], lit: list[array[float]], grain: list[array[float]], look: Look, foot: float
) -> tuple[Image.Image, Image.Image]:
    tall = HEIGHT * SCALE
    picture = Image.new("RGB", (COLUMNS, tall), mix(look.snow[0], look.snow[1], 0.6))
    mask = Image.new("L", (COLUMNS, tall), 0)
    colors, seen = picture.load(), mask.load()
    assert colors is not None
    assert seen is not None
    rocks = [mix(*look.rock, i / 63) for i in range(64)]
    snows = [mix(*look.snow, (i / 63) ** 1.15) for i in range(64)]
    air, at_foot, at_top = look.haze
    highest = max(max(row) for row in heights) or 1.0
    for x in range(COLUMNS):
        horizon, last = foot * SCALE + 1.0, rgb(air)
        for z in range(ROWS):
            h = heights[z][x]
            y = (foot - h - z * 0.15) * SCALE
            if y >= horizon:
                continue
            value = lit[z][x]
            shade = int(value * 63)
            left, right = heights[z][max(0, x - 2)], heights[z][min(COLUMNS - 1, x + 2)]
            steep = abs(right - left) / (4 * STEP)
            snow = (h - look.snow_line) / 46 + (grain[z][x] - 0.5) * 2.6 - max(0.0, steep - 1.0) * 1.3
            color = mix(rocks[shade], snows[shade], max(0.0, min(1.0, snow + 0.5)))
            veil = at_top + (at_foot - at_top) * (1 - h / highest) ** 2.4
            color = mix(color, air, min(1.0, veil + 0.12 * z / ROWS))
            top, low = max(0, int(y)), min(tall, int(horizon) + 1)
            for row in range(top, low):
                # Between two steps the colors run into each other; a cliff would be a stripe otherwise.
                colors[x, row] = mix(color, last, (row - top) / (low - top)) if low - top > 1 else color
                seen[x, row] = 255
            horizon, last = y, color
    return picture.filter(ImageFilter.SMOOTH), mask.filter(ImageFilter.GaussianBlur(0.6))


def _noise(seed: int, cells: tuple[int, int], octaves: int) -> list[array[float]]:
    """A field of noise from 0 to 1, one row per step."""
    rng = random.Random(seed)
    total: Image.Image | None = None
    weight, summed = 1.0, 0.0
    for octave in range(octaves):
        grid = (cells[0] * 2**octave, cells[1] * 2**octave)
        noise = Image.frombytes("L", grid, rng.randbytes(grid[0] * grid[1])).convert("F")
        noise = noise.resize((COLUMNS, ROWS), Image.Resampling.BICUBIC)
        summed += weight
        total = noise if total is None else _add(total, noise, weight)
        weight *= 0.5
    assert total is not None
    values = array("f", total.tobytes())
    scale = 1 / (255 * summed)
    return [array("f", [v * scale for v in values[z * COLUMNS : (z + 1) * COLUMNS]]) for z in range(ROWS)]


def _add(a: Image.Image, b: Image.Image, weight: float) -> Image.Image:
    def add(images: dict[str, Any]) -> Any:
        return images["a"] + images["b"] * weight

    total: Image.Image = ImageMath.lambda_eval(add, a=a, b=b)
    return total
