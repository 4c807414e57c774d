"""A bundle that may be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import pyarrow as pa

from dropscore.bundle.explaining import Explainer, make_explainer
from dropscore.bundle.manifest import Manifest
from dropscore.bundle.scoring import Scorer
from dropscore.bundle.shares import Unexplained
from dropscore.bundle.together import alike_together, scored_together
from dropscore.domain.errors import Unavailable
from dropscore.domain.jobs import BundleRef
from dropscore.domain.reasons import EXPLAIN
from dropscore.domain.schema import Schema
from dropscore.receipt import BatchProfile


class Bundle:
    """A model that was verified and has re-scored its golden rows. Made by `load`, never by hand."""

    def __init__(
        self,
        ref: BundleRef,
        schema: Schema,
        scorer: Scorer,
        profile: BatchProfile,
        manifest: Manifest,
        golden: Mapping[str, pa.Array],
        notes: tuple[str, ...] = (),
    ) -> None:
        self.ref = ref
        self.schema = schema
        self.outputs = scorer.outputs
        self.profile = profile
        self.manifest = manifest
        self.notes = notes
        self._scorer = scorer
        self._golden = golden

    def predict(self, typed: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
        """Return the output columns by name, row by row: text as string, numbers as float64.

        `typed` holds checked columns of the schema by name, text plain or dictionary-encoded; others are
        ignored. Numbers are rounded to 12 significant digits. A row for which the model gives no number
        (NaN, infinity) is null in all output columns. Give it blocks of fixed ranges: an estimator's last bits
        depend on their shape.
        """
        return self._scorer.score(typed)

    def predict_each(self, batches: Sequence[Mapping[str, pa.Array]]) -> list[dict[str, pa.Array]]:
        """Return for each batch what `predict` returns, to the last bit; in one call where that is proven."""
        if len(batches) > 1 and self.alike_together:
            return scored_together(self._scorer, batches)
        return [self.predict(batch) for batch in batches]

    @cached_property
    def explainer(self) -> Explainer:
        """Return what says which columns moved an answer. Made when first asked: it takes a second or so.

        Raises Unavailable: this model's answers cannot be taken apart.
        """
        try:
            return make_explainer(self._scorer, self.schema, self.profile, self._golden)
        except Unexplained as fault:
            raise Unavailable(
                f"{EXPLAIN}{self.ref.name}",
                f"The answers of the model {self.ref.name} {self.ref.version} cannot be explained: {fault}.",
                "Drops that want an explanation wait. Take `explain` out of the route, or give it another model.",
            ) from fault

    @cached_property
    def alike_together(self) -> bool:
        """Return whether a row's answer does not depend on what is scored with it. Tried when first asked."""
        return alike_together(self._scorer, self._golden)
