"""Whether what comes in has drifted from what a model was trained on. Imported in workers alone."""

from dropscore.drift.chance import FEWEST
from dropscore.drift.columns import Reference
from dropscore.drift.judge import judge

__all__ = ["FEWEST", "Reference", "judge"]
