"""The fix file: made in a second pass over the drop, so that a good one never pays for it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dropscore import table, workbook
from dropscore.pipeline.attempt import Attempt
from dropscore.pipeline.columns import columns_of
from dropscore.pipeline.mending import Ranges, ranges_of
from dropscore.pipeline.outcome import summary_of
from dropscore.receipt import Made, Outcome

FIX = "fix.xlsx"


def fix_files(
    attempt: Attempt, source: table.Source, findings: table.Findings, outcome: Outcome, *, whole: bool
) -> tuple[list[Made], Ranges]:
    """Make the fix workbook, and beyond the limit the fix CSV: all rows, or (not `whole`) only those to fix.

    Returns the files made and the rows handed out.
    """
    task = attempt.task
    every = columns_of(source, attempt.bundle).values()
    book = workbook.FixBook(
        attempt.path(FIX),
        [column for column in every if column.role is not workbook.Role.OUTPUT],
        code=task.code,
        rows=findings.rows if whole else findings.bad_rows,
        limit=task.rules.limits.xlsx_rows,
        language=task.rules.language,
        delimiter=source.reading.delimiter or ",",
    )
    handed: list[npt.NDArray[np.int64]] = []
    try:
        with attempt.timed("fix workbook"):
            checker = table.Checker(source, task.rules)
            for block in source.blocks():
                checked = checker.check(block)
                handed.append(block.rows if whole else block.rows[checked.bad_rows])
                book.pour(
                    checked.cells,
                    bad=checked.bad,
                    rows=len(block),
                    numbers=block.rows,
                    to_fix=checked.bad_rows,
                    only_to_fix=not whole,
                    stray=block.stray,
                )
            paths = book.finish(summary_of(task, attempt.bundle, outcome), findings.problems, findings.groups)
    except BaseException:
        book.discard()
        raise
    return [attempt.made("fix", path.name, f".{path.name}") for path in paths], ranges_of(handed)
