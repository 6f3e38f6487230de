"""An operation of the API: who may call it, what it is asked and what it answers, all in one place.

The models that an operation's function names are what requests are checked against, what answers are written by,
and what the OpenAPI document is made of: they cannot disagree.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar
from uuid import uuid4

from flask import Request, Response
from pydantic import BaseModel, ValidationError

from bot.access import Access, Caller, Needs
from bot.door import IS_AWAY
from bot.errors import Refused
from models import audit, idempotency
from models.audit import Deed
from models.clock import Clock
from models.db import unit_of_work
from models.idempotency import Answer, KeyReused
from models.rules import Rules
from models.session import Session

if TYPE_CHECKING:
    from bot.health import Health

MOST_BYTES: Final = 64 * 1024
KEY_HEADER: Final = "Idempotency-Key"
KEY: Final = "^[A-Za-z0-9_.:-]{1,200}$"

_P = ParamSpec("_P")
_R = TypeVar("_R")


@dataclass(frozen=True)
class Refusal:
    """One way in which an operation may be refused, for the document."""

    status: int
    code: str
    message: str

    def error(self, **details: Any) -> Refused:
        return Refused(self.status, self.code, self.message, **details)


@dataclass(frozen=True)
class Link:
    """Where something in an answer leads, for the document.

    Attributes:
        to: the operation.
        parameter: of that operation, which what is found at `found` in the answer is given for.
    """

    to: str
    parameter: str
    found: str


@dataclass(frozen=True)
class Picture:
    """An answer that is a picture instead of JSON."""

    content: bytes
    mime_type: str


@dataclass(frozen=True)
class World:
    """What the operations work with, the same for every call."""

    access: Access
    clock: Clock
    rules: Rules
    health: Health


@dataclass(frozen=True)
class Call:
    """One call.

    Attributes:
        origin, agent: where it comes from, and by which program.
        cause: of what it changes; the same when it is made again with the same key.
    """

    world: World
    now: datetime
    origin: str
    agent: str
    cause: str
    caller: Caller | None

    @property
    def signed_in(self) -> Caller:
        assert self.caller is not None  # the operation asks for it
        return self.caller

    def record(self, session: Session, deed: Deed, about: str, **data: object) -> None:
        """The audit's row of what this call does."""
        account = self.signed_in.account
        audit.record(
            session,
            account.person_id,
            deed,
            about,
            cause=self.cause,
            now=self.now,
            account_id=account.id,
            origin=self.origin,
            **data,
        )


@dataclass(frozen=True)
class Operation:
    """What the decorator `operation` was told, and what the function's own annotations say.

    Attributes:
        path, query, body: the models of what comes with a call.
        answer: of what is answered; None for nothing at all.
        takes_session: one unit of work is opened around the call; else the operation opens its own.
        keyed: takes an `Idempotency-Key`.
    """

    method: str
    address: str
    needs: Needs
    run: Callable[..., Any]
    status: int
    keyed: bool
    topic: str
    refusals: tuple[Refusal, ...]
    links: tuple[Link, ...]
    takes_session: bool
    path: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    answer: type[Any] | None = None

    @property
    def name(self) -> str:
        return self.run.__name__

    @property
    def promise(self) -> str:
        return (self.run.__doc__ or "").strip()

    def answered(self, request: Request, world: World, path: Mapping[str, str]) -> Response:
        """Do what is asked, or raise what it is refused with."""
        call = self._admit(request, world)
        given = self._read(request, path)
        try:
            if not self.takes_session:
                return self._written(self.run(call, **given))
            with unit_of_work() as session:
                return self._in_one_unit(session, request, call, given)
        except IS_AWAY:
            raise Refused(
                503,
                "BUSY",
                "The database is away, or somebody else is at this just now: try again.",
                headers={"Retry-After": "1"},
            ) from None

    def _admit(self, request: Request, world: World) -> Call:
        now = world.clock.now()
        origin = world.access.origin(request.environ)
        caller = None
        if self.needs is not Needs.NOTHING:
            caller = world.access.caller(request.environ, now)
            world.access.count(caller, now)
            world.access.check(caller, self.needs)
        agent = "".join(sign for sign in request.user_agent.string if sign.isprintable())
        return Call(world, now, origin, agent, f"api:{uuid4().hex}", caller)

    def _read(self, request: Request, path: Mapping[str, str]) -> dict[str, BaseModel]:
        given: dict[str, BaseModel] = {}
        if self.path is not None:
            given["path"] = _checked(self.path, path, "path")
        if self.query is not None:
            several = {name for name, values in request.args.lists() if len(values) > 1}
            if several:
                raise invalid({"query": "given more than once", "names": sorted(several)})
            given["query"] = _checked(self.query, request.args.to_dict(), "query")
        if self.body is not None:
            given["body"] = _body(request, self.body)
        return given

    def _in_one_unit(
        self, session: Session, request: Request, call: Call, given: Mapping[str, BaseModel]
    ) -> Response:
        key = self._key(request)
        if key is None:
            return self._written(self.run(call, session=session, **given))
        account_id = call.signed_in.account.id
        parts = [self.method.encode(), request.path.encode(), request.get_data()]
        try:
            before = idempotency.begin(session, account_id, key, idempotency.fingerprint(parts), call.now)
        except KeyReused:
            raise KEY_REUSED.error() from None
        if before is not None:
            replayed = Response(before.body, status=before.status, mimetype="application/json")
            replayed.headers["Idempotent-Replayed"] = "true"
            return replayed
        response = self._written(self.run(call, session=session, **given))
        idempotency.keep(session, account_id, key, Answer(response.status_code, response.get_data()))
        return response

    def _key(self, request: Request) -> str | None:
        key = request.headers.get(KEY_HEADER) if self.keyed else None
        if key is not None and not re.fullmatch(KEY, key):
            raise invalid({"header": KEY_HEADER, "why": "1 to 200 letters, digits, and _ . : -"})
        return key

    def _written(self, answer: BaseModel | Picture | None) -> Response:
        if answer is None:
            return Response(status=self.status)
        if isinstance(answer, Picture):
            return Response(answer.content, status=self.status, mimetype=answer.mime_type)
        return Response(answer.model_dump_json(), status=self.status, mimetype="application/json")


@dataclass
class Topic:
    """The operations about one thing."""

    name: str
    operations: list[Operation] = field(default_factory=list)

    def operation(
        self,
        method: str,
        address: str,
        *,
        needs: Needs,
        status: int = 200,
        keyed: bool = False,
        refusals: tuple[Refusal, ...] = (),
        links: tuple[Link, ...] = (),
    ) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
        """Make a function an operation; its annotations say what it is asked and what it answers."""

        def made(run: Callable[_P, _R]) -> Callable[_P, _R]:
            hints = typing.get_type_hints(run)
            answer = hints["return"]
            self.operations.append(
                Operation(
                    method,
                    address,
                    needs,
                    run,
                    status=status,
                    keyed=keyed,
                    topic=self.name,
                    refusals=(*refusals, KEY_REUSED) if keyed else refusals,
                    links=links,
                    takes_session="session" in hints,
                    path=hints.get("path"),
                    query=hints.get("query"),
                    body=hints.get("body"),
                    answer=None if answer is NoneType else answer,
                )
            )
            return run

        return made


KEY_REUSED: Final = Refusal(409, "IDEMPOTENCY_KEY_REUSED", "This Idempotency-Key was used for another call.")


def invalid(*problems: Mapping[str, Any]) -> Refused:
    return Refused(422, "INVALID", "What was sent does not fit the document.", problems=list(problems))


def _body(request: Request, model: type[BaseModel]) -> BaseModel:
    if request.mimetype != "application/json":
        raise Refused(415, "NOT_JSON", "Send JSON, with Content-Type: application/json.")
    try:
        return model.model_validate_json(request.get_data())
    except ValidationError as error:
        raise _not_valid(error, "body") from None


def _checked(model: type[BaseModel], values: Mapping[str, str], where: str) -> BaseModel:
    try:
        return model.model_validate_strings(values)
    except ValidationError as error:
        raise _not_valid(error, where) from None


def _not_valid(error: ValidationError, where: str) -> Refused:
    """What is wrong and where, without what was sent: it may be a password."""
    problems = error.errors(include_input=False, include_url=False, include_context=False)
    return invalid(*({"in": where, "at": list(each["loc"]), "why": each["msg"]} for each in problems[:20]))
