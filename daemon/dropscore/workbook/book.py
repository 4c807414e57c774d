"""What both workbooks share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from dropscore.workbook.bigsheet import sheet_name
from dropscore.workbook.frame import Frame
from dropscore.workbook.notes import Notes, blocks_of, boxes_xml, notes_xml
from dropscore.workbook.pour import Poured
from dropscore.workbook.records import SHEET_ROWS, Column, Written
from dropscore.workbook.zipped import ZipWriter, pack


def set_widths(sheet: Worksheet, widths: Sequence[float]) -> None:
    """Set the widths of the first columns, in characters."""
    for at, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(at)].width = width


def print_on_one_page(sheet: Worksheet) -> None:
    """Print across the page, all columns on one."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def summed(written: Written, poured: Poured) -> Written:
    """Return what became of the cells, with one more block."""
    return Written(
        written.rows + poured.rows,
        written.cut_cells + poured.cut_cells,
        written.replaced_characters + poured.replaced_characters,
    )


def written_notices(written: Written, words: Mapping[str, str]) -> list[str]:
    """Return what must be said of cells that a workbook cannot hold as they are."""
    said = []
    if written.cut_cells:
        said.append(words["cut"].format(written.cut_cells))
    if written.replaced_characters:
        said.append(words["replaced"].format(written.replaced_characters))
    return said


def filtered(workbook_xml: str, columns: Sequence[Column], name: str, rows: Sequence[int]) -> str:
    """Give the filters of the big sheets their real ranges: the workbook names them, too."""
    last = get_column_letter(len(columns))
    for number, count in enumerate(rows):
        range_ = f"'{sheet_name(name, number)}'!$A$1:${last}$"
        workbook_xml = workbook_xml.replace(f"{range_}{SHEET_ROWS}<", f"{range_}{count + 1}<", 1)
    return workbook_xml


def write_notes(archive: ZipWriter, frame: Frame, name: str, notes: Sequence[Notes]) -> None:
    """Write the notes of the big table, for each of its sheets."""
    block = 1
    for number, found in enumerate(notes):
        sheet = frame.sheets[sheet_name(name, number)]
        if sheet.notes is None or sheet.boxes is None:
            raise ValueError(f"sheet {name!r} was drawn without room for notes")
        archive.add(sheet.notes, pack([notes_xml(found)]))
        archive.add(sheet.boxes, pack([boxes_xml(found, block)]))
        block += blocks_of(found)
