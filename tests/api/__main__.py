"""Schemathesis against the API over seeded rows, for as long as one likes: make schemathesis ARGS="-n 500".

Starts stores of its own and a web server, signs an admin in, and hands the rest to the `schemathesis` command;
once with the admin's token, and once without any.
"""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from werkzeug.serving import make_server

from bot.app import create_app
from integrations import clients
from models import db, password, sealed
from models.account import Account, Role
from models.clock import Clock
from models.migrate import migrate
from models.rules import Rules
from run.stores import Stores
from tests.bot.api.seeds import sow
from tests.bot.conftest import make_settings
from workers import follow_ups

LOGIN, PASSWORD = "admin", "correct horse battery"


def main(arguments: list[str]) -> int:
    with _api() as address:
        run = [
            str(Path(sys.executable).parent / "schemathesis"),
            "run",
            f"{address}/api/openapi.json",
            "--workers=1",
            *arguments,
        ]
        print("With an admin's token:", flush=True)
        token = _sign_in(address)
        environment = {**os.environ, "NO_COLOR": "1"}
        good = subprocess.run([*run, "-H", f"Authorization: Bearer {token}"], env=environment, check=False)
        print("Without a token:", flush=True)
        bare = subprocess.run([*run, *_BARE], env=environment, check=False)
        return good.returncode or bare.returncode


# Nothing but refusals comes: what Schemathesis holds against them is left out.
_BARE = ["--exclude-checks=positive_data_acceptance"]


def _sign_in(address: str) -> str:
    import httpx

    answer = httpx.post(f"{address}/api/admin/sign-in", json={"login": LOGIN, "password": PASSWORD})
    return str(answer.raise_for_status().json()["access_token"])


@contextlib.contextmanager
def _api() -> Iterator[str]:
    with (
        tempfile.TemporaryDirectory(prefix="sarai-api-", ignore_cleanup_errors=True) as folder,
        Stores(Path(folder) / "data") as stores,
    ):
        migrate(stores.database_url)
        engine = db.make_engine(stores.database_url, pool_size=10)
        db.start(engine, follow_ups=follow_ups.table(Rules()), ring=lambda bells: None)
        sealed.start(sealed.new_key())
        now = datetime.now(UTC)
        with db.unit_of_work() as session:
            for _ in range(30):
                sow(session, now=now)
            hashed = password.hashed(PASSWORD)
            Account.create(
                session,
                login=LOGIN,
                name="Admin",
                role=Role.ADMIN,
                grants=(),
                password_hash=hashed,
                phone=None,
                now=now,
            )
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        settings = make_settings(redis_url=stores.redis_url, rate_limit=10**6, staff_rate_limit=10**6)
        server = make_server(
            "127.0.0.1", 0, create_app(settings, clients.build(settings), Clock(None)), threaded=True
        )
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        engine.dispose()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
