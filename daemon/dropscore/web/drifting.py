"""A job beside its model's training, as the panel shows it: sentences, a plot for each column that has drifted, and
what the route's last days say.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from dropscore.receipt import Receipt
from dropscore.web import plots
from dropscore.web.context import Web
from dropscore.web.plots import Plot
from dropscore.web.words import Say

_MOST_PLOTS = 6
_MOST_BYTES = 1 << 26


@dataclass(frozen=True, slots=True)
class Days:
    """What the last days of a route say."""

    days: int
    jobs: int
    state: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """`state` is that of this file."""

    state: str
    sentences: tuple[str, ...]
    plots: tuple[Plot, ...]
    days: tuple[Days, ...]


def shown_drift(web: Web, receipt: Receipt, say: Say) -> Shown | None:
    """Return what a job's page says of drift; None where nobody looked."""
    if receipt.drift is None:
        return None
    return Shown(receipt.drift.state, receipt.drift.sentences, _plots(web, receipt, say), _days(web, receipt))


def _plots(web: Web, receipt: Receipt, say: Say) -> tuple[Plot, ...]:
    """Return the columns that have drifted, each beside the training's. Predictions have their own place."""
    route = web.settings.routes.get(receipt.route)
    if receipt.drift is None or receipt.model is None or route is None:
        return ()
    trained = plots.trained_profile(route.model, receipt.model.version, receipt.model.sha256)
    names = (say("this file"), say("training data"))
    found = []
    for column in receipt.drift.columns:
        own = receipt.profile.columns.get(column.column)
        if column.state != "drift" or column.of != "input" or own is None or trained is None:
            continue
        plot = plots.compared(column.column, own, trained.columns.get(column.column), names)
        if plot is not None:
            found.append(plot)
    return tuple(found[:_MOST_PLOTS])


def _days(web: Web, receipt: Receipt) -> tuple[Days, ...]:
    try:
        path = web.root.state / "drift" / f"route-{receipt.route}.json"
        if path.stat().st_size > _MOST_BYTES:
            return ()
        return tuple(_window(one) for one in json.loads(path.read_bytes())["windows"])
    except (OSError, ValueError, KeyError, TypeError):
        return ()  # nobody has looked yet


def _window(one: dict[str, Any]) -> Days:
    drift = one["drift"]
    sentences = tuple(str(sentence) for sentence in drift.get("sentences", ()))
    return Days(int(one["days"]), int(one["jobs"]), str(drift["state"]), sentences)
