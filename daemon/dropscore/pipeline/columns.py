"""The columns of a workbook: the file's own, then the model's."""

from __future__ import annotations

import pyarrow as pa

from dropscore import bundle as bundles
from dropscore import table, workbook
from dropscore.domain.schema import Type

_KINDS = {
    Type.STRING: workbook.Kind.TEXT,
    Type.INTEGER: workbook.Kind.INTEGER,
    Type.NUMBER: workbook.Kind.NUMBER,
    Type.BOOLEAN: workbook.Kind.BOOLEAN,
    Type.DATE: workbook.Kind.DATE,
    Type.DATETIME: workbook.Kind.DATETIME,
}


def columns_of(source: table.Source, loaded: bundles.Bundle) -> dict[str, workbook.Column]:
    """Return the workbook's columns by key: the file's own by name, the model's by `output:NAME`."""
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
        name = output.name if output.name not in taken else f"{output.name} (model)"
        while name in taken:
            name += "'"
        taken.add(name)
        found[f"output:{output.name}"] = workbook.Column(
            name=name,
            kind=workbook.Kind.TEXT if output.kind == "text" else workbook.Kind.NUMBER,
            role=workbook.Role.OUTPUT,
            title=output.title,
            description=output.description,
            enum=output.enum,
            probability=output.source == "probability",
        )
    return found


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
    return found
