"""The workbooks that people get back: the result, and the one in which a refused file is mended."""

from dropscore.workbook.beside import ResultCsv, ResultParquet
from dropscore.workbook.fix import ID_COLUMN, FixBook
from dropscore.workbook.labels import ROWS as FIX_SHEET
from dropscore.workbook.records import Column, Kind, Role, Summary, Written
from dropscore.workbook.result import ResultBook
from dropscore.workbook.template import Asked, Page, write_template

__all__ = [
    "FIX_SHEET",
    "ID_COLUMN",
    "Asked",
    "Column",
    "FixBook",
    "Kind",
    "Page",
    "ResultBook",
    "ResultCsv",
    "ResultParquet",
    "Role",
    "Summary",
    "Written",
    "write_template",
]
