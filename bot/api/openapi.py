"""The OpenAPI 3.1 document, made of the operations and of the models that check their calls and write their answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from bot.access import Needs
from bot.api.operation import KEY, KEY_HEADER, MOST_BYTES, Operation, Picture, Refusal
from bot.api.shapes.words import ErrorAnswer

ADDRESS: Final = "/api/openapi.json"
_REF: Final = "#/components/schemas/{model}"

_Model = tuple[type[BaseModel], JsonSchemaMode]
_Names = Mapping[Any, Mapping[str, Any]]  # by `_Model`

_ALWAYS: Final = (
    Refusal(429, "TOO_MANY_CALLS", "Too many calls: `Retry-After` says when the next one is heard."),
    Refusal(503, "BUSY", "The database is away, or somebody else is at this just now: try again."),
)
_SIGNED_IN: Final = (
    Refusal(401, "NOT_SIGNED_IN", "The token is missing, wrong or over."),
    Refusal(403, "FORBIDDEN", "The account may not do this, or has to set up its app first (`TOTP_NEEDED`)."),
)
_WITH_INPUT: Final = (Refusal(422, "INVALID", "What was sent does not fit; `details` says where and why."),)
_TOO_LARGE: Final = Refusal(413, "REQUEST_ENTITY_TOO_LARGE", f"The body has more than {MOST_BYTES} bytes.")
_NOT_JSON: Final = Refusal(415, "NOT_JSON", "The body is not JSON.")


def document(operations: Sequence[Operation], *, title: str, address: str) -> dict[str, Any]:
    """The document of these operations."""
    names, definitions = _schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.address, {})[operation.method.lower()] = _operation(operation, names)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{title}: admin API",
            "version": "1",
            "description": _ABOUT,
        },
        "servers": [{"url": address}],
        "tags": [{"name": topic} for topic in dict.fromkeys(each.topic for each in operations)],
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


_ABOUT: Final = (
    "Sign in with `POST /api/admin/sign-in` and send `Authorization: Bearer` and the access token with every other "
    "call. An access token lasts ten minutes; `POST /api/admin/refresh` gives the next one.\n\n"
    "Amounts are decimal strings with a currency. Every error has one shape. Lists come in pages: ask for `after` "
    "with the `next` of the page before. A POST that takes an `Idempotency-Key` has one effect however often it is "
    "made with the same key, and is answered as it was the first time."
)


def _schemas(operations: Iterable[Operation]) -> tuple[_Names, dict[str, Any]]:
    models: dict[_Model, None] = {(ErrorAnswer, "serialization"): None}
    for operation in operations:
        for model in (operation.path, operation.query, operation.body):
            if model is not None:
                models[model, "validation"] = None
        if operation.answer is not None and operation.answer is not Picture:
            models[operation.answer, "serialization"] = None
    names, definitions = models_json_schema(list(models), ref_template=_REF)
    return names, definitions


def _operation(operation: Operation, names: _Names) -> dict[str, Any]:
    summary, _, more = operation.promise.partition("\n")
    about = "\n".join(line.strip() for line in more.strip().splitlines())
    needs = "" if operation.needs is Needs.NOTHING else f"Needs {operation.needs}."
    described: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.topic],
        "summary": summary,
        "description": "\n\n".join(part for part in (about, needs) if part),
        "responses": _responses(operation, names),
        "security": [] if operation.needs is Needs.NOTHING else [{"token": []}],
    }
    if parameters := _parameters(operation):
        described["parameters"] = parameters
    if operation.body is not None:
        schema = names[operation.body, "validation"]
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for model, where in ((operation.path, "path"), (operation.query, "query")):
        if model is None:
            continue
        schema = model.model_json_schema()
        for name, facts in schema["properties"].items():
            facts = {key: value for key, value in facts.items() if key != "title"}
            about = facts.pop("description", None)
            facts = _without_null(facts)
            parameter = {"name": name, "in": where, "required": where == "path", "schema": facts}
            found.append({**parameter, "description": about} if about else parameter)
    if operation.keyed:
        about = "Of your own choice; the same for every try of one deed."
        schema = {"type": "string", "pattern": KEY, "examples": ["0d7c1a52-1f5e-4f53-8a0e-3c4a4bb2b7a5"]}
        header = {"name": KEY_HEADER, "in": "header", "required": False, "schema": schema}
        found.append({**header, "description": about})
    return found


def _without_null(facts: dict[str, Any]) -> dict[str, Any]:
    """In an address, what is not given is left out."""
    kinds = [kind for kind in facts.get("anyOf", []) if kind.get("type") != "null"]
    if len(kinds) != 1:
        return facts
    rest = {key: value for key, value in facts.items() if key not in ("anyOf", "default")}
    return {**rest, **kinds[0]}


def _responses(operation: Operation, names: _Names) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    good: dict[str, Any] = {"description": HTTPStatus(operation.status).phrase}
    if operation.answer is Picture:
        binary = {"schema": {"type": "string", "format": "binary"}}
        good["content"] = {"image/jpeg": binary, "image/png": binary}
    elif operation.answer is not None:
        good["content"] = {"application/json": {"schema": names[operation.answer, "serialization"]}}
    if operation.keyed:
        about = "`true` where this answer was given before."
        good["headers"] = {"Idempotent-Replayed": {"description": about, "schema": {"type": "string"}}}
    if operation.links:
        good["links"] = {
            link.to: {
                "operationId": link.to,
                "parameters": {link.parameter: f"$response.body#{link.found}"},
            }
            for link in operation.links
        }
    responses[str(operation.status)] = good
    error = {"application/json": {"schema": names[ErrorAnswer, "serialization"]}}
    by_status: dict[int, list[Refusal]] = {}
    for refusal in _refusals(operation):
        by_status.setdefault(refusal.status, []).append(refusal)
    for status, refusals in sorted(by_status.items()):
        words = "\n".join(f"- `{each.code}`: {each.message}" for each in refusals)
        responses[str(status)] = {"description": words, "content": error}
        if status in (429, 503):
            schema = {"type": "string", "pattern": "^[0-9]+$"}
            responses[str(status)]["headers"] = {"Retry-After": {"description": "Seconds.", "schema": schema}}
    return responses


def _refusals(operation: Operation) -> tuple[Refusal, ...]:
    found = operation.refusals
    if operation.needs is not Needs.NOTHING:
        found = (*_SIGNED_IN, *found)
    if operation.path or operation.query or operation.body or operation.keyed:
        found = (*found, *_WITH_INPUT)
    if operation.body is not None or operation.keyed:
        found = (*found, _TOO_LARGE)
    if operation.body is not None:
        found = (*found, _NOT_JSON)
    return (*found, *_ALWAYS)
