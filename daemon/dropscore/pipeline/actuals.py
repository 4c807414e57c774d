"""A drop of actuals: read as strictly as any other, held against what was predicted, and kept. Nothing is scored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dropscore import actuals, durable, table
from dropscore import bundle as bundles
from dropscore.actuals import NONE
from dropscore.domain.catalogue import group, problem
from dropscore.domain.errors import Unavailable
from dropscore.domain.jobs import REPORT_MADE, ReportTask, Task, Verdict
from dropscore.domain.problems import Severity
from dropscore.domain.rules import Actuals
from dropscore.domain.schema import Field, Schema, Type
from dropscore.domain.sentences import told
from dropscore.figures import ActualsFact
from dropscore.pipeline.attempt import Attempt
from dropscore.pipeline.outcome import outcome_of
from dropscore.receipt import Counts, Outcome, dump
from dropscore.table.header import column_letters

KEPT = "actuals.parquet"
_LISTED = 1000
_ROWS_NAMED = 5
_LAST_DAY = pd.Timestamp("9999-12-30")
"""The end of the next one has no date. `9999-12-31`, which many exports write for *never*, counts as this day."""

Mask = NDArray[np.bool_]


def take_actuals(attempt: Attempt) -> Outcome:
    """Return what becomes of a drop of actuals.

    Raises:
        Rejected: the file as such is wrong.
        Unavailable: the route takes none any more.
    """
    task, wanted = attempt.task, attempt.task.rules.actuals
    if wanted is None or not task.state:
        matter = f"{task.name} holds actuals, and the route {task.route} is not set up for them."
        raise Unavailable(f"actuals:{task.route}", matter, "Set key and outcome in its section actuals.")
    with attempt.timed("open"):
        schema = schema_of(wanted, attempt.bundle)
        source = table.open_source(Path(task.input), schema, task.rules, Path(task.folder))
    checker = table.Checker(source, task.rules)
    frames = []
    for block in attempt.blocks(source):
        with attempt.timed("check"):
            checked = checker.check(block)
        frames.append(_frame(block, checked, wanted, task))
    frame = pd.concat(frames, ignore_index=True)
    with attempt.timed("match"):
        causes = _causes(frame, wanted, task)
    findings = _told_of(checker.findings(), frame, causes, source, wanted, task)
    return _outcome(attempt, source, frame, causes, findings)


def schema_of(wanted: Actuals, loaded: bundles.Bundle) -> Schema:
    """Return what a file of actuals must hold: the key, what happened, and when, if the route says so."""
    label = next((one for one in loaded.outputs if one.source == "prediction"), None)
    classes = label.enum if label is not None else ()
    number = loaded.manifest.task == "regression"
    fields = [
        Field(wanted.key, Type.STRING),
        Field(wanted.outcome, Type.NUMBER if number else Type.STRING, enum=() if number else classes),
    ]
    if wanted.date:
        fields.append(Field(wanted.date, Type.DATE, required=True))
    return Schema(tuple(fields))


def _frame(block: table.Block, checked: table.Checked, wanted: Actuals, task: Task) -> pd.DataFrame:
    """Return the rows of a block: key, outcome, when (UTC), row, line, bad."""
    outcome = checked.typed[wanted.outcome]
    found = pd.DataFrame(
        {
            "key": actuals.clean(checked.typed[wanted.key]).to_numpy(zero_copy_only=False),
            "outcome": outcome.to_numpy(zero_copy_only=False),
            "row": block.rows,
            "line": block.lines,
            "bad": checked.bad_rows,
        }
    )
    found["blank"] = outcome.is_null().to_numpy(zero_copy_only=False)
    arrived = pd.Timestamp(task.claimed_at).tz_convert("UTC").as_unit("us")
    if wanted.date is None:
        return found.assign(when=arrived)
    days = pd.to_datetime(pd.Series(checked.typed[wanted.date].to_pandas()), errors="coerce").astype("datetime64[us]")
    # A day is over at its end: what was predicted on it counts as predicted before.
    days = days.where(~(days > _LAST_DAY), _LAST_DAY)
    # Where its midnight comes twice, as the clocks are set back, the first one ends it.
    first = np.ones(len(days), dtype=bool)
    ends = (days + pd.Timedelta(days=1)).dt.tz_localize(task.rules.zone, ambiguous=first, nonexistent="shift_forward")
    return found.assign(when=ends.dt.tz_convert("UTC").to_numpy())


def _causes(frame: pd.DataFrame, wanted: Actuals, task: Task) -> dict[str, Mask]:
    """Return by code the rows that it concerns; those of the first three are set aside."""
    good = ~frame["bad"].to_numpy()
    keyless = good & frame["key"].isna().to_numpy()
    blank = good & ~keyless & frame["blank"].to_numpy()
    taken = good & ~keyless & ~blank
    doubled, repeated = _doubles(frame, taken)
    taken &= ~doubled
    state = Path(task.state)
    known, early = _held_against(frame, taken, state, task.route)
    return {
        "actual-keyless": keyless,
        "actual-doubled": doubled,
        "actual-blank": blank,
        "actual-unknown": taken & ~known,
        "actual-early": early,
        "actual-repeated": repeated,
        "actual-changed": _changed(frame, taken, state, wanted, task),
    }


_ASIDE = ("actual-keyless", "actual-doubled", "actual-blank")


def _taken(frame: pd.DataFrame, causes: Mapping[str, Mask]) -> Mask:
    aside = frame["bad"].to_numpy().copy()
    for code in _ASIDE:
        aside |= causes[code]
    taken: Mask = ~aside
    return taken


def _doubles(frame: pd.DataFrame, taken: Mask) -> tuple[Mask, Mask]:
    """Return rows whose key and date stand there with different outcomes, and those that say the same once more."""
    named = frame.loc[taken, ["key", "when", "outcome"]]
    differ = named.groupby(["key", "when"], sort=False)["outcome"].transform("nunique") > 1
    doubled, repeated = np.zeros(len(frame), dtype=bool), np.zeros(len(frame), dtype=bool)
    doubled[named.index[differ]] = True
    repeated[named.index[~differ & named.duplicated(["key", "when"])]] = True
    return doubled, repeated


def _held_against(frame: pd.DataFrame, taken: Mask, state: Path, route: str) -> tuple[Mask, Mask]:
    """Return the rows whose key was ever predicted, and of these those that happened before."""
    chosen = frame[taken]
    keys = pa.array(chosen["key"].unique(), pa.string())
    predictions, _ = actuals.predictions_of(state, route, keys)
    known, early = np.zeros(len(frame), dtype=bool), np.zeros(len(frame), dtype=bool)
    known[taken] = chosen["key"].isin(predictions["key"]).to_numpy()
    early[taken] = known[taken] & (actuals.latest_before(chosen, predictions) == NONE)
    return known, early


def _changed(frame: pd.DataFrame, taken: Mask, state: Path, wanted: Actuals, task: Task) -> Mask:
    """Return the rows of which an earlier drop said otherwise."""
    changed = np.zeros(len(frame), dtype=bool)
    earlier = actuals.actuals_of(state, task.route)
    earlier = earlier[earlier["job"] != task.job]
    if not len(earlier):
        return changed
    by = ["key", "when"] if wanted.date else ["key"]
    earlier = earlier.drop_duplicates(by, keep="last")[[*by, "outcome"]].rename(columns={"outcome": "before"})
    if wanted.date:
        earlier = earlier.assign(when=pd.to_datetime(earlier["when"], utc=True).astype(frame["when"].dtype))
    joined = frame.loc[taken, [*by, "outcome"]].merge(earlier, on=by, how="left")
    changed[taken] = (joined["before"].notna() & (joined["before"] != joined["outcome"])).to_numpy()
    return changed


def _told_of(
    findings: table.Findings,
    frame: pd.DataFrame,
    causes: Mapping[str, Mask],
    source: table.Source,
    wanted: Actuals,
    task: Task,
) -> table.Findings:
    language = task.rules.language
    names = [column.name for column in source.columns]
    place = next(
        (at for at, column in enumerate(source.columns) if column.field and column.field.name == wanted.key), 0
    )
    letters = column_letters(place + source.first_column)
    problems, groups = list(findings.problems), list(findings.groups)
    keys, rows_, lines = (frame[name].to_numpy() for name in ("key", "row", "line"))
    for code, mask in causes.items():
        where = np.flatnonzero(mask)
        if not len(where):
            continue
        for at in where[: max(0, _LISTED - len(problems))].tolist():
            key, row, line = keys[at], int(rows_[at]), int(lines[at])
            found = key if isinstance(key, str) else ""
            known: dict[str, Any] = {"row": row, "line": line or None, "column": names[place], "found": found}
            problems.append(problem(code, language, cell=f"{letters}{row}", **known))
        rows = tuple(frame.loc[where[:_ROWS_NAMED], "row"].tolist())
        groups.append(group(code, language, count=len(where), column=names[place], rows=rows))
    groups.sort(key=lambda made: (made.severity is Severity.WARNING, -made.count))
    total = findings.truncated or sum(int(mask.sum()) for mask in causes.values()) + len(findings.problems) > len(
        problems
    )
    return replace(findings, problems=tuple(problems), groups=tuple(groups), truncated=total)


def _outcome(
    attempt: Attempt, source: table.Source, frame: pd.DataFrame, causes: Mapping[str, Mask], findings: table.Findings
) -> Outcome:
    task, taken = attempt.task, _taken(frame, causes)
    counts = {code.removeprefix("actual-"): int(mask.sum()) for code, mask in causes.items()}
    fact = ActualsFact(
        taken=int(taken.sum()),
        matched=int(taken.sum()) - counts["unknown"] - counts["early"],
        unmatched=counts.pop("unknown"),
        **counts,
    )
    wrong = len(frame) - fact.taken - fact.blank
    told_ = told(
        "actuals-partial" if wrong else "actuals",
        task.rules.language,
        rows=len(frame),
        taken=fact.taken,
        matched=fact.matched,
        bad=wrong,
    )
    verdict = Verdict.PARTIAL if wrong else Verdict.DELIVERED
    outcome = outcome_of(task, attempt.bundle, verdict, told_, findings, source.reading)
    rows = outcome.counts.model_copy(update={"scored": fact.taken, "set_aside": len(frame) - fact.taken})
    kept = _keep(attempt, frame[taken & ~causes["actual-repeated"]])
    return outcome.model_copy(update={"counts": Counts(**rows.model_dump()), "actuals": fact, "kept": kept})


def _keep(attempt: Attempt, frame: pd.DataFrame) -> Any:
    if not len(frame):
        return None
    task = attempt.task
    columns: dict[str, pa.Array] = {
        "key": pa.array(frame["key"], pa.string()),
        "outcome": pa.array(frame["outcome"].tolist()),
        "when": pa.array(frame["when"], pa.timestamp("us", "UTC")),
        "row": pa.array(frame["row"], pa.int64()),
    }
    found = pa.table(columns)
    about = {"job": task.job, "code": task.code, "route": task.route, "at": task.claimed_at}
    pq.write_table(found.cast(actuals.with_about(found.schema, about)), attempt.path(KEPT), compression="zstd")
    return attempt.made("kept", KEPT, ".parquet")


def make_report(task: ReportTask) -> None:
    """Write the report on a route's models into the task's folder."""
    report = actuals.report_of(Path(task.state), task.route, language=task.language, zone=task.zone)
    durable.write_new(Path(task.folder) / REPORT_MADE, dump(report))
