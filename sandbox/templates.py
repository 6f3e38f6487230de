"""WhatsApp's message templates: created, approved, found by name and language, filled in.

Shapes are Graph's create-template call. Files of a folder (one template each, in that same shape) count as
approved from the start, if they keep the platform's rules. Source: facts/whatsapp.md 1.7, 2.1, 2.4, 3.2.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.graph import Refused
from sandbox.store import Store

NAME = re.compile(r"[a-z0-9_]{1,512}\Z")
VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
CATEGORIES = ("UTILITY", "MARKETING", "AUTHENTICATION")
BUTTONS = ("QUICK_REPLY", "URL", "PHONE_NUMBER", "COPY_CODE", "FLOW")
MOST_TEMPLATES = 250
PAYLOAD = 128  # Meta names no number here; this is the cautious one.
LEADING_OR_TRAILING, TOO_MANY_VARIABLES, FULL, EXISTS = 2388299, 2388293, 2388019, 2388024


@dataclass(frozen=True, slots=True)
class Filled:
    """A template with its parameters, ready to be shown."""

    name: str
    category: str
    header: dict[str, Any] | None
    body: str
    footer: str | None
    options: list[dict[str, Any]]


class Templates:
    """All templates of the business account; those that were created outlive a restart."""

    def __init__(self, store: Store, folder: Path, now: Any) -> None:
        self._store, self._folder, self._now = store, folder, now
        self._files_seen: dict[Path, int] = {}
        self._all: dict[tuple[str, str], dict[str, Any]] = {}
        for row in store.load("template").values():
            self._all[row["name"], row["language"]] = row
        self._read_folder()

    def create(self, given: dict[str, Any]) -> dict[str, Any]:
        """Take a new template in: PENDING.

        Raises:
            Refused: it breaks a rule, or exists.
        """
        check(given)
        if (given["name"], given["language"]) in self._all:
            why = f"There is already {given['language']} content for this template ({given['name']})"
            raise Refused(100, why, subcode=EXISTS)
        # A name counts once, in however many languages.
        names = {name for name, _ in self._all}
        if given["name"] not in names and len(names) >= MOST_TEMPLATES:
            raise Refused(100, f"An account may have {MOST_TEMPLATES} templates", subcode=FULL)
        return self._keep(given, "PENDING")

    def set_status(self, template: dict[str, Any], status: str) -> None:
        template["status"] = status
        template["rejected_reason"] = "INVALID_FORMAT" if status == "REJECTED" else "NONE"
        self._store.put("template", template["id"], template)

    def delete(self, name: str) -> bool:
        """Forget all languages of a name; True if there was one."""
        gone = [key for key in self._all if key[0] == name]
        for key in gone:
            self._store.delete("template", self._all.pop(key)["id"])
        return bool(gone)

    def by_id(self, wanted: str) -> dict[str, Any] | None:
        return next((each for each in self._all.values() if each["id"] == wanted), None)

    def all(self, **wanted: str) -> list[dict[str, Any]]:
        """Those that match every filter, in the order they came."""
        self._read_folder()
        return [each for each in self._all.values() if all(str(each.get(k)) == v for k, v in wanted.items())]

    def fill(self, node: dict[str, Any]) -> Filled:
        """Put the parameters of an outbound message into its template.

        Raises:
            Refused: unknown (132001), not usable (132015, 132016), or parameters that do not fit (132000, …).
        """
        name, language = node["name"], node["language"]["code"]
        if (name, language) not in self._all:
            self._read_folder()
        template = self._all.get((name, language))
        if template is None or template["status"] in ("PENDING", "REJECTED"):
            raise Refused(132001, f"template name ({name}) does not exist in {language}")
        if template["status"] == "PAUSED":
            raise Refused(132015, f"template ({name}) is paused due to low quality")
        if template["status"] == "DISABLED":
            raise Refused(132016, f"template ({name}) is disabled")
        return fill(template, node)

    def _keep(self, given: dict[str, Any], status: str) -> dict[str, Any]:
        key = given["name"], given["language"]
        known = self._all.get(key)
        number = known["id"] if known else str(700000000000000 + len(self._all) + int(self._now()))
        template = {
            "parameter_format": "POSITIONAL",
            **given,
            "id": number,
            "status": status,
            "rejected_reason": "NONE",
        }
        self._all[key] = template
        self._store.put("template", number, template)
        return template

    def _read_folder(self) -> None:
        """Take in files that are new or changed; a file that breaks a rule is named and left out."""
        if not self._folder.is_dir():
            return
        for path in sorted(self._folder.glob("*.json")):
            if self._files_seen.get(path) == (stamp := path.stat().st_mtime_ns):
                continue
            self._files_seen[path] = stamp
            try:
                read = json.loads(path.read_text())
                for given in read if isinstance(read, list) else [read]:
                    check(given)
                    self._keep(given, "APPROVED")
            except (ValueError, Refused) as wrong:
                print(f"sandbox: template {path.name} would be refused: {wrong}", file=sys.stderr, flush=True)


def check(given: Any) -> None:
    """Let a template pass that Meta would approve.

    Raises:
        Refused: the rule it breaks.
    """
    if not isinstance(given, dict):
        raise Refused(100, "a template is an object")
    if not NAME.match(str(given.get("name", ""))):
        raise Refused(100, "name must be lower-case letters, digits and underscores")
    if not isinstance(given.get("language"), str) or not given["language"]:
        raise Refused(100, "language is required")
    if given.get("category") not in CATEGORIES:
        raise Refused(100, f"category must be one of {', '.join(CATEGORIES)}")
    components = given.get("components")
    if not isinstance(components, list) or not all(isinstance(each, dict) for each in components):
        raise Refused(100, "components must be a list of objects")
    kinds = [str(each.get("type", "")).upper() for each in components]
    if len(set(kinds)) != len(kinds) or "BODY" not in kinds:
        raise Refused(100, "one BODY is required, and each kind of component at most once")
    for kind, component in zip(kinds, components, strict=True):
        if kind not in ("HEADER", "BODY", "FOOTER", "BUTTONS"):
            raise Refused(100, f"component type {kind!r} is unknown")
        _check_component(kind, component)


def _check_component(kind: str, component: dict[str, Any]) -> None:
    if kind == "BUTTONS":
        _check_buttons(component.get("buttons"))
        return
    if kind == "HEADER" and component.get("format", "TEXT") != "TEXT":
        if component["format"] not in ("IMAGE", "VIDEO", "DOCUMENT", "LOCATION"):
            raise Refused(100, f"header format {component['format']!r} is unknown")
        return
    text = component.get("text")
    most = 1024 if kind == "BODY" else 60
    if not isinstance(text, str) or not 1 <= len(text) <= most:
        raise Refused(100, f"{kind} needs a text of 1 to {most} characters")
    found = variables(text)
    if kind == "FOOTER" and found:
        raise Refused(100, "FOOTER takes no variables")
    if kind == "HEADER" and len(found) > 1:
        raise Refused(100, "HEADER takes one variable at most")
    if kind == "BODY" and found:
        _check_variables(text, found)
    if found and not component.get("example"):
        raise Refused(100, f"{kind} has variables and needs an example")


def _check_variables(text: str, found: list[str]) -> None:
    if found[0].isdigit() and found != [str(number) for number in range(1, len(found) + 1)]:
        raise Refused(100, "variables are numbered {{1}}, {{2}}, … without a gap")
    # Punctuation does not count as text here, as people found out the hard way.
    bare = re.sub(r"[^\w{}]", "", text)
    if bare.startswith("{{") or bare.endswith("}}"):
        why = "Variables can't be at the start or end of the template"
        raise Refused(100, why, subcode=LEADING_OR_TRAILING)
    if len(VARIABLE.sub(" ", text).split()) < 2 * len(found) + 1:
        why = "This template has too many variables for its length"
        raise Refused(100, why, subcode=TOO_MANY_VARIABLES)


def _check_buttons(buttons: Any) -> None:
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 10:
        raise Refused(100, "BUTTONS takes 1 to 10 buttons")
    for button in buttons:
        if not isinstance(button, dict) or button.get("type") not in BUTTONS:
            raise Refused(100, f"a button's type is one of {', '.join(BUTTONS)}")
        # The words of this one are WhatsApp's own.
        if button["type"] != "COPY_CODE" and not 1 <= len(str(button.get("text") or "")) <= 25:
            raise Refused(100, "a button's text has 1 to 25 characters")
        if button["type"] == "COPY_CODE" and not 1 <= len(str(button.get("example") or "")) <= 15:
            raise Refused(100, "a COPY_CODE button needs an example of 1 to 15 characters")
        if button["type"] == "PHONE_NUMBER" and not 1 <= len(str(button.get("phone_number") or "")) <= 20:
            raise Refused(100, "a PHONE_NUMBER button needs a phone_number of 1 to 20 characters")
        if button["type"] == "URL" and not button.get("url"):
            raise Refused(100, "a URL button needs a url")
        if button["type"] == "URL" and variables(str(button["url"])) and not button.get("example"):
            raise Refused(100, "a URL button with a variable needs an example")


def variables(text: str) -> list[str]:
    """The names of {{1}}, {{guest}}, …, each once, in order of appearance."""
    return list(dict.fromkeys(VARIABLE.findall(text)))


def fill(template: dict[str, Any], node: dict[str, Any]) -> Filled:
    """Show a template with the parameters of one message; see `Templates.fill`."""
    parts = {str(each["type"]).upper(): each for each in template["components"]}
    given: dict[str, dict[str, Any]] = {}
    buttons: dict[int, list[dict[str, Any]]] = {}
    for component in node.get("components") or []:
        if str(component["type"]).lower() == "button":
            buttons[_index(component.get("index"))] = component.get("parameters") or []
        else:
            given[str(component["type"]).upper()] = component
    body = _filled(parts["BODY"]["text"], given.get("BODY"), "body")
    if len(body) > 1024:
        raise Refused(132005, "body: the text with its parameters is longer than 1024 characters")
    return Filled(
        name=template["name"],
        category=str(template["category"]).lower(),
        header=_header(parts.get("HEADER"), given.get("HEADER")),
        body=body,
        footer=parts["FOOTER"]["text"] if "FOOTER" in parts else None,
        options=_options((parts.get("BUTTONS") or {}).get("buttons") or [], buttons),
    )


def _header(part: dict[str, Any] | None, given: dict[str, Any] | None) -> dict[str, Any] | None:
    if part is None:
        if given:
            raise Refused(132000, "header: the template has none")
        return None
    kind = str(part.get("format", "TEXT")).lower()
    if kind == "text":
        return {"type": "text", "text": _filled(part["text"], given, "header"), "url": None, "filename": None}
    parameters = (given or {}).get("parameters") or []
    if len(parameters) != 1 or parameters[0].get("type") != kind:
        raise Refused(132012, f"header: Format mismatch, expected {kind.upper()}")
    return {"type": kind, "text": None, "url": None, "filename": None, "file": parameters[0].get(kind)}


def _filled(text: str, component: dict[str, Any] | None, where: str) -> str:
    wanted = variables(text)
    parameters = (component or {}).get("parameters") or []
    if len(parameters) != len(wanted):
        why = f"{where}: number of localizable_params ({len(parameters)})"
        raise Refused(132000, f"{why} does not match the expected number of params ({len(wanted)})")
    values: dict[str, str] = {}
    for position, parameter in enumerate(parameters):
        name = str(parameter.get("parameter_name") or (wanted[position] if wanted[0].isdigit() else ""))
        if name not in wanted:
            raise Refused(132012, f"{where}: parameter_name is missing or unknown")
        values[name] = _value(parameter, f"{where}: parameter {position + 1}")
    return VARIABLE.sub(lambda found: values[found.group(1)], text)


def _value(parameter: dict[str, Any], where: str) -> str:
    if parameter.get("type") == "currency":
        return str((parameter.get("currency") or {}).get("fallback_value", ""))
    if parameter.get("type") == "date_time":
        return str((parameter.get("date_time") or {}).get("fallback_value", ""))
    text = parameter.get("text")
    if parameter.get("type") != "text" or not isinstance(text, str):
        raise Refused(132012, f"{where} must be of type text")
    if not text:
        raise Refused(131008, f"{where}: text is required and must not be empty")
    if re.search(r"[\n\t]| {5}", text):
        raise Refused(132012, f"{where}: no new line, tab or more than 4 consecutive spaces")
    return text


def _index(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise Refused(131008, "button: index is required and must be a number") from None


def _options(buttons: list[dict[str, Any]], given: dict[int, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    if unknown := [index for index in given if not 0 <= index < len(buttons)]:
        raise Refused(132000, f"button: the template has no button with index {unknown[0]}")
    return [_option(button, given.get(index) or [], index) for index, button in enumerate(buttons)]


def _option(button: dict[str, Any], parameters: list[dict[str, Any]], index: int) -> dict[str, Any]:
    where = f"button at index {index}"
    if len(parameters) > 1:
        raise Refused(132000, f"{where}: one parameter at most")
    first = parameters[0] if parameters else {}
    if button["type"] == "QUICK_REPLY":
        payload = str(first.get("payload") or button["text"])
        if len(payload) > PAYLOAD:
            raise Refused(131009, f"{where}: payload may have at most {PAYLOAD} characters")
        return {"id": payload, "title": button["text"], "kind": "reply"}
    if button["type"] == "URL":
        wanted = variables(button["url"])
        if bool(wanted) != bool(first):
            raise Refused(131008 if wanted else 132000, f"{where}: the url takes {len(wanted)} parameters")
        url = VARIABLE.sub(lambda _: _value(first, where), button["url"])
        return {"id": f"url-{index}", "title": button["text"], "kind": "url", "url": url}
    if button["type"] == "COPY_CODE":
        code = first.get("coupon_code")
        if first.get("type") != "coupon_code" or not isinstance(code, str) or not 1 <= len(code) <= 15:
            raise Refused(132012, f"{where}: coupon_code with 1 to 15 characters is required")
        return {"id": f"copy-{index}", "title": "Copy offer code", "kind": "copy", "code": code}
    if button["type"] == "PHONE_NUMBER":
        phone = button.get("phone_number")
        return {"id": f"phone-{index}", "title": button["text"], "kind": "phone", "phone": phone}
    return {"id": f"button-{index}", "title": button["text"], "kind": "flow"}
