"""All cases of the corpus. `python tests/corpus/make.py FOLDER` writes their files, and `cases.csv` anew."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from corpus import letters, packed, programs, sheets, structure, values
from corpus.case import Case

LIST = Path(__file__).with_name("cases.csv")
_MAKERS = (
    *(programs.spreadsheets, programs.databases, programs.statistics, programs.enterprise),
    *(structure.headers, structure.delimiters, structure.records, structure.quotes, structure.cut_off),
    *(letters.encodings, letters.unseen),
    *(values.numbers, values.integers, values.decided, values.dates, values.damaged),
    *(packed.archives, packed.strangers, packed.parquets, sheets.sheets),
)


def all_cases() -> Iterator[Case]:
    """Yield every case; the same bytes each time."""
    for maker in _MAKERS:
        yield from maker()


def listed(cases: Iterable[Case]) -> str:
    """Return the list of cases: what each must become, with which problems."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["case", "verdict", "rows", "codes"])
    for case in cases:
        writer.writerow([case.name, case.verdict, len(case.rows), " ".join(sorted(case.codes))])
    return out.getvalue()


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    cases = list(all_cases())
    for case in cases:
        (folder / re.sub(r"[^\w.-]", "_", case.name)).write_bytes(case.data)
    LIST.write_text(listed(cases), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
