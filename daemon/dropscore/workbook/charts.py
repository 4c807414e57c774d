"""The charts of the Summary: drawn by openpyxl with tokens for what changes, and filled in for each file."""

from __future__ import annotations

from collections.abc import Sequence

from openpyxl.chart import BarChart
from openpyxl.chart.data_source import AxDataSource, NumDataSource, NumRef, StrRef
from openpyxl.chart.label import DataLabelList
from openpyxl.chart.series import Series
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.drawing.line import LineProperties

from dropscore.workbook.tally import Bar
from dropscore.workbook.xmltext import attribute, escaped

WIDTH_CM, HEIGHT_CM = 15.0, 7.6
ROWS_HIGH = 16
"""Rows of the sheet that a chart covers, about."""


def bar_chart(number: int, title: str, rows_word: str, across: bool) -> BarChart:
    """Return a chart whose data are the tokens of `number`: bars across for classes, upright for bins."""
    chart = BarChart()
    chart.type = "bar" if across else "col"
    chart.title = title
    chart.title.overlay = False
    chart.legend = None
    chart.gapWidth = 45
    chart.width, chart.height = WIDTH_CM, HEIGHT_CM
    series = Series(
        idx=0,
        order=0,
        cat=AxDataSource(strRef=StrRef(f=f"LABELS{number}")),
        val=NumDataSource(numRef=NumRef(f=f"VALUES{number}")),
    )
    series.graphicalProperties.solidFill = "2F75B5"
    series.graphicalProperties.line.solidFill = "2F75B5"
    series.dLbls = DataLabelList(
        showVal=True, showSerName=False, showCatName=False, showLegendKey=False, showPercent=False,
        showBubbleSize=False, numFmt="#,##0",
    )  # fmt: skip
    chart.series.append(series)
    chart.y_axis.majorGridlines.spPr = GraphicalProperties(ln=LineProperties(solidFill="D9D9D9"))
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.y_axis.title = rows_word
    chart.y_axis.title.overlay = False
    chart.y_axis.number_format = "#,##0"
    chart.y_axis.scaling.min = 0
    if across:
        chart.x_axis.scaling.orientation = "maxMin"  # the commonest on top
        chart.y_axis.crosses = "max"
    return chart


def filled_chart(xml: str, number: int, bars: Sequence[Bar], labels: str, values: str) -> str:
    """Fill in where the data are and what they are, for programs that show a chart without counting again."""
    names = "".join(f'<pt idx="{at}"><v>{escaped(bar.label)}</v></pt>' for at, bar in enumerate(bars))
    counts = "".join(f'<pt idx="{at}"><v>{bar.rows}</v></pt>' for at, bar in enumerate(bars))
    size = f'<ptCount val="{len(bars)}"/>'
    return xml.replace(f"<f>LABELS{number}</f>", f"<f>{labels}</f><strCache>{size}{names}</strCache>").replace(
        f"<f>VALUES{number}</f>",
        f"<f>{values}</f><numCache><formatCode>General</formatCode>{size}{counts}</numCache>",
    )


def described(xml: str, number: int, title: str, bars: Sequence[Bar]) -> str:
    """Give the chart its title and its words for those who do not see it."""
    words = f"{title}: " + ", ".join(f"{bar.label} {bar.rows:,}" for bar in bars)
    return xml.replace(
        f'name="Chart {number}"', f'name="Chart {number}" descr="{attribute(words)}" title="{attribute(title)}"'
    )
