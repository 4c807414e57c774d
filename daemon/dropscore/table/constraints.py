"""What the schema asks of a value once it has one: its words, its form, its length; and what spoils text."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dropscore.domain.problems import Severity
from dropscore.domain.schema import Field, Type, UnknownCategory
from dropscore.table.arrays import among, mask_of, matches
from dropscore.table.faults import BROKEN, FORMULA, INTO_DATE, SCIENTIFIC, Fault, Likely, sorted_out
from dropscore.table.records import Mask

_WORDS_SHOWN = 8
_SIGNS_OF_DAMAGE = (ord("#"), ord("\\"), FORMULA.encode()[1])


def damage(text: pa.Array, field: Field, good: Mask) -> list[Fault]:
    """Return the cells of text that a spreadsheet or a database has spoiled, whatever the schema says of text."""
    data = text.buffers()[2]
    if data is None:
        return []
    octets = np.frombuffer(data, np.uint8)
    faults = []
    if any((octets == sign).any() for sign in _SIGNS_OF_DAMAGE):
        for form in BROKEN:
            fits = matches(text, form.pattern) & good
            fits &= ~among(text, field.enum) if field.enum else True
            if fits.any():
                faults.append(Fault(form.code, np.flatnonzero(fits), {"expects": "text"}))
    octets_ = data.to_pybytes()
    if b"E+" in octets_ or b"e+" in octets_:
        fits = matches(text, SCIENTIFIC) & good
        if fits.any():
            faults.append(Fault("scientific-notation", np.flatnonzero(fits)))
    return faults


def broken(text: pa.Array, field: Field, good: Mask, keys: Callable[[], pa.Array]) -> list[Fault]:
    """Return the good cells that break a constraint. `keys` are the values, null where there is none."""
    faults = []
    if field.enum:
        faults += _enum(text, field, good, keys)
    if field.pattern is not None:
        faults += _pattern(text, field, good)
    if field.min_length is not None or field.max_length is not None:
        long = pc.utf8_length(text).fill_null(0).to_numpy(zero_copy_only=False)
        for code, name, bound, fits in (
            ("too-short", "minimum", field.min_length, long < (field.min_length or 0)),
            ("too-long", "maximum", field.max_length, long > (field.max_length or 0)),
        ):
            if bound is not None and (fits & good).any():
                faults.append(Fault(code, np.flatnonzero(fits & good), {name: str(bound)}))
    return faults


def _enum(text: pa.Array, field: Field, good: Mask, keys: Callable[[], pa.Array]) -> list[Fault]:
    if field.unknown_category is UnknownCategory.SCORE:
        return []
    if field.type in (Type.NUMBER, Type.INTEGER):
        allowed = pa.array([float(word) for word in field.enum], pa.float64())
        known = mask_of(pc.is_in(keys().cast(pa.float64()), value_set=allowed))
    else:
        known = among(text, field.enum)
    where = np.flatnonzero(good & ~known)
    if not len(where):
        return []
    words = listed(field.enum)

    def nearest(cell: str) -> Mapping[str, str]:
        return {"near": _near(cell, field.enum)}

    severity = Severity.WARNING if field.unknown_category is UnknownCategory.FLAG else Severity.ERROR
    more = {"expected_words": words, "expects": "word"}
    if severity is Severity.WARNING:
        return [Fault("unknown-value", where, more, nearest, severity)]
    into_date = Likely("turned-into-date", INTO_DATE, more=more)
    unknown = Likely("unknown-value", "", nearest, more)
    return sorted_out(text.take(pa.array(where)), where, [into_date], unknown)


def _near(cell: str, words: tuple[str, ...]) -> str:
    """Return the known value that the cell most likely means; empty if there is none."""
    plain = {word.strip().casefold(): word for word in words}
    near = difflib.get_close_matches(cell.strip().casefold()[:200], plain, n=1, cutoff=0.6)
    return plain[near[0]] if near else ""


def listed(words: tuple[str, ...]) -> str:
    shown = ", ".join(f"`{word}`" for word in words[:_WORDS_SHOWN])
    return shown if len(words) <= _WORDS_SHOWN else f"{shown}, … ({len(words)} in all)"


def _pattern(text: pa.Array, field: Field, good: Mask) -> list[Fault]:
    pattern = field.pattern or ""
    where = np.flatnonzero(good & ~matching(text, pattern))
    if not len(where):
        return []
    more = {"pattern": pattern, "expects": "form"}
    bad = text.take(pa.array(where))
    faults = []
    padded = _padded(bad, pattern)
    lost = mask_of(padded.is_valid())
    if lost.any():
        full = dict(zip(_first(bad, lost), _first(padded, lost), strict=True))
        faults.append(Fault("lost-zeros", where[lost], more, lambda cell: {"suggested": full.get(cell, f"0{cell}")}))
    forms = [Likely("scientific-notation", SCIENTIFIC, more=more), Likely("turned-into-date", INTO_DATE, more=more)]
    rest = bad.filter(pa.array(~lost))
    return faults + (sorted_out(rest, where[~lost], forms, Likely("pattern", "", more=more)) if len(rest) else [])


def _first(text: pa.Array, mask: Mask) -> list[str]:
    """Return the first cells of a mask: as many as may be listed."""
    found: list[str] = text.filter(pa.array(mask))[:1000].to_pylist()
    return found


def _padded(bad: pa.Array, pattern: str) -> pa.Array:
    """Return the cells of digits with the zeros that make them fit the pattern; null where none do."""
    digits = matches(bad, "\\d{1,20}")
    found = pa.nulls(len(bad), pa.string())
    if not digits.any():
        return found
    for width in range(2, 21):
        wider = pc.utf8_lpad(bad, width, "0")
        fits = digits & matching(wider, pattern) & mask_of(found.is_null())
        if fits.any():
            found = pc.if_else(pa.array(fits), wider, found)
    return found


def matching(text: pa.Array, pattern: str) -> Mask:
    """Return which cells match the schema's pattern as a whole. What RE2 does not know, Python does, once a text."""
    try:
        return matches(text, pattern)
    except pa.ArrowInvalid:
        compiled = re.compile(pattern)
        encoded = text.dictionary_encode()
        fits = [compiled.fullmatch(word) is not None for word in encoded.dictionary.to_pylist()]
        return mask_of(pc.take(pa.array(fits, pa.bool_()), encoded.indices))
