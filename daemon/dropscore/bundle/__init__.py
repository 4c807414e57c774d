"""A model with its manifest: what it accepts, what it answers, and the proof that it still answers so."""

from dropscore.bundle.explaining import Explainer
from dropscore.bundle.exported import exported
from dropscore.bundle.frame import ARROW_TYPES, encoded, typed_columns
from dropscore.bundle.load import load
from dropscore.bundle.manifest import Manifest, Output
from dropscore.bundle.opened import Bundle
from dropscore.bundle.outputs import prediction, probability
from dropscore.bundle.profile import ProfileBuilder, as_float
from dropscore.bundle.save import save

__all__ = [
    "ARROW_TYPES",
    "Bundle",
    "Explainer",
    "Manifest",
    "Output",
    "ProfileBuilder",
    "as_float",
    "encoded",
    "exported",
    "load",
    "prediction",
    "probability",
    "save",
    "typed_columns",
]
