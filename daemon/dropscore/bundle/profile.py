"""What a batch looks like, in bounded memory: to be laid beside what the model was trained on.

Counts are exact. Quantiles are exact up to a bound, and beyond it of a sample that depends on nothing but
each row's number: the same file gives the same profile, in whatever blocks it came.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dropscore.bundle.manifest import Output
from dropscore.domain.schema import Schema, Type
from dropscore.receipt import BatchProfile, ColumnProfile

SAMPLE = 16_384
"""Values that are kept of a column at most; the sample is at least half as large."""
MOST_COUNTS = 100
MOST_VALUES = 100
_PERCENT = np.linspace(0.0, 1.0, 101)
_SECONDS = 1e6


class _Rows:
    """Chooses rows by a hash of their number; the share that is kept halves whenever they get too many."""

    def __init__(self, seen: int) -> None:
        self.seen = seen
        self.limit = np.uint64(2**64 - 1)
        self.keys = np.empty(0, dtype=np.uint64)

    def choose(self, rows: int) -> tuple[NDArray[np.int64], NDArray[np.bool_] | None]:
        """Return which of the next rows to keep, and which of all kept so far stay (None: all of them)."""
        keys = _mixed(np.arange(self.seen, self.seen + rows, dtype=np.uint64))
        return self._take(keys, rows)

    def join(self, other: _Rows) -> tuple[NDArray[np.int64], NDArray[np.bool_] | None]:
        """Return the same for rows that were chosen elsewhere, under a limit that was never lower than the last one.

        However the rows come, the last limit is the highest of its steps that leaves few enough of all of them.
        """
        return self._take(other.keys, other.seen - self.seen)

    def _take(self, keys: NDArray[np.uint64], rows: int) -> tuple[NDArray[np.int64], NDArray[np.bool_] | None]:
        self.seen += rows
        chosen = np.flatnonzero(keys <= self.limit)
        self.keys = np.concatenate([self.keys, keys[chosen]])
        if len(self.keys) <= SAMPLE:
            return chosen, None
        while np.count_nonzero(self.keys <= self.limit) > SAMPLE:
            self.limit = self.limit >> np.uint64(1)
        staying = self.keys <= self.limit
        self.keys = self.keys[staying]
        return chosen, staying

    @property
    def whole(self) -> bool:
        return len(self.keys) == self.seen


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return a hash of each number (the finaliser of splitmix64)."""
    mixed = numbers + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


class _Numbers:
    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.rows = self.missing = 0
        self.kept = np.empty(0, dtype=np.float64)

    def add(self, column: pa.Array, chosen: NDArray[np.int64], staying: NDArray[np.bool_] | None) -> None:
        self.rows += len(column)
        self.missing += column.null_count
        whole = len(chosen) == len(column)
        values = as_float(column if whole else column.take(pa.array(chosen)))
        self.kept = np.concatenate([self.kept, values])
        if staying is not None:
            self.kept = self.kept[staying]

    def join(self, other: _Numbers, chosen: NDArray[np.int64], staying: NDArray[np.bool_] | None) -> None:
        self.rows += other.rows
        self.missing += other.missing
        self.kept = np.concatenate([self.kept, other.kept[chosen]])
        if staying is not None:
            self.kept = self.kept[staying]

    def result(self, whole: bool, trained: ColumnProfile | None) -> ColumnProfile:
        values = np.sort(self.kept[~np.isnan(self.kept)])
        if not len(values):
            return ColumnProfile(type=self.kind, rows=self.rows, missing=self.missing, sampled=0)
        starts = np.flatnonzero(np.diff(values, prepend=np.nan) != 0)
        counted = None
        # In training they are worth telling where they repeat; a batch needs them where its training has them.
        worth = len(values) // 3 if trained is None else MOST_VALUES if trained.values else 0
        if len(starts) <= min(MOST_VALUES, worth):
            counts = np.diff(starts, append=len(values))
            counted = tuple(zip(values[starts].tolist(), counts.tolist(), strict=True))
        outside = None
        if trained is not None and trained.quantiles:
            low, high = trained.quantiles[0], trained.quantiles[-1]
            outside = int(np.searchsorted(values, low) + len(values) - np.searchsorted(values, high, "right"))
        return ColumnProfile(
            type=self.kind,
            rows=self.rows,
            missing=self.missing,
            quantiles=tuple(_quantiles(values).tolist()),
            distinct=len(starts) if whole else None,
            sampled=len(values),
            values=counted,
            outside=outside,
        )


def _quantiles(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the quantiles of sorted values; also of those whose differences are more than a float holds."""
    by = 4.0 if max(-values[0], values[-1]) > np.finfo(np.float64).max / 4 else 1.0
    found: NDArray[np.float64] = np.quantile(values / by, _PERCENT) * by
    return found


def as_float(column: pa.Array) -> NDArray[np.float64]:
    """Return numbers as they are, dates as days and moments as seconds since 1970-01-01; NaN for null."""
    if pa.types.is_date32(column.type):
        column = column.cast(pa.int32())
    elif pa.types.is_timestamp(column.type):
        return as_float(column.cast(pa.timestamp("us")).cast(pa.int64())) / _SECONDS
    found = column.to_numpy(zero_copy_only=False)
    numbers: NDArray[np.float64] = found.astype(np.float64, copy=False)
    return numbers


class _Counts:
    """Counts the values that are listed. Others are only known to be distinct: receipts name no free text."""

    def __init__(self, kind: str, listed: Iterable[str]) -> None:
        self.kind = kind
        self.listed = frozenset(listed)
        self.rows = self.missing = 0
        self.counts: Counter[str] = Counter()
        self.strange: set[bytes] | None = set()

    def add(self, column: pa.Array, chosen: NDArray[np.int64], staying: NDArray[np.bool_] | None) -> None:
        self.rows += len(column)
        self.missing += column.null_count
        for text, count in _tally(column):
            if text in self.listed:
                self.counts[text] += count
            elif self.strange is not None:
                self.strange.add(blake2b(text.encode(), digest_size=8).digest())  # alike in every process
                if len(self.strange) > SAMPLE:
                    self.strange = None

    def join(self, other: _Counts, chosen: NDArray[np.int64], staying: NDArray[np.bool_] | None) -> None:
        self.rows += other.rows
        self.missing += other.missing
        self.counts.update(other.counts)
        if self.strange is not None:
            self.strange = None if other.strange is None else self.strange | other.strange
            if self.strange is not None and len(self.strange) > SAMPLE:
                self.strange = None

    def result(self, whole: bool, trained: ColumnProfile | None) -> ColumnProfile:
        commonest = sorted(self.counts.items(), key=lambda entry: (-entry[1], entry[0]))[:MOST_COUNTS]
        distinct = None if self.strange is None else len(self.counts) + len(self.strange)
        counts = dict(commonest) if self.listed else None
        unseen = self.rows - self.missing - self.counts.total() if self.listed else None
        return ColumnProfile(
            type=self.kind, rows=self.rows, missing=self.missing, counts=counts, distinct=distinct, unseen=unseen
        )


def _tally(column: pa.Array) -> list[tuple[str, int]]:
    if pa.types.is_boolean(column.type):
        true = pc.sum(column).as_py() or 0
        false = len(column) - column.null_count - true
        return [(text, count) for text, count in (("true", true), ("false", false)) if count]
    if not pa.types.is_dictionary(column.type):
        column = column.cast(pa.string()).dictionary_encode()
    codes = column.indices.drop_null() if column.null_count else column.indices
    counts = np.bincount(codes.to_numpy(zero_copy_only=False), minlength=len(column.dictionary))
    return [
        (text, int(count))
        for text, count in zip(column.dictionary.to_pylist(), counts, strict=True)
        if count and text is not None
    ]


class _Missing:
    """Free text: only how much of it is missing is told, and how many values while they are few."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.rows = self.missing = 0

    def add(self, column: pa.Array, chosen: NDArray[np.int64], staying: NDArray[np.bool_] | None) -> None:
        self.rows += len(column)
        self.missing += column.null_count

    def join(self, other: _Missing, chosen: NDArray[np.int64], staying: NDArray[np.bool_] | None) -> None:
        self.rows += other.rows
        self.missing += other.missing

    def result(self, whole: bool, trained: ColumnProfile | None) -> ColumnProfile:
        return ColumnProfile(type=self.kind, rows=self.rows, missing=self.missing)


class ProfileBuilder:
    """Fed block by block; `result` may be asked for at any time.

    A part may be made elsewhere, by a builder that begins at the row `seen`.
    """

    def __init__(self, schema: Schema, outputs: Sequence[Output], seen: int = 0) -> None:
        self._rows = _Rows(seen)
        self._columns = {field.name: _watcher(field.type, field.enum) for field in schema.fields}
        self._predictions = {
            output.name: _Counts("string", output.enum) if output.kind == "text" else _Numbers("number")
            for output in outputs
        }

    def add(self, typed: Mapping[str, pa.Array], outputs: Mapping[str, pa.Array]) -> None:
        """Take in one block: checked columns of the schema and the model's columns, of the same rows."""
        columns = [(watcher, typed[name]) for name, watcher in self._columns.items()]
        columns += [(watcher, outputs[name]) for name, watcher in self._predictions.items() if name in outputs]
        if not columns or not len(columns[0][1]):
            return
        chosen, staying = self._rows.choose(len(columns[0][1]))
        for watcher, column in columns:
            watcher.add(column, chosen, staying)

    @property
    def seen(self) -> int:
        """Return how many rows there were before, and in what was fed."""
        return self._rows.seen

    def join(self, part: ProfileBuilder) -> None:
        """Take in what another builder was fed, which began at the row where this one stands."""
        chosen, staying = self._rows.join(part._rows)
        for mine, theirs in ((self._columns, part._columns), (self._predictions, part._predictions)):
            for name, watcher in mine.items():
                watcher.join(theirs[name], chosen, staying)  # type: ignore[arg-type]

    def result(self, trained: BatchProfile | None = None) -> BatchProfile:
        """Return the profile. With the training's, numbers are counted that lie outside of what it held."""
        whole, beside = self._rows.whole, trained or BatchProfile()
        return BatchProfile(
            columns={name: watcher.result(whole, beside.columns.get(name)) for name, watcher in self._columns.items()},
            predictions={
                name: watcher.result(whole, beside.predictions.get(name)) for name, watcher in self._predictions.items()
            },
        )


def _watcher(kind: Type, enum: tuple[str, ...]) -> _Numbers | _Counts | _Missing:
    if kind is Type.BOOLEAN:
        return _Counts(str(kind), ("true", "false"))
    if enum:
        return _Counts(str(kind), enum)
    return _Missing(str(kind)) if kind is Type.STRING else _Numbers(str(kind))
