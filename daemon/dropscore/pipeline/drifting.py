"""Whether a drop has drifted from what its model was trained on, and how that is told."""

from __future__ import annotations

import functools

import numpy as np

from dropscore import bundle as bundles
from dropscore import drift
from dropscore.domain.drifting import Drifting, told_drift, told_unknown
from dropscore.pipeline.attempt import Attempt
from dropscore.receipt import BatchProfile, Drift


@functools.lru_cache(maxsize=4)
def reference_of(loaded: bundles.Bundle) -> drift.Reference:
    """Return the training of a loaded bundle, with what chance does at the sizes that came so far."""
    return drift.Reference(loaded.profile)


def profiled(attempt: Attempt, builder: bundles.ProfileBuilder) -> tuple[BatchProfile, Drift | None]:
    """Return what a drop looks like, and how that differs from training where the route wants to know."""
    loaded, rules = attempt.bundle, attempt.task.rules
    with attempt.timed("profile"):
        profile = builder.result(loaded.profile)
    if rules.drift is Drifting.OFF:
        return profile, None
    with attempt.timed("drift"):
        return profile, judged_drift(reference_of(loaded), profile, rules.language)


def judged_drift(reference: drift.Reference, profile: BatchProfile, language: str) -> Drift:
    """Return what differs, with its sentences. A drop never fails for it: what cannot be worked out is told so."""
    try:
        with np.errstate(all="ignore"):  # numbers at the end of what a float holds
            found = drift.judge(reference, profile)
        return found.model_copy(update={"sentences": sentences_of(found, profile, language)})
    except (ArithmeticError, ValueError, LookupError):
        return Drift(sentences=(told_unknown("failed", language),))


def sentences_of(found: Drift, profile: BatchProfile, language: str) -> tuple[str, ...]:
    """Return a sentence for each column that has drifted, and one for what cannot be said."""
    needed = drift.FEWEST
    if found.state == "few-rows":
        return (told_unknown("few-rows", language, rows=found.rows, needed=needed),)
    told = []
    for column in found.columns:
        own = profile.predictions if column.of == "prediction" else profile.columns
        if column.state == "drift":
            told.append(told_drift(column, own[column.column].type, language))
    older = [column.column for column in found.columns if column.why == "older-profile"]
    if older:
        told.append(told_unknown("older-profile", language, columns=older))
    if found.columns and all(column.why in ("few-trained", "not-compared") for column in found.columns):
        told.append(told_unknown("few-trained", language, needed=needed))
    return tuple(told)
