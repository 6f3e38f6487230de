"""The doctor looks at the whole product as it runs, and finds nothing to mend; each thing taken away is said."""

from __future__ import annotations

import subprocess
import sys

from run.procfile import ROOT
from run.stack import Stack
from sandbox.driver import World


def _doctor(stack: Stack) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "doctor", "--sandbox"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "DATA_DIR": str(stack.data_dir)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_running_sandbox_is_well(stack: Stack, world: World) -> None:
    def well() -> subprocess.CompletedProcess[str] | None:
        """Soon after a start a process may not have been heard of yet."""
        said = _doctor(stack)
        return said if said.returncode == 0 else None

    said = stack.wait_for(well, "the doctor to be content")
    assert "FAIL" not in said.stdout
    for sentence in (
        "All that is needed is there",
        "The tables are up to date",
        "Valkey 9",
        "The token is valid",
        "The app's webhook leads here",
        "nothing keeps messages from going out",
        "templates are approved",
        "The webhook endpoint leads here",
        "The webhook answers at its public address",
        "All processes run, and nobody waits.",
        "This machine's clock is right",
    ):
        assert sentence in said.stdout, said.stdout


def test_what_is_taken_away_is_said(stack: Stack, world: World) -> None:
    stack.stop("slow")
    stack.stop("valkey")
    try:
        said = _doctor(stack)
        assert said.returncode == 1
        assert "Redis cannot be reached" in said.stdout
        assert "Redis does not answer" in said.stdout
        assert "No slow process has been heard of." in said.stdout
    finally:
        stack.start("valkey")
        stack.start("slow")
    stack.wait_for(lambda: _doctor(stack).returncode == 0, "the doctor to be content again")
