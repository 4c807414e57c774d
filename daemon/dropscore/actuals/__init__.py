"""Predictions held against what really happened: kept, matched, judged, exported."""

from dropscore.actuals.exporting import export
from dropscore.actuals.keeping import Keeper, Keeping, allowed, clean, with_about
from dropscore.actuals.matching import NONE, latest_before
from dropscore.actuals.reporting import report_of
from dropscore.actuals.store import PREDICTIONS, actuals_of, files_of, predictions_of

__all__ = [
    "NONE",
    "PREDICTIONS",
    "Keeper",
    "Keeping",
    "actuals_of",
    "allowed",
    "clean",
    "export",
    "files_of",
    "latest_before",
    "predictions_of",
    "report_of",
    "with_about",
]
