"""The columns of a workbook: the file's own, then the model's."""

from __future__ import annotations

import pyarrow as pa

from dropscore import bundle as bundles
from dropscore import table, workbook
from dropscore.domain.reasons import described, title
from dropscore.domain.schema import Type
from dropscore.pipeline.explaining import Reasons

_KINDS = {
    Type.STRING: workbook.Kind.TEXT,
    Type.INTEGER: workbook.Kind.INTEGER,
    Type.NUMBER: workbook.Kind.NUMBER,
    Type.BOOLEAN: workbook.Kind.BOOLEAN,
    Type.DATE: workbook.Kind.DATE,
    Type.DATETIME: workbook.Kind.DATETIME,
}


def columns_of(
    source: table.Source, loaded: bundles.Bundle, reasons: Reasons | None = None
) -> dict[str, workbook.Column]:
    """Return the workbook's columns by key: the file's own by name, the model's by `output:NAME`, and `reason:1` …"""
    found: dict[str, workbook.Column] = {}
    for column in source.columns:
        known = column.field
        found[column.name] = workbook.Column(
            name=column.name,
            kind=_KINDS[known.type] if known else workbook.Kind.TEXT,
            role=workbook.Role.INPUT if known else workbook.Role.EXTRA,
            title=known.title if known else "",
            description=known.description if known else "",
            enum=known.enum if known else (),
            required=known.required if known else False,
        )
    taken = set(found)
    for output in loaded.outputs:
        # A file may have a column of the model's own name: both are shown, and which is which can be told.
        found[f"output:{output.name}"] = workbook.Column(
            name=_free(output.name, taken),
            kind=workbook.Kind.TEXT if output.kind == "text" else workbook.Kind.NUMBER,
            role=workbook.Role.OUTPUT,
            title=output.title,
            description=output.description,
            enum=output.enum,
            probability=output.source == "probability",
        )
    return found if reasons is None else found | _reasons(loaded, reasons, taken)


def _reasons(loaded: bundles.Bundle, reasons: Reasons, taken: set[str]) -> dict[str, workbook.Column]:
    unit, of, language = loaded.explainer.unit, loaded.explainer.of, reasons.language
    return {
        f"reason:{number}": workbook.Column(
            name=_free(f"reason_{number}", taken),
            role=workbook.Role.REASON,
            title=title(number, language),
            description=described(unit, of, number, language),
        )
        for number in range(1, reasons.count + 1)
    }


def _free(name: str, taken: set[str]) -> str:
    """Return a name that no other column has, and take it."""
    free = name if name not in taken else f"{name} (model)"
    while free in taken:
        free += "'"
    taken.add(free)
    return free


def parquet_types(
    source: table.Source, loaded: bundles.Bundle, columns: dict[str, workbook.Column]
) -> dict[str, pa.DataType]:
    """Return the types of a Parquet result by column: the schema's, the model's, and text for what it does not know."""
    found = {
        column.name: bundles.ARROW_TYPES[column.field.type] if column.field else pa.string()
        for column in source.columns
    }
    for output in loaded.outputs:
        found[columns[f"output:{output.name}"].name] = pa.string() if output.kind == "text" else pa.float64()
    return found | {column.name: pa.string() for column in columns.values() if column.role is workbook.Role.REASON}
