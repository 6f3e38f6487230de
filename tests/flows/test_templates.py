"""The templates are what WhatsApp accepts, and every notice can be sent as one."""

from __future__ import annotations

import re

import orjson
import pytest

from flows import templates
from flows.actions import ShowAnswer
from flows.phrases import LANGUAGES

FILES = templates.files()
FOR_ADMINS = {
    "cancelled_in_review",
    "declined_record",
    "event_parked",
    "guest_cancelled_record",
    "guest_writes",
    "mail_set_aside",
    "mailbox_disconnected",
    "match_proposed",
    "message_failed",
    "money_left_record",
    "money_put_record",
    "owner_silent",
    "payment_pending",
    "payment_to_check",
    "payment_unmatched",
    "payments_unwell",
    "person_wanted",
    "refund_required",
    "reversal_record",
    "reversal_review",
    "reversal_unmatched",
    "review_expired",
    "sender_stopped",
    "ticket_record",
    "waiting_for_owner",
    "work_failing",
}
VARIABLE = re.compile(r"{{(\d+)}}")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_template_keeps_whatsapps_rules(path) -> None:  # type: ignore[no-untyped-def]
    data = orjson.loads(path.read_bytes())
    assert path.name == f"{data['name']}.{data['language']}.json"
    assert re.fullmatch(r"[a-z0-9_]{1,512}", data["name"])
    assert data["language"] in LANGUAGES
    assert data["category"] == "UTILITY"
    kinds = [component["type"] for component in data["components"]]
    assert kinds in (["BODY"], ["BODY", "BUTTONS"])
    _check_body(data["components"][0])
    if len(kinds) == 2:
        _check_buttons(data["components"][1]["buttons"])


def _check_body(component) -> None:  # type: ignore[no-untyped-def]
    body = component["text"]
    numbers = [int(n) for n in VARIABLE.findall(body)]
    assert numbers == list(range(1, len(numbers) + 1)), "numbered in the order in which they come"
    assert 0 < len(body) + templates.PARAMETER * len(numbers) // 2 <= 1024 or len(body) <= 600
    # Error 2388299: no variable at the beginning or the end; 2388293: enough words around them.
    assert not body.startswith("{{")
    assert not re.search(r"}}[\s.,:;!?]*$", body)
    words = [w for w in VARIABLE.sub(" ", body).split() if re.search(r"\w", w)]
    assert len(words) >= 3 * len(numbers)
    assert "}} {{" not in body
    assert "\n\n\n" not in body
    assert "    " not in body
    if numbers:
        (example,) = component["example"]["body_text"]
        assert len(example) == len(numbers)
        assert all(value.strip() for value in example)


def _check_buttons(buttons) -> None:  # type: ignore[no-untyped-def]
    assert 1 <= len(buttons) <= 3
    for button in buttons:
        assert button["type"] in ("QUICK_REPLY", "URL")
        assert 0 < len(button["text"]) <= 25
    assert len({button["text"] for button in buttons}) == len(buttons)


def test_every_translation_takes_what_its_english_takes() -> None:
    for (name, language), known in templates.KNOWN.items():
        english = templates.KNOWN[name, "en"]
        assert (known.params, known.quick_replies) == (english.params, english.quick_replies), (
            name,
            language,
        )


def test_guests_and_owners_have_their_templates_in_every_language() -> None:
    for name in {name for name, _language in templates.KNOWN} - FOR_ADMINS:
        assert {language for known, language in templates.KNOWN if known == name} == set(LANGUAGES), name


def test_a_template_is_said_in_the_persons_language_where_there_is_one() -> None:
    assert templates.answer_ready("ur").language == "ur"
    assert templates.make("ticket_record", "ur", "BK-1", "Sea View", "https://x").language == "en"
    assert templates.answer_ready().button_payloads == ("v1:show",)


@pytest.mark.parametrize(
    ("name", "number"), [("waiting_for_owner", 1), ("ticket_record", 1), ("ticket_record", 3)]
)
def test_what_must_not_break_has_a_line_of_its_own(name: str, number: int) -> None:
    lines = templates.KNOWN[name, "en"].body.split("\n")
    assert any(line.removeprefix("Booking ID: ") == f"{{{{{number}}}}}" for line in lines)


def test_values_are_made_fit_to_be_sent() -> None:
    made = templates.make("event_parked", "en", "  4\n7\t1  ")
    assert made.body_params == ("4 7 1",)
    assert templates.make("event_parked", "en", "Rs.\u00a05,000").body_params == ("Rs.\u00a05,000",)
    assert templates.make("event_parked", "en", " ").body_params == ("-",)
    assert len(templates.make("event_parked", "en", "x" * 900).body_params[0]) <= templates.PARAMETER


def test_a_wrong_number_of_values_is_a_bug() -> None:
    with pytest.raises(ValueError, match="takes 1 values"):
        templates.make("event_parked", "en")
    with pytest.raises(ValueError, match="0 taps"):
        templates.make("event_parked", "en", "1", taps=(ShowAnswer(),))
