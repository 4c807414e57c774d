"""How good each route's models turned out to be, from the reports that are made anyway."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from pydantic import ValidationError

from dropscore.figures import Judgement, Report

_LABELS = ["route", "model", "version"]


class Figures(Collector):
    """Reads the reports in a folder. A version of which nothing happened is left out."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def describe(self) -> list[Metric]:
        """Nothing: else the registry would ask for everything when this is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        help_ = "A figure on the predictions of the last days; bound: value, low or high of its 95 % interval."
        value = GaugeMetricFamily("dropscore_model_figure", help_, labels=[*_LABELS, "figure", "bound"])
        help_ = "Whether a figure lies outside the interval of training."
        outside = GaugeMetricFamily("dropscore_model_figure_outside", help_, labels=[*_LABELS, "figure"])
        pairs = GaugeMetricFamily(
            "dropscore_model_pairs", "Predictions of which it is known what happened.", labels=_LABELS
        )
        for route, judged in self._judged():
            known = [route, judged.model, judged.version]
            pairs.add_metric(known, judged.pairs)
            for figure in judged.recent:
                for bound, number in (("value", figure.value), ("low", figure.low), ("high", figure.high)):
                    if number is not None:
                        value.add_metric([*known, figure.name, bound], number)
                if figure.trained is not None:
                    outside.add_metric([*known, figure.name], float(bool(figure.outside)))
        yield from (value, outside, pairs)

    def _judged(self) -> Iterator[tuple[str, Judgement]]:
        for path in sorted(self._folder.glob("*.json")):
            try:
                report = Report.model_validate_json(path.read_bytes())
            except (OSError, ValidationError):
                continue
            yield from ((report.route, judged) for judged in report.models if judged.pairs)
