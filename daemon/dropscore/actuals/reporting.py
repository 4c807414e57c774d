"""The report on a route's models: all that is kept, matched and judged, by version, over time and by segment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from dropscore.actuals.keeping import INPUT, KEY, OUTPUT
from dropscore.actuals.matching import NONE, latest_before, one_each
from dropscore.actuals.measures import Classes, Numbers, Pairs, beside_training, calibrations, figures
from dropscore.actuals.rivalry import beside, rivalry_of
from dropscore.actuals.store import KeptFile, actuals_of, predictions_of
from dropscore.domain.measured import outside_sentence
from dropscore.figures import Figure, Judgement, Report, Rivalry, Segment, Slice
from dropscore.record import now_utc

RECENT_DAYS, FEWEST_RECENT = 90, 30
_MOST_SLICES = 30

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Paired:
    """Predictions (key, row, at, file, outputs, some inputs) beside `outcome` and `when`, one row for each pair."""

    frame: pd.DataFrame
    files: list[KeptFile]
    actuals: int


def paired(state: Path, route: str, more: Callable[[KeptFile], list[str]]) -> Paired:
    """Return every prediction of a route for which an outcome counts, with `more` of its columns."""
    actuals = actuals_of(state, route)
    keys = pa.array(sorted(set(actuals[KEY])), pa.string())
    predictions, files = predictions_of(state, route, keys, more)
    matched = latest_before(actuals, predictions)
    counts = one_each(actuals, matched) if (matched != NONE).any() else np.zeros(len(actuals), dtype=bool)
    frame = predictions.iloc[matched[counts]].reset_index(drop=True)
    for name in ("outcome", "when"):
        frame[name] = actuals.loc[counts, name].to_numpy()
    return Paired(frame, files, len(actuals))


def _judged_columns(file: KeptFile) -> list[str]:
    wanted = [f"{OUTPUT}{output['name']}" for output in file.about["outputs"]]
    wanted += [f"{INPUT}{name}" for name in file.about["enums"]]
    return [name for name in wanted if name in file.columns]


def report_of(
    state: Path,
    route: str,
    *,
    language: str = "en",
    zone: str = "UTC",
    version: str | None = None,
    job: str | None = None,
) -> Report:
    """Return the report on a route: on all versions, one of them, or on what one job predicted."""
    found = paired(state, route, _judged_columns)
    by_version: dict[tuple[str, str], list[int]] = {}
    for number, file in enumerate(found.files):
        about = file.about
        if (version is None or about["version"] == version) and (job is None or about["job"] == job):
            by_version.setdefault((about["model"], about["version"]), []).append(number)
    judged = []
    for numbers in by_version.values():
        frame = found.frame[found.frame["file"].isin(numbers)].reset_index(drop=True)
        judged.append(_judge(frame, [found.files[number] for number in numbers], language, zone))
    rivalry = None if version or job else _rivalry(state, route, found)
    judged.sort(key=lambda one: max(f.at for f in found.files if _is_of(f, one)), reverse=True)
    return Report(
        route=route,
        made=now_utc(),
        predictions=sum(one.predictions for one in judged),
        actuals=found.actuals,
        matched=sum(one.pairs for one in judged),
        models=tuple(judged),
        rivalry=rivalry,
    )


def _rivalry(state: Path, route: str, found: Paired) -> Rivalry | None:
    """Return the challenger beside the versions in use, with figures where outcomes are known."""
    shown = rivalry_of(state, route)
    if shown is None:
        return None
    rivalry, version = shown
    pairs, told = beside(state, route, version, found.frame, found.files, pairs_of)
    return rivalry.model_copy(update={"pairs": pairs, "figures": told})


def _is_of(file: KeptFile, judgement: Judgement) -> bool:
    return (file.about["model"], file.about["version"]) == (judgement.model, judgement.version)


def _judge(frame: pd.DataFrame, files: list[KeptFile], language: str, zone: str) -> Judgement:
    about = files[-1].about
    frame, pairs = pairs_of(frame, about)
    known = {"model": about["model"], "version": about["version"], "task": about["task"]}
    known["predictions"] = sum(file.rows for file in files)
    if pairs is None or not len(frame):
        return Judgement.model_validate(known)
    at = pd.to_datetime(frame["at"], utc=True)
    scores = about["scores"]
    recent, days = _recent(at)
    told = tuple(beside_training(one, scores) for one in figures(pairs.at(recent)))
    outside = [one for one in told if one.outside]
    return Judgement(
        **known,
        pairs=len(frame),
        first=at.min().to_pydatetime(),
        last=at.max().to_pydatetime(),
        figures=tuple(beside_training(one, scores) for one in figures(pairs)),
        recent_days=days,
        recent_pairs=int(recent.sum()),
        recent=told,
        months=_slices(pairs, at.dt.tz_convert(zone).dt.strftime("%Y-%m").to_numpy(object), scores, by_size=False),
        segments=_segments(frame, pairs, about, scores),
        calibrations=calibrations(pairs),
        outside=tuple(_told(one, about, int(recent.sum()), language) for one in outside),
    )


def _told(figure: Figure, about: Mapping[str, Any], pairs: int, language: str) -> str:
    return outside_sentence(language, about["model"], about["version"], pairs, figure.model_dump())


def _recent(at: pd.Series) -> tuple[NDArray[np.bool_], int]:
    mask = (at >= at.max() - pd.Timedelta(days=RECENT_DAYS)).to_numpy()
    return (mask, RECENT_DAYS) if mask.sum() >= FEWEST_RECENT else (np.ones(len(at), dtype=bool), 0)


def pairs_of(frame: pd.DataFrame, about: Mapping[str, Any]) -> tuple[pd.DataFrame, Pairs | None]:
    """Return the rows that can be judged, and their pairs; None: there are no figures for this kind of model."""
    outputs = about["outputs"]
    label = next((one for one in outputs if one["source"] == "prediction"), None)
    shares = {one["category"]: f"{OUTPUT}{one['name']}" for one in outputs if one["source"] == "probability"}
    columns = [*shares.values(), *([f"{OUTPUT}{label['name']}"] if label else [])]
    if not columns or any(column not in frame for column in columns):
        return frame, None
    if about["task"] == "regression" and label is not None:
        frame = frame.assign(outcome=pd.to_numeric(frame["outcome"], errors="coerce"))
        frame = frame.dropna(subset=[*columns, "outcome"]).reset_index(drop=True)
        predicted = frame[columns[-1]].to_numpy(np.float64)
        return frame, Numbers(predicted, frame["outcome"].to_numpy(np.float64))
    if about["task"] != "classification":
        return frame, None
    frame = frame.dropna(subset=[*columns, "outcome"]).reset_index(drop=True)
    labels = None if label is None else np.array([_text(one) for one in frame[columns[-1]]], dtype=object)
    found = {category: frame[column].to_numpy(np.float64) for category, column in shares.items()}
    return frame, Classes(labels, np.array([_text(one) for one in frame["outcome"]], dtype=object), found)


def _text(value: Any) -> str:
    """Return a class as it is written in the actuals: 1, not 1.0."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _slices(
    pairs: Pairs, values: NDArray[np.object_], scores: Mapping[str, Any], *, by_size: bool
) -> tuple[Slice, ...]:
    texts = values.astype(str)
    names, counts = np.unique(texts, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:_MOST_SLICES] if by_size else np.arange(len(names))[-_MOST_SLICES:]
    found = []
    for place in order:
        told = tuple(beside_training(one, scores) for one in figures(pairs.at(texts == names[place])))
        found.append(Slice(value=str(names[place]), pairs=int(counts[place]), figures=told))
    return tuple(found)


def _segments(
    frame: pd.DataFrame, pairs: Pairs, about: Mapping[str, Any], scores: Mapping[str, Any]
) -> tuple[Segment, ...]:
    found = []
    for column, title in about["enums"].items():
        if f"{INPUT}{column}" in frame:
            values = frame[f"{INPUT}{column}"].astype(object).where(frame[f"{INPUT}{column}"].notna(), "–")
            slices = _slices(pairs, values.to_numpy(object), scores, by_size=True)
            found.append(Segment(column=column, title=title, slices=slices))
    return tuple(found)
