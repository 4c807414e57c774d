"""The small sheets, cell by cell: they hold a thousand lines at most."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from openpyxl.utils import get_column_letter

from dropscore.domain.jobs import Verdict
from dropscore.domain.problems import Problem, ProblemGroup, Severity
from dropscore.workbook.frame import AFTER_LINKS, AFTER_MERGES, SheetFrame, inserted
from dropscore.workbook.records import Summary
from dropscore.workbook.tally import Bar
from dropscore.workbook.xmltext import attribute, escaped

Words = Mapping[str, str]
Find = Callable[[Problem], str | None]
"""Where a problem's cell is in this workbook, as a link's target; None if its row is not here."""

_BANNERS = {Verdict.DELIVERED: "good", Verdict.PARTIAL: "warn", Verdict.REJECTED: "bad"}
_VALUE_WIDTH = 56  # characters of a line in the Summary's second column, about
_LINE = 170  # characters of a merged line, about: such rows get no height by themselves
_GROUPS_SHOWN = 50


@dataclass(slots=True)
class Grid:
    """Cells of one sheet by place; `styles` are numbers by name."""

    styles: Mapping[str, int]
    cells: dict[int, dict[int, str]] = field(default_factory=dict)
    heights: dict[int, float] = field(default_factory=dict)
    links: list[tuple[str, str]] = field(default_factory=list)
    merges: list[str] = field(default_factory=list)

    def put(self, row: int, column: int, value: str | float | None, style: str) -> str:
        """Put a value at a place, both from 1, and return its address."""
        address = f"{get_column_letter(column)}{row}"
        opening = f'<c r="{address}" s="{self.styles[style]}"'
        if value is None or value == "":
            found = f"{opening}/>"
        elif isinstance(value, str):
            found = f'{opening} t="inlineStr"><is><t xml:space="preserve">{escaped(value)}</t></is></c>'
        else:
            found = f"{opening}><v>{value!r}</v></c>"
        self.cells.setdefault(row, {})[column] = found
        return address

    def put_link(self, row: int, column: int, value: str, target: str | None) -> None:
        """Put a text that leads to a place in this workbook, or a plain one where there is none."""
        address = self.put(row, column, value, "link" if target else "text")
        if target:
            self.links.append((address, target))

    def put_wrapped(self, row: int, column: int, value: str, style: str, width: int) -> None:
        """Put a text that may need several lines of `width` characters: not every program makes room by itself."""
        self.put(row, column, value, style)
        lines = sum(1 + len(line) // width for line in value.split("\n"))
        if lines > 1:
            self.heights[row] = max(self.heights.get(row, 0.0), min(15.0 * lines + 1, 400.0))

    def put_wide(self, row: int, column: int, last: int, value: str, style: str) -> None:
        """Put a text over several columns, and give the row the height that it needs."""
        self.put_wrapped(row, column, value, style, _LINE)
        self.merges.append(f"{get_column_letter(column)}{row}:{get_column_letter(last)}{row}")

    def xml(self, frame: SheetFrame) -> bytes:
        """Return the whole sheet."""
        rows = []
        for row in sorted(self.cells):
            height = self.heights.get(row)
            size = f' ht="{height}" customHeight="1"' if height else ""
            cells = self.cells[row]
            rows.append(f'<row r="{row}"{size}>{"".join(cells[column] for column in sorted(cells))}</row>')
        tail = frame.tail
        if self.links:
            tail = inserted(
                tail, f"<hyperlinks>{''.join(_link(*link) for link in self.links)}</hyperlinks>", AFTER_LINKS
            )
        if self.merges:
            merged = "".join(f'<mergeCell ref="{reference}"/>' for reference in self.merges)
            tail = inserted(tail, f'<mergeCells count="{len(self.merges)}">{merged}</mergeCells>', AFTER_MERGES)
        return f"{frame.head}<sheetData>{''.join(rows)}</sheetData>{tail}".encode()


def _link(address: str, target: str) -> str:
    return f'<hyperlink ref="{address}" location="{attribute(target)}" display="{attribute(target)}"/>'


@dataclass(frozen=True, slots=True)
class Table:
    """Where the data of one chart stand on the Summary."""

    title: str
    bars: tuple[Bar, ...]
    labels: str
    values: str


def summary_grid(
    styles: Mapping[str, int], words: Words, summary: Summary, groups: Sequence[ProblemGroup],
    tables: Sequence[tuple[str, tuple[Bar, ...]]],
) -> tuple[Grid, list[Table]]:  # fmt: skip
    """Return the first sheet, and where on it the charts find their data."""
    grid = Grid(styles)
    banner = _BANNERS.get(summary.verdict, "good")
    if summary.verdict is Verdict.CHECKED and summary.counts.set_aside:
        banner = "warn"
    grid.put(1, 1, words[summary.verdict], banner)
    grid.put(1, 2, None, banner)
    grid.heights[1] = 30.0
    row = _pairs(grid, 3, [(words["result"], summary.sentence, "strong"), (words["todo"], summary.todo, "text")])
    row = _section(grid, row + 1, words["file"])
    facts = [("name", summary.name), ("code", summary.code), ("route", summary.route), ("model", summary.model)]
    pairs = [(words[key], value, "text") for key, value in facts]
    pairs += [(words.get(label, label), moment, "text") for label, moment in summary.times]
    row = _section(grid, _pairs(grid, row, pairs) + 1, words["rows"])
    counts = summary.counts
    numbers = [("rows_in", counts.rows), ("scored", counts.scored), ("set_aside", counts.set_aside),
               ("bad_cells", counts.bad_cells), ("warnings", counts.warnings)]  # fmt: skip
    row = _pairs(grid, row, [(words[key], value, "count") for key, value in numbers])
    for heading, severity in (("wrong", Severity.ERROR), ("warnings", Severity.WARNING)):
        row = _groups(grid, row + 1, words[heading], [group for group in groups if group.severity is severity])
    if summary.drift:
        row = _section(grid, row + 1, words["drift"])
        row = _pairs(grid, row, [("", sentence, "text") for sentence in summary.drift[:_GROUPS_SHOWN]])
    if summary.notices:
        row = _section(grid, row + 1, words["note"])
        _pairs(grid, row, [("", notice, "text") for notice in summary.notices])
    return grid, _tables(grid, words, tables)


def _section(grid: Grid, row: int, title: str) -> int:
    grid.put(row, 1, title, "section")
    grid.put(row, 2, None, "section")
    return row + 1


def _pairs(grid: Grid, row: int, pairs: Sequence[tuple[str, str | int, str]]) -> int:
    """Put labels and values one under another, without those that say nothing; return the next row."""
    for label, value, style in pairs:
        if value == "":
            continue
        grid.put(row, 1, label, "label")
        if isinstance(value, str):
            grid.put_wrapped(row, 2, value, style, _VALUE_WIDTH)
        else:
            grid.put(row, 2, value, style)
        row += 1
    return row


def _groups(grid: Grid, row: int, heading: str, groups: Sequence[ProblemGroup]) -> int:
    if not groups:
        return row - 1
    row = _section(grid, row, heading)
    for group in groups[:_GROUPS_SHOWN]:
        grid.put(row, 1, group.count, "count")
        grid.put_wrapped(row, 2, _told(group), "text", _VALUE_WIDTH)
        row += 1
    if len(groups) > _GROUPS_SHOWN:
        grid.put(row, 2, f"+ {len(groups) - _GROUPS_SHOWN:,}", "text")
        row += 1
    return row


def _told(group: ProblemGroup) -> str:
    return f"{group.sentence} {group.hint}".strip()


def _tables(grid: Grid, words: Words, tables: Sequence[tuple[str, tuple[Bar, ...]]]) -> list[Table]:
    found, row = [], 3
    for title, bars in tables:
        grid.put_wrapped(row, 4, title, "head", 36)
        for column, key in ((5, "rows"), (6, "share")):
            grid.put(row, column, words[key], "head_right")
        total = sum(bar.rows for bar in bars)
        for at, bar in enumerate(bars, start=row + 1):
            grid.put(at, 4, bar.label, "text")
            grid.put(at, 5, bar.rows, "number")
            grid.put(at, 6, bar.rows / total if total else 0, "share")
        last = row + len(bars)
        found.append(Table(title, bars, f"'Summary'!$D${row + 1}:$D${last}", f"'Summary'!$E${row + 1}:$E${last}"))
        row = last + 2
    return found


PROBLEM_WIDTHS = (9, 10, 24, 32, 40, 70, 11)


def put_problems(grid: Grid, row: int, words: Words, problems: Sequence[Problem], find: Find) -> int:
    """Put the list of problems with its header, and return the next row."""
    for column, key in enumerate(("row", "cell", "column", "found", "expected", "do", "severity"), start=1):
        grid.put(row, column, words[key], "head_right" if key == "row" else "head")
    for problem in problems:
        row += 1
        target = find(problem)
        grid.put(row, 1, problem.row, "number")
        grid.put_link(row, 2, problem.cell or ("→" if target else ""), target)
        for column, text in enumerate((problem.column, problem.found, problem.expected, problem.hint), start=3):
            grid.put_wrapped(row, column, text or "", "text", PROBLEM_WIDTHS[column - 1])
        grid.put(row, 7, words[problem.severity], "text")
    return row + 1


def about_grid(styles: Mapping[str, int], words: Words, about: Sequence[tuple[str, str]]) -> Grid:
    """Return the sheet of all that is needed to run the job again."""
    grid = Grid(styles)
    grid.put(1, 1, words["key"], "head")
    grid.put(1, 2, words["value"], "head")
    for row, (key, value) in enumerate(about, start=2):
        grid.put(row, 1, key, "label")
        grid.put(row, 2, value, "text")
    return grid


def to_fix_grid(
    styles: Mapping[str, int], words: Words, summary: Summary, groups: Sequence[ProblemGroup],
    problems: Sequence[Problem], find: Find, lead: str,
) -> Grid:  # fmt: skip
    """Return the fix workbook's list: what happened, what to do, the groups, then each problem with its link."""
    grid = Grid(styles)
    row = 1
    grid.put_wide(row, 1, 7, words[summary.verdict], _BANNERS.get(summary.verdict, "warn"))
    grid.heights[row] = 30.0
    for text, style in ((summary.sentence, "strong"), (lead, "strong"), (summary.todo, "text")):
        if text:
            row += 1
            grid.put_wide(row, 1, 7, text, style)
    row += 2
    for severity, heading in ((Severity.ERROR, "wrong"), (Severity.WARNING, "warnings")):
        chosen = [group for group in groups if group.severity is severity]
        if not chosen:
            continue
        grid.put_wide(row, 1, 7, words[heading], "section")
        for group in chosen:
            row += 1
            grid.put(row, 1, group.count, "count")
            grid.put_wide(row, 2, 7, _told(group), "text")
        row += 2
    row = put_problems(grid, row, words, problems, find)
    if summary.counts.problems > len(problems):
        grid.put_wide(row, 1, 7, words["first"].format(len(problems), summary.counts.problems), "strong")
    return grid
