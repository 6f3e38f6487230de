"""WhatsApp: the token, the app and its webhook, the number, the account, the templates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.whatsapp_webhook import PATH
from config import Settings
from doctor import templates
from doctor.report import Finding, Level, fail, ok, same_place, warn
from integrations.whatsapp_account import AccountError, Json, WhatsAppAccount

TOKEN_REFUSED = (0, 190)
UNKNOWN_OBJECT = 33
SCOPES = ("whatsapp_business_messaging", "whatsapp_business_management")
RUPEES_UNTIL = date(2026, 12, 31)  # facts/whatsapp.md 2.5

LIMITS = {
    "TIER_50": "50",
    "TIER_250": "250",
    "TIER_1K": "1,000",
    "TIER_2K": "2,000",
    "TIER_10K": "10,000",
    "TIER_100K": "100,000",
}


def check(settings: Settings, account: WhatsAppAccount, *, today: date) -> Iterator[Finding]:
    """Everything that the Graph API tells of this installation; ends early where the token opens nothing."""
    app_id = None
    try:
        facts = account.token()
        app_id = str(facts.get("app_id") or "") or None
        yield from _token(facts, settings)
    except AccountError as error:
        yield _refused(error)
        return
    if app_id is not None:
        yield from _guarded(_webhook, settings, account, app_id)
    yield from _guarded(_number, settings, account, app_id)
    if settings.whatsapp_business_account_id:
        yield from _guarded(_account, settings, account, app_id, today)
        yield from _guarded(_templates, settings, account, app_id)
    else:
        yield fail(
            "account", "WHATSAPP_BUSINESS_ACCOUNT_ID is not set: templates cannot be created or checked."
        )


def _refused(error: AccountError) -> Finding:
    if error.code is None:
        return fail("token", f"WhatsApp's API cannot be reached: {error.words}.")
    if error.code in TOKEN_REFUSED:
        return fail(
            "token",
            "WHATSAPP_ACCESS_TOKEN is not taken: it ended or was withdrawn. Make a system user's new one.",
        )
    return fail("token", f"WhatsApp's API answers with error {error.code}: {error.words}.")


def _guarded(look: Any, settings: Settings, account: WhatsAppAccount, *more: Any) -> Iterator[Finding]:
    """A look that Graph refuses is a finding of its own, and the others go on."""
    try:
        yield from look(settings, account, *more)
    except AccountError as error:
        about = look.__name__.strip("_")
        yield fail(about, f"WhatsApp refused to tell ({error.code}): {error.words}.")
    except (KeyError, TypeError, AttributeError) as error:
        yield warn(look.__name__.strip("_"), f"WhatsApp's answer could not be read ({type(error).__name__}).")


def _token(facts: Json, settings: Settings) -> Iterator[Finding]:
    about = "token"
    if not facts.get("is_valid"):
        yield fail(about, "WHATSAPP_ACCESS_TOKEN is not valid any more; make a system user's new one.")
        return
    expires = int(facts.get("expires_at") or 0)
    if expires:
        day = datetime.fromtimestamp(expires, UTC)
        sentence = f"The token ends on {day:%d %B %Y at %H:%M} UTC; take a system user's, which does not."
        yield (fail if day < datetime.now(UTC) + timedelta(days=7) else warn)(about, sentence)
    if missing := [scope for scope in SCOPES if scope not in (facts.get("scopes") or [])]:
        yield fail(about, f"The token lacks {' and '.join(missing)}; make one with both permissions.")
    elif not expires:
        yield ok(about, "The token is valid, does not end, and may send and manage.")
    account = settings.whatsapp_business_account_id
    for granted in facts.get("granular_scopes") or []:
        targets = granted.get("target_ids")
        if account and granted.get("scope") in SCOPES and targets and account not in targets:
            yield fail(
                about,
                f"The token's {granted['scope']} is not for this business account: assign it to the system user.",
            )


def _webhook(settings: Settings, account: WhatsAppAccount, app_id: str) -> Iterator[Finding]:
    about, wanted = "webhook", settings.public_url.rstrip("/") + PATH
    try:
        found = account.subscriptions(app_id)
    except AccountError as error:
        if error.code is None:
            raise
        yield fail(
            about, "WHATSAPP_APP_SECRET is not this app's: see App settings, Basic, in the app dashboard."
        )
        return
    ours = [each for each in found if each.get("object") == "whatsapp_business_account"]
    if not ours or not ours[0].get("active"):
        yield fail(about, f"The app has no webhook for WhatsApp: set {wanted} under WhatsApp, Configuration.")
        return
    callback = str(ours[0].get("callback_url", ""))
    if not same_place(callback, wanted):
        yield fail(
            about, f"WhatsApp calls {callback}, not {wanted}: change it under WhatsApp, Configuration."
        )
    elif "messages" not in [field.get("name") for field in ours[0].get("fields") or []]:
        yield fail(
            about,
            "The webhook is not subscribed to the field messages: tick it under WhatsApp, Configuration.",
        )
    else:
        yield ok(about, "The app's webhook leads here and hears of messages.")


def _number(settings: Settings, account: WhatsAppAccount, app_id: str | None) -> Iterator[Finding]:
    about = "number"
    try:
        number = account.number()
    except AccountError as error:
        if error.subcode == UNKNOWN_OBJECT:
            yield fail(
                about,
                "WHATSAPP_PHONE_NUMBER_ID is not known to this token: it is the id beside the number in API Setup.",
            )
            return
        raise
    status = number.get("status")
    if status not in (None, "CONNECTED"):
        yield fail(
            about, f"The number is {status}, not CONNECTED: register it with its PIN (docs/going-live.md)."
        )
    if number.get("platform_type") not in (None, "CLOUD_API"):
        yield fail(
            about, f"The number is at {number['platform_type']}, not at the Cloud API: register it there."
        )
    if number.get("account_mode") == "SANDBOX":
        yield warn(about, "This is Meta's test number: it writes to five listed people only.")
    yield from _name(number)
    quality = number.get("quality_rating")
    if quality in ("RED", "YELLOW"):
        yield warn(
            about, f"The number's quality is {quality}: people block or report it; a red one may be paused."
        )
    limit = number.get("whatsapp_business_manager_messaging_limit")
    who = LIMITS.get(str(limit), "any number of" if limit else "an unknown number of")
    yield ok(about, f"The number may write to {who} people a day outside their 24 hours.")
    written = "".join(filter(str.isdigit, str(number.get("display_phone_number", ""))))
    if written and f"+{written}" in settings.admin_numbers:
        yield fail(
            about, "ADMIN_WHATSAPP_NUMBER names the business's own number, which cannot write to itself."
        )
    yield from _health(number.get("health_status"))


def _name(number: Json) -> Iterator[Finding]:
    name = number.get("name_status")
    if name in ("DECLINED", "EXPIRED", "NONE"):
        yield fail(
            "number", f"The display name is {name}: choose another one in WhatsApp Manager, Phone numbers."
        )
    elif name in ("PENDING_REVIEW", "NON_EXISTS"):
        yield warn("number", f"The display name is {name}: until Meta approves it, limits stay low.")


def _health(health: Any) -> Iterator[Finding]:
    """Meta's own word on whether messages go out, with its own advice; no money on file is told here."""
    if not isinstance(health, dict):
        return
    if health.get("can_send_message") == "AVAILABLE":
        yield ok("health", "WhatsApp says that nothing keeps messages from going out.")
        return
    for entity in health.get("entities") or []:
        state, kind = entity.get("can_send_message"), str(entity.get("entity_type", "")).lower()
        for error in entity.get("errors") or []:
            said = f"{error.get('error_description', '')} {error.get('possible_solution', '')}".strip()
            about = "payment" if "payment" in said.lower() else "health"
            judged = fail if state == "BLOCKED" else warn
            yield judged(about, f"WhatsApp says of the {kind} ({error.get('error_code')}): {said}")
        if state == "LIMITED":
            told = " ".join(map(str, entity.get("additional_info") or [])) or "without saying why."
            yield warn("health", f"WhatsApp limits the {kind}: {told}")
        elif state == "BLOCKED" and not entity.get("errors"):
            yield fail("health", f"WhatsApp blocks the {kind} without saying why: see WhatsApp Manager.")


def _account(
    settings: Settings, account: WhatsAppAccount, app_id: str | None, today: date
) -> Iterator[Finding]:
    about = "account"
    facts = account.account()
    review = facts.get("account_review_status")
    if review not in (None, "APPROVED"):
        yield fail(about, f"Meta's review of the business account is {review}: see Business Support Home.")
    if settings.whatsapp_phone_number_id not in account.number_ids():
        yield fail(
            about,
            "The number is not of this business account: WHATSAPP_BUSINESS_ACCOUNT_ID names another one.",
        )
    currency = facts.get("currency")
    if facts.get("country") == "IN" and currency != "INR":
        judged = fail if today > RUPEES_UNTIL else warn
        yield judged(
            about,
            f"The account pays in {currency}: one sold in India must pay in INR by {RUPEES_UNTIL:%d %B %Y}.",
        )
    apps = account.subscribed_apps()
    entries = [each.get("whatsapp_business_api_data") or {} for each in apps]
    if app_id not in [str(entry.get("id")) for entry in entries]:
        yield fail(
            about,
            "The app does not listen to this business account: POST its /subscribed_apps once (docs/going-live.md).",
        )
    elif override := next(
        (each.get("override_callback_uri") for each in apps if each.get("override_callback_uri")), None
    ):
        yield warn(
            about, f"The business account sends its webhooks to {override} instead of the app's address."
        )
    else:
        yield ok(
            about,
            f"The business account is {review or 'there'}, pays in {currency}, and the app listens to it.",
        )


def _templates(settings: Settings, account: WhatsAppAccount, app_id: str | None) -> Iterator[Finding]:
    """All in one sentence where they are well; each one that is not in a sentence of its own."""
    findings = list(templates.stand(account, templates.ours(), create=False))
    counts = Counter(finding.level for finding in findings)
    missing = [each for each in findings if "is missing" in each.sentence]
    if missing:
        yield fail(
            "template", f"{len(missing)} of {len(findings)} templates are missing: run make templates."
        )
    yield from (each for each in findings if each.level is not Level.OK and each not in missing)
    if counts[Level.OK] == len(findings):
        yield ok("template", f"All {len(findings)} templates are approved.")
