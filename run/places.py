"""Where things live: the data folder, a short folder for sockets, and what PostgreSQL's user may enter."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from run.children import User
from run.errors import StartError

SHELTER = Path("/var/tmp")  # noqa: S108  survives a restart, everybody may enter; own_folder() looks who owns
STATE = "run.json"
_SOCKET_PATH_LIMIT = 100  # bytes; Linux takes 107, macOS 103
_EARLIER_START_ENDS_WITHIN = 10.0  # seconds; the guardian needs about three


@dataclass(frozen=True)
class Places:
    """The folders of one data folder. All exist, with the owners and modes that their users need."""

    data: Path
    logs: Path
    valkey: Path
    postgres: Path  # PostgreSQL's own; below `shelter` if its user cannot enter `data`
    sockets: Path  # ours, mode 711
    postgres_sockets: Path  # PostgreSQL's, mode 700: whoever gets in is the superuser
    shelter: Path  # for what PostgreSQL's user must reach and cannot reach in `data` or .venv
    postgres_user: User | None

    @property
    def is_sheltered(self) -> bool:
        return self.shelter in self.postgres.parents

    @property
    def state(self) -> Path:
        """What runs here and where: written by the supervisor, read by whoever looks for it."""
        return self.data / STATE

    @property
    def control(self) -> Path:
        return self.sockets / "run.sock"


def prepare(data_dir: Path) -> Places:
    """Make the folders below a data folder that is ours (see `lock`); as root, PostgreSQL's for `nobody`."""
    data = _made(data_dir)
    user = postgres_user(data / "postgres")
    shelter = SHELTER / f"sarai-{_short_name(data)}"
    home = data
    if user is not None and (shelter.joinpath("postgres").exists() or not may_enter(data, user)):
        _remove_deserted_shelters()
        home = own_folder(shelter, 0o711)
        (shelter / "shelters").write_text(str(data))
    sockets = _socket_folder(data, user)
    places = Places(
        data=data,
        logs=data / "log",
        valkey=data / "valkey",
        postgres=home / "postgres",
        sockets=sockets,
        postgres_sockets=sockets / "pg",
        shelter=shelter,
        postgres_user=user,
    )
    places.logs.mkdir(exist_ok=True)
    places.valkey.mkdir(mode=0o700, exist_ok=True)
    give(places.postgres_sockets, user)
    return places


def _made(data_dir: Path) -> Path:
    data = data_dir.resolve()
    if not data.exists():
        data.mkdir(parents=True)
        data.chmod(0o755)  # whatever the umask: PostgreSQL's user must be able to pass
    return data


def postgres_user(folder: Path) -> User | None:
    """Who PostgreSQL runs as: ourselves (None); as root the folder's owner, and `nobody` for a new one."""
    if os.geteuid() != 0:
        return None
    if folder.exists() and folder.stat().st_uid != 0:
        return User(folder.stat().st_uid, folder.stat().st_gid)
    nobody = pwd.getpwnam("nobody")
    return User(nobody.pw_uid, nobody.pw_gid)


def give(folder: Path, user: User | None) -> None:
    """Make this folder, or take the one that exists, private to the user."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if user is not None:
        os.chown(folder, user.uid, user.gid)
    folder.chmod(0o700)


def may_enter(folder: Path, user: User) -> bool:
    """Whether this user can go into the folder; asked of the kernel, since modes are not the whole truth."""
    return _can(user, 'cd "$0"', str(folder))


def may_run(program: Path, user: User) -> bool:
    return _can(user, 'test -r "$0" && test -x "$0"', str(program))


def _can(user: User, question: str, path: str) -> bool:
    asked = subprocess.run(
        ["/bin/sh", "-c", question, path],
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=user.uid,
        group=user.gid,
        extra_groups=[],
        check=False,
    )
    return asked.returncode == 0


def own_folder(folder: Path, mode: int) -> Path:
    """Make this folder below a place that everybody may write to, or take it if it is already ours.

    Raises:
        StartError: somebody else owns what stands there; what we trust must not live in it.
    """
    try:
        folder.mkdir()
    except FileExistsError:
        there = folder.lstat()
        if not stat.S_ISDIR(there.st_mode) or there.st_uid != os.geteuid():
            raise StartError(f"{folder} belongs to somebody else; set DATA_DIR to another folder.") from None
    folder.chmod(mode)
    return folder


def _remove_deserted_shelters() -> None:
    """Whoever removes a data folder by hand (as pytest does with old ones) does not know of its shelter."""
    for shelter in SHELTER.glob("sarai-*"):
        try:
            deserted = not Path((shelter / "shelters").read_text()).exists()
            if deserted and shelter.lstat().st_uid == os.geteuid():
                shutil.rmtree(shelter)
        except OSError:
            continue  # not one of these, or just being made


@contextlib.contextmanager
def temporary() -> Iterator[Path]:
    """A data folder for a test or a measurement, that PostgreSQL's user may enter too; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="sarai-test-") as folder:
        data = Path(folder)
        data.chmod(0o755)
        yield data


def _socket_folder(data: Path, user: User | None) -> Path:
    """A short path for unix sockets: the data folder may lie deeper than a socket's address can say."""
    name = f"sarai-{_short_name(data)}"
    for parent in (Path(tempfile.gettempdir()), Path("/tmp"), SHELTER):  # noqa: S108  the same
        fits = len(os.fsencode(parent / name / "pg" / ".s.PGSQL.5432")) <= _SOCKET_PATH_LIMIT
        if fits and os.access(parent, os.W_OK) and (user is None or may_enter(parent, user)):
            return own_folder(parent / name, 0o711)
    raise StartError("No folder for sockets: /tmp cannot be written to.")


def _short_name(data: Path) -> str:
    return hashlib.sha256(os.fsencode(data)).hexdigest()[:12]


def lock(data_dir: Path) -> int:
    """Make this data folder ours until the returned descriptor is closed, here and in the guardian.

    It comes before everything else: until then a killed start's guardian still removes what was that start's.

    Raises:
        StartError: somebody is running on it; the sentence names the address.
    """
    data = _made(data_dir)
    descriptor = os.open(data / "run.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + _EARLIER_START_ENDS_WITHIN
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            running = read_state(data)
            # A killed supervisor's guardian holds the lock a moment longer; a living supervisor for good.
            if _is_alive(running.get("pid")) or time.monotonic() > deadline:
                os.close(descriptor)
                raise StartError(_already_running(data, running)) from None
            time.sleep(0.05)


def _already_running(data: Path, running: dict[str, Any]) -> str:
    where = f" at {running['open']}" if running.get("open") else ""
    return f"Sarai already runs on {data}{where}. Stop that one first, or set DATA_DIR to another folder."


def read_state(data_dir: Path) -> dict[str, Any]:
    """What runs on this data folder and where; empty if nothing does."""
    try:
        state: dict[str, Any] = json.loads((data_dir / STATE).read_text())
    except (OSError, ValueError):
        return {}
    return state


def write_state(places: Places, state: dict[str, Any]) -> None:
    new = places.state.with_suffix(".new")
    new.write_text(json.dumps(state, indent=1))
    new.chmod(0o600)
    new.replace(places.state)


def _is_alive(pid: object) -> bool:
    if not isinstance(pid, int):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not is_zombie(pid)


def is_zombie(pid: int) -> bool:
    """Dead and only waiting to be reaped, as under a PID 1 that never does."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False


def claim_for(places: Places, *, production: bool) -> None:
    """Mark the data folder as production's or the sandbox's, so that the two never share rows.

    Raises:
        StartError: it is already the other one's.
    """
    mark = places.data / "made-for"
    purpose = "production" if production else "sandbox"
    try:
        found = mark.read_text().strip()
    except FileNotFoundError:
        mark.write_text(purpose + "\n")
        return
    if found != purpose:
        raise StartError(f"{places.data} holds {found} data. Set DATA_DIR to another folder for {purpose}.")


def empty(places: Places) -> None:
    """Remove everything in the data folder, and what was sheltered for it.

    Raises:
        StartError: it does not look like ours, or it holds production data.
    """
    mark = places.data / "made-for"
    if not mark.exists():
        raise StartError(f"{places.data} was not made by Sarai's sandbox; nothing is removed.")
    claim_for(places, production=False)
    for path in _contents(places):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _contents(places: Places) -> Iterator[Path]:
    if places.shelter.exists() and places.shelter.lstat().st_uid == os.geteuid():
        yield places.shelter
    # The mark goes last, so that an interrupted reset can be repeated.
    yield from sorted(places.data.iterdir(), key=lambda path: path.name == "made-for")


def remove_sockets(places: Places) -> None:
    """The socket folder is made anew at each start; nothing of ours stays in /tmp."""
    shutil.rmtree(places.sockets, ignore_errors=True)
