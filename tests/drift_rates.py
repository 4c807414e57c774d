"""How often drift is called where there is none, and found where there is: measured on made batches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drift_data import KINDS, profile_of_kind
from dropscore.drift import Reference, judge

TRAINED, COLUMNS = 5_000, 20


@dataclass(frozen=True)
class Rates:
    """Shares: of batches with any alarm, and of the shifted columns that were named."""

    batches: int
    alarms: float
    named: float
    wrong: float
    """Of batches in which a column was named that was not shifted."""


def rates(kind: str, rows: int, batches: int, *, shift: float = 0.0, shifted: int = 0, trainings: int = 20,
          columns: int = COLUMNS, seed: int = 1) -> Rates:  # fmt: skip
    """Return what becomes of made batches: `shifted` of the columns lie `shift` standard deviations higher.

    The training is drawn anew `trainings` times: each has its own luck, which all of its batches share.
    """
    rng = np.random.default_rng([seed, rows, sorted(KINDS).index(kind), shifted])
    made = KINDS[kind]
    alarms = named = wrong = 0
    for _ in range(trainings):
        trained = profile_of_kind(kind, {str(at): made(rng, TRAINED) for at in range(columns)})
        reference = Reference(trained)
        for _ in range(batches // trainings):
            batch = profile_of_kind(
                kind, {str(at): made(rng, rows) + (shift if at < shifted else 0.0) for at in range(columns)}, trained
            )
            drifting = [int(column.column) for column in judge(reference, batch).columns if column.state == "drift"]
            alarms += bool(drifting)
            named += sum(at < shifted for at in drifting)
            wrong += any(at >= shifted for at in drifting)
    total = batches // trainings * trainings
    return Rates(total, alarms / total, named / max(1, total * shifted), wrong / total)
