"""The columns that moved each prediction most, in words, beside it."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dropscore import bundle as bundles
from dropscore.domain.reasons import LANGUAGES, level_words, signed
from dropscore.domain.schema import Field, Type
from dropscore.pipeline.attempt import Typed

_QUARTER, _THREE_QUARTERS = 25, 75
_DIGITS = 2


@dataclass(frozen=True, slots=True)
class Reasons:
    """What a route asks for: so many reasons, in this language. It may be pickled."""

    count: int
    language: str

    def of(self, loaded: bundles.Bundle, typed: Typed, outputs: Typed) -> list[pa.Array]:
        """Return `count` columns of text, the strongest reason first; null where there is none, or no answer."""
        explainer = loaded.explainer
        shares = explainer.shares(typed).shares
        order = np.argsort(-np.abs(shares), axis=1, kind="stable")[:, : self.count]
        unanswered = functools.reduce(pc.or_, [values.is_null() for values in outputs.values()])
        labels = [self._labels(loaded, field, typed[field.name]) for field in loaded.schema.fields]
        found = [self._nth(shares, order[:, number], labels, unanswered) for number in range(order.shape[1])]
        return found + [pa.nulls(len(shares), pa.string())] * (self.count - len(found))

    def _nth(
        self, shares: NDArray[np.float64], chosen: NDArray[np.int64], labels: list[pa.Array], unanswered: pa.Array
    ) -> pa.Array:
        rows = np.arange(len(shares))
        amounts = self._amounts(shares[rows, chosen])
        parts, places = [], np.empty(len(shares), dtype=np.int64)
        start = 0
        for column in np.unique(chosen):
            own = np.flatnonzero(chosen == column)
            parts.append(labels[column].take(pa.array(own)))
            places[own] = np.arange(start, start + len(own))
            start += len(own)
        words = pa.concat_arrays(parts).take(pa.array(places)) if parts else pa.array([], pa.string())
        told = pc.binary_join_element_wise(words, amounts, " ")
        return pc.if_else(unanswered, pa.scalar(None, pa.string()), told)

    def _amounts(self, shares: NDArray[np.float64]) -> pa.Array:
        """Return the shares as text. Rounded to the digits that are shown, few different ones are left."""
        with np.errstate(all="ignore"):  # zeros, and rows that have no answer
            power = np.where(shares == 0, 0, np.floor(np.log10(np.abs(shares))))
            step = 10.0 ** (power - (_DIGITS - 1))
            values, codes = np.unique(np.round(shares / step) * step, return_inverse=True)
        texts = pa.array([signed(float(value), self.language) or None for value in values], pa.string())
        return texts.take(pa.array(codes.astype(np.int64)))

    def _labels(self, loaded: bundles.Bundle, field: Field, column: pa.Array) -> pa.Array:
        """Return for each row how the column and its value are named: `income low`, `housing rent`."""
        words = LANGUAGES[self.language]
        if pa.types.is_dictionary(column.type) or pa.types.is_string(column.type):
            texts = column.cast(pa.string())
            named = pc.binary_join_element_wise(field.name, texts, " ") if field.enum else field.name
            return pc.if_else(texts.is_valid(), named, f"{field.name} {words['missing']}")
        if field.type is Type.BOOLEAN:
            named = pc.if_else(column, f"{field.name} {words['true']}", f"{field.name} {words['false']}")
            return named.fill_null(f"{field.name} {words['missing']}")
        return self._levels(loaded, field, column)

    def _levels(self, loaded: bundles.Bundle, field: Field, column: pa.Array) -> pa.Array:
        texts = pa.array([f"{field.name} {word}" for word in level_words(self.language, field.type in _MOMENTS)])
        profile = loaded.profile.columns.get(field.name)
        numbers = bundles.as_float(column)
        codes = np.ones(len(numbers), dtype=np.int64)
        if profile is not None and profile.quantiles:
            codes += np.where(numbers > profile.quantiles[_THREE_QUARTERS], 1, 0)
            codes -= np.where(numbers < profile.quantiles[_QUARTER], 1, 0)
        return texts.take(pa.array(np.where(np.isnan(numbers), 3, codes)))


_MOMENTS = (Type.DATE, Type.DATETIME)
