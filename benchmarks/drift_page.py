"""The page about drift and its plot, from what was measured."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BELOW = 760, 340, 60, 150, 46, 48
MOST = 0.03
COLOURS = ("#2f6fb3", "#b35c2f", "#3c8a4e", "#8a4ea8", "#8c959f")
STYLE = """\
  <style>
    text { fill: #1f2328 } .axis { stroke: #8c959f } .goal { stroke: #cf222e; stroke-dasharray: 6 4 }
    @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } }
  </style>
"""


def page_of(figures: Mapping[str, Any], page: str) -> str:
    """Return docs/drift.md with these figures in their places: between `<!-- NAME -->` and `<!-- /NAME -->`."""
    parts = {
        "alarms": _alarms(figures["alarms"]),
        "found": _found(figures["shifts"]),
        "verdict": _verdict(figures["shifts"]),
        "cost": _cost(figures["cost"]),
    }
    for name, text in parts.items():
        place = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        page = place.sub(lambda found, text=text: f"{found[1]}{text}\n{found[2]}", page)  # type: ignore[misc]
    return page


def _alarms(alarms: Mapping[str, Mapping[str, float]]) -> str:
    sizes = list(next(iter(alarms.values())))
    lines = [
        "| columns | " + " | ".join(f"{int(size):,} rows" for size in sizes) + " |",
        "|---" * (len(sizes) + 1) + "|",
    ]
    lines += [
        f"| {kind} | " + " | ".join(f"{100 * found[size]:.1f} %" for size in sizes) + " |"
        for kind, found in alarms.items()
    ]
    return "\n".join(lines)


def _found(shifts: list[Mapping[str, Any]]) -> str:
    lines = ["| shift | rows | shifted | named | alarm |", "|---|---|---|---|---|"]
    for one in shifts:
        lines.append(
            f"| {one['shift']} σ | {one['rows']} | {one['shifted']} of {one.get('of', 20)} | "
            f"{100 * one['named']:.1f} % | {100 * one['alarms']:.1f} % |"
        )
    return "\n".join(lines)


def _verdict(shifts: list[Mapping[str, Any]]) -> str:
    """Say what the best of all tests could find of one column among twenty."""
    limits = []
    for rows, shift in sorted({(one["rows"], one["shift"]) for one in shifts}):
        deviations = shift / math.sqrt(1 / rows + 1 / 5_000)
        limits.append(f"{100 * _normal(deviations - 3.2905):.0f} % ({shift} σ at {rows} rows)")
    return (
        "Where one column of twenty is shifted, no test can name it more often than in "
        + " and ".join(limits)
        + " of the batches while it raises a false alarm in at most 2 % of all batches: that is what the exact test of "
        "two means with known variance reaches at a twentieth of 2 %."
    )


def _normal(value: float) -> float:
    return 0.5 * math.erfc(-value / math.sqrt(2))


def _cost(cost: Mapping[str, float]) -> str:
    lines = ["| | whole job | drift | |", "|---|---|---|---|"]
    for rows in (100, 200_000):
        whole, drift = cost[f"job_{rows}_ms"], cost[f"drift_{rows}_ms"]
        lines.append(f"| {rows:,} rows × 12 columns | {whole:,.1f} ms | {drift:.2f} ms | {100 * drift / whole:.1f} % |")
    lines += [
        "",
        f"Judging 20 columns of 100 rows takes {cost['cached_ms']:.2f} ms once chance is known at that size, and "
        f"{cost['first_ms']:.0f} ms the first time: a worker keeps it for each bundle, in sizes that double in four "
        "steps from 30 to 4,096 rows. Columns of few values take longer the first time. Medians; "
        "`python benchmarks/drift.py cost` measures again.",
    ]
    return "\n".join(lines)


def svg_of(figures: Mapping[str, Any]) -> str:
    """Return the plot of false alarms by number of rows, a line for each kind of column."""
    alarms: Mapping[str, Mapping[str, float]] = figures["alarms"]
    sizes = [int(size) for size in next(iter(alarms.values()))]
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'font-family="system-ui, \'DejaVu Sans\', sans-serif" font-size="13">',
        f"  <title>False alarms by number of rows</title>\n  <desc>{escape(_described(alarms))}</desc>\n{STYLE}",
        f'  <text x="{WIDTH / 2}" y="22" text-anchor="middle">Batches with a false alarm, of 20 columns</text>',
        f'  <line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{_y(0)}" y2="{_y(0)}"/>',
        f'  <line class="goal" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{_y(0.02)}" y2="{_y(0.02)}"/>',
    ]
    for share in (0.0, 0.01, 0.02, 0.03):
        lines.append(f'  <text x="{LEFT - 8}" y="{_y(share) + 4}" text-anchor="end">{100 * share:.0f} %</text>')
    for size in sizes:
        lines.append(f'  <text x="{_x(size, sizes)}" y="{HEIGHT - 22}" text-anchor="middle">{size:,} rows</text>')
    for number, (kind, found) in enumerate(alarms.items()):
        colour, top = COLOURS[number % len(COLOURS)], TOP + 14 + 20 * number
        points = [(_x(int(size), sizes), _y(share)) for size, share in found.items()]
        drawn = " ".join(f"{x},{y}" for x, y in points)
        lines.append(f'  <polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="2"/>')
        lines += [f'  <circle cx="{x}" cy="{y}" r="3.5" fill="{colour}"/>' for x, y in points]
        lines.append(f'  <rect x="{WIDTH - RIGHT + 18}" y="{top - 10}" width="12" height="12" fill="{colour}"/>')
        lines.append(f'  <text x="{WIDTH - RIGHT + 36}" y="{top}">{escape(kind)}</text>')
    return "\n".join([*lines, "</svg>", ""])


def _described(alarms: Mapping[str, Mapping[str, float]]) -> str:
    return "; ".join(
        f"{kind}: " + ", ".join(f"{100 * share:.1f} % at {int(size):,} rows" for size, share in found.items())
        for kind, found in alarms.items()
    )


def _x(size: int, sizes: list[int]) -> float:
    low, high = math.log(sizes[0]), math.log(sizes[-1])
    return round(LEFT + 30 + (WIDTH - RIGHT - LEFT - 60) * (math.log(size) - low) / (high - low), 1)


def _y(share: float) -> float:
    return round(HEIGHT - BELOW - (HEIGHT - BELOW - TOP) * min(share, MOST) / MOST, 1)
