"""Whoever signs in is who they say, tokens are good once and end at once, and guessing leads nowhere."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from models import person as people
from models import sealed, token, totp
from models.account import ACCESS_LASTS, FREE_TRIES, REFRESH_LASTS, SIGN_IN_LASTS, Account, Role, closed_for
from models.db import unit_of_work
from models.token import Use
from tests import factories as make
from tests.bot.api.conftest import PASSWORD, Desk, an_account, code_of, make_desk
from tests.bot.conftest import JWT_SECRET
from tests.conftest import Scratch
from tests.factories import MovableClock


def audited(scratch: Scratch) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in scratch.rows("SELECT action, account_id, origin FROM audit ORDER BY id")]


def test_who_signs_in_is_known(desk: Desk, scratch: Scratch) -> None:
    account = an_account(now=desk.clock.now())
    tokens = desk.signs_in(account)
    assert tokens["token_type"] == "Bearer" and tokens["expires_in"] == 600
    me = desk.get("/api/admin/me")
    assert (me["login"], me["role"], me["has_totp"]) == (account.login, "admin", False)
    assert audited(scratch) == [("SIGN_IN", account.id, "127.0.0.1")]


@pytest.mark.parametrize("what", [{"login": "nobody"}, {"password": "wrong"}])
def test_who_is_wrong_learns_nothing_else(desk: Desk, what: dict[str, str]) -> None:
    account = an_account(now=desk.clock.now())
    answer = desk.call(
        "POST", "/api/admin/sign-in", json={"login": account.login, "password": PASSWORD, **what}
    )
    assert answer.status_code == 401 and code_of(answer) == "WRONG_PASSWORD"


def test_an_access_token_ends_by_itself_and_with_its_session(desk: Desk) -> None:
    account = an_account(now=desk.clock.now())
    tokens = desk.signs_in(account)
    desk.clock.move(ACCESS_LASTS)
    assert desk.call("GET", "/api/admin/me").status_code == 401
    desk.token = desk.post("/api/admin/refresh", {"refresh_token": tokens["refresh_token"]})["access_token"]
    assert desk.call("GET", "/api/admin/me").status_code == 200
    desk.post("/api/admin/sign-out", {"refresh_token": tokens["refresh_token"]})
    assert desk.call("GET", "/api/admin/me").status_code == 401


def test_a_refresh_token_that_is_used_twice_ends_the_session_for_both(desk: Desk, scratch: Scratch) -> None:
    account = an_account(now=desk.clock.now())
    first = desk.signs_in(account)["refresh_token"]
    thief = desk.post("/api/admin/refresh", {"refresh_token": first})
    again = desk.call("POST", "/api/admin/refresh", json={"refresh_token": first})
    assert again.status_code == 401
    assert desk.at(thief["access_token"]).call("GET", "/api/admin/me").status_code == 401
    stolen = desk.call("POST", "/api/admin/refresh", json={"refresh_token": thief["refresh_token"]})
    assert stolen.status_code == 401
    assert scratch.value("SELECT ended_why FROM sign_ins") == "reused"
    assert audited(scratch)[-1][0] == "REUSE_TOKEN"


def test_of_two_who_refresh_at_once_one_is_refused(desk: Desk) -> None:
    refresh = desk.signs_in(an_account(now=desk.clock.now()))["refresh_token"]
    answers = []

    def ask() -> None:
        answers.append(desk.call("POST", "/api/admin/refresh", json={"refresh_token": refresh}).status_code)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 401, 401, 401]


def test_a_session_ends_without_use_and_after_a_month_in_any_case(desk: Desk) -> None:
    refresh = desk.signs_in(an_account(now=desk.clock.now()))["refresh_token"]
    passed = timedelta()
    while passed + (step := REFRESH_LASTS - timedelta(hours=1)) < SIGN_IN_LASTS:
        desk.clock.move(step)
        passed += step
        refresh = desk.post("/api/admin/refresh", {"refresh_token": refresh})["refresh_token"]
    desk.clock.move(SIGN_IN_LASTS - passed)
    assert desk.call("POST", "/api/admin/refresh", json={"refresh_token": refresh}).status_code == 401


@pytest.mark.parametrize("use", list(Use))
def test_each_kind_of_token_is_good_for_its_use_only(desk: Desk, use: Use) -> None:
    tokens = desk.signs_in(an_account(now=desk.clock.now()))
    if use is Use.REFRESH:
        assert desk.at(tokens["refresh_token"]).call("GET", "/api/admin/me").status_code == 401
    else:
        answer = desk.call("POST", "/api/admin/refresh", json={"refresh_token": tokens["access_token"]})
        assert answer.status_code == 401


def test_tokens_of_another_key_are_refused(desk: Desk) -> None:
    tokens = desk.signs_in(an_account(now=desk.clock.now()))
    read = token.read(tokens["access_token"], JWT_SECRET, use=Use.ACCESS, now=desk.clock.now())
    forged = token.write(read, "another" * 6, now=desk.clock.now())
    assert desk.at(forged).call("GET", "/api/admin/me").status_code == 401


def test_wrong_tries_close_a_login_for_a_while(desk: Desk) -> None:
    account = an_account(now=desk.clock.now())
    wrong = {"login": account.login, "password": "wrong"}
    for _ in range(FREE_TRIES):
        assert desk.call("POST", "/api/admin/sign-in", json=wrong).status_code == 401
    closed = desk.call("POST", "/api/admin/sign-in", json={"login": account.login, "password": PASSWORD})
    assert closed.status_code == 429 and 1 <= int(closed.headers["Retry-After"]) <= 60
    desk.clock.move(timedelta(minutes=1, seconds=1))
    desk.signs_in(account)


def test_a_login_that_nobody_has_closes_as_well(desk: Desk) -> None:
    statuses = [
        desk.call("POST", "/api/admin/sign-in", json={"login": "nobody", "password": "x"}).status_code
        for _ in range(FREE_TRIES + 1)
    ]
    assert statuses == [401] * FREE_TRIES + [429]


def test_tries_at_once_count_as_well(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.password._line", threading.BoundedSemaphore(20))
    account = an_account(now=desk.clock.now())
    statuses = []

    def guess() -> None:
        answer = desk.call("POST", "/api/admin/sign-in", json={"login": account.login, "password": "wrong"})
        statuses.append(answer.status_code)

    threads = [threading.Thread(target=guess) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [401] * FREE_TRIES + [429] * (10 - FREE_TRIES)


def test_who_floods_the_sign_in_is_sent_away_and_closes_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, scratch: Scratch
) -> None:
    account = an_account(now=desk.clock.now())
    busy = threading.BoundedSemaphore(1)
    busy.acquire()
    with monkeypatch.context() as patched:
        patched.setattr("models.password._line", busy)
        for _ in range(2 * FREE_TRIES):
            answer = desk.call(
                "POST", "/api/admin/sign-in", json={"login": account.login, "password": PASSWORD}
            )
            assert answer.status_code == 429 and answer.headers["Retry-After"] == "1"
    assert scratch.rows("SELECT failures FROM sign_in_tries") == []
    desk.signs_in(account)


@pytest.mark.parametrize(
    ("failures", "minutes"), [(0, None), (1, None), (4, None), (5, 1), (6, None), (10, 5), (15, 15), (50, 15)]
)
def test_how_long_a_login_is_closed(failures: int, minutes: int | None) -> None:
    assert closed_for(failures) == (timedelta(minutes=minutes) if minutes else None)


def with_app(desk: Desk, account: Account) -> bytes:
    """An authenticator app is set up; its secret."""
    setup = desk.post("/api/admin/me/totp", {"password": PASSWORD})
    secret = totp.from_typed(setup["secret"])
    assert setup["secret"] in setup["address"]
    desk.post("/api/admin/me/totp/confirm", {"code": totp.code(secret, totp.step_of(desk.clock.now()))})
    return secret


def test_the_apps_code_is_asked_for_and_taken_once(desk: Desk) -> None:
    account = an_account(now=desk.clock.now())
    desk.signs_in(account)
    secret = with_app(desk, account)
    plain = desk.call("POST", "/api/admin/sign-in", json={"login": account.login, "password": PASSWORD})
    assert plain.status_code == 401 and code_of(plain) == "CODE_NEEDED"
    used = totp.code(secret, totp.step_of(desk.clock.now()))
    again = desk.call(
        "POST", "/api/admin/sign-in", json={"login": account.login, "password": PASSWORD, "code": used}
    )
    assert again.status_code == 401 and code_of(again) == "WRONG_CODE"
    desk.clock.move(timedelta(seconds=2 * totp.STEP))
    fresh = totp.code(secret, totp.step_of(desk.clock.now()))
    desk.signs_in(account, code=fresh)
    replayed = desk.call(
        "POST", "/api/admin/sign-in", json={"login": account.login, "password": PASSWORD, "code": fresh}
    )
    assert replayed.status_code == 401 and code_of(replayed) == "WRONG_CODE"


def test_the_app_goes_on_under_a_new_key_and_without_any_says_so(desk: Desk, admin: Desk) -> None:
    account = an_account(now=desk.clock.now())
    desk.signs_in(account)
    secret = with_app(desk, account)
    old, new = ",".join(sealed._keys), sealed.new_key()

    def signs_in() -> Any:
        desk.clock.move(timedelta(seconds=2 * totp.STEP))
        code = totp.code(secret, totp.step_of(desk.clock.now()))
        login = {"login": account.login, "password": PASSWORD, "code": code}
        return desk.call("POST", "/api/admin/sign-in", json=login)

    try:
        sealed.start(f"{new},{old}")
        assert signs_in().status_code == 200
        sealed.start(new)  # the old key is given up: whoever has signed in since needs it no more
        assert signs_in().status_code == 200
        sealed.start(sealed.new_key())
        lost = signs_in()
        assert lost.status_code == 403 and code_of(lost) == "TOTP_LOST"
    finally:
        sealed.start(old)
    forgets = admin.call("PATCH", f"/api/admin/accounts/{account.id}", json={"forget_totp": True})
    assert forgets.status_code == 200
    desk.token = None
    desk.signs_in(account)


def test_an_app_that_is_set_up_is_not_set_up_again_by_who_finds_the_session(desk: Desk) -> None:
    account = an_account(now=desk.clock.now())
    desk.signs_in(account)
    with_app(desk, account)
    assert desk.call("POST", "/api/admin/me/totp", json={"password": PASSWORD}).status_code == 409


def test_in_production_nothing_goes_without_an_app(
    scratch: Scratch, redis_url: str, clock: MovableClock
) -> None:
    desk = make_desk(redis_url, clock, environment="production")
    account = an_account(now=clock.now())
    desk.signs_in(account)
    refused = desk.call("GET", "/api/admin/accounts")
    assert refused.status_code == 403 and code_of(refused) == "TOTP_NEEDED"
    with_app(desk, account)
    assert desk.call("GET", "/api/admin/accounts").status_code == 200


def test_a_new_password_signs_everybody_else_out(desk: Desk) -> None:
    account = an_account(now=desk.clock.now())
    other = desk.at(None)
    other.signs_in(account)
    desk.signs_in(account)
    new = "another horse entirely"
    wrong = desk.call("POST", "/api/admin/me/password", json={"current_password": "no", "new_password": new})
    assert wrong.status_code == 403
    desk.post("/api/admin/me/password", {"current_password": PASSWORD, "new_password": new})
    assert other.call("GET", "/api/admin/me").status_code == 401
    assert desk.call("GET", "/api/admin/me").status_code == 200
    desk.post("/api/admin/sign-in", {"login": account.login, "password": new})


def test_sessions_are_listed_and_ended(desk: Desk) -> None:
    account = an_account(now=desk.clock.now())
    other, stranger = desk.at(None), desk.at(None)
    other.signs_in(account)
    stranger.signs_in(an_account(Role.STAFF, now=desk.clock.now()))
    desk.signs_in(account)
    shown = desk.get("/api/admin/sessions")["sessions"]
    assert [each["is_this_one"] for each in shown].count(True) == 1 and len(shown) == 2
    mine = next(each["session_id"] for each in shown if each["is_this_one"])
    others = next(each["session_id"] for each in shown if not each["is_this_one"])
    assert stranger.call("DELETE", f"/api/admin/sessions/{others}").status_code == 404
    assert desk.call("DELETE", f"/api/admin/sessions/{mine}").status_code == 409
    assert desk.call("DELETE", f"/api/admin/sessions/{others}").status_code == 200
    assert other.call("GET", "/api/admin/me").status_code == 401


def test_one_address_may_call_so_often_without_a_token(
    scratch: Scratch, redis_url: str, clock: MovableClock
) -> None:
    desk = make_desk(redis_url, clock, rate_limit=3, proxy_hops=1)
    out = {"refresh_token": "none"}

    def call(origin: str) -> int:
        answer = desk.call("POST", "/api/admin/sign-out", json=out, headers={"X-Forwarded-For": origin})
        return answer.status_code

    assert [call("203.0.113.7, 198.51.100.1") for _ in range(4)] == [200, 200, 200, 429]
    # Only what the proxy itself wrote counts, whatever its caller wrote before.
    assert call("203.0.113.8, 198.51.100.1") == 429
    assert call("198.51.100.2") == 200
    # A household of IPv6 has more addresses than anybody could count.
    assert [call(f"2001:db8::{n}") for n in range(4)] == [200, 200, 200, 429]
    # Where one socket takes both protocols IPv4 looks so; it is no household, and no other address than without.
    assert [call(f"::ffff:192.0.2.{n}") for n in range(4)] == [200, 200, 200, 200]
    assert call("::ffff:198.51.100.1") == 429
    # With a port, as some proxies write it: each its own, and not all of them unknown together.
    assert [call(f"192.0.2.{n}:443") for n in range(10, 14)] == [200, 200, 200, 200]
    assert [call(where) for where in ("198.51.100.1:50123", "[2001:db8::9]:50123")] == [429, 429]
    clock.move(timedelta(minutes=1))
    assert call("198.51.100.1") == 200


def test_one_account_may_call_so_often(scratch: Scratch, redis_url: str, clock: MovableClock) -> None:
    desk = make_desk(redis_url, clock, staff_rate_limit=2)
    desk.signs_in(an_account(now=clock.now()))
    assert [desk.call("GET", "/api/admin/me").status_code for _ in range(3)] == [200, 200, 429]
    answer = desk.call("GET", "/api/admin/me")
    assert code_of(answer) == "TOO_MANY_CALLS" and int(answer.headers["Retry-After"]) <= 60


def test_who_is_shut_out_is_out_at_once(admin: Desk, desk: Desk) -> None:
    account = an_account(Role.STAFF, now=desk.clock.now())
    desk.signs_in(account)
    admin.call("PATCH", f"/api/admin/accounts/{account.id}", json={"is_disabled": True})
    assert desk.call("GET", "/api/admin/me").status_code == 401
    answer = desk.call("POST", "/api/admin/sign-in", json={"login": account.login, "password": PASSWORD})
    assert answer.status_code == 401
    with unit_of_work() as session:
        stored = Account.find(session, account.id)
    assert stored is not None and stored.disabled_at is not None


def test_an_account_follows_its_person(desk: Desk) -> None:
    account = an_account(now=desk.clock.now())
    with unit_of_work() as session:
        other = make.person(session)
        people.merge(session, newer=other, older=account.person_id, now=desk.clock.now())
        older = make.person(session)
        people.merge(session, newer=account.person_id, older=older, now=desk.clock.now())
        moved = Account.find(session, account.id)
    assert moved is not None and moved.person_id == older
    desk.signs_in(account)


@pytest.mark.parametrize(
    "headers",
    [
        {"User-Agent": "a\x00b\ud83d"},
        {"User-Agent": "x" * 5000},
        {"X-Forwarded-For": "\x00, ::1%eth0, 1.2.3.4.5"},
        {"Authorization": "Bearer \xe9\x00"},
        {"Authorization": "Basic YTpi"},
    ],
)
def test_headers_of_any_kind_do_no_harm(
    scratch: Scratch, redis_url: str, clock: MovableClock, headers: dict[str, str]
) -> None:
    desk = make_desk(redis_url, clock, proxy_hops=1)
    account = an_account(now=clock.now())
    environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    login = {"login": account.login, "password": PASSWORD}
    assert desk.call("POST", "/api/admin/sign-in", json=login, environ_overrides=environ).status_code == 200
    assert desk.call("GET", "/api/admin/me", environ_overrides=environ).status_code == 401
