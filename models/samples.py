"""Load listings from a file: `python -m models.samples FILE…`; what is there already is brought up to date."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from models import db
from models.listing import load_file


def main(paths: list[str]) -> None:
    db.start(db.make_engine(os.environ["DATABASE_URL"]), follow_ups={}, ring=lambda bells: None)
    for path in paths:
        try:
            with db.unit_of_work() as session:
                print(f"{load_file(session, Path(path), datetime.now(UTC))} listings from {path}")
        except ValueError as error:
            sys.exit(f"{path}: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
