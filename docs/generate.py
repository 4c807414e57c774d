"""Write the pages that follow from the code: run it after a change to the receipt."""

from __future__ import annotations

import json
from pathlib import Path

from dropscore.receipt import receipt_schema

DOCS = Path(__file__).resolve().parent


def main() -> None:
    text = json.dumps(receipt_schema(), indent=2, ensure_ascii=False) + "\n"
    (DOCS / "receipt.schema.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
