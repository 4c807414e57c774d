"""`make faults`: the whole of it, with its counts. Ends with 1 where one was violated."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from faults.driving import ALL, Swept, cut_power, sweep, try_mutants
from faults.mutants import MUTANTS
from faults.power import MAKE, possible

LEAST_CAUGHT = 0.95


def _report(what: str, swept: Swept, seconds: float) -> bool:
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(swept.kinds.items()))
    print(f"{what}: {sum(swept.kinds.values())} points at {swept.operations} operations ({kinds}) in {seconds:.0f} s")
    ends = Counter(end for ends in swept.ends for end in ends)
    print(f"  lives of the service: {', '.join(f'{count} {end}' for end, count in sorted(ends.items()))}")
    for fault in swept.lint:
        print(f"  OUT OF ORDER {fault}")
    for point, faults in swept.violations:
        print(f"  VIOLATION {point}", *faults, sep="\n    ")
    print(f"  violations: {len(swept.violations)}; renames and syncs out of order: {len(swept.lint)}", flush=True)
    return not swept.violations and not swept.lint


def _report_mutants(told: dict[str, str | None]) -> bool:
    for name, caught in told.items():
        print(f"  {'caught' if caught else 'NOT CAUGHT'}: {name}" + (f" ({caught[:160]})" if caught else ""))
    caught = sum(1 for found in told.values() if found)
    print(f"mutants: {caught} of {len(told)} caught ({100 * caught / len(told):.1f} %)", flush=True)
    return caught >= LEAST_CAUGHT * len(told)


def main() -> int:
    parser = argparse.ArgumentParser(prog="faults", description=__doc__)
    parser.add_argument("--points", type=int, default=2400, help="points with one fault; 0: none (default: 2400)")
    parser.add_argument("--twice", type=int, default=600, help="points with two: recovery killed too (default: 600)")
    parser.add_argument("--cuts", type=int, default=500, help="power cuts on each file system (default: 500)")
    parser.add_argument("--mutants", action=argparse.BooleanOptionalAction, default=True, help="try the mutants, too")
    parser.add_argument("--all", action="store_true", help="every point there is: takes hours")
    parser.add_argument("--seed", type=int, default=1, help="which ones are drawn")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    good = True
    if given.points or given.twice:
        began = time.monotonic()
        swept = sweep(*((ALL, ALL) if given.all else (given.points, given.twice)), given.seed, given.jobs)
        good &= _report("sweep", swept, time.monotonic() - began)
    for kind in MAKE if given.cuts else ():
        if why := possible(kind):
            print(f"power cuts on {kind}: skipped, {why}")
            continue
        began = time.monotonic()
        good &= _report(f"power cuts on {kind}", cut_power(kind, given.cuts, given.seed), time.monotonic() - began)
    if given.mutants:
        good &= _report_mutants(try_mutants([mutant.name for mutant in MUTANTS], given.jobs))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
