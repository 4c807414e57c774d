"""Judges one column of one block: its type first, then its constraints. No cell is looked at in Python."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dropscore.domain.schema import Field, Type
from dropscore.table import dates, numbers
from dropscore.table.arrays import among, lengths, mask_of, masked, matches, nulled
from dropscore.table.constraints import broken, damage, listed
from dropscore.table.faults import (
    BROKEN,
    Fault,
    Likely,
    date_forms,
    number_forms,
    sorted_out,
)
from dropscore.table.records import Cells, Mask, Positions

_EXAMPLE_DAY = datetime.datetime(2026, 12, 31, 23, 59)


class Judged(NamedTuple):
    """What is known of a column. `good` cells have a value."""

    typed: Callable[[Mask], pa.Array]
    """From the bad cells to the column: bad and missing ones are null."""
    faults: list[Fault]
    good: Mask
    keys: Callable[[], pa.Array]
    """What `unique` compares: equal values have equal keys."""
    cells: Callable[[Mask], Cells]


def missing_cells(text: pa.Array, field: Field) -> Mask:
    """Return which cells stand for *missing*, as the schema declares it."""
    empty = lengths(text) == 0
    words = [word for word in field.missing_values if word]
    missing = empty.copy() if "" in field.missing_values else np.zeros(len(text), dtype=bool)
    if text.null_count:
        missing |= mask_of(text.is_null())
    if words:
        missing |= among(text, words)
    return missing


def judge(text: pa.Array, field: Field, ragged: Mask) -> Judged:
    """Judge the cells of one column. Ragged records have none: they are neither good nor bad here."""
    missing = missing_cells(text, field)
    faults = []
    if field.required and (missing & ~ragged).any():
        faults.append(Fault("missing-value", np.flatnonzero(missing & ~ragged)))
    judged = _JUDGES[field.type](text, field, missing | ragged)
    return judged._replace(faults=faults + judged.faults + broken(text, field, judged.good, judged.keys))


def _number(text: pa.Array, field: Field, missing: Mask) -> Judged:
    found = numbers.parse(text, missing, field)
    kind = pa.int64() if field.type is Type.INTEGER else pa.float64()
    faults = []
    if len(found.bad):
        faults = _blank_or(text, found.bad, field, *number_forms(field))
    outside = _outside(found.values, found.good, field.minimum, field.maximum, field)

    def cells(bad: Mask) -> Cells:
        shown = numbers.canonical(found.plain, found.good & ~bad, found.values)
        return _either(found.plain, shown, text)

    return Judged(
        typed=lambda bad: masked(found.values, kind, ~found.good | bad),
        faults=faults + outside,
        good=found.good,
        keys=lambda: pa.array(found.values, mask=~found.good),
        cells=cells,
    )


def _date(text: pa.Array, field: Field, missing: Mask) -> Judged:
    found = dates.parse(nulled(text, missing), field)
    days = field.type is Type.DATE
    bad = np.flatnonzero(~found.good & ~missing)
    form = dates.formats_of(field)[0]
    example = _EXAMPLE_DAY.strftime(form)
    faults = []
    if len(bad):
        impossible = bad[found.shaped[bad]]
        if len(impossible):
            faults.append(Fault("impossible-date", impossible, {"example": example}))
        faults += _blank_or(text, bad[~found.shaped[bad]], field, *date_forms(field, example))
    low, high = (_moment(bound, days) for bound in (field.minimum, field.maximum))

    def cells(bad: Mask) -> Cells:
        serials, countable = dates.serials(found.values, days=days)
        return _either(serials, found.good & ~bad & countable, text)

    return Judged(
        typed=lambda bad: _dated(found.values, days, ~found.good | bad),
        faults=faults + _outside(found.values, found.good, low, high, field),
        good=found.good,
        keys=lambda: pa.array(found.values, mask=~found.good),
        cells=cells,
    )


def _dated(values: npt.NDArray[np.int64], days: bool, null: Mask) -> pa.Array:
    plain = masked(values, pa.int64(), null)
    return plain.cast(pa.int32()).cast(pa.date32()) if days else plain.cast(pa.timestamp("us"))


def _moment(bound: float | str | None, days: bool) -> int | None:
    if bound is None:
        return None
    moment = datetime.datetime.fromisoformat(str(bound)).replace(tzinfo=datetime.UTC)
    since = moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    return since.days if days else since // datetime.timedelta(microseconds=1)


def _boolean(text: pa.Array, field: Field, missing: Mask) -> Judged:
    words = pc.ascii_trim(text, " \t")
    true, false = among(words, field.true_values) & ~missing, among(words, field.false_values) & ~missing
    good = true | false
    bad = np.flatnonzero(~good & ~missing)
    faults = []
    if len(bad):
        more = {"expected_words": listed((*field.true_values, *field.false_values))}
        forms = [*BROKEN, Likely("missing-word", _MISSING_WORDS, more={"expects": "word", **more})]
        faults = _blank_or(text, bad, field, forms, Likely("not-a-boolean", "", more=more))
    return Judged(
        typed=lambda bad: masked(true, pa.bool_(), ~good | bad),
        faults=faults,
        good=good,
        keys=lambda: pa.array(true, mask=~good),
        cells=lambda bad: Cells(None, _filled(text)),
    )


_MISSING_WORDS = "(?i:n\\.?/?a\\.?|nan|null|none)|[-–—?]+"


def _string(text: pa.Array, field: Field, missing: Mask) -> Judged:
    good = ~missing
    return Judged(
        typed=lambda bad: nulled(text, ~good | bad),
        faults=damage(text, field, good),
        good=good,
        keys=lambda: nulled(text, ~good),
        cells=lambda bad: Cells(None, _filled(text)),
    )


_JUDGES: dict[Type, Callable[[pa.Array, Field, Mask], Judged]] = {
    Type.NUMBER: _number,
    Type.INTEGER: _number,
    Type.DATE: _date,
    Type.DATETIME: _date,
    Type.BOOLEAN: _boolean,
    Type.STRING: _string,
}


def _blank_or(text: pa.Array, where: Positions, field: Field, forms: list[Likely], else_: Likely) -> list[Fault]:
    """Sort out the bad cells. One of spaces alone is like an empty one: bad where none may be missing."""
    if not len(where):
        return []
    bad = text.take(pa.array(where))
    blank = matches(bad, "\\s*")
    allowed = not field.required and "" in field.missing_values
    faults = [Fault("missing-value", where[blank])] if blank.any() and not allowed else []
    if not blank.all():
        faults += sorted_out(bad.filter(pa.array(~blank)), where[~blank], forms, else_)
    return faults


def _outside(
    values: npt.NDArray[Any], good: Mask, low: float | str | None, high: float | str | None, field: Field
) -> list[Fault]:
    faults = []
    if low is not None and (below := (values < low) & good).any():
        faults.append(Fault("below-minimum", np.flatnonzero(below), {"minimum": f"{field.minimum}"}))
    if high is not None and (above := (values > high) & good).any():
        faults.append(Fault("above-maximum", np.flatnonzero(above), {"maximum": f"{field.maximum}"}))
    return faults


def _filled(text: pa.Array) -> pa.Array:
    return nulled(text, lengths(text) == 0)


def _either(numbers_: pa.Array, shown: Mask, text: pa.Array) -> Cells:
    empty = lengths(text) == 0
    rest = ~shown & ~empty
    return Cells(nulled(numbers_, ~shown) if shown.any() else None, nulled(text, ~rest) if rest.any() else None)
