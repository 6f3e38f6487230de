"""Embedded PostgreSQL and Valkey: quick, private, and nothing lost by a kill -9."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import redis

from run import places
from run.errors import StartError
from run.postgres import Postgres
from run.stores import Stores
from tests import factories as make


@pytest.fixture(scope="module")
def stores() -> Iterator[Stores]:
    """One start for the tests that leave it as they found it."""
    with places.temporary() as folder, Stores(folder) as running:
        yield running


def connect(stores: Stores) -> psycopg2.extensions.connection:
    connection = psycopg2.connect(stores.database_url.replace("+psycopg2", ""))
    connection.autocommit = True
    return connection


def ask(stores: Stores, question: str) -> object:
    connection = connect(stores)
    try:
        with connection.cursor() as cursor:
            cursor.execute(question)
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None
    finally:
        connection.close()


def test_what_was_committed_is_there_after_kill_9_of_both(stores: Stores) -> None:
    ask(stores, "CREATE TABLE stay AS SELECT n FROM generate_series(1, 1000) n")
    client = redis.Redis.from_url(stores.redis_url)
    client.set("bell", "rung")
    client.execute_command("WAITAOF", 1, 0, 60_000)  # until the second's fsync has come
    stores.postgres.kill()
    stores.valkey.kill()
    stores.postgres.start()
    stores.valkey.start()
    assert ask(stores, "SELECT count(*) FROM stay") == 1000
    assert client.get("bell") == b"rung"


def test_what_a_killed_server_left_at_work_does_not_keep_the_next_one_waiting(stores: Stores) -> None:
    """A backend notices that its server is gone when it has finished its statement, and no sooner."""
    killed = threading.Event()

    def work() -> None:
        with contextlib.suppress(psycopg2.OperationalError):
            ask(stores, "SELECT count(*) AS endless FROM generate_series(1, 1000000000) n WHERE n % 7 = 3")
        killed.set()

    threading.Thread(target=work, daemon=True).start()
    make.wait_for(
        lambda: ask(stores, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%endless%n % 7%'") == 2
    )
    stores.postgres.kill()
    stores.postgres.start()
    assert ask(stores, "SELECT 1") == 1
    assert killed.wait(120)


def test_a_second_start_is_quick_and_keeps_the_data(data: Path) -> None:
    with Stores(data) as stores:
        ask(stores, "CREATE TABLE stay AS SELECT 7 AS nights")
    made = (places.prepare(data).postgres / "PG_VERSION").stat()
    with Stores(data) as stores:
        assert ask(stores, "SELECT nights FROM stay") == 7
        sockets = Path(stores.redis_url.removeprefix("unix://")).parent
    assert not sockets.exists()
    # initdb takes longer than all the rest of a start: it has not run again.
    assert (places.prepare(data).postgres / "PG_VERSION").stat() == made


def test_nothing_listens_on_tcp_and_only_the_owner_gets_in(stores: Stores) -> None:
    assert ask(stores, "SHOW listen_addresses") == ""
    assert redis.Redis.from_url(stores.redis_url).config_get("port") == {"port": "0"}
    sockets = Path(stores.database_url.partition("host=")[2])
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert stat.S_IMODE(Path(stores.redis_url.removeprefix("unix://")).stat().st_mode) & 0o077 == 0


def test_settings_that_promises_rest_on(stores: Stores) -> None:
    assert ask(stores, "SHOW fsync") == "on"
    assert ask(stores, "SHOW synchronous_commit") == "on"
    assert ask(stores, "SHOW full_page_writes") == "on"
    assert ask(stores, "SHOW server_encoding") == "UTF8"
    settings = redis.Redis.from_url(stores.redis_url).config_get("append*", "maxmemory-policy")
    assert settings["appendonly"] == "yes"
    assert settings["appendfsync"] == "everysec"
    assert settings["maxmemory-policy"] == "noeviction"


def test_a_data_folder_may_lie_deeper_than_a_socket_address_can_say(data: Path) -> None:
    deep = data.joinpath(*["a-folder-with-a-long-name"] * 8)
    with Stores(deep) as stores:
        assert ask(stores, "SELECT 1") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives its database to another user")
def test_as_root_in_a_closed_folder_the_database_moves_to_where_its_user_may_go(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "may_run", lambda program, user: False)  # as if .venv were closed too
    closed = data / "home"
    closed.mkdir(mode=0o700)
    where = places.prepare(closed / "checkout" / "data")
    assert where.is_sheltered
    with Stores(closed / "checkout" / "data") as stores:
        ask(stores, "CREATE TABLE stay AS SELECT 7 AS nights")
        assert Path(str(ask(stores, "SHOW data_directory"))) == where.postgres
        server = Path(f"/proc/{stores.postgres.pid}/exe").resolve()
        assert where.shelter in server.parents
    with Stores(closed / "checkout" / "data") as stores:
        assert ask(stores, "SELECT nights FROM stay") == 7
    places.claim_for(where, production=False)
    places.empty(where)
    assert not where.shelter.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes shelters")
def test_a_shelter_whose_data_folder_was_removed_goes_at_the_next_start(data: Path) -> None:
    closed = data / "home"
    closed.mkdir(mode=0o700)
    gone = places.prepare(closed / "one")
    (closed / "one").rename(data / "moved-away")
    other = places.prepare(closed / "two")
    assert not gone.shelter.exists()
    places.claim_for(other, production=False)
    places.empty(other)
    for where in (gone, other):
        places.remove_sockets(where)


def test_a_stale_pid_file_with_a_living_number_stops_nothing(data: Path) -> None:
    with Stores(data):
        pass
    where = places.prepare(data)
    (where.postgres / "postmaster.pid").write_text(f"{os.getpid()}\n{where.postgres}\n")
    with Stores(data) as stores:
        assert ask(stores, "SELECT 1") == 1


def test_data_of_another_version_is_refused_with_one_sentence(data: Path) -> None:
    where = places.prepare(data)
    places.give(where.postgres, where.postgres_user)
    (where.postgres / "PG_VERSION").write_text("13\n")
    with pytest.raises(StartError, match=r"was made by PostgreSQL 13 and this one is \d+: take pg_dump"):
        Postgres(where).prepare()
    places.remove_sockets(where)


def test_a_first_start_that_was_cut_off_is_begun_anew(data: Path) -> None:
    where = places.prepare(data)
    half = where.postgres.with_name("postgres.new")
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    with Stores(data) as stores:
        assert ask(stores, "SELECT current_database()") == "sarai"


def test_two_starts_on_one_data_folder_are_refused(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_EARLIER_START_ENDS_WITHIN", 0.1)
    with Stores(data), pytest.raises(StartError, match="already runs on"):
        Stores(data)


def test_the_sandbox_and_production_never_share_a_data_folder(data: Path) -> None:
    where = places.prepare(data)
    places.claim_for(where, production=False)
    places.claim_for(where, production=False)
    with pytest.raises(StartError, match="holds sandbox data"):
        places.claim_for(where, production=True)
    places.remove_sockets(where)


def test_production_data_is_never_emptied(data: Path) -> None:
    where = places.prepare(data)
    with pytest.raises(StartError, match="was not made by"):
        places.empty(where)
    places.claim_for(where, production=True)
    with pytest.raises(StartError, match="holds production data"):
        places.empty(where)
    places.remove_sockets(where)


def test_somebody_elses_socket_folder_is_not_trusted(data: Path) -> None:
    there = data / "sarai-there"
    there.symlink_to("/tmp")
    with pytest.raises(StartError, match="belongs to somebody else"):
        places.own_folder(there, 0o711)


def test_a_paused_valkey_hangs_and_then_answers(stores: Stores) -> None:
    client = redis.Redis.from_url(stores.redis_url, socket_timeout=60)
    assert client.ping()
    os.kill(stores.valkey.pid, signal.SIGSTOP)
    with pytest.raises(redis.TimeoutError):
        redis.Redis.from_url(stores.redis_url, socket_timeout=0.2).ping()
    os.kill(stores.valkey.pid, signal.SIGCONT)
    assert client.ping()
    stores.valkey.stop()
    with pytest.raises(redis.ConnectionError):
        client.ping()
    stores.valkey.start()
    assert client.ping()
