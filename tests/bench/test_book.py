"""book.json against the real product: the wording of the flows is what the bench expects."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time

from bench.driver import Guest, Line, closed_loop
from bench.procs import Watch, spent
from bench.product import PRODUCT, running
from bench.script import load


def test_the_product_walks_the_bench_script_to_the_link() -> None:
    async def walk() -> tuple[Line, list[Guest], set[str]]:
        async with Line(statuses="live") as line:
            with running(line.graph.url) as product:
                line.connect(product.port)
                guests = [Guest(line, number) for number in (1, 2)]
                await closed_loop(guests, load(), 2)
                await line.quiet()
                await product.settled()
                seen = {
                    name for name, use in product.watch.look(memory=True).uses.items() if use.cpu and use.rss
                }
        return line, guests, seen

    line, guests, seen = asyncio.run(walk())
    assert not line.tally.troubles
    assert (line.tally.conversations, line.tally.unexpected, line.tally.strangers) == (2, 0, 0)
    assert [g.last.kind for g in guests if g.last] == ["cta_url", "cta_url"]
    assert set(PRODUCT) <= seen


def test_cpu_of_a_process_and_of_its_ended_children_is_counted() -> None:
    burn = "import time; end = time.process_time() + 0.2\nwhile time.process_time() < end: pass"
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}]); print('x'); input()"
    started = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ
    )
    with started:
        watch = Watch({"burner": [started.pid], "nobody": []}, {})
        before = watch.look()
        assert started.stdout is not None
        started.stdout.readline()
        time.sleep(0.05)
        used = spent(before, watch.look())
        assert started.stdin is not None
        started.stdin.close()
    assert 0.2 <= used["burner"] < 10.0
    assert used["nobody"] == 0.0
