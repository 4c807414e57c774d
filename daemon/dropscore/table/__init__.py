"""From bytes to checked rows: right, or refused with the reason."""

from dropscore.table.checker import Checker
from dropscore.table.opening import open_source
from dropscore.table.records import BLOCK_ROWS, Block, Cells, Checked, Findings, SourceColumn
from dropscore.table.source import Source

__all__ = [
    "BLOCK_ROWS",
    "Block",
    "Cells",
    "Checked",
    "Checker",
    "Findings",
    "Source",
    "SourceColumn",
    "open_source",
]
