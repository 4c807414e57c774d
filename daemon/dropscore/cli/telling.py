"""How what is wrong with a file is told: by cause first, then cell by cell."""

from __future__ import annotations

from dropscore.cli.output import counted, on_terminal, plain, put, put_table, say
from dropscore.domain.problems import Severity
from dropscore.receipt import GroupEntry, Receipt

MOST_LINES = 40
"""Problems drawn on a terminal; a pipe gets all that the receipt lists."""


def put_findings(receipt: Receipt) -> None:
    """Write how a file differs from the model's training, and the problems of its receipt, if there are any."""
    if receipt.drift is not None and receipt.drift.state == "drift":
        put("")
        for sentence in receipt.drift.sentences:
            put(f"- {plain(sentence)}")
    if receipt.groups:
        put("")
        for group in receipt.groups:
            put(_grouped(group))
    if receipt.problems:
        put("")
        _put_problems(receipt)


def _grouped(group: GroupEntry) -> str:
    mark = "" if group.severity is Severity.ERROR else "Warning: "
    hint = f" {group.hint}" if group.hint and group.hint not in group.sentence else ""
    return f"- {mark}{plain(group.sentence)}{plain(hint)}"


def _put_problems(receipt: Receipt) -> None:
    """Write the table of problems: where, found, expected, what to do."""
    problems = receipt.problems
    listed = problems[:MOST_LINES] if on_terminal() else problems
    put_table(
        ("cell", "row", "column", "found", "expected", "what to do"),
        [(p.cell, p.row, p.column, p.found, p.expected, p.hint) for p in listed],
        right=("row",),
    )
    if len(listed) < len(problems):
        say(f"… and {counted(len(problems) - len(listed), 'more problem')}: --json lists them.")
    elif receipt.problems_truncated:
        say(f"Only the first {len(problems):,} problems are listed.")
