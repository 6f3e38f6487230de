"""Our templates at WhatsApp: create what is missing, say how each stands: `python -m doctor.templates`.

Done again, it creates nothing twice. It ends with 1 while a template is missing, refused, out of service or takes
other values than ours: people outside WhatsApp's 24-hour window would not be reached.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

import config
from doctor.report import Finding, Level, fail, ok, warn
from flows import templates
from integrations.whatsapp_account import EXISTS, AccountError, WhatsAppAccount

Template = Mapping[str, Any]

ABOUT = "template"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m doctor.templates", description=__doc__)
    parser.add_argument("--check", action="store_true", help="create nothing, only say how each stands")
    options = parser.parse_args(arguments)
    settings = config.read()
    if not settings.whatsapp_business_account_id or not settings.whatsapp_access_token:
        print(
            "WHATSAPP_BUSINESS_ACCOUNT_ID and WHATSAPP_ACCESS_TOKEN are needed; docs/going-live.md says how."
        )
        return 1
    try:
        findings = list(stand(account_of(settings), ours(), create=not options.check))
    except AccountError as error:
        print(f"WhatsApp did not tell its templates: {error.words}.")
        return 1
    for finding in findings:
        print(finding)
    bad = sum(finding.level is Level.FAIL for finding in findings)
    print(f"\n{len(findings)} templates, {bad} of them cannot be used." if bad else "\nAll templates stand.")
    return 1 if bad else 0


def account_of(settings: config.Settings) -> WhatsAppAccount:
    return WhatsAppAccount(
        api_url=settings.whatsapp_api_url,
        api_version=settings.whatsapp_api_version,
        access_token=settings.whatsapp_access_token,
        app_secret=settings.whatsapp_app_secret,
        account_id=settings.whatsapp_business_account_id,
        phone_number_id=settings.whatsapp_phone_number_id,
    )


def ours(files: Sequence[Path] | None = None) -> list[Template]:
    """Every template of the project."""
    return [orjson.loads(path.read_bytes()) for path in (templates.files() if files is None else files)]


def stand(account: WhatsAppAccount, wanted: Sequence[Template], *, create: bool) -> Iterator[Finding]:
    """How each of our templates stands at WhatsApp, after those that are missing were handed in.

    Raises:
        AccountError: the list could not be read.
    """
    there = {(each["name"], each["language"]): each for each in account.templates()}
    for template in wanted:
        found = there.get((template["name"], template["language"]))
        if found is not None:
            yield compare(template, found)
        elif create:
            yield _create(account, template)
        else:
            yield fail(ABOUT, f"{_name(template)} is missing; `make templates` hands it in.")


def compare(template: Template, found: Template) -> Finding:
    """How one that WhatsApp has stands, against ours."""
    name = _name(template)
    status = str(found.get("status", "")).upper()
    if status == "REJECTED":
        reason = found.get("rejected_reason") or "no reason given"
        return fail(
            ABOUT,
            f"{name} was rejected ({reason}): change its text, delete it in WhatsApp Manager, hand it in.",
        )
    if status in ("PAUSED", "DISABLED", "PENDING_DELETION", "DELETED", "LIMIT_EXCEEDED", "ARCHIVED"):
        return fail(ABOUT, f"{name} is {status}, and is not sent: see WhatsApp Manager, Message templates.")
    if _takes(template) != _takes(found):
        return fail(
            ABOUT,
            f"{name} takes other values or buttons there than here: delete it in WhatsApp Manager, hand it in.",
        )
    if category := _other_category(template, found):
        return warn(ABOUT, f"{name} is {category} there, which costs and counts otherwise; ask for a review.")
    if _texts(template) != _texts(found):
        return warn(ABOUT, f"{name} has another text there than here: edit it in WhatsApp Manager.")
    if status == "APPROVED":
        return ok(ABOUT, f"{name} is approved.")
    return warn(ABOUT, f"{name} is {status or 'not judged'}: WhatsApp has not decided yet.")


def _create(account: WhatsAppAccount, template: Template) -> Finding:
    name = _name(template)
    try:
        made = account.create_template(template)
    except AccountError as error:
        if error.subcode == EXISTS:  # somebody else handed it in just now
            return warn(ABOUT, f"{name} exists since a moment ago.")
        return fail(ABOUT, f"{name} was not taken: {error.words}.")
    if category := _other_category(template, made):
        return warn(ABOUT, f"{name} was handed in and made {category}, which costs and counts otherwise.")
    return ok(ABOUT, f"{name} was handed in and is {made.get('status', 'PENDING')}.")


def _name(template: Template) -> str:
    return f"{template['name']} ({template['language']})"


def _other_category(template: Template, found: Template) -> str | None:
    category = str(found.get("category") or template["category"]).upper()
    return None if category == template["category"] else category


def _takes(template: Template) -> list[tuple[str, Any]]:
    """What a message with it must bring along: as many values, the same kinds of buttons in this order."""
    found: list[tuple[str, Any]] = []
    for kind, component in _parts(template):
        if kind == "BUTTONS":
            found.append((kind, [str(button["type"]).upper() for button in component["buttons"]]))
        else:
            found.append((kind, str(component.get("text", "")).count("{{")))
    return found


def _texts(template: Template) -> list[tuple[str, Any]]:
    """What a person reads."""
    found: list[tuple[str, Any]] = []
    for kind, component in _parts(template):
        if kind == "BUTTONS":
            found.append((kind, [str(button["text"]).strip() for button in component["buttons"]]))
        else:
            found.append((kind, str(component.get("text", "")).strip()))
    return found


def _parts(template: Template) -> list[tuple[str, Any]]:
    return sorted(
        ((str(each["type"]).upper(), each) for each in template.get("components") or []),
        key=lambda part: part[0],
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
