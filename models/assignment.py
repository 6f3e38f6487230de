"""The assignment problem: each row has one column, each column one row at most, and the sum is the greatest.

The Hungarian method with potentials, in cubic time: a run of the matcher has a few dozen rows at most, and the
libraries that offer it are a hundred times the size of the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_FAR: Final = 1 << 30


def best_columns(worth: Sequence[Sequence[int]]) -> list[int]:
    """The column of each row, all different, with the greatest sum; there are at least as many columns as rows."""
    width = len(worth[0])
    # Rows and columns are counted from one, and zero is nobody's, as the method is usually written.
    of_row, of_column, row_at = [0] * (len(worth) + 1), [0] * (width + 1), [0] * (width + 1)
    for row in range(1, len(worth) + 1):
        row_at[0] = row
        column, way = _cheapest_way(worth, of_row, of_column, row_at)
        while column:
            row_at[column], column = row_at[way[column]], way[column]
    found = [0] * len(worth)
    for at in range(1, width + 1):
        if row_at[at]:
            found[row_at[at] - 1] = at - 1
    return found


def _cheapest_way(
    worth: Sequence[Sequence[int]], of_row: list[int], of_column: list[int], row_at: Sequence[int]
) -> tuple[int, list[int]]:
    """The free column that costs least to reach from the row at zero, and the way there; the potentials follow."""
    width = len(row_at)
    least, way, used, column = [_FAR] * width, [0] * width, {0}, 0
    while row_at[column]:
        row = row_at[column]
        for at in range(1, width):
            cost = -worth[row - 1][at - 1] - of_row[row] - of_column[at]
            if at not in used and cost < least[at]:
                least[at], way[at] = cost, column
        column = min((at for at in range(1, width) if at not in used), key=least.__getitem__)
        step = least[column]
        for at in used:
            of_row[row_at[at]] += step
            of_column[at] -= step
        for at in range(1, width):
            if at not in used:
                least[at] -= step
        used.add(column)
    return column, way
