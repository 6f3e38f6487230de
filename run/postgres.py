"""PostgreSQL as a child of ours: no pg_ctl, no daemon, no TCP; the data survives a kill -9."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from run import binaries, places
from run.children import Command, User, die_with_parent
from run.errors import StartError
from run.places import Places

DATABASE = "sarai"
_OLD_SERVER_ENDS_WITHIN = 60.0  # seconds; one that was killed while the disk hangs ends when the disk goes on
# What it has in memory goes to the disk before it ends, and a disk may hang: killed, it would have to replay its log.
_STOPS_WITHIN = 60.0


class Postgres:
    """One server on one data folder."""

    name = "postgres"

    def __init__(self, where: Places) -> None:
        self.folder = where.postgres
        self.sockets = where.postgres_sockets
        self.user: User | None = where.postgres_user
        self.programs = binaries.reachable(binaries.find_postgres(), self.user, where.shelter)

    @property
    def url(self) -> str:
        """As SQLAlchemy with psycopg2 takes it."""
        return f"postgresql+psycopg2://postgres@/{DATABASE}?host={self.sockets}"

    @property
    def label(self) -> str:
        return f"PostgreSQL {self.programs.major}"

    def prepare(self) -> None:
        """Make the data folder the first time; clear what a killed server left.

        Raises:
            StartError: another version made the data, or a server that we did not start uses it.
        """
        if not self.folder.exists():
            self._create()
        self._check_version()
        self._clear_stale_pid_file()
        self._end_orphans()

    def command(self) -> Command:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "max_connections": "100",
            # Few of them, which are soon all in use and then do not grow; what else is read often, the system keeps.
            "shared_buffers": "24MB",
            "wal_buffers": "4MB",  # as with 128 MB of the others: it would follow them down
            # Who looks through a table for its statistics holds 300 rows for each of these: 27 MB with the usual 100.
            "default_statistics_target": "10",
            # New statistics make every connection plan anew, and so grow once: early, and not after a minute.
            "autovacuum_naptime": "15s",
            "autovacuum_vacuum_cost_limit": "1000",  # five times the usual pace: it is gone sooner, and its memory
            "update_process_title": "off",  # it would be written anew with every statement
            "jit": "off",  # compiling costs more than our short queries
            "log_min_messages": "warning",
            "log_line_prefix": "%m ",
            # Statements and details of an error hold what people wrote; the log is no place for that.
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
        }
        if self.programs.major >= 18:
            settings["io_method"] = "sync"  # three processes fewer; nothing here reads enough to miss them
        argv = [str(self.programs.postgres), "-D", str(self.folder)]
        for name, value in settings.items():
            argv += ["-c", f"{name}={value}"]
        # SIGINT is PostgreSQL's fast shutdown; its SIGTERM would wait for every client to leave.
        return Command(
            self.name,
            tuple(argv),
            self.folder,
            user=self.user,
            stop_signal=signal.SIGINT,
            stops_within=_STOPS_WITHIN,
        )

    def is_ready(self) -> bool:
        """Whether the server takes connections: it says so itself in the eighth line of its pid file."""
        try:
            lines = (self.folder / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready"

    def _create(self) -> None:
        """Initialise beside the final place and move: a start that was cut off leaves nothing half made."""
        half = self.folder.with_name("postgres.new")
        shutil.rmtree(half, ignore_errors=True)
        places.give(half, self.user)
        locale = ["--locale=C.UTF-8"]
        if self.programs.major >= 17:  # built in: the same order of letters on every machine
            locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        initdb = [str(self.programs.initdb), "-D", str(half), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        self._run([*initdb, *locale], half)
        single = [str(self.programs.postgres), "--single", "-D", str(half), "postgres"]
        self._run(single, half, says=f"CREATE DATABASE {DATABASE};\n")
        half.rename(self.folder)

    def _run(self, argv: list[str], folder: Path, says: str = "") -> None:
        user = {"user": self.user.uid, "group": self.user.gid, "extra_groups": []} if self.user else {}
        done = subprocess.run(
            argv,
            cwd=folder,
            input=says,
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=die_with_parent(signal.SIGTERM),
            **user,  # type: ignore[call-overload]
        )
        if done.returncode != 0:
            raise StartError(f"PostgreSQL cannot make its data folder: {done.stderr.strip()[-500:]}")

    def _check_version(self) -> None:
        made_by = (self.folder / "PG_VERSION").read_text().strip()
        if made_by != str(self.programs.major):
            raise StartError(
                f"{self.folder} was made by PostgreSQL {made_by} and this one is {self.programs.major}: "
                f"take pg_dump {made_by} to move the data over, or `make reset` to begin anew."
            )

    def _clear_stale_pid_file(self) -> None:
        """Remove a dead server's postmaster.pid; wait for one that is just ending.

        PostgreSQL believes a pid file whose number is in use again, or is that of a zombie nobody reaps.
        """
        pid_file = self.folder / "postmaster.pid"
        deadline = time.monotonic() + _OLD_SERVER_ENDS_WITHIN
        while pid_file.exists():
            pid = _first_number(pid_file)
            if not _is_postgres(pid):
                pid_file.unlink(missing_ok=True)
            elif time.monotonic() > deadline:
                raise StartError(f"Another PostgreSQL (process {pid}) uses {self.folder}; stop it first.")
            else:
                time.sleep(0.02)

    def _end_orphans(self) -> None:
        """Kill what a killed server left at work: it goes on to the end of its statement, and until then holds
        the memory that a new server is not allowed to take over.
        """
        deadline = time.monotonic() + _OLD_SERVER_ENDS_WITHIN
        while orphans := [pid for pid in _numbers() if _is_postgres(pid) and _works_in(pid, self.folder)]:
            for pid in orphans:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if time.monotonic() > deadline:
                raise StartError(f"What a killed PostgreSQL left does not end (processes {orphans}).")
            time.sleep(0.01)


def _numbers() -> list[int]:
    """Of all processes that there are; none where there is no /proc."""
    return [int(each.name) for each in Path("/proc").glob("[0-9]*")]


def _works_in(pid: int, folder: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").samefile(folder)
    except OSError:
        return False


def _first_number(pid_file: Path) -> int:
    try:
        return int(pid_file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return 0


def _is_postgres(pid: int) -> bool:
    if pid <= 0 or places.is_zombie(pid):
        return False
    try:
        return "postgres" in Path(f"/proc/{pid}/comm").read_text()
    except OSError:
        # Gone; or no /proc here (macOS), where PostgreSQL's own look at the file has to do.
        return False
