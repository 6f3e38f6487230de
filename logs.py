"""Structured logs: one JSON object a line, with ids and codes and without what people wrote or who they are."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from collections.abc import MutableMapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import structlog


def configure(level: str, *, process: str) -> None:
    """Set up logging for this process; our own lines and the libraries' warnings have one shape."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    libraries = logging.StreamHandler(sys.stderr)
    libraries.setFormatter(OneLine(process))
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[libraries])

    def name_process(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {**event, "process": process}  # of all threads; a context variable would be of this one alone

    structlog.configure(
        processors=[
            name_process,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _quote_nothing,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    sys.excepthook = _process_dies
    threading.excepthook = _thread_dies


def _process_dies(kind: type[BaseException], error: BaseException, trace: TracebackType | None, /) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        structlog.get_logger().critical("process.died", exc_info=(kind, error, trace))


def _thread_dies(args: threading.ExceptHookArgs, /) -> None:
    if args.exc_value is not None:
        told = (args.exc_type, args.exc_value, args.exc_traceback)
        structlog.get_logger().critical("thread.died", thread=args.thread and args.thread.name, exc_info=told)


# PostgreSQL shows the line of the statement it stumbled over, and the row: both hold what people wrote.
# What it quotes may have lines of its own, so all goes up to where Python or SQLAlchemy speak again.
_QUOTED = re.compile(
    r"(?:\n|\\n)(?:LINE \d+|DETAIL|CONTEXT|QUERY|WHERE):.*?"
    r"(?=\n\nThe above exception|\n\nDuring handling|\n\[SQL|\n\(Background|\Z)",
    re.DOTALL,
)


# What these say is the value that did not fit, and that is what somebody wrote; where it happened is in the traceback.
_VALUES = (
    r"\b((?:[\w.]*\.)?(?:Value|Key|Lookup|Unicode\w+|JSON\w*|\w*Pars\w+|\w*Validation)(?:Error|Exception))"
)
_SAYS_VALUE = re.compile(
    r"^" + _VALUES + r": .*?(?=\n\nThe above exception|\n\nDuring handling|\n\[SQL|\n\(Background|\Z)",
    re.DOTALL | re.MULTILINE,
)
_SHOWS_VALUE = re.compile(r"\A" + _VALUES + r"\(.*", re.DOTALL)
# Seven digits or more that are no part of a word: a phone, an account, a card. The date in a booking's code is part of one.
_NUMBER = re.compile(r"(?<![\w.-])\+?\d(?:[ ()-]{0,2}\d){6,}(?!\w)")


def without_quotes(text: str) -> str:
    """An error's text or traceback without what the database quotes, what did not fit, and anybody's number."""
    return _NUMBER.sub("…", _SHOWS_VALUE.sub(r"\1(…)", _SAYS_VALUE.sub(r"\1: …", _QUOTED.sub(" …", text))))


def _quote_nothing(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in ("exception", "error"):
        if isinstance(event.get(key), str):
            event[key] = without_quotes(event[key])
    return event


class OneLine(logging.Formatter):
    """What a library has to say, in the shape of our own lines; a traceback stays inside of its line."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {"event": without_quotes(record.getMessage()), "logger": record.name}
        if record.exc_info:
            line["exception"] = without_quotes(self.formatException(record.exc_info))
        line |= {
            "process": self._process,
            "level": record.levelname.lower(),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
        }
        return json.dumps(line)
