"""Settings of what a drop may cost at most."""

from __future__ import annotations

from pydantic import Field

from dropscore.domain import rules
from dropscore.settings.web import Section

_DEFAULT_LIMITS = rules.Limits()


class LimitSettings(Section):
    """What a drop may cost at most. Beyond it, it is rejected with the reason."""

    bytes: int = Field(default=_DEFAULT_LIMITS.bytes, gt=0, description="The size of the file, unpacked.")
    rows: int = Field(default=_DEFAULT_LIMITS.rows, gt=0, description="Rows.")
    columns: int = Field(default=_DEFAULT_LIMITS.columns, gt=0, description="Columns.")
    cell_bytes: int = Field(default=_DEFAULT_LIMITS.cell_bytes, gt=0, description="The size of one cell.")
    ratio: int = Field(default=_DEFAULT_LIMITS.ratio, gt=0, description="Unpacked bytes for each packed byte.")
    xlsx_rows: int = Field(
        default=_DEFAULT_LIMITS.xlsx_rows,
        gt=0,
        description="Rows of an .xlsx drop, and of a workbook that hands all rows back for mending.",
    )
