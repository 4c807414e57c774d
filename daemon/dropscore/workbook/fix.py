"""The workbook in which a refused file is mended: its rows with the bad cells marked, and the list of what is wrong.

`_dropscore_row` is the last column: were it the first, the addresses in receipts and mails (`C17`) would be one
column off in the very sheet in which people look for them. The rows are the first sheet, and the one that is open:
a program that saves as CSV saves the sheet it shows, and the reader of a dropped workbook takes the first.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from dropscore.domain.problems import Problem, ProblemGroup
from dropscore.workbook import labels
from dropscore.workbook.bigsheet import BigSheet, header_notes, sheet_name, whole_filter
from dropscore.workbook.book import filtered, print_on_one_page, set_widths, summed, write_notes, written_notices
from dropscore.workbook.csvfix import FixCsv
from dropscore.workbook.frame import FIRST_PARTS, Frame, expect_notes, taken_apart
from dropscore.workbook.pour import Cells, Mask, Pourer, Rows
from dropscore.workbook.records import SHEET_ROWS, Column, Role, Summary, Written, checked_columns
from dropscore.workbook.sheets import PROBLEM_WIDTHS, Grid, to_fix_grid
from dropscore.workbook.styles import add_styles
from dropscore.workbook.xmltext import plain
from dropscore.workbook.zipped import ZipWriter, pack

ID_COLUMN = "_dropscore_row"
NOTES = 1_000
"""Bad cells that get a note; all are marked."""
SURPLUS = " | "
"""Between the cells of a row that has more of them than there are columns."""


def with_lists(columns: Sequence[Column]) -> list[Column]:
    """Return the columns that get a drop-down list, in the order of their lists' columns."""
    return [column for column in columns if column.enum]


@functools.lru_cache(maxsize=64)
def drawn(columns: tuple[Column, ...], language: str, sheets: int) -> Frame:
    """Return the frame with so many sheets of rows."""
    book = Workbook()
    styles = add_styles(book, columns)
    book.remove(book.active)
    lists = with_lists(columns)
    for number in range(sheets):
        sheet = book.create_sheet(sheet_name(labels.ROWS, number))
        sheet.freeze_panes = "A2"
        sheet.auto_filter.ref = whole_filter(columns)
        sheet.print_title_rows = "1:1"
        print_on_one_page(sheet)
        expect_notes(sheet)
        for at, column in enumerate(lists, start=1):
            letter = get_column_letter(columns.index(column) + 1)
            source = get_column_letter(at)
            choice = DataValidation(
                type="list",
                formula1=f"{labels.LISTS}!${source}$1:${source}${len(column.enum)}",
                allow_blank=True,
                showErrorMessage=True,
                errorStyle="warning",  # a missing value has words of its own
                sqref=f"{letter}2:{letter}{SHEET_ROWS}",
            )
            sheet.add_data_validation(choice)
    to_fix = book.create_sheet(labels.TO_FIX)
    set_widths(to_fix, PROBLEM_WIDTHS)
    to_fix.sheet_view.showGridLines = False
    print_on_one_page(to_fix)
    if lists:
        book.create_sheet(labels.LISTS).sheet_state = "hidden"
    return taken_apart(book, styles)


class FixBook:
    """Rows are poured in blocks, then the book is finished, or discarded.

    `rows` is how many rows the mendable file will hold. Up to `limit` that is this workbook; beyond it, it is a
    CSV beside it, and the workbook holds the rows to fix alone, for reading. Raises OSError where the disk is full.
    """

    def __init__(
        self,
        path: Path,
        columns: Sequence[Column],
        *,
        code: str,
        rows: int,
        limit: int,
        language: str = "en",
        delimiter: str = ",",
    ) -> None:
        self._path = path
        self._code = code
        self._language = language
        # A mended file that is refused again brings the column along: its rows get new names.
        self._came = tuple(column for column in columns if column.name != ID_COLUMN)
        mendable = checked_columns([*self._came, Column(ID_COLUMN, role=Role.EXTRA)])
        self._whole = rows <= min(limit, SHEET_ROWS - 1)
        self._columns = mendable if self._whole else checked_columns(self._came)
        frame = drawn(self._columns, language, 1)
        self._pourer = Pourer(self._columns, frame.styles.cells)
        self._archive = ZipWriter(path)
        self._csv: FixCsv | None = None
        if not self._whole:
            self._csv = FixCsv(path.with_suffix(".csv"), mendable, delimiter)
        for part in FIRST_PARTS:
            self._archive.add(part, frame.fixed[part])
        self._big = BigSheet(
            self._archive, labels.ROWS, 1, frame.sheets[labels.ROWS], self._columns,
            frame.styles.headers, frame.styles.cells,
        )  # fmt: skip
        self._written = Written()

    @property
    def written(self) -> Written:
        """What became of the workbook's cells so far."""
        return self._written

    def pour(
        self,
        cells: Mapping[str, Cells],
        bad: Mapping[str, Mask],
        rows: int,
        numbers: Rows,
        to_fix: Mask,
        only_to_fix: bool = False,
        stray: Mapping[int, Sequence[str]] | None = None,
    ) -> None:
        """Pour a block of at most 50,000 rows.

        `cells` as for the result; `bad` says which cells are, by column name; `numbers` are the rows' numbers in
        the source's spreadsheet; `to_fix` says which rows cannot be scored, and `only_to_fix` leaves the others
        out. `stray` has the cells of rows of the wrong width, by place in the block.
        """
        shown = {column.name: cells[column.name] for column in self._came}
        if stray:
            shown = _with_stray(self._came, shown, stray, rows)
        names = pc.cast(pa.array(numbers), pa.string())
        shown[ID_COLUMN] = (None, pc.binary_join_element_wise(f"{self._code}:", names, ""))
        chosen = to_fix if only_to_fix else None
        if self._csv is not None:
            self._csv.pour(_only(shown, chosen), rows if chosen is None else int(chosen.sum()))
            chosen = to_fix
        marked = _marked(self._came, bad, to_fix)
        if chosen is not None and not chosen.all():
            shown = _only(shown, chosen)
            marked = {name: mask[chosen] for name, mask in marked.items()}
            numbers, rows = numbers[chosen], int(chosen.sum())
        poured = self._pourer.pour(shown, rows, numbers, marked)
        self._big.take(poured)
        self._written = summed(self._written, poured)

    def finish(
        self, summary: Summary, problems: Sequence[Problem] = (), groups: Sequence[ProblemGroup] = ()
    ) -> list[Path]:
        """Write all the rest, and return the files made: the workbook, and the CSV where there is one."""
        self._big.close()
        sheets = len(self._big.rows)
        frame = drawn(self._columns, self._language, sheets)
        words = labels.words(self._language)
        for part, packed in frame.fixed.items():
            if part not in FIRST_PARTS:
                self._archive.add(part, packed)
        for part, xml in frame.varied.items():
            self._archive.add(part, pack([filtered(xml, self._columns, labels.ROWS, self._big.rows).encode()]))
        lead = ("" if summary.todo else words["mend"]) if self._whole else words["read_only"].format("….fix.csv")
        lead = " ".join([lead, *written_notices(self._written, words)]).strip()
        grid = to_fix_grid(
            frame.styles.named, words, summary, groups, problems,
            lambda problem: self._big.target(problem.row, problem.column), lead,
        )  # fmt: skip
        self._add_grid(frame, labels.TO_FIX, grid)
        if labels.LISTS in frame.sheets:
            self._add_grid(frame, labels.LISTS, _lists_grid(frame, self._columns))
        write_notes(self._archive, frame, labels.ROWS, self._notes(problems, words))
        self._archive.close()
        if self._csv is None:
            return [self._path]
        self._csv.close()
        return [self._path, self._path.with_suffix(".csv")]

    def discard(self) -> None:
        """Leave nothing behind. It may be called twice."""
        self._archive.abandon()
        self._path.unlink(missing_ok=True)
        if self._csv is not None:
            self._csv.discard()

    def _notes(self, problems: Sequence[Problem], words: Mapping[str, str]) -> list[dict[tuple[int, int], str]]:
        header = header_notes(self._columns, words)
        if self._whole:
            header[1, len(self._columns)] = words["id_note"]
        notes = [dict(header) for _ in self._big.rows]
        for problem in problems[:NOTES]:
            place = self._big.find(problem.row, problem.column)
            if place is not None:
                sheet, *at = place
                earlier = notes[sheet].get((at[0], at[1]))
                text = _note(problem, words)
                notes[sheet][at[0], at[1]] = f"{earlier}\n\n{text}" if earlier else text
        return notes

    def _add_grid(self, frame: Frame, name: str, grid: Grid) -> None:
        self._archive.add(frame.sheets[name].part, pack([grid.xml(frame.sheets[name])]))


def _note(problem: Problem, words: Mapping[str, str]) -> str:
    lines = [
        f"{words[key]}: {text}" for key, text in (("found", problem.found), ("expected", problem.expected)) if text
    ]
    return "\n".join([*lines, *([problem.hint] if problem.hint else [])]) or problem.code


def _lists_grid(frame: Frame, columns: Sequence[Column]) -> Grid:
    grid = Grid(frame.styles.named)
    for at, column in enumerate(with_lists(columns), start=1):
        for row, value in enumerate(column.enum, start=1):
            grid.put(row, at, value, "text")
    return grid


def _only(cells: Mapping[str, Cells], chosen: Mask | None) -> dict[str, Cells]:
    if chosen is None or chosen.all():
        return dict(cells)
    mask = pa.array(chosen)
    return {
        name: (None if numbers is None else numbers.filter(mask), None if texts is None else texts.filter(mask))
        for name, (numbers, texts) in cells.items()
    }


def _marked(columns: Sequence[Column], bad: Mapping[str, Mask], to_fix: Mask) -> dict[str, Mask]:
    """Return the cells to mark: the bad ones, and all cells of a row that is bad as a whole."""
    marked = {name: mask for name, mask in bad.items() if name != ID_COLUMN}
    whole = to_fix & ~functools.reduce(np.logical_or, marked.values(), np.zeros(len(to_fix), np.bool_))
    if not whole.any():
        return marked
    return {column.name: marked[column.name] | whole if column.name in marked else whole for column in columns}


def _with_stray(
    columns: Sequence[Column], cells: Mapping[str, Cells], stray: Mapping[int, Sequence[str]], rows: int
) -> dict[str, Cells]:
    """Show the cells of rows of the wrong width from the left; what is left over goes into the last column."""
    places = sorted(stray)
    mask = np.zeros(rows, np.bool_)
    mask[places] = True
    where = pa.array(mask)
    shown: dict[str, Cells] = {}
    for at, column in enumerate(columns):
        numbers, texts = cells[column.name]
        last = at == len(columns) - 1
        values = [SURPLUS.join(stray[row][at:]) if last else "".join(stray[row][at : at + 1]) for row in places]
        texts = pa.nulls(rows, pa.string()) if texts is None else plain(texts)
        nothing = pa.scalar(None, pa.string())
        numbers = None if numbers is None else pc.if_else(where, nothing, plain(numbers))
        filled = pa.array([value or None for value in values], pa.string())
        shown[column.name] = (numbers, pc.replace_with_mask(texts, where, filled))
    return shown
