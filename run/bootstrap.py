"""Make .venv what the requirements say: python3 run/bootstrap.py requirements.txt

Runs before anything is installed, so it uses the standard library alone. Quick when there is nothing to do: a
stamp in .venv holds what was installed last.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


def main(requirements: str) -> None:
    """Bring .venv up to date with this requirements file; end with one sentence if that is impossible."""
    if sys.version_info < OLDEST:
        sys.exit(
            "Sarai needs Python 3.11 or newer, and {} is {}.{}. "
            "Name another one: make PYTHON=python3.12 ...".format(sys.executable, *sys.version_info[:2])
        )
    with open(str(ROOT / ".venv.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # `make run` and `make test` may both be the first
        stamp = VENV / (".installed-" + requirements)
        if PYTHON.exists() and stamp.exists() and stamp.read_text() == fingerprint(requirements):
            return
        make_venv()
        install(requirements)
        for part in {"requirements.txt", requirements}:  # requirements-dev.txt holds the other one
            (VENV / (".installed-" + part)).write_text(fingerprint(part))


def fingerprint(requirements: str) -> str:
    """Changes with the Python, the place, and every file that this one reads."""
    names = ["constraints.txt", "requirements.txt", requirements]
    parts = [sys.version, str(ROOT)] + [(ROOT / name).read_text() for name in names]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def make_venv() -> None:
    """Keep a .venv of this same Python; make a new one where it is missing, broken or of another."""
    mark = VENV / ".python"
    if mark.exists() and mark.read_text() == sys.version + str(ROOT) and PYTHON.exists():
        return
    shutil.rmtree(str(VENV), ignore_errors=True)
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False
    )
    if made.returncode != 0:
        shutil.rmtree(str(VENV), ignore_errors=True)
        sys.exit(
            "Python cannot make a virtual environment here"
            " (on Debian and Ubuntu: apt install python3-venv):\n" + (made.stdout + made.stderr).strip()
        )
    mark.write_text(sys.version + str(ROOT))


def install(requirements: str) -> None:
    """pip install, with its words kept back unless it fails."""
    print("Installing {} into .venv (only when it has changed) ...".format(requirements), flush=True)
    began = time.time()
    pip = [
        str(PYTHON),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--no-input",
        "install",
        "-r",
        requirements,
    ]
    with open(str(VENV / "install.log"), "wb") as log:
        done = subprocess.run(
            pip, cwd=str(ROOT), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, check=False
        )
    if done.returncode != 0:
        words = (VENV / "install.log").read_text(errors="replace").splitlines()
        sys.exit("pip could not install {}:\n{}".format(requirements, "\n".join(words[-15:])))
    print("... installed in {:.0f} s".format(time.time() - began), flush=True)


if __name__ == "__main__":
    os.umask(0o022)  # PostgreSQL's programs are run by another user when we are root
    main(sys.argv[1])
