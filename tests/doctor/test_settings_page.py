"""The page of the settings is the settings' own."""

from __future__ import annotations

from config import Settings
from doctor import settings_page


def test_the_page_is_what_the_code_says() -> None:
    assert settings_page.PAGE.read_text() == settings_page.page(), "make settings writes it anew"


def test_every_setting_says_what_it_is() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_no_page_shows_a_secret() -> None:
    for name, field in Settings.model_fields.items():
        extra = field.json_schema_extra
        if isinstance(extra, dict) and extra.get("secret"):
            assert field.default == "", name
