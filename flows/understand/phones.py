"""A phone number among other words: "+92 300 1234567 we are on our way"."""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

_DIGITS: Final = re.compile(r"[+(]?[0-9][0-9()./-]*")


def phone_number(said: str, *, region: str | None = None) -> tuple[str, str] | None:
    """(number as E.164, all that follows) where the words begin with a phone number; else None.

    Args:
        region: two letters of the country whose numbers may be written without its code.
    """
    import phonenumbers  # 22 MB of tables: loaded by the few who need them

    written = ""
    for word in islice(re.finditer(r"\S+", said), 6):
        if not _DIGITS.fullmatch(word[0]):
            return None
        written += word[0]
        try:
            # A number as WhatsApp writes it, without its plus, is one as well.
            local = written.startswith(("0", "+"))
            found = phonenumbers.parse(written if local else f"+{written}", region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(found):
            number = phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)
            return number, said[word.end() :].strip()
    return None
