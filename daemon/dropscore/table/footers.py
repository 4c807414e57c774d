"""Total lines and footers: what exports put below a table, or below each part of it.

A model would score them like records.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dropscore.table.arrays import lengths, matches, nulled
from dropscore.table.records import Mask, Positions

TOTALS = frozenset(
    {
        *("total", "totals", "sum", "subtotal", "grand total"),
        *("summe", "gesamt", "gesamtsumme", "endsumme", "insgesamt", "zwischensumme", "gesamtergebnis", "teilergebnis"),
        *("suma", "totales", "total general", "totale", "totale complessivo", "total geral"),
        *("somme", "sous-total", "total général", "totaal", "eindtotaal", "totalt", "totalsumma", "suma końcowa"),
        *("итого", "всего", "общий итог", "合計", "総計", "总计"),
        *("*", "**", "***"),  # SAP's lists mark their levels of totals so
    }
)
_PART = "(?:grand |sub)?total .+|.+ (?:total|ergebnis|summe|suma|totaal)|(?:summe|zwischensumme|suma|somme) .+"
"""The total of a part, as spreadsheets write it between the records: `North Total`, `Nord Ergebnis`."""
_TOTAL = f"(?i:(?:{'|'.join(map(re.escape, sorted(TOTALS)))}|{_PART})\\s*:?)"
_FOOTER = re.compile(
    r"\(\d+ rows?( affected)?\)|\d+ rows? (selected|returned|affected)\.?|-* *end of (file|report|data).*"
    r"|\*{2,}.*|eof|\\\.",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(
    r"(source|quelle|fuente|note|hinweis|nota|stand|as of|printed|created|generated|exported|erstellt|gedruckt)"
    r"( \w+)?:.*|(page|seite|página) \d+.*|(copyright|©|confidential).*",
    re.IGNORECASE,
)
"""Told from records by standing alone in a row of several cells only: in a column of letters they may be one."""


def is_footer(cells: Sequence[str]) -> bool:
    """Return whether the first cell with content says that this is no record. A footer stands alone in its row."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled:
        return False
    total = filled[0].casefold().rstrip(":").strip() in TOTALS
    alone = len(filled) == 1 and _FOOTER.fullmatch(filled[0]) is not None
    signed = len(filled) == 1 < len(cells) and _SIGNATURE.fullmatch(filled[0]) is not None
    return total or alone or signed


def totals_between(text: Mapping[str, pa.Array], ragged: Mask) -> Positions:
    """Return the rows that say to be totals and in which at most half of the cells are filled."""
    filled = np.zeros(len(ragged), np.int64)
    for column in text.values():
        filled += lengths(column) > 0
    where = np.flatnonzero((filled * 2 <= len(text)) & (filled > 0) & ~ragged)
    if not len(where):
        return where
    chosen = [column.take(pa.array(where)) for column in text.values()]
    first = pc.coalesce(*(nulled(column, lengths(column) == 0) for column in chosen))
    return where[matches(pc.utf8_trim_whitespace(first), _TOTAL)]
