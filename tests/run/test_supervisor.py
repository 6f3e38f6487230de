"""The supervisor on real processes: whoever dies comes back, and whoever should end ends."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import redis

from run.procfile import ROOT
from run.stack import Stack
from tests.run.conftest import PROCFILE, WEB, MakeStack
from tests.run.processes import MARK, cpu_seconds, marked, wait_until_none

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="death signals and /proc")


def get(stack: Stack, path: str = "/", body: bytes | None = None) -> dict[str, Any]:
    with urllib.request.urlopen(stack.product_url + path, data=body, timeout=60) as answer:
        answered: dict[str, Any] = json.load(answer)
        return answered


def answers(stack: Stack) -> bool:
    try:
        return bool(get(stack))
    except OSError:
        return False


# Processes that die


def test_a_killed_process_is_back_at_once_and_a_line_says_so(module_stack: Stack) -> None:
    killed = module_stack.kill("clock")
    module_stack.wait_until_back("clock", after=killed)
    assert "clock was ended by SIGKILL; it is started again now." in module_stack.said()


def test_a_killed_web_server_leaves_no_worker_and_answers_again(module_stack: Stack) -> None:
    main, *workers = module_stack.pids("web")
    assert workers, "granian answers from a process below its main one"
    assert get(module_stack)["pid"] in workers
    module_stack.kill("web")
    module_stack.wait_until_back("web", after=main)
    module_stack.wait_for(lambda: answers(module_stack), "the web server to answer")
    assert not any(Path(f"/proc/{pid}").exists() for pid in (main, *workers))
    assert get(module_stack)["pid"] not in workers


def test_a_killed_worker_of_the_web_server_is_replaced(module_stack: Stack) -> None:
    main = module_stack.pid("web")
    worker = get(module_stack)["pid"]
    os.kill(worker, signal.SIGKILL)
    assert main is not None
    module_stack.wait_until_back("web", after=main)
    module_stack.wait_for(lambda: answers(module_stack), "the web server to answer")
    assert get(module_stack)["pid"] != worker


def test_killed_stores_are_back_with_their_data(module_stack: Stack) -> None:
    client = redis.Redis.from_url(module_stack.redis_url)
    client.set("kept", "yes")
    client.execute_command("WAITAOF", 1, 0, 60_000)
    for name in ("valkey", "postgres"):
        module_stack.wait_until_back(name, after=module_stack.kill(name))
    module_stack.wait_for(lambda: pings(client), "valkey to answer")
    assert client.get("kept") == b"yes"


def test_a_store_can_be_stopped_for_a_while_and_started_again(module_stack: Stack) -> None:
    client = redis.Redis.from_url(module_stack.redis_url)
    module_stack.stop_valkey()
    assert module_stack.pid("valkey") is None
    assert not pings(client)
    module_stack.start_valkey()
    module_stack.wait_for(lambda: pings(client), "valkey to answer")


def test_postgres_restarts_on_request(module_stack: Stack) -> None:
    before = module_stack.pid("postgres")
    assert before is not None
    module_stack.restart_postgres()
    assert module_stack.wait_until_back("postgres", after=before) != before


def pings(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


@linux_only
def test_orphans_are_reaped_even_where_no_init_does_it(module_stack: Stack) -> None:
    backends = module_stack.pids("postgres")[1:]
    module_stack.wait_until_back("postgres", after=module_stack.kill("postgres"))
    module_stack.wait_for(
        lambda: not any(Path(f"/proc/{pid}").exists() for pid in backends), "PostgreSQL's backends to be gone"
    )


def test_a_killed_guardian_is_replaced_when_it_is_next_needed(make_stack: MakeStack, mark: str) -> None:
    with make_stack() as stack:
        guardian = next(int(line.split()[0]) for line in marked(mark) if "guardian.py" in line)
        os.kill(guardian, signal.SIGKILL)
        stack.wait_until_back("clock", after=stack.kill("clock"))
        stack.wait_for(lambda: any("guardian.py" in line for line in marked(mark)), "a new guardian")
        os.kill(stack.supervisor_pid, signal.SIGKILL)
        assert not wait_until_none(mark)


def test_a_process_that_keeps_dying_waits_longer_each_time(make_stack: MakeStack) -> None:
    hopeless = "clock: python -c \"raise ValueError('no clock here')\"\n"
    with make_stack(WEB + hopeless, stores=False) as stack:
        stack.wait_for(lambda: "again in 1 s" in stack.said(), "the third death")
        said = stack.said()
        now, half, one = (said.index(f"started again {when}") for when in ("now", "in 0.5 s", "in 1 s"))
        assert now < half < one
        assert "clock ended with exit code 1 (ValueError: no clock here)" in said


# The end


def test_ctrl_c_stops_everything_cleanly(make_stack: MakeStack, mark: str) -> None:
    stack = make_stack()
    stack.up()
    sockets = Path(stack.redis_url.removeprefix("unix://")).parent
    os.kill(stack.supervisor_pid, signal.SIGINT)
    assert stack.exit_code() == 0
    assert not marked(mark)
    assert not sockets.exists()
    assert not (stack.data_dir / "run.json").exists()
    assert not (stack.data_dir / "postgres/postmaster.pid").exists(), "PostgreSQL was shut down, not killed"
    assert "Traceback" not in stack.said()


def test_sigterm_stops_everything_cleanly_in_the_middle_of_a_start(make_stack: MakeStack, mark: str) -> None:
    never = "web: sleep 1000\n"  # the start waits for a web server that never answers
    stack = make_stack(never, stores=False)
    stack.begin()
    stack.wait_for(lambda: any("sleep 1000" in line for line in marked(mark)), "the processes to start")
    os.kill(stack.supervisor_pid, signal.SIGTERM)
    assert stack.exit_code() == 0
    assert not marked(mark)


@linux_only
def test_a_killed_supervisor_leaves_nothing_behind(make_stack: MakeStack, mark: str) -> None:
    """Neither grandchildren (granian's worker), nor a stopped server, nor those who do not listen."""
    deaf = """deaf: sh -c 'trap "" TERM; sleep 1000 & sleep 1000'\n"""
    stack = make_stack(PROCFILE + deaf)
    stack.up()
    sockets = Path(stack.redis_url.removeprefix("unix://")).parent
    stack.pause("valkey")
    os.kill(stack.supervisor_pid, signal.SIGKILL)
    assert not wait_until_none(mark)
    assert not sockets.exists()


@linux_only
def test_everything_ends_with_the_make_that_started_it(make_stack: MakeStack, mark: str, data: Path) -> None:
    stack = make_stack(data=data)
    words = [sys.executable, "-m", "run", *stack.arguments]
    like_make = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:]).returncode)"
    make = subprocess.Popen(
        [sys.executable, "-c", like_make, *words],
        cwd=ROOT,
        env={**os.environ, MARK: mark},
        stdout=subprocess.DEVNULL,
    )
    stack.wait_for((data / "run.json").exists, "everything to be up")
    make.kill()
    make.wait()
    assert not wait_until_none(mark)
    assert not (data / "postgres/postmaster.pid").exists()


def test_right_after_a_killed_supervisor_the_next_start_finds_its_data(make_stack: MakeStack) -> None:
    stack = make_stack()
    stack.up()
    client = redis.Redis.from_url(stack.redis_url)
    client.set("kept", "yes")
    client.execute_command("WAITAOF", 1, 0, 60_000)
    os.kill(stack.supervisor_pid, signal.SIGKILL)
    stack.up()
    assert redis.Redis.from_url(stack.redis_url).get("kept") == b"yes"


def test_the_web_server_stops_at_once_though_connections_are_open(make_stack: MakeStack) -> None:
    stack = make_stack(stores=False)
    stack.up()
    door = ("127.0.0.1", int(stack.product_url.rpartition(":")[2]))
    with socket.create_connection(door) as idle, socket.create_connection(door) as half:
        idle.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle.recv(15).startswith(b"HTTP/1.1 200")
        half.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nabc")
        os.kill(stack.supervisor_pid, signal.SIGTERM)
        assert stack.exit_code() == 0
        assert "did not stop" not in stack.said()


# The start


def test_the_first_thing_a_person_sees_is_a_few_lines_and_one_address(module_stack: Stack) -> None:
    said = module_stack.said().partition("was ended")[0]
    assert said.count("http://") == 1
    assert module_stack.product_url in said
    assert len(said.strip().splitlines()) <= 8


def test_a_second_start_on_the_same_data_is_refused_and_told_the_address(module_stack: Stack) -> None:
    again = subprocess.run(
        [sys.executable, "-m", "run", *module_stack.arguments], cwd=ROOT, capture_output=True, text=True
    )
    assert again.returncode == 1
    assert "Sarai already runs on" in again.stderr
    assert module_stack.product_url in again.stderr


def test_a_busy_port_moves_to_the_next_free_one_and_the_start_says_so(make_stack: MakeStack) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        stack = make_stack(stores=False)
        stack.arguments.remove("--free-ports")
        stack.arguments += ["--port", str(port)]
        with stack:
            moved = int(stack.product_url.rpartition(":")[2])
            assert moved > port
            assert f"Port {port} is taken: the product is at {moved}" in stack.said()
            assert get(stack)["environment"]["PORT"] == str(moved)


def test_the_sandbox_sees_no_key_of_the_shell(module_stack: Stack) -> None:
    told = get(module_stack)["environment"]
    assert told["ENVIRONMENT"] == "sandbox"
    assert told["STRIPE_SECRET_KEY"] == "sk_test_sandbox"
    assert told["SWEEPER"] == "off"
    assert told["DATABASE_URL"] == module_stack.database_url
    assert told["REDIS_URL"] == module_stack.redis_url
    assert told["PUBLIC_URL"] == module_stack.product_url


def test_what_fails_at_the_start_ends_it_with_its_own_words(make_stack: MakeStack, mark: str) -> None:
    stack = make_stack("web sleep 1000\n", stores=False)
    with pytest.raises(RuntimeError, match='"web sleep 1000" is not "name: command"'):
        stack.up()
    assert not marked(mark)


def test_a_body_of_some_megabytes_reaches_the_product(module_stack: Stack) -> None:
    body = os.urandom(4_000_000)
    got = get(module_stack, body=body)
    assert (got["length"], got["sha256"]) == (len(body), hashlib.sha256(body).hexdigest())


def test_many_idle_connections_do_not_close_the_door(module_stack: Stack) -> None:
    """granian counts connections, idle ones too, against its --backpressure."""
    door = ("127.0.0.1", int(module_stack.product_url.rpartition(":")[2]))
    with ExitStack() as idle:
        for _ in range(200):
            idle.enter_context(socket.create_connection(door, timeout=60))
        assert get(module_stack)


def test_turns_are_two_unless_told_otherwise(module_stack: Stack) -> None:
    assert [name for name in module_stack.names if name.startswith("turns")] == ["turns.1", "turns.2"]


@linux_only
def test_an_idle_supervisor_sleeps(module_stack: Stack) -> None:
    """Idle is one whose processes all run: what the tests before have broken is whole again."""
    module_stack.wait_for(
        lambda: all(map(module_stack.pid, module_stack.names)) and answers(module_stack), "all to run"
    )
    before = cpu_seconds(module_stack.supervisor_pid)
    began = time.monotonic()
    module_stack.wait_for(lambda: time.monotonic() - began > 1.5, "a while in which nothing happens")
    used = cpu_seconds(module_stack.supervisor_pid) - before
    assert used <= 0.1, module_stack.said()[-2000:]  # who looks again and again needs more
