"""docs/settings.md, written from the settings themselves: `python -m doctor.settings_page`, or `make settings`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from config import Settings

PAGE = Path(__file__).parent.parent / "docs" / "settings.md"

HEAD = """# Settings

Written by `make settings` from `config.py`; edit the sentences there.

Environment variables, read once at the start of each process. One that is missing or cannot be read stops the
start with a sentence that names it. With `ENVIRONMENT=production` (the default) a secret that is weak, known from
the sandbox or used twice stops it as well, and so does a `PUBLIC_URL` without https. No secret is ever printed or
logged. `make doctor` checks all of them against the live services.
"""

# Read by the supervisor (`run/`) and the Procfile, not by the processes themselves.
STARTER = {
    "DATA_DIR": ("`data`", "Where the embedded servers and the logs of `make run` and `make start` are."),
    "HOST": ("`0.0.0.0`", "The address that the web process listens at."),
    "PROCESS_NAME": (
        "",
        "What health and metrics call a process; each on one machine has a name of its own.",
    ),
}


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_tables(), "## Read by the starter alone", "", *_starter()]) + "\n"


def _tables() -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        extra: dict[str, Any] = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        if extra.get("heading"):
            yield from (
                f"## {extra['heading']}",
                "",
                "| name | default | what it is |",
                "| --- | --- | --- |",
            )
        yield f"| {_names(name, field)} | {_default(field, extra)} | {_about(field, extra)} |"
        if _is_last(name):
            yield ""


def _is_last(name: str) -> bool:
    """Whether another heading, or nothing, follows."""
    fields = list(Settings.model_fields.items())
    following = fields[[each for each, _ in fields].index(name) + 1 :]
    if not following:
        return True
    extra = following[0][1].json_schema_extra
    return isinstance(extra, dict) and bool(extra.get("heading"))


def _names(name: str, field: FieldInfo) -> str:
    first, *others = getattr(field.validation_alias, "choices", None) or [name.upper()]
    also = f" (or {', '.join(f'`{other}`' for other in others)})" if others else ""
    return f"`{first}`{also}"


def _default(field: FieldInfo, extra: dict[str, Any]) -> str:
    if extra.get("needed"):
        return "needed"
    value = field.default
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`" if value not in ("", None) else ""


def _about(field: FieldInfo, extra: dict[str, Any]) -> str:
    about = field.description or ""
    if secret := extra.get("secret"):
        about += f" **Secret**: {secret.look}."
    return about


def _starter() -> Iterator[str]:
    yield from ("| name | default | what it is |", "| --- | --- | --- |")
    for name, (default, about) in STARTER.items():
        yield f"| `{name}` | {default} | {about} |"


if __name__ == "__main__":
    PAGE.write_text(page())
