"""The workbook that comes back: Summary, Predictions, Rows to fix where there are any, About."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from openpyxl import Workbook
from openpyxl.formatting.rule import DataBarRule
from openpyxl.utils import get_column_letter

from dropscore.domain.problems import Problem, ProblemGroup
from dropscore.workbook import charts, labels
from dropscore.workbook.bigsheet import BigSheet, header_notes, sheet_name, whole_filter
from dropscore.workbook.book import filtered, print_on_one_page, set_widths, summed, write_notes, written_notices
from dropscore.workbook.frame import FIRST_PARTS, Frame, SheetFrame, expect_notes, taken_apart
from dropscore.workbook.pour import Cells, Poured, Pourer, Rows, joined_tallies
from dropscore.workbook.records import SHEET_ROWS, Column, Role, Summary, Written, checked_columns
from dropscore.workbook.sheets import PROBLEM_WIDTHS, Grid, about_grid, put_problems, summary_grid
from dropscore.workbook.styles import add_styles
from dropscore.workbook.tally import Bar, Tally, bars, by_class
from dropscore.workbook.xmltext import allowed
from dropscore.workbook.zipped import ZipWriter, pack

_BIG = 2  # the place of Predictions in the workbook


def charted(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Return the outputs that get a chart: the first that names classes, and the first that is a number."""
    outputs = [column for column in columns if column.role is Role.OUTPUT]
    return tuple(
        next(column for column in outputs if by_class(column) is named)
        for named in (True, False)
        if any(by_class(column) is named for column in outputs)
    )


def chart_title(column: Column, words: Mapping[str, str]) -> str:
    return allowed(words["by_class" if by_class(column) else "by_value"].format(column.title or column.name))


@functools.lru_cache(maxsize=64)
def drawn(columns: tuple[Column, ...], language: str, sheets: int, to_fix: bool, shown: tuple[Column, ...]) -> Frame:
    """Return the frame with so many sheets of predictions, and a chart for each column of `shown`."""
    words = labels.words(language)
    book = Workbook()
    styles = add_styles(book, columns)
    summary = book.active
    summary.title = labels.SUMMARY
    summary.sheet_view.showGridLines = False
    set_widths(summary, (22, 58, 3, 36, 12, 10, 3))
    print_on_one_page(summary)
    for number, column in enumerate(shown, start=1):
        chart = charts.bar_chart(number, chart_title(column, words), words["rows"], by_class(column))
        summary.add_chart(chart, f"H{3 + (number - 1) * charts.ROWS_HIGH}")
    for number in range(sheets):
        sheet = book.create_sheet(sheet_name(labels.PREDICTIONS, number))
        sheet.freeze_panes = "A2"
        sheet.auto_filter.ref = whole_filter(columns)
        sheet.print_title_rows = "1:1"
        print_on_one_page(sheet)
        expect_notes(sheet)
        for at, column in enumerate(columns, start=1):
            if column.probability:
                letter = get_column_letter(at)
                bar = DataBarRule("num", 0, "num", 1, color="F4B942")
                sheet.conditional_formatting.add(f"{letter}2:{letter}{SHEET_ROWS}", bar)
    if to_fix:
        set_widths(book.create_sheet(labels.ROWS_TO_FIX), PROBLEM_WIDTHS)
        book[labels.ROWS_TO_FIX].freeze_panes = "A2"
    set_widths(book.create_sheet(labels.ABOUT), (28, 90))
    return taken_apart(book, styles)


class ResultBook:
    """Rows are poured in blocks, then the book is finished, or discarded. Nothing of it is kept in memory.

    Raises OSError where the disk is full, and FileExistsError if the path is taken.
    """

    def __init__(self, path: Path, columns: Sequence[Column], *, language: str = "en", sheet_rows: int = SHEET_ROWS):
        self._path = path
        self._columns = checked_columns(columns)
        self._language = language
        self._charted = charted(self._columns)
        frame = drawn(self._columns, language, 1, False, ())
        self.pourer = Pourer(self._columns, frame.styles.cells, self._charted)
        """Makes what `take` takes, here or in another process."""
        self._archive = ZipWriter(path)
        for part in FIRST_PARTS:
            self._archive.add(part, frame.fixed[part])
        self._big = BigSheet(
            self._archive, labels.PREDICTIONS, _BIG, frame.sheets[labels.PREDICTIONS], self._columns,
            frame.styles.headers, frame.styles.cells, sheet_rows,
        )  # fmt: skip
        self._written = Written()
        self._tallies: dict[str, Tally] = {}

    def pour(self, cells: Mapping[str, Cells], rows: int, numbers: Rows | None = None) -> None:
        """Pour a block of at most 50,000 rows. `cells`: name -> (numbers, texts), see `Pourer.pour`.

        `numbers` are the rows' numbers in the source's spreadsheet: with them, *Rows to fix* links to its rows.
        """
        self.take(self.pourer.pour(cells, rows, numbers))

    def take(self, poured: Poured) -> None:
        """Take the next block, poured elsewhere."""
        self._big.take(poured)
        self._tallies = joined_tallies(self._tallies, poured.tallies)
        self._written = summed(self._written, poured)

    def finish(
        self,
        summary: Summary,
        problems: Sequence[Problem] = (),
        groups: Sequence[ProblemGroup] = (),
        about: Sequence[tuple[str, str]] = (),
    ) -> Written:
        """Write all the rest and close the file; return what became of the cells."""
        self._big.close()
        words = labels.words(self._language)
        found = [
            (column, bars(self._tallies[column.name], words["other"])) for column in self._charted if self._tallies
        ]
        tables = [(column, shown) for column, shown in found if any(bar.rows for bar in shown)]
        sheets = len(self._big.rows)
        frame = drawn(self._columns, self._language, sheets, bool(problems), tuple(column for column, _ in tables))
        for part, packed in frame.fixed.items():
            if part not in FIRST_PARTS:
                self._archive.add(part, packed)
        self._write_summary(frame, replace(summary, notices=self._notices(summary, words)), groups, tables)
        if problems:
            grid = Grid(frame.styles.named)
            put_problems(grid, 1, words, problems, lambda problem: self._big.target(problem.row, problem.column))
            self._add_grid(frame.sheets[labels.ROWS_TO_FIX], grid)
        self._add_grid(frame.sheets[labels.ABOUT], about_grid(frame.styles.named, words, about))
        notes = header_notes(self._columns, words)
        write_notes(self._archive, frame, labels.PREDICTIONS, [notes] * sheets)
        self._archive.close()
        return self._written

    def discard(self) -> None:
        """Leave nothing behind. It may be called twice."""
        self._archive.abandon()
        self._path.unlink(missing_ok=True)

    @property
    def written(self) -> Written:
        """What became of the cells so far."""
        return self._written

    def _notices(self, summary: Summary, words: Mapping[str, str]) -> tuple[str, ...]:
        sheets = [sheet_name(labels.PREDICTIONS, number) for number in range(1, len(self._big.rows))]
        said = [words["split"].format("', '".join(sheets))] if sheets else []
        return (*summary.notices, *said, *written_notices(self._written, words))

    def _write_summary(
        self,
        frame: Frame,
        summary: Summary,
        groups: Sequence[ProblemGroup],
        tables: Sequence[tuple[Column, tuple[Bar, ...]]],
    ) -> None:
        words = labels.words(self._language)
        titled = [(chart_title(column, words), shown) for column, shown in tables]
        grid, data = summary_grid(frame.styles.named, words, summary, groups, titled)
        self._add_grid(frame.sheets[labels.SUMMARY], grid)
        for part, xml in frame.varied.items():
            for number, table in enumerate(data, start=1):
                if part.startswith("xl/charts/"):
                    xml = charts.filled_chart(xml, number, table.bars, table.labels, table.values)
                elif part.startswith("xl/drawings/"):
                    xml = charts.described(xml, number, table.title, table.bars)
            self._archive.add(part, pack([filtered(xml, self._columns, labels.PREDICTIONS, self._big.rows).encode()]))

    def _add_grid(self, frame: SheetFrame, grid: Grid) -> None:
        self._archive.add(frame.part, pack([grid.xml(frame)]))
