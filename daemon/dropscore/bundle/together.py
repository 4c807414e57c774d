"""Many small batches in one call of the estimator, where that is proven to change no bit of any answer.

An estimator costs milliseconds for each call, whatever the number of rows. Each batch is filled up to whole
vectors (see `filled_up`), so that its rows lie as they would alone. Whether that is enough is tried on the golden
rows: one by one, in small heaps, in another order, and all at once, they must come out the same to the last bit.
An estimator that looks at its batch as a whole fails that, and is never asked for several batches at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa

from dropscore.bundle.frame import encoded
from dropscore.bundle.scoring import Scorer, filled_up

Columns = Mapping[str, pa.Array]
MOST_ROWS = 50_000
_HEAPS = (1, 3, 7, 16, 50)
_CALLS = 6
"""For each size of heap: a rehearsal must not take longer than what it saves."""


def scored_together(scorer: Scorer, batches: Sequence[Columns]) -> list[dict[str, pa.Array]]:
    """Return the outputs of each batch, from as few calls as bounded memory allows."""
    found: list[dict[str, pa.Array]] = []
    for group in _groups(batches):
        rows = [_rows(batch) for batch in group]
        filled = [filled_up(batch, count) for batch, count in zip(group, rows, strict=True)]
        columns = {name: pa.concat_arrays([_plain(one[name]) for one in filled]) for name in filled[0]}
        outputs = scorer.score(encoded(columns))
        start = 0
        for batch, count in zip(filled, rows, strict=True):
            found.append({name: column.slice(start, count) for name, column in outputs.items()})
            start += _rows(batch)
    return found


def alike_together(scorer: Scorer, golden: Columns) -> bool:
    """Say whether rows come out the same to the last bit, whatever they are scored with."""
    rows = _rows(golden)
    whole = scorer.score(golden, rounded=False)
    for size in _HEAPS:
        starts = np.unique(np.linspace(0, max(0, rows - size), _CALLS).astype(int)).tolist()
        for start in starts:
            heap = {name: column.slice(start, size) for name, column in golden.items()}
            alone = scorer.score(heap, rounded=False)
            if not all(column.equals(whole[name].slice(start, size)) for name, column in alone.items()):
                return False
    backwards = pa.array(np.arange(rows)[::-1])
    turned = scorer.score({name: column.take(backwards) for name, column in golden.items()}, rounded=False)
    return all(column.take(backwards).equals(whole[name]) for name, column in turned.items())


def _groups(batches: Sequence[Columns]) -> Iterator[list[Columns]]:
    group: list[Columns] = []
    rows = 0
    for batch in batches:
        if group and rows + _rows(batch) > MOST_ROWS:
            yield group
            group, rows = [], 0
        group.append(batch)
        rows += _rows(batch)
    if group:
        yield group


def _rows(batch: Columns) -> int:
    return len(next(iter(batch.values())))


def _plain(column: pa.Array) -> pa.Array:
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
