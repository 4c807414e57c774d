"""The way of one drop inside a worker: read, check, score, pour, judge."""

from dropscore.pipeline.oneshot import score_file
from dropscore.pipeline.process import process, work
from dropscore.pipeline.sharing import assist
from dropscore.pipeline.together import work_together

__all__ = ["assist", "process", "score_file", "work", "work_together"]
