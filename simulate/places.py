"""Places that guests book, each with another price, and the account that all of them transfer to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from models.listing import load_file
from models.session import Session

_LISTINGS: Final = """
[categories]
hut = "Huts"

[[payees]]
slug = "wallet"
provider = "NayaPay"
title = "Sarai Stays"
account = "03000000900"
"""
_LISTING: Final = """
[[listings]]
slug = "hut-{rupees}"
name = "Hut {rupees}"
category = "hut"
owner = {{ name = "Bilal Ahmed", phone = "+923000000201" }}
location = "Gwadar"
description = "By the sea."
time_zone = "Asia/Karachi"
currency = "PKR"
capacity = 2
unit_name = "Hut"
units_count = {units}
methods = ["transfer"]
[listings.prices]
base = {price}
advance = "50%"
"""


def open_places(session: Session, advances: Iterable[int], *, units: int, now: datetime) -> None:
    """A place with so many units for each advance, in rupees, read from a listings file as the product reads its own."""
    words = _LISTINGS + "".join(
        _LISTING.format(rupees=each, units=units, price=2 * each) for each in advances
    )
    with TemporaryDirectory() as folder:
        file = Path(folder) / "listings.toml"
        file.write_text(words)
        load_file(session, file, now)
