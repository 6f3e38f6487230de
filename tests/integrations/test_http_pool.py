"""What came back, what did not, and whether anything can have arrived: over real sockets."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from integrations.http_pool import HttpPool, NotSent, OutcomeUnknown
from tests.integrations.outside import Outside, answer, hang, outside, raw, reset, unused_port


@pytest.fixture
def server() -> Iterator[Outside]:
    with outside(answer(200, '{"ok": true}')) as running:
        yield running


@pytest.fixture
def pool(server: Outside) -> Iterator[HttpPool]:
    pool = HttpPool(server.url, connect_timeout=60, answer_timeout=60)
    yield pool
    pool.close()


@pytest.fixture
def impatient(server: Outside) -> Iterator[HttpPool]:
    """Gives up soon: for what never answers; on a busy machine it may give up on what does."""
    pool = HttpPool(server.url, connect_timeout=60, answer_timeout=0.3)
    yield pool
    pool.close()


def test_one_connection_serves_many_requests(server: Outside, pool: HttpPool) -> None:
    for number in range(20):
        got = pool.exchange("POST", f"/v26.0/{number}", {"Content-Type": "application/json"}, b"{}")
        assert (got.status, got.body) == (200, b'{"ok": true}')
    assert server.connections == 1
    assert [request.path for request in server.requests] == [f"/v26.0/{n}" for n in range(20)]


def test_a_request_is_whole_and_names_its_host(server: Outside, pool: HttpPool) -> None:
    pool.exchange("POST", "/a?b=1", {"Authorization": "Bearer x"}, "ä€".encode())
    (request,) = server.requests
    assert request.headers == {
        "host": f"127.0.0.1:{server.port}",
        "authorization": "Bearer x",
        "content-length": "5",
    }
    assert request.body == "ä€".encode()


def test_the_path_of_the_base_address_comes_first(server: Outside) -> None:
    HttpPool(server.url + "/proxy/").exchange("GET", "/v1/x", {})
    assert server.requests[0].path == "/proxy/v1/x"


@pytest.mark.parametrize(
    ("wire", "body"),
    [
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n3;x=y\r\nefg\r\n0\r\n\r\n",
            b"abcdefg",
        ),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n1\r\na\r\n0\r\nTrailer: x\r\n\r\n", b"a"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", b"hi"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
    ],
)
def test_every_way_to_end_an_answer_keeps_the_connection(
    server: Outside, pool: HttpPool, wire: bytes, body: bytes
) -> None:
    server.will = [raw(wire)]
    assert pool.exchange("GET", "/", {}).body == body
    pool.exchange("GET", "/", {})
    assert server.connections == 1


def test_an_answer_without_length_ends_with_its_connection(server: Outside, pool: HttpPool) -> None:
    server.will = [raw(b"HTTP/1.1 200 OK\r\n\r\nto the end", then_close=True)]
    assert pool.exchange("GET", "/", {}).body == b"to the end"
    assert pool.exchange("GET", "/", {}).status == 200
    assert server.connections == 2


def test_a_connection_that_will_close_is_not_used_again(server: Outside, pool: HttpPool) -> None:
    server.will = [
        answer(200, "{}", Connection="close"),
        raw(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ]
    for _ in range(3):
        pool.exchange("GET", "/", {})
    assert server.connections == 3


def test_a_connection_closed_while_idle_is_replaced_unnoticed(server: Outside, pool: HttpPool) -> None:
    server.will = [raw(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", then_close=True)]
    pool.exchange("GET", "/", {})
    _wait_until_closed(pool)
    assert pool.exchange("GET", "/", {}).status == 200
    assert server.connections == 2


def test_a_connection_idle_for_too_long_is_not_trusted(server: Outside) -> None:
    pool = HttpPool(server.url, idle_seconds=0)
    pool.exchange("GET", "/", {})
    pool.exchange("GET", "/", {})
    assert server.connections == 2


def test_nobody_listening_means_not_sent() -> None:
    pool = HttpPool(f"http://127.0.0.1:{unused_port()}")
    with pytest.raises(NotSent):
        pool.exchange("POST", "/", {}, b"x")


def test_no_such_host_means_not_sent() -> None:
    with pytest.raises(NotSent):
        HttpPool("http://nowhere.invalid").exchange("POST", "/", {}, b"x")


def test_a_failed_tls_handshake_means_not_sent(server: Outside) -> None:
    pool = HttpPool(f"https://127.0.0.1:{server.port}", connect_timeout=0.3)
    with pytest.raises(NotSent):
        pool.exchange("POST", "/", {}, b"x")


@pytest.mark.parametrize(
    "misbehaves",
    [
        pytest.param(reset, id="reset"),
        pytest.param(raw(b"", then_close=True), id="closed without an answer"),
        pytest.param(
            raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", then_close=True), id="half an answer"
        ),
        pytest.param(raw(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"), id="negative length"),
        pytest.param(raw(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"), id="no number"),
        pytest.param(
            raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\n"), id="negative chunk"
        ),
        pytest.param(raw(b"SSH-2.0-OpenSSH\r\n\r\n"), id="another protocol"),
        pytest.param(raw(b"x" * 70_000), id="endless headers"),
    ],
)
def test_a_request_without_a_whole_answer_has_an_unknown_outcome(
    server: Outside, pool: HttpPool, misbehaves: object
) -> None:
    server.will = [misbehaves]  # type: ignore[list-item]
    with pytest.raises(OutcomeUnknown) as raised:
        pool.exchange("POST", "/", {}, b"x")
    assert raised.value.__cause__ is None
    assert pool.exchange("GET", "/", {}).status == 200  # and the pool is well


def test_no_answer_in_time_is_an_unknown_outcome(server: Outside, impatient: HttpPool) -> None:
    server.will = [hang]
    with pytest.raises(OutcomeUnknown, match="no answer in time"):
        impatient.exchange("POST", "/", {}, b"x")
    assert not impatient._idle  # nobody reads the late answer as that to another question


def test_an_answer_that_drips_has_one_deadline(server: Outside, impatient: HttpPool) -> None:
    """No single byte is late; who counted only from byte to byte would read on until the connection ends."""

    def drip(connection: socket.socket) -> bool:
        for _ in range(40):
            connection.sendall(b"x")
            time.sleep(0.05)
        return False

    server.will = [drip]
    with pytest.raises(OutcomeUnknown, match="no answer in time"):
        impatient.exchange("POST", "/", {}, b"x")


@pytest.mark.parametrize(
    ("path", "headers"), [("/a\r\nX: y", {}), ("/", {"A": "b\r\nC: d"}), ("/", {"A\n": "b"})]
)
def test_nothing_can_be_smuggled_into_a_request(pool: HttpPool, path: str, headers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="line break"):
        pool.exchange("GET", path, headers)


def test_many_threads_share_a_pool(server: Outside, pool: HttpPool) -> None:
    wrong: list[object] = []

    def work(number: int) -> None:
        for turn in range(20):
            try:
                body = f"{number}-{turn}".encode()
                if pool.exchange("POST", "/", {}, body).status != 200:
                    wrong.append(body)
            except Exception as error:
                wrong.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len({request.body for request in server.requests}) == 320
    assert server.connections <= 16


def test_a_fork_makes_connections_of_its_own(server: Outside, pool: HttpPool) -> None:
    pool.exchange("GET", "/parent", {})
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if pool.exchange("GET", "/child", {}).status == 200 else 1)
        except BaseException:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    assert pool.exchange("GET", "/parent", {}).status == 200
    assert server.connections == 2


def _wait_until_closed(pool: HttpPool) -> None:
    connection = pool._idle[0][0]
    connection.settimeout(60)
    assert connection.recv(1, socket.MSG_PEEK) == b""
