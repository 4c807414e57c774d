"""A bar chart as SVG: a few lines of text need no plotting library."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT, BAR, GAP, TOP = 760, 150, 90, 30, 14, 50
STYLE = """\
  <style>
    text { fill: #1f2328 } .bar { fill: #2f6fb3 } .bar:first-of-type { fill: #8c959f }
    @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .bar { fill: #6cabf0 } }
  </style>
"""


def bars(title: str, values: Sequence[tuple[str, float]], unit: str) -> str:
    """Return an SVG with one horizontal bar for each (label, value)."""
    scale = (WIDTH - LEFT - RIGHT) / max(value for _, value in values)
    height = TOP + len(values) * (BAR + GAP)
    told = "; ".join(f"{label}: {value:.2f} {unit}" for label, value in values)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        'font-family="system-ui, \'DejaVu Sans\', sans-serif" font-size="14">\n'
        f"  <title>{escape(title)}</title>\n  <desc>{escape(told)}</desc>\n{STYLE}"
        f'  <text x="{WIDTH / 2}" y="26" text-anchor="middle">{escape(title)}</text>'
    ]
    for number, (label, value) in enumerate(values):
        top = TOP + number * (BAR + GAP)
        middle, length = top + BAR / 2 + 5, max(2.0, value * scale)
        lines += [
            f'  <text x="{LEFT - 10}" y="{middle}" text-anchor="end">{escape(label)}</text>',
            f'  <rect class="bar" x="{LEFT}" y="{top}" width="{length:.1f}" height="{BAR}" rx="3"/>',
            f'  <text x="{LEFT + length + 8:.1f}" y="{middle}">{value:.2f} {unit}</text>',
        ]
    return "\n".join([*lines, "</svg>", ""])
