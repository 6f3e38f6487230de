"""The child process reads, and whatever happens to it costs the reading alone.

Engines are played by a `tesseract` of our own on the path; the last tests want the real one.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from integrations import receipts
from integrations.receipts import TESSERACT
from tests.integrations.receipts.hostile import JPEG, REFUSED

DATA = Path(__file__).parents[2] / "data" / "payment_screenshots"
ROOT = Path(__file__).parents[3]

# Only what is broken takes so long.
PATIENTLY: dict[str, Any] = {"engine": TESSERACT, "most_seconds": 120.0}

HEAD = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `tesseract` that does what a test writes into it, before any other on the path."""
    program = tmp_path / "tesseract"
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return program


def does(program: Path, what: str) -> None:
    program.write_text(f"#!/bin/sh\n{what}\n")
    program.chmod(0o755)


def says(*words: tuple[int, int, int, str]) -> str:
    """A program that finds these words: line, left, height, text."""
    rows = [
        f"5\t1\t1\t1\t{n}\t1\t{left}\t{n * 60}\t{16 * len(t)}\t{height}\t95\t{t}"
        for n, left, height, t in words
    ]
    return "cat >/dev/null; printf '%s\\n' " + " ".join(f"'{row}'" for row in [HEAD, *rows])


def test_a_child_reads(engine: Path) -> None:
    does(
        engine,
        says(
            (1, 10, 20, "TID"), (2, 10, 20, "721344000002"), (3, 10, 20, "Completed"), (4, 10, 20, "PKR 900")
        ),
    )
    told = receipts.read(JPEG, **PATIENTLY)
    assert (told.is_receipt, told.transaction_id, told.amount) == (True, "721344000002", Decimal("900.00"))
    assert told.engine == TESSERACT
    assert told.look is not None


def test_a_hang_is_ended_with_all_that_it_started(engine: Path, tmp_path: Path) -> None:
    does(engine, f"echo $$ > {tmp_path}/pid; exec sleep 6000")
    for seconds in (1.5, 15, 150):  # until it has come so far as to hang: a busy machine takes its time
        began = time.monotonic()
        assert receipts.read(JPEG, most_seconds=seconds, engine=TESSERACT).failure == "too_slow"
        assert time.monotonic() - began < seconds + 120
        if (pid := tmp_path / "pid").exists():
            break
    assert not Path(f"/proc/{pid.read_text().strip()}/cwd").exists()


@pytest.mark.parametrize("what", ["exit 1", "kill -SEGV $$", "head -c 3000000 /dev/zero", "echo nonsense"])
def test_a_crash_costs_the_reading_alone(engine: Path, what: str) -> None:
    does(engine, what)
    told = receipts.read(JPEG, **PATIENTLY)
    assert told.is_receipt is not True
    assert told.amount is None


def test_memory_is_limited(engine: Path) -> None:
    does(engine, f"exec {sys.executable} -c 'bytearray(2_000_000_000)'")
    assert receipts.read(JPEG, **PATIENTLY).failure == "crashed"


def test_nothing_of_ours_is_told_to_the_child(
    engine: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ENCRYPTION_KEY", "what nobody may see")
    does(engine, f"env > {tmp_path}/seen; exit 1")
    receipts.read(JPEG, **PATIENTLY)
    assert "nobody may see" not in (tmp_path / "seen").read_text()


@pytest.mark.parametrize("name", ["a bomb", "cut in half", "pdf", "nothing"])
def test_what_is_refused_is_said_in_a_word(engine: Path, name: str) -> None:
    content, why = REFUSED[name]
    does(engine, "exit 1")
    assert receipts.read(content, **PATIENTLY).failure == why


def test_without_an_engine_nothing_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts, "installed", list)
    assert receipts.read(JPEG).failure == "no_engine"


def test_an_unknown_engine_is_a_failure_too() -> None:
    assert receipts.read(JPEG, **PATIENTLY | {"engine": "none"}).failure == "crashed"


def test_one_picture_at_a_time_and_nobody_waits_for_ever(engine: Path, tmp_path: Path) -> None:
    does(engine, f"while [ ! -e {tmp_path}/enough ]; do sleep 0.05; done; exit 1")
    first = threading.Thread(target=receipts.read, args=(JPEG,), kwargs=PATIENTLY)
    first.start()
    while not receipts._ONE_AT_A_TIME.locked():
        time.sleep(0.01)
    assert receipts.read(JPEG, most_seconds=0.2, engine=TESSERACT).failure == "busy"
    (tmp_path / "enough").touch()
    first.join()


def test_importing_it_loads_no_engine() -> None:
    seen = subprocess.run(
        [sys.executable, "-c", "import sys, integrations.receipts as r; r.installed(); print(*sys.modules)"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    ).stdout.split()
    assert not {"PIL", "numpy", "rapidocr", "onnxruntime", "cv2", "rapidfuzz"} & set(seen)


real = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="tesseract is not installed: apt install tesseract-ocr"
)


@real
def test_the_small_engine_reads_real_pictures() -> None:
    """Two of them here; all of them: `python -m integrations.receipts FILE…`."""
    labels = [json.loads(line) for line in (DATA / "labels.jsonl").read_text().splitlines()]
    for says in (labels[0], labels[11]):
        told = receipts.read((DATA / says["file"]).read_bytes(), **PATIENTLY).to_dict()
        for name in ("is_receipt", "status", "amount", "currency", "transaction_id", "occurred_at"):
            assert told[name] == says[name], (says["file"], name)


@real
def test_the_command_prints_a_line_for_each_file(tmp_path: Path) -> None:
    (tmp_path / "bomb.png").write_bytes(REFUSED["a bomb"][0])
    files = [DATA / "10-jazzcash.jpg", tmp_path / "bomb.png", tmp_path / "missing.png"]
    done = subprocess.run(
        [sys.executable, "-m", "integrations.receipts", "--engine", TESSERACT, *map(str, files)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    pending, bomb, missing = map(json.loads, done.stdout.splitlines())
    assert (pending["file"], pending["status"], pending["amount"]) == (
        "10-jazzcash.jpg",
        "pending",
        "2500.00",
    )
    assert (bomb["is_receipt"], bomb["failure"]) == (None, "too_many_pixels")
    assert missing["failure"] == "FileNotFoundError"
