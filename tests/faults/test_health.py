"""Health tells of every process that is killed, whichever web process is asked, and is well again by itself.

The processes of the Procfile run here without a supervisor, for that would start them again at once.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from run import environment, ports, procfile
from run.environment import Ports
from run.stack import Stack

pytestmark = pytest.mark.faults

RED_WITHIN = 10.0
NAMES = ("web.1", "web.2", "turns.1", "turns.2", "sends", "providers", "slow", "clock")


class Village:
    """Every process of the product, two of them web, on stores and a sandbox that a supervisor keeps."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self.stack = stack
        self._folder = folder
        self._ports = {"web.1": ports.next_free(0), "web.2": ports.next_free(0) + 1}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        sandbox = Ports(
            product=self._ports["web.1"],
            page=_port(stack.page_url),
            whatsapp=_port(stack.whatsapp_url),
            stripe=_port(stack.stripe_url),
            paytm=_port(stack.paytm_url),
            razorpay=_port(stack.razorpay_url),
            gmail=_port(stack.gmail_url),
        )
        given = environment.common(os.environ, folder, sandbox.product)
        self._environment = environment.sandboxed(given, sandbox, folder / "clock") | {
            "DATABASE_URL": stack.database_url,
            "REDIS_URL": stack.redis_url,
        }

    def start(self, name: str) -> None:
        kind, _, _ = name.partition(".")
        own = {"PROCESS_NAME": name, "PORT": str(self._ports.get(name, 8000))}
        line = next(
            line.partition(": ")[2]
            for line in (procfile.ROOT / "Procfile").read_text().splitlines()
            if line.startswith(f"{kind}:")
        )
        with (self._folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                ["/bin/sh", "-c", f"exec {line}"],
                cwd=procfile.ROOT,
                env=self._environment | own,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """As the kernel does when memory ends: no word to anybody. Granian's worker goes with it."""
        process = self._running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self, name: str) -> None:
        """As a deployment does."""
        process = self._running.pop(name)
        process.terminate()
        process.wait(60)

    def end(self) -> None:
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def answers(self) -> Mapping[str, Any]:
        """What every web process that runs says; {} from one that does not answer."""
        said: dict[str, Any] = {}
        for name, port in self._ports.items():
            if name in self._running:
                try:
                    answer = httpx.get(f"http://127.0.0.1:{port}/api/health", timeout=20)
                    said[name] = answer.json() | {"http": answer.status_code}
                except httpx.HTTPError:
                    said[name] = {}
        return said

    def words(self) -> str:
        """The end of what each process printed."""
        return "\n".join(f"{log.stem}: {log.read_text()[-300:]}" for log in self._folder.glob("*.log"))

    def is_green(self) -> bool:
        return all(said.get("http") == 200 for said in self.answers().values())

    def seconds_until_red(self, *words: str) -> float:
        """How long until every web process is red and says these words."""
        began = time.monotonic()

        def red() -> bool:
            said = self.answers().values()
            return all(
                one.get("http") == 503 and all(w in str(one["details"]) for w in words) for one in said
            )

        _wait(self, red, f"red for {words}")
        return time.monotonic() - began


def _port(url: str) -> int:
    return int(url.rpartition(":")[2])


def _wait(village: Village, condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 90.0
    while not condition():
        assert time.monotonic() < deadline, f"waited 90 s for {what}: {village.answers()} {village.words()}"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def village() -> Iterator[Village]:
    with tempfile.TemporaryDirectory(prefix="sarai-health-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "Procfile").write_text("rest: sleep 100000\n")
        with Stack(folder / "data", procfile=folder / "Procfile") as stack:
            made = Village(stack, folder)
            try:
                for each in NAMES:
                    made.start(each)
                _wait(made, made.is_green, "green")
                yield made
            finally:
                made.end()


@pytest.fixture(autouse=True)
def _all_is_well_before(village: Village) -> None:
    """Who was missed before for another reason would be missed at once."""
    _wait(village, village.is_green, "green before anything is broken")


@pytest.mark.parametrize("name", NAMES)
def test_a_killed_process_is_missed_within_ten_seconds(village: Village, name: str) -> None:
    village.kill(name)
    took = village.seconds_until_red(f"{name} has not been heard of")
    assert took <= RED_WITHIN
    village.start(name)
    _wait(village, village.is_green, f"green after {name} is back")


def test_a_process_that_hangs_is_missed_as_well(village: Village) -> None:
    process = village._running["sends"]
    os.killpg(process.pid, signal.SIGSTOP)
    try:
        assert village.seconds_until_red("sends has not been heard of") <= RED_WITHIN
    finally:
        os.killpg(process.pid, signal.SIGCONT)
    _wait(village, village.is_green, "green after it goes on")


@pytest.mark.parametrize("name", ["turns.2", "web.2"])
def test_one_that_stops_politely_is_not_missed_while_others_of_its_kind_run(
    village: Village, name: str
) -> None:
    village.stop(name)
    until = time.monotonic() + RED_WITHIN
    while time.monotonic() < until:
        assert village.is_green(), village.answers()
        time.sleep(0.5)
    village.start(name)
    _wait(village, village.is_green, "green with all")


@pytest.mark.parametrize(("store", "word"), [("postgres", "PostgreSQL"), ("valkey", "Redis")])
@pytest.mark.parametrize("how", ["killed", "hangs"])
def test_a_store_that_is_away_is_told_within_ten_seconds(
    village: Village, store: str, word: str, how: str
) -> None:
    if how == "killed":
        village.stack.kill(store)
        village.stack.stop(store)
    else:
        village.stack.pause(store)
    try:
        assert village.seconds_until_red(f"{word} does not answer") <= RED_WITHIN
    finally:
        if how == "killed":
            village.stack.start(store)
        else:
            village.stack.go_on(store)
    _wait(village, village.is_green, f"green after {store} is back")
