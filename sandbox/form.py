"""Stripe's parameters: nested form fields, read into dictionaries and lists and checked by name and kind."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

Params = dict[str, Any]
KEY = re.compile(r"\[([^\[\]]*)\]")


class BadRequest(Exception):
    """Stripe's refusal: HTTP status, type, code, the parameter, and what else belongs to the error object."""

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        status: int = 400,
        kind: str = "invalid_request_error",
        **more: Any,
    ) -> None:
        super().__init__(message)
        error = {"code": code, "message": message, "param": param, "type": kind, **more}
        self.status, self.error = status, {key: value for key, value in error.items() if value is not None}
        if code:
            self.error["doc_url"] = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"


def parse(text: str) -> Params:
    """`a[b][0][c]=x&d[]=y` → `{"a": {"b": [{"c": "x"}]}, "d": ["y"]}`."""
    found: Params = {}
    for key, value in parse_qsl(text, keep_blank_values=True):
        head, rest = key.partition("[")[0], KEY.findall(key)
        _put(found, [head, *rest], value)
    return {key: _with_lists(value) for key, value in found.items()}


def _put(into: Params, path: list[str], value: str) -> None:
    *parents, last = path
    for name in parents:
        step = into.setdefault(name or str(len(into)), {})
        if not isinstance(step, dict):
            raise BadRequest(f"Invalid request: {path[0]} is given twice", param=path[0])
        into = step
    into[last or str(len(into))] = value


def _with_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdigit() for key in value):
        return [_with_lists(value[key]) for key in sorted(value, key=int)]
    return {key: _with_lists(each) for key, each in value.items()}


def allow(params: Params, *known: str) -> None:
    """Refuse a parameter that the call does not know."""
    for name in params:
        if name not in known and name != "expand":
            raise BadRequest(f"Received unknown parameter: {name}", param=name, code="parameter_unknown")


def need(params: Params, name: str, path: str | None = None) -> Any:
    """A parameter that must be there and not empty."""
    if (value := params.get(name)) in (None, ""):
        path = path or name
        raise BadRequest(f"Missing required param: {path}.", param=path, code="parameter_missing")
    return value


def group(params: Params, name: str, path: str | None = None) -> Params:
    """A nested parameter; empty where it is not given."""
    value = params.get(name, {})
    if not isinstance(value, dict):
        raise BadRequest("Invalid object", param=path or name)
    return value


def whole(params: Params, name: str, path: str | None = None, *, least: int = 0) -> int | None:
    """A whole number, or None."""
    value, path = params.get(name), path or name
    if value is None:
        return None
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise BadRequest(f"Invalid integer: {value}", param=path, code="parameter_invalid_integer") from None
    if number < least:
        why = f"This value must be greater than or equal to {least}."
        raise BadRequest(why, param=path, code="parameter_invalid_integer")
    return number


def one_of(params: Params, name: str, *allowed: str, default: str | None = None) -> str | None:
    """One of the words, or the default."""
    value = params.get(name, default)
    if value is not None and value not in allowed:
        raise BadRequest(f"Invalid {name}: must be one of {', '.join(allowed)}", param=name)
    return None if value is None else str(value)


def metadata(params: Params, path: str = "metadata") -> dict[str, str]:
    """Up to 50 pairs of 40 and 500 characters; an empty value removes the key."""
    given = params.get("metadata") or {}
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise BadRequest("Invalid object", param=path)
    if len(given) > 50:
        raise BadRequest("You can have at most 50 keys", param=path)
    for key, value in given.items():
        if len(key) > 40 or len(value) > 500:
            why = "Metadata keys can be at most 40 characters, values at most 500"
            raise BadRequest(why, param=f"{path}[{key}]")
    return {key: value for key, value in given.items() if value}
