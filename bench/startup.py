"""From nothing to a booking: seconds from `git clone` until a guest has tapped one and has the link to pay.

As on a machine that has only Python, make and git: a fresh clone in a temporary folder, pip without its
cache, `make run` on free ports, and a guest driven through the sandbox's page. What is installed comes
over the network, whose speed is in the figure.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PLACE = "Karimabad Garden Inn"  # of samples/listings.toml
UP_WITHIN, ANSWER_WITHIN = 900.0, 30.0

Json = dict[str, Any]
Bubble = dict[str, Any]


def startup_mode(args: argparse.Namespace) -> Json:
    with tempfile.TemporaryDirectory(prefix="sarai-startup-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        home.chmod(0o755)
        clone = home / "sarai"
        began = time.perf_counter()
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        cloned = time.perf_counter()
        with _make_run(clone, home / "said.log") as said:
            page = _wait(lambda: _page(clone, said), UP_WITHIN, said)
            up = time.perf_counter()
            _book(Phone(page))
            booked = time.perf_counter()
            installed = re.search(r"installed in (\d+) s", said.read_text())
        result = {
            "clone_s": round(cloned - began, 1),
            "install_s": float(installed.group(1)) if installed else None,
            "up_s": round(up - began, 1),
            "first_booking_s": round(booked - began, 1),
        }
    steps = f"cloned at {result['clone_s']} s, installed in {result['install_s']} s, up at {result['up_s']} s"
    print(f"\nFrom clone to the first tapped booking: {result['first_booking_s']} s ({steps})")
    return result


@contextlib.contextmanager
def _make_run(clone: Path, said: Path) -> Any:
    """`make run` in a clean environment; stopped as Ctrl-C would."""
    keep = ("PATH", "HOME", "LANG", "TMPDIR", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy")
    pip = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "PIP_CONFIG_FILE", "PIP_CERT")
    environment = {name: os.environ[name] for name in (*keep, *pip) if name in os.environ}
    with said.open("wb") as log:
        process = subprocess.Popen(
            ["make", "run", "ARGS=--free-ports"],
            cwd=clone,
            env={**environment, "PIP_NO_CACHE_DIR": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield said
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _page(clone: Path, said: Path) -> str | None:
    """The address that the start has told, once it has."""
    if re.search(r"could not|does not start|Traceback|Error", said.read_text()):
        raise SystemExit(f"make run failed:\n{said.read_text()[-2000:]}")
    state = clone / "data" / "run.json"
    return str(json.loads(state.read_text())["page_url"]) if state.exists() else None


class Phone:
    """The sandbox's guest, by its control API."""

    def __init__(self, page: str) -> None:
        self._page = page
        self._last = 0

    def does(self, what: Json, until: Callable[[Bubble], bool]) -> Bubble:
        """Say or tap, and wait for the answer that fits."""
        chat = f"{self._page}/api/chats/guest"
        body = json.dumps(what).encode()
        request = urllib.request.Request(f"{chat}/say", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=ANSWER_WITHIN):
            pass

        def look() -> Bubble | None:
            with urllib.request.urlopen(f"{chat}?after={self._last}", timeout=ANSWER_WITHIN) as answer:
                told = json.load(answer)
            self._last = told["last"]
            return next((b for b in told["messages"] if b["from"] == "business" and until(b)), None)

        found: Bubble = _wait(look, ANSWER_WITHIN)
        return found


def _book(phone: Phone) -> None:
    offers: Callable[[Bubble], bool] = lambda bubble: bool(bubble["options"])  # noqa: E731
    phone.does({"text": "hi"}, offers)
    phone.does({"text": PLACE}, offers)
    dates = phone.does({"tap": {"title": "Book"}}, offers)
    nights = phone.does({"tap": {"id": dates["options"][3]["id"]}}, offers)
    phone.does({"tap": {"id": nights["options"][0]["id"]}}, offers)
    name = phone.does({"text": "2"}, offers)
    phone.does({"tap": {"id": name["options"][0]["id"]}}, offers)
    phone.does({"tap": {"title": "Pay by card"}}, lambda bubble: bubble["kind"] == "cta_url")


def _wait(look: Callable[[], Any], within: float, said: Path | None = None) -> Any:
    until = time.monotonic() + within
    while not (found := look()):
        if time.monotonic() > until:
            words = said.read_text()[-2000:] if said else ""
            raise SystemExit(f"waited {within:.0f} s in vain\n{words}")
        time.sleep(0.05)
    return found
