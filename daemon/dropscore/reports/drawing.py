"""Plots as SVG, with attributes alone: no script, no style, so that they stand in any page and under any policy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, ROW, LEFT, RIGHT, ABOVE, BELOW = 500, 22, 150, 20, 26, 30
_HEIGHT, _SQUARE = 220, 320
_INK, _FAINT, _MARK = "currentColor", "#8a94a0", "#2a7ab8"
_BAND = f'fill="{_MARK}" fill-opacity="0.18"'


@dataclass(frozen=True, slots=True)
class Point:
    """A figure and its interval, under a label; `written` is the figure as people read it."""

    label: str
    value: float
    low: float | None
    high: float | None
    written: str


Band = tuple[float, float] | None
"""The interval of training, drawn behind."""


def over_time(title: str, points: Sequence[Point], band: Band = None) -> Markup:
    """Return the figure from left to right, one point for each label."""
    scale = _scale(points, band)
    floor = _HEIGHT - BELOW
    slot = (WIDTH - 60 - RIGHT) / max(1, len(points))

    def y(value: float) -> float:
        return floor - scale.share(value) * (floor - ABOVE)

    parts = _band_across(band, y) if band else []
    for tick in scale.ticks:
        parts.append(_line(60, y(tick), WIDTH - RIGHT, y(tick), _FAINT, "0.25"))
        parts.append(_text(54, y(tick) + 4, scale.written(tick), "end"))
    every = math.ceil(len(points) / 6)
    for at, point in enumerate(points):
        x = 60 + (at + 0.5) * slot
        parts += _whisker(point, lambda value, x=x: (x, y(value)))
        if at % every == 0:
            parts.append(_text(x, _HEIGHT - 10, point.label, "middle"))
    return _svg(title, WIDTH, _HEIGHT, parts, points)


def beside(title: str, points: Sequence[Point], band: Band = None) -> Markup:
    """Return the figure from top to bottom, one row for each label."""
    scale = _scale(points, band)
    height = ABOVE + ROW * len(points) + BELOW

    def x(value: float) -> float:
        return LEFT + scale.share(value) * (WIDTH - LEFT - RIGHT)

    parts = []
    if band:
        size = f'width="{x(band[1]) - x(band[0]):.1f}" height="{height - ABOVE - BELOW}"'
        parts.append(f'<rect x="{x(band[0]):.1f}" y="{ABOVE}" {size} {_BAND}/>')
    for tick in scale.ticks:
        parts.append(_line(x(tick), ABOVE, x(tick), height - BELOW, _FAINT, "0.25"))
        parts.append(_text(x(tick), height - 10, scale.written(tick), "middle"))
    for at, point in enumerate(points):
        y = ABOVE + (at + 0.5) * ROW
        parts += _whisker(point, lambda value, y=y: (x(value), y))
        parts.append(_text(LEFT - 8, y + 4, _short(point.label), "end"))
    return _svg(title, WIDTH, height, parts, points)


def calibrated(title: str, points: Sequence[tuple[float, Point]]) -> Markup:
    """Return shares that happened over shares that were predicted; on the line they are the same."""

    def place(predicted: float, happened: float) -> tuple[float, float]:
        side = _SQUARE - 50 - BELOW
        return 50 + predicted * side, _SQUARE - BELOW - happened * side

    (left, floor), (right, top) = place(0, 0), place(1, 1)
    parts = [_line(left, floor, right, top, _FAINT, "1", dashed=True)]
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = place(tick, tick)
        parts.append(_line(left, y, right, y, _FAINT, "0.25"))
        parts.append(_text(left - 6, y + 4, f"{tick:.2f}", "end"))
        parts.append(_text(x, _SQUARE - 10, f"{tick:.2f}", "middle"))
    for predicted, point in points:
        parts += _whisker(point, lambda value, at=predicted: place(at, value))
    return _svg(title, _SQUARE, _SQUARE, parts, [point for _, point in points])


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float
    ticks: tuple[float, ...]
    digits: int

    def share(self, value: float) -> float:
        return (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)

    def written(self, tick: float) -> str:
        return f"{tick:,.{self.digits}f}"


def _scale(points: Sequence[Point], band: Band) -> _Scale:
    """Return a scale that holds all values, with its ends on round numbers."""
    ends = [one for point in points for one in (point.value, point.low, point.high) if one is not None]
    ends += band or ()
    low, high = min(ends), max(ends)
    if not high > low:
        low, high = low - (abs(low) or 1) / 10, high + (abs(high) or 1) / 10
    power = 10.0 ** math.floor(math.log10((high - low) / 4))
    step = next(step for step in (power, 2 * power, 5 * power, 10 * power) if (high - low) / step <= 5)
    first, last = math.floor(low / step), math.ceil(high / step)
    ticks = tuple(step * number for number in range(first, last + 1))
    return _Scale(ticks[0], ticks[-1], ticks, max(0, -math.floor(math.log10(step) + 1e-9)))


def _whisker(point: Point, place: object) -> list[str]:
    assert callable(place)
    parts = []
    if point.low is not None and point.high is not None:
        (x1, y1), (x2, y2) = place(point.low), place(point.high)
        parts.append(_line(x1, y1, x2, y2, _MARK, "2"))
    x, y = place(point.value)
    interval = "" if point.low is None else f" ({point.low:.4g} – {point.high:.4g})"
    told = escape(f"{point.label}: {point.written}{interval}")
    parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{_MARK}"><title>{told}</title></circle>')
    return parts


def _band_across(band: tuple[float, float], y: object) -> list[str]:
    assert callable(y)
    top, bottom = y(band[1]), y(band[0])
    size = f'width="{WIDTH - 60 - RIGHT}" height="{bottom - top:.1f}"'
    return [f'<rect x="60" y="{top:.1f}" {size} {_BAND}/>']


def _line(x1: float, y1: float, x2: float, y2: float, ink: str, width: str, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="4 4"' if dashed else ""
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{ink}" stroke-width="{width}"{dash}/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="12" fill="{_INK}">{escape(text)}</text>'


def _short(text: str) -> str:
    return text if len(text) <= 21 else f"{text[:20]}…"


def _svg(title: str, width: int, height: int, parts: Sequence[str], points: Sequence[Point]) -> Markup:
    told = "; ".join(f"{point.label}: {point.written}" for point in points[:40])
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    head = f'<svg class="plot" {size} role="img" font-family="sans-serif">'
    name = f"<title>{escape(title)}</title><desc>{escape(told)}</desc>"
    shown = f'<text x="0" y="14" font-size="13" font-weight="bold" fill="{_INK}">{escape(title)}</text>'
    return Markup(f"{head}{name}{shown}{''.join(parts)}</svg>")
