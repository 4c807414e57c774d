"""Values that may be used only once, across blocks, in bounded memory.

Numbers and dates are compared by their own 64 bits; text by 128 bits of keyed hashes, which no file can be made
to collide in. What was seen is kept sorted in runs; large runs lie in files without a name.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dropscore.table.arrays import mask_of
from dropscore.table.records import Positions

SPILLED = 2_000_000
"""Values in a run that goes to disk: 48 MB."""

_Numbers = npt.NDArray[np.int64]


class _Run(NamedTuple):
    """Values that were seen, sorted by `keys`; `rows` are those in which they stood first."""

    keys: _Numbers
    more: _Numbers
    rows: _Numbers


class Seen:
    """Remembers the values of one column."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._runs: list[_Run] = []

    def repeated(self, values: pa.Array, rows: Positions) -> dict[int, int]:
        """Return the places whose value was seen before, each with the row in which it stood first. Null is none."""
        valid = np.flatnonzero(mask_of(values.is_valid()))
        order, run = _sorted(_run(values.take(pa.array(valid)), rows[valid]))
        first = np.flatnonzero(np.append(True, ~_same(run, 1)))[: len(run.keys)]
        counts = np.diff(np.append(first, len(run.keys)))
        first_rows = np.repeat(run.rows[first], counts)
        fresh = np.zeros(len(run.keys), dtype=bool)
        fresh[first] = True
        for earlier in self._runs:
            known, known_rows = _looked_up(earlier, run)
            first_rows = np.where(known, np.minimum(known_rows, first_rows), first_rows)
            fresh &= ~known
        self._remember(_Run(*(part[fresh] for part in run)))
        doubled = ~fresh
        return dict(zip(valid[order[doubled]].tolist(), first_rows[doubled].tolist(), strict=True))

    def _remember(self, run: _Run) -> None:
        if not len(run.keys):
            return
        while self._runs and len(self._runs[-1].keys) <= len(run.keys) < SPILLED:
            _, run = _sorted(_Run(*(np.concatenate(parts) for parts in zip(self._runs.pop(), run, strict=True))))
        if len(run.keys) >= SPILLED:
            run = _Run(*(self._spilled(part) for part in run))
        self._runs.append(run)

    def _spilled(self, part: _Numbers) -> _Numbers:
        with tempfile.TemporaryFile(dir=self._scratch) as file:
            part.tofile(file)
            file.flush()
            return np.memmap(file, np.int64, "r", shape=part.shape)


def _run(values: pa.Array, rows: Positions) -> _Run:
    if pa.types.is_string(values.type):
        again = pc.binary_join_element_wise(values, "\x01", "")
        return _Run(_hashes(values), _hashes(again), rows)
    if pa.types.is_floating(values.type):
        keys = (values.to_numpy(zero_copy_only=False) + 0.0).view(np.int64)  # -0.0 is 0.0
    else:
        keys = values.cast(pa.int64()).to_numpy(zero_copy_only=False)
    return _Run(keys, np.zeros(len(keys), np.int64), rows)


def _hashes(values: pa.Array) -> _Numbers:
    """Python's own hash of text: SipHash, keyed anew in each process."""
    return np.fromiter(map(hash, values.to_pylist()), np.int64, len(values))


def _sorted(run: _Run) -> tuple[Positions, _Run]:
    order = np.lexsort((run.rows, run.more, run.keys))
    return order, _Run(*(part[order] for part in run))


def _same(run: _Run, step: int) -> npt.NDArray[np.bool_]:
    same: npt.NDArray[np.bool_] = (run.keys[step:] == run.keys[:-step]) & (run.more[step:] == run.more[:-step])
    return same


def _looked_up(earlier: _Run, run: _Run) -> tuple[npt.NDArray[np.bool_], _Numbers]:
    at = np.minimum(np.searchsorted(earlier.keys, run.keys), len(earlier.keys) - 1)
    known: npt.NDArray[np.bool_] = (earlier.keys[at] == run.keys) & (earlier.more[at] == run.more)
    return known, earlier.rows[at]
