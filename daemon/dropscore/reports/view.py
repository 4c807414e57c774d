"""A report as tables of words and plots: what every kind of page shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup

from dropscore.domain.measured import MEANINGS, NAMES, written
from dropscore.figures import Calibration, Figure, Judgement, Report, Rivalry, Slice
from dropscore.reports import rival
from dropscore.reports.drawing import Band, Point, beside, calibrated, over_time
from dropscore.reports.words import words_of

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    header: Row
    rows: tuple[Row, ...]
    plots: tuple[Markup, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelView:
    """One version of a model."""

    title: str
    sentence: str
    outside: tuple[str, ...]
    tables: tuple[Table, ...]


def views(report: Report, language: str = "en", zone: str = "UTC") -> tuple[ModelView, ...]:
    found = tuple(_view(one, language, zone) for one in report.models)
    return found if report.rivalry is None else (_rival(report.rivalry, language), *found)


def _rival(rivalry: Rivalry, language: str) -> ModelView:
    words = words_of(language)
    tables = [Table(words["agreement"], *rival.agreement(rivalry, language))]
    if rivalry.figures:
        title = words["same-pairs"].format(pairs=f"{rivalry.pairs:,}")
        tables.append(Table(title, *rival.compared(rivalry, language)))
    return ModelView(rival.title_of(rivalry, language), rival.sentence_of(rivalry, language), (), tuple(tables))


def day(moment: datetime | None, zone: str) -> str:
    return "" if moment is None else moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d")


def _view(judged: Judgement, language: str, zone: str) -> ModelView:
    words = words_of(language)
    title = f"{judged.model} {judged.version}"
    if judged.task == "other":
        return ModelView(title, words["other"], (), ())
    if not judged.pairs:
        return ModelView(title, words["no-pairs"], (), ())
    sentence = words["pairs"].format(
        pairs=f"{judged.pairs:,}", first=day(judged.first, zone), last=day(judged.last, zone)
    )
    tables = [_of_figures(words["all"], judged.figures, language)]
    if judged.recent_days and judged.recent != judged.figures:
        tables.append(_of_figures(words["recent"].format(days=judged.recent_days), judged.recent, language))
    tables.append(_of_slices(words["months"], words["month"], judged.months, judged.figures, language, time=True))
    for segment in judged.segments:
        column = segment.title or segment.column
        title_ = words["by"].format(column=column)
        tables.append(_of_slices(title_, column, segment.slices, judged.figures, language, time=False))
    tables += [_of_calibration(one, language) for one in judged.calibrations]
    return ModelView(title, sentence, judged.outside, tuple(tables))


def interval(figure: Figure) -> str:
    """Return an interval as people read it; empty where nothing can be said."""
    if figure.low is None or figure.high is None:
        return ""
    return f"{written(figure.name, figure.low)} – {written(figure.name, figure.high)}"


def _of_figures(title: str, figures: Sequence[Figure], language: str) -> Table:
    words = words_of(language)
    names, meanings = NAMES.get(language, NAMES["en"]), MEANINGS.get(language, MEANINGS["en"])
    header = tuple(words[name] for name in ("figure", "value", "interval", "training", "meaning"))
    rows = tuple(
        (names[one.name], written(one.name, one.value), interval(one), _trained(one), meanings[one.name])
        for one in figures
    )
    return Table(title, header, rows)


def _trained(figure: Figure) -> str:
    if figure.trained is None:
        return ""
    low, high = written(figure.name, figure.trained_low), written(figure.name, figure.trained_high)
    return f"{written(figure.name, figure.trained)} ({low} – {high})"


def _of_slices(
    title: str, column: str, slices: Sequence[Slice], overall: Sequence[Figure], language: str, *, time: bool
) -> Table:
    words, names = words_of(language), NAMES.get(language, NAMES["en"])
    shown = [one.name for one in overall]
    rows = []
    for one in slices:
        known = {figure.name: figure for figure in one.figures}
        cells = [_cell(known.get(name), words["few"]) for name in shown]
        rows.append((one.value, f"{one.pairs:,}", *cells))
    plots = []
    for figure in overall:
        points = [
            Point(one.value, found.value, found.low, found.high, written(found.name, found.value))
            for one in slices
            for found in one.figures
            if found.name == figure.name
        ]
        if len(points) > 1 or (time and points):
            band: Band = None
            if figure.trained_low is not None and figure.trained_high is not None:
                band = (figure.trained_low, figure.trained_high)
            plots.append((over_time if time else beside)(names[figure.name], points, band))
    header = (column, words["count"], *(names[name] for name in shown))
    return Table(title, header, tuple(rows), tuple(plots))


def _cell(figure: Figure | None, few: str) -> str:
    if figure is None:
        return few
    told = interval(figure)
    return f"{written(figure.name, figure.value)} ({told})" if told else written(figure.name, figure.value)


def _of_calibration(found: Calibration, language: str) -> Table:
    words = words_of(language)
    title = words["calibration"].format(category=found.category)
    rows = tuple(
        (f"{one.pairs:,}", f"{one.predicted:.3f}", f"{one.happened:.3f}", f"{one.low:.3f} – {one.high:.3f}")
        for one in found.bins
    )
    points = [
        (one.predicted, Point(f"{one.predicted:.3f}", one.happened, one.low, one.high, f"{one.happened:.3f}"))
        for one in found.bins
    ]
    header = (words["count"], words["predicted"], words["happened"], words["interval"])
    return Table(title, header, rows, (calibrated(title, points),) if points else ())
