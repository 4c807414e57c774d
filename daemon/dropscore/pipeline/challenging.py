"""A challenger is shown a job that was published: what it would have answered, beside what was answered.

It runs after the job and apart from it, so nothing that goes wrong here ever touches a result.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from dropscore import bundle as bundles
from dropscore import durable, table
from dropscore.domain.drifting import Drifting
from dropscore.domain.errors import Unavailable
from dropscore.domain.jobs import CHALLENGED, ChallengeTask
from dropscore.figures import Challenged, Compared
from dropscore.pipeline.attempt import Attempt, Typed
from dropscore.pipeline.drifting import judged_drift, reference_of
from dropscore.pipeline.keeping import KeptPredictions
from dropscore.pipeline.portions import Chosen, kept
from dropscore.pipeline.replaying import Past, compare, task_of
from dropscore.receipt import Receipt, dump


@dataclass(slots=True)
class _Shown:
    """What is gathered of a challenger's answers: their profile, and the rows to keep where the route keeps any."""

    past: Past
    folder: Path
    profile: bundles.ProfileBuilder | None = None
    predictions: KeptPredictions | None = None
    loaded: list[bundles.Bundle] = field(default_factory=list)

    def see(self, loaded: bundles.Bundle, source: table.Source, chosen: Chosen, outputs: Typed) -> None:
        if self.profile is None or self.predictions is None:
            self.loaded.append(loaded)
            self.profile = bundles.ProfileBuilder(loaded.schema, loaded.outputs)
            task = replace(task_of(self.past, self.folder), folder=str(self.folder), bundle=loaded.ref)
            self.predictions = KeptPredictions.begin(Attempt(task, loaded, lambda *_: None), source)
        self.profile.add(chosen.typed, outputs)
        keeper, keeping = self.predictions.keeper, self.predictions.keeping
        if keeper is not None and keeping is not None:
            keys = kept(chosen.block.text[keeper.column], chosen.mask)
            rows = chosen.block.rows[~chosen.checked.bad_rows]
            keeping.take(keeper.kept(keys, rows, chosen.typed, outputs), chosen.rows)

    def close(self) -> tuple[str, ...]:
        """End the rows, and return what is to be said of how the drop differs from the challenger's training."""
        if self.profile is None or self.predictions is None:
            return ()
        self.predictions.close()
        if self.past.rules.drift is Drifting.OFF:
            return ()
        (loaded,) = self.loaded
        found = judged_drift(reference_of(loaded), self.profile.result(loaded.profile), self.past.rules.language)
        return found.sentences if any(column.state == "drift" for column in found.columns) else ()


def challenge(task: ChallengeTask) -> None:
    """Score a published job under its challenger; write what came of it. A model that cannot be used is told in it."""
    receipt = Receipt.model_validate_json(Path(task.receipt).read_bytes())
    past = Past(receipt, Path(task.input), task.champion, task.rules, task.trusted, task.state)
    shown = _Shown(past, Path(task.folder))
    started = time.perf_counter()
    drift: tuple[str, ...] = ()
    failed, before, after = "", task.champion.version, task.challenger.version
    compared = Compared(code=receipt.code, name=receipt.name, before=before, after=after)
    try:
        compared = compare(past, task.challenger, see=shown.see)
        drift = shown.close()
    except Unavailable as fault:
        failed = fault.matter
    found = Challenged(
        job=receipt.job,
        compared=compared,
        seconds=round(time.perf_counter() - started, 3),
        own_seconds=round(sum(receipt.durations.values()), 3),
        drift=drift,
        failed=failed,
    )
    durable.write_new(Path(task.folder) / CHALLENGED, dump(found))
