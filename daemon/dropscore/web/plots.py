"""Plots as shapes with places and sizes; a template draws them as SVG, so that they need no script and no style."""

from __future__ import annotations

import json
import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from pydantic import ValidationError

from dropscore.receipt import BatchProfile, ColumnProfile

WIDTH, HEIGHT, LEFT, BELOW, ABOVE = 640, 200, 48, 28, 14
_BINS = 16
_MOST_LABELS = 8
_MOST_BARS = 20


@dataclass(frozen=True, slots=True)
class Series:
    """One kind of bar. `css` is the class that colours it."""

    name: str
    css: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    css: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A label below, or beside, the bars."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Plot:
    """Bars side by side or stacked, and the same figures as a table for who cannot see them."""

    title: str
    bars: tuple[Bar, ...]
    below: tuple[Mark, ...]
    beside: tuple[Mark, ...]
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    percent: bool = False
    width: int = WIDTH
    height: int = HEIGHT


def bars(
    title: str, labels: Sequence[str], series: Sequence[Series], *, stacked: bool = False, percent: bool = False
) -> Plot:
    """Return the plot of some series over the same labels."""
    sums = [sum(values) for values in zip(*(one.values for one in series), strict=True)]
    highest = max([*sums] if stacked else [value for one in series for value in one.values], default=0) or 1
    slot = (WIDTH - LEFT) / max(1, len(labels))
    floor = HEIGHT - BELOW
    scale = (floor - ABOVE) / highest
    width = slot * 0.8 / (1 if stacked else max(1, len(series)))
    found = []
    for at in range(len(labels)):
        top = float(floor)
        for number, one in enumerate(series):
            height = one.values[at] * scale
            left = LEFT + at * slot + slot * 0.1 + (0 if stacked else number * width)
            top = top - height if stacked else floor - height
            if height > 0:
                found.append(Bar(round(left, 1), round(top, 1), round(width, 1), round(height, 1), one.css))
    step = max(1, -(-len(labels) // _MOST_LABELS))
    below = [Mark(round(LEFT + (at + 0.5) * slot, 1), _short(labels[at])) for at in range(0, len(labels), step)]
    beside = [Mark(ABOVE, _figure(highest, percent)), Mark(floor, "0")]
    return Plot(title, tuple(found), tuple(below), tuple(beside), tuple(labels), tuple(series), percent)


def _figure(value: float, percent: bool) -> str:
    return f"{100 * value:.0f} %" if percent else f"{value:,.0f}"


def _short(text: str) -> str:
    return text if len(text) <= 14 else f"{text[:13]}…"


def compared(title: str, batch: ColumnProfile, trained: ColumnProfile | None, names: tuple[str, str]) -> Plot | None:
    """Return the plot of a batch's column beside the training's; None where there is nothing to draw."""
    pairs = [(names[0], "batch", batch)] + ([(names[1], "trained", trained)] if trained else [])
    if batch.counts:
        labels = sorted({key for _, _, p in pairs for key in p.counts or {}})[:_MOST_BARS]
        series = [Series(name, css, tuple(_share(p, label) for label in labels)) for name, css, p in pairs]
        return bars(title, labels, series, percent=True)
    if not batch.quantiles:
        return None
    known = [(name, css, p.quantiles) for name, css, p in pairs if p.quantiles]
    low, high = min(q[0] for _, _, q in known), max(q[-1] for _, _, q in known)
    edges = [low + (high - low) * number / _BINS for number in range(_BINS + 1)] if high > low else [low, low]
    labels = [_figured(left, (high - low) / _BINS) for left in edges[:-1]]
    series = [Series(name, css, _shares(q, edges)) for name, css, q in known]
    return bars(title, labels, series, percent=True)


def _figured(value: float, step: float) -> str:
    """Return an edge with as many digits as tell it from the next one."""
    if step <= 0 or abs(value) >= 1e7:
        return f"{value:.4g}"
    digits = max(0, 1 - math.floor(math.log10(step)))
    return f"{value:,.{digits}f}" if digits <= 6 else f"{value:.3g}"


def _share(profile: ColumnProfile, label: str) -> float:
    total = profile.rows - profile.missing
    return (profile.counts or {}).get(label, 0) / total if total else 0.0


def _shares(quantiles: Sequence[float], edges: Sequence[float]) -> tuple[float, ...]:
    """Return which share of the values lies between each pair of edges."""
    if len(edges) == 2 and edges[0] == edges[1]:
        return (1.0,)
    below = [_below(quantiles, edge) for edge in edges]
    below[0], below[-1] = 0.0, 1.0
    return tuple(max(0.0, high - low) for low, high in pairwise(below))


def _below(quantiles: Sequence[float], value: float) -> float:
    left, right = bisect_left(quantiles, value), bisect_right(quantiles, value)
    last = len(quantiles) - 1
    if left >= len(quantiles):
        return 1.0
    if right > left:
        return (left + right - 1) / 2 / last
    if left == 0:
        return 0.0
    low, high = quantiles[left - 1], quantiles[left]
    return (left - 1 + (value - low) / (high - low)) / last


def trained_profile(model: Path, version: str, sha256: str) -> BatchProfile | None:
    """Return the profile of the training data of that version, if its bundle is still there."""
    for folder in (model / version, model):
        try:
            manifest = json.loads((folder / "manifest.json").read_bytes())
            if manifest.get("version") == version:
                return BatchProfile.model_validate_json((folder / "profile.json").read_bytes())
        except (OSError, ValueError, ValidationError, AttributeError):
            continue
    return None
