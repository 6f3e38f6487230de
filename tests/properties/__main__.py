"""`make properties`: thousands of random conversations on as many processes as there are cores.

Each process has a database of its own on one embedded PostgreSQL. What is broken is printed with its seed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import sys
import tempfile
import time
from pathlib import Path

from run.stores import Stores
from tests.properties.batch import Walked, wander
from tests.properties.wanderer import INPUTS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.properties", description=__doc__)
    parser.add_argument("--sequences", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", type=int, help="this sequence of that seed alone")
    asked = parser.parse_args()
    numbers = [asked.only] if asked.only is not None else list(range(asked.sequences))
    print(f"seed {asked.seed}: {len(numbers)} sequences of {INPUTS} inputs", flush=True)
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="sarai-properties-", ignore_cleanup_errors=True) as folder,
        Stores(Path(folder) / "data") as stores,
    ):
        parts = [numbers[n :: asked.processes] for n in range(min(asked.processes, len(numbers)))]
        with multiprocessing.get_context("spawn").Pool(len(parts)) as pool:
            jobs = [(stores.database_url, f"part_{n}", asked.seed, part) for n, part in enumerate(parts)]
            walked = Walked()
            for part in pool.starmap(wander, jobs):
                walked.add(part)
    for step, times in sorted(walked.steps.items()):
        print(f"{times:7} {step}")
    print(", ".join(f"{times} {what}" for what, times in walked.said.items()))
    for story in walked.stories:
        print(f"\n{story}")
    broken, seconds = len(walked.stories), time.monotonic() - began
    print(f"seed {asked.seed}: {broken} of {len(numbers)} sequences broke a promise, {seconds:.0f} s")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
