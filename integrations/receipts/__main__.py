"""Read pictures of payments: `python -m integrations.receipts FILE…` prints one JSON object a line."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from integrations import receipts


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m integrations.receipts", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--engine", choices=[receipts.RAPIDOCR, receipts.TESSERACT], help="this one alone")
    given = parser.parse_args()
    for file in given.files:
        began = time.monotonic()
        try:
            read = receipts.read(file.read_bytes(), most_seconds=60, engine=given.engine).to_dict()
        except OSError as error:
            read = receipts.Receipt(failure=type(error).__name__).to_dict()
        del read["look"]
        seconds = round(time.monotonic() - began, 2)
        print(json.dumps({"file": file.name, **read, "seconds": seconds}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
