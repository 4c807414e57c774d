"""Other refusals than those of the sweep: the quota is used up, or the file server is gone for a while.

`python -m faults.errnos FOLDER SEED POINTS ERRNO…`, with the shim preloaded; each point is told as a line of JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from faults.shim import Fault, Mode
from faults.sweep import READERS, Bench, Point, sample


def main() -> None:
    folder, (seed, count, *numbers) = sys.argv[1], list(map(int, sys.argv[2:]))
    bench = Bench(Path(folder))
    every = [
        Point((Fault(operation.number, mode, number),), reader=READERS[operation.number % len(READERS)])
        for operation in bench.trace
        if operation.number > 0
        for mode in (Mode.FAIL, Mode.STICKY)
        for number in numbers
    ]
    for point in sample(every, count, seed):
        result = bench.try_point(point)
        told = {"kind": point.faults[0].mode.name.lower(), "ends": result.ends, "violations": result.violations}
        print(json.dumps(told | ({"point": str(point)} if result.violations else {})), flush=True)


if __name__ == "__main__":
    main()
