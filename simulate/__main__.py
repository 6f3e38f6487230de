"""`python -m simulate`: right, wrong, to a person, for our rule and document 004's, side by side."""

from __future__ import annotations

import argparse
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from sqlalchemy import create_engine, make_url

from models.migrate import migrate
from run.stores import Stores
from simulate.assumptions import BOOKINGS, BOOKINGS_PER_HOUR, SEEDS
from simulate.both import play
from simulate.outcome import Result

LEAST_RIGHT, MOST_WRONG = 0.90, 0.001
SIDE_BY_SIDE = 2


def main(words: list[str]) -> int:
    """Play all seasons; 1 where our rule is below what was promised at any rate, else 0."""
    parser = argparse.ArgumentParser(prog="python -m simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument(
        "--rates", type=int, nargs="+", default=list(BOOKINGS_PER_HOUR), help="bookings an hour"
    )
    parser.add_argument("--bookings", type=int, help="of each season, at every rate")
    args = parser.parse_args(words)
    cells = [
        (rate, seed, args.bookings or BOOKINGS.get(rate, 800)) for rate in args.rates for seed in args.seeds
    ]
    print(_line("per hour", "seed", "transfers", "right", "wrong", "to a person", "asked", "document 004"))
    with (
        tempfile.TemporaryDirectory(prefix="sarai-simulate-") as folder,
        Stores(Path(folder) / "data") as stores,
    ):
        names = _make_databases(stores.database_url, len(cells))
        with ProcessPoolExecutor(SIDE_BY_SIDE, mp_context=get_context("spawn")) as pool:
            played = [pool.submit(play, url, *cell) for url, cell in zip(names, cells, strict=True)]
            found = {}
            for cell, future in zip(cells, played, strict=True):
                found[cell] = future.result()
                _show(str(cell[1]), cell[0], *found[cell])
    kept = True
    for rate in args.rates:
        ours, theirs = Result(), Result()
        for cell, (one, other) in found.items():
            if cell[0] == rate:
                ours, theirs = ours + one, theirs + other
        _show("all", rate, ours, theirs)
        kept &= (
            _share(ours.right, ours) >= LEAST_RIGHT and _share(sum(ours.wrong.values()), ours) <= MOST_WRONG
        )
    print(
        "At least 90 % right without a person and at most 0.1 % wrong at every rate:", "yes" if kept else "NO"
    )
    return 0 if kept else 1


def _make_databases(url: str, how_many: int) -> list[str]:
    """So many copies of one that is migrated; nothing in them has to outlive us."""
    migrate(url)
    names = [f"season_{n}" for n in range(how_many)]
    server = create_engine(make_url(url).set(database="template1"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        for name in names:
            connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {make_url(url).database}")
            connection.exec_driver_sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
    server.dispose()
    return [make_url(url).set(database=name).render_as_string(hide_password=False) for name in names]


def _show(seed: str, per_hour: int, ours: Result, theirs: Result) -> None:
    left = ", ".join(f"{pays} {count}" for pays, count in ours.to_a_person.most_common())
    wrong = ", ".join(f"{kind} {count}" for kind, count in ours.wrong.items())
    print(
        _line(
            str(per_hour),
            seed,
            str(ours.transfers),
            f"{_share(ours.right, ours):.1%}",
            f"{_share(sum(ours.wrong.values()), ours):.2%}",
            f"{_share(sum(ours.to_a_person.values()), ours):.1%}",
            f"{_share(ours.asked, ours):.1%}",
            f"{_share(theirs.right, theirs):.1%} right, {_share(sum(theirs.wrong.values()), theirs):.1%} wrong, "
            f"{_share(sum(theirs.to_a_person.values()), theirs):.1%} to a person",
        ),
        f"  [{left}; strangers left {ours.strangers}{'; WRONG ' + wrong if wrong else ''}; {ours.seconds:.0f} s]",
        flush=True,
    )


def _share(part: int, of: Result) -> float:
    return part / of.transfers if of.transfers else 0.0


def _line(*cells: str) -> str:
    widths = (8, 4, 9, 7, 7, 11, 6, 46)
    return "  ".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
