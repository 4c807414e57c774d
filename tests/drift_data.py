"""Made columns and their profiles, as the pipeline makes them, for the tests and measurements of drift."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dropscore.bundle import ProfileBuilder
from dropscore.domain.schema import Field, Schema, Type
from dropscore.receipt import BatchProfile

Made = Callable[[np.random.Generator, int], NDArray[np.float64]]

KINDS: Mapping[str, Made] = {
    "normal": lambda rng, rows: rng.normal(size=rows),
    "skewed": lambda rng, rows: rng.lognormal(0.0, 1.0, rows),
    "heavy-tailed": lambda rng, rows: rng.standard_t(2, rows),
    "discrete": lambda rng, rows: rng.poisson(3, rows).astype(np.float64),
    "categories": lambda rng, rows: rng.choice(6, rows, p=(0.4, 0.25, 0.2, 0.1, 0.04, 0.01)).astype(np.float64),
}
LETTERS = ("a", "b", "c", "d", "e", "f")


def profile_of_kind(
    kind: str, columns: Mapping[str, NDArray[np.float64]], trained: BatchProfile | None = None
) -> BatchProfile:
    """Return the profile of columns of that kind: of categories, the numbers are their places among the letters."""
    if kind != "categories":
        return profile_of(columns, trained)
    letters = pa.array(LETTERS)
    builder = ProfileBuilder(Schema(tuple(Field(name, Type.STRING, enum=LETTERS) for name in columns)), ())
    codes = {name: pa.array(values.astype(np.int32)) for name, values in columns.items()}
    builder.add({name: pa.DictionaryArray.from_arrays(places, letters) for name, places in codes.items()}, {})
    return builder.result(trained)


def profile_of(
    columns: Mapping[str, NDArray[np.float64]], trained: BatchProfile | None = None, missing: float | None = None
) -> BatchProfile:
    """Return the profile of numbers; `missing` is the number that stands for a missing one."""
    builder = ProfileBuilder(Schema(tuple(Field(name, Type.NUMBER) for name in columns)), ())
    masks = {name: None if missing is None else values == missing for name, values in columns.items()}
    builder.add({name: pa.array(values, mask=masks[name]) for name, values in columns.items()}, {})
    return builder.result(trained)


def profile_of_text(
    columns: Mapping[str, list[str | None]], enum: tuple[str, ...], trained: BatchProfile | None = None
) -> BatchProfile:
    """Return the profile of columns that list their values."""
    builder = ProfileBuilder(Schema(tuple(Field(name, Type.STRING, enum=enum) for name in columns)), ())
    builder.add({name: pa.array(values, pa.string()) for name, values in columns.items()}, {})
    return builder.result(trained)
