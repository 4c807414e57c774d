"""A challenger beside the versions in use: over all jobs that it was shown, and on the pairs with an outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from dropscore.actuals import intervals
from dropscore.actuals.intervals import Floats
from dropscore.actuals.keeping import KEY, OUTPUT, ROW
from dropscore.actuals.measures import Classes, Numbers, Pairs, figures, placements
from dropscore.actuals.store import KeptFile, files_of, readable
from dropscore.figures import Beside, Challenged, Moved, Rivalry

CHALLENGED = "challenged"
_RIVAL = "rival:"


def rivalry_of(state: Path, route: str) -> tuple[Rivalry, str] | None:
    """Return what the challenger that was shown jobs last makes of them, and its version; None: there is none."""
    shown = list(_shown(state, route))
    if not shown:
        return None
    version = shown[-1].compared.after
    shown = [one for one in shown if one.compared.after == version]
    well = [one for one in shown if not one.failed]
    failed = [one for one in shown if one.failed]
    compared = [one.compared for one in well]
    rivalry = Rivalry(
        challenger=version,
        champions=tuple(dict.fromkeys(one.compared.before for one in shown)),
        jobs=len(well),
        failed=len(failed),
        why=failed[-1].failed if failed else "",
        rows=sum(one.rows for one in compared),
        changed=sum(one.changed for one in compared),
        only_champion=sum(one.only_before for one in compared),
        only_challenger=sum(one.only_after for one in compared),
        seconds=sum(one.seconds for one in well),
        own_seconds=sum(one.own_seconds for one in well),
        outputs=_together([(one.rows, moved) for one in compared for moved in one.outputs]),
        drifted=sum(bool(one.drift) for one in well),
    )
    return rivalry, version


def _shown(state: Path, route: str) -> Iterable[Challenged]:
    for path in sorted((state / CHALLENGED / route).glob("*/*.json")):
        try:
            yield Challenged.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            continue  # retention took it, or it is damaged: it is a help, and no more


def _together(parts: list[tuple[int, Moved]]) -> tuple[Moved, ...]:
    """Add up what became of each output. The middle of several jobs' steps is not known, and left out."""
    found = []
    for name in dict.fromkeys(moved.output for _, moved in parts):
        own = [(rows, moved) for rows, moved in parts if moved.output == name]
        moves: Counter[str] = Counter()
        for _, moved in own:
            moves.update(moved.moves)
        numbers = [(rows, moved) for rows, moved in own if moved.mean is not None and moved.most is not None]
        far = max((moved for _, moved in numbers), key=lambda moved: abs(moved.most or 0.0), default=None)
        total = sum(rows for rows, _ in numbers)
        found.append(
            Moved(
                output=name,
                changed=sum(moved.changed for _, moved in own),
                moves=dict(moves.most_common()),
                mean=sum(rows * (moved.mean or 0.0) for rows, moved in numbers) / total if total else None,
                middle=own[0][1].middle if len(own) == 1 else None,
                most=far.most if far is not None else None,
            )
        )
    return tuple(found)


def beside(
    state: Path, route: str, version: str, frame: pd.DataFrame, files: list[KeptFile], pairs_of: Any
) -> tuple[int, tuple[Beside, ...]]:
    """Return how many pairs both models have, and the figures of both on these.

    `frame` holds the champion's pairs: file, key, row, its outputs, outcome.
    """
    known = {file.about["job"]: file for file in files_of(state, CHALLENGED, route) if _is_of(file, version)}
    ours, theirs, about = [], [], None
    places = frame["file"].to_numpy(dtype=np.int64) if len(frame) else np.empty(0, dtype=np.int64)
    for place in np.unique(places).tolist():
        rival = known.get(files[place].about["job"])
        if rival is None:
            continue
        with readable(rival.path):
            left, right = _aligned(frame[places == place], files[place], rival)
            ours.append(left)
            theirs.append(right)
            about = (files[place].about, rival.about)
    if about is None:
        return 0, ()
    _, champion = pairs_of(pd.concat(ours, ignore_index=True), about[0])
    _, challenger = pairs_of(pd.concat(theirs, ignore_index=True), about[1])
    if champion is None or challenger is None or len(champion) != len(challenger):
        return 0, ()
    return len(champion), figures_beside(champion, challenger)


def _aligned(part: pd.DataFrame, champion: KeptFile, rival: KeptFile) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of a job that both have answered, once with the answers of each, in the same order."""
    own, others = _outputs(champion), _outputs(rival)
    answers = rival.read([ROW, *others]).to_pandas().rename(columns={name: f"{_RIVAL}{name}" for name in others})
    joined = part[[KEY, ROW, "at", "outcome", *own]].merge(answers, on=ROW)
    joined = joined.dropna().reset_index(drop=True)
    right = joined[[KEY, ROW, "at", "outcome", *answers.columns[1:]]]
    return joined[[KEY, ROW, "at", "outcome", *own]], right.rename(columns=lambda name: name.removeprefix(_RIVAL))


def _outputs(file: KeptFile) -> list[str]:
    wanted = [f"{OUTPUT}{output['name']}" for output in file.about["outputs"]]
    return [name for name in wanted if name in file.columns]


def _is_of(file: KeptFile, version: str) -> bool:
    return bool(file.about["version"] == version)


def figures_beside(champion: Pairs, challenger: Pairs) -> tuple[Beside, ...]:
    """Return each figure of both on the same pairs, row by row, with the interval of the difference."""
    theirs = {figure.name: figure for figure in figures(challenger)}
    found = []
    for figure in figures(champion):
        other = theirs.get(figure.name)
        if other is None:
            continue
        interval = _difference(figure.name, champion, challenger)
        low, high = interval if interval is not None else (None, None)
        found.append(
            Beside(champion=figure, challenger=other, difference=other.value - figure.value, low=low, high=high)
        )
    return tuple(found)


def _difference(name: str, one: Pairs, other: Pairs) -> tuple[float, float] | None:
    """Return the 95 % interval by which a figure is higher for the other; None where nothing can be said."""
    if name == "auc":
        return _auc_difference(one, other)
    if name == "rmse" and isinstance(one, Numbers) and isinstance(other, Numbers):
        before, after = (one.predicted - one.actual) ** 2, (other.predicted - other.actual) ** 2
        found = intervals.of_mean(after - before)
        scale = float(np.sqrt(before.mean()) + np.sqrt(after.mean()))
        return None if found is None or not scale else (found[0] / scale, found[1] / scale)
    own, others = _by_row(name, one), _by_row(name, other)
    return None if own is None or others is None else intervals.of_mean(others - own)


def _by_row(name: str, pairs: Pairs) -> Floats | None:
    """Return what a figure is the mean of."""
    if isinstance(pairs, Numbers):
        errors = pairs.predicted - pairs.actual
        return np.abs(errors) if name == "mae" else errors
    if name == "accuracy":
        return None if pairs.predicted is None else (pairs.predicted == pairs.actual).astype(np.float64)
    total: Floats = np.zeros(len(pairs))
    for category, share in pairs.shares.items():
        total += (share - (pairs.actual == category)) ** 2
    return total


def _auc_difference(one: Pairs, other: Pairs) -> tuple[float, float] | None:
    """Return it by the placements of both on the same pairs. Source: DeLong, DeLong and Clarke-Pearson (1988)."""
    if not isinstance(one, Classes) or not isinstance(other, Classes) or len(one.shares) != 1:
        return None
    (category, share), *_ = one.shares.items()
    if category not in other.shares:
        return None
    happened = one.actual == category
    before, after = placements(happened, share), placements(happened, other.shares[category])
    return intervals.of_two(after[0] - before[0], after[1] - before[1], intervals.PLAIN)
