"""The way of one drop inside a worker: read, check, score, pour, judge."""

from dropscore.pipeline.oneshot import score_file
from dropscore.pipeline.process import process
from dropscore.pipeline.replaying import Past, compare, same_again
from dropscore.pipeline.sharing import assist
from dropscore.pipeline.together import work_together
from dropscore.pipeline.work import work

__all__ = ["Past", "assist", "compare", "process", "same_again", "score_file", "work", "work_together"]
