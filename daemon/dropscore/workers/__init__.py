"""Worker processes: long-lived, with deadlines and a memory limit, and nothing of the work imported by the service.

The work is a dotted name that the worker resolves, so that the service stays small. Processes are forked from a
server process that has imported the pipeline and has no threads: a fork of a process with threads can deadlock.
"""

from dropscore.workers.hiring import Workers, hire
from dropscore.workers.inside import Failed
from dropscore.workers.pool import Pool

__all__ = ["Failed", "Pool", "Workers", "hire"]
