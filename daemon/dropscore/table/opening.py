"""Opens a drop by what it holds, whatever its name says."""

from __future__ import annotations

from pathlib import Path

from dropscore.domain.catalogue import problem
from dropscore.domain.errors import Misconfigured, Rejected
from dropscore.domain.rules import Rules
from dropscore.domain.schema import Schema
from dropscore.table.dates import formats_of, pattern_of
from dropscore.table.deciding import DATES, decide, undecided
from dropscore.table.delimited import open_text
from dropscore.table.formats import Form, NotATable, form_of
from dropscore.table.notation import routed_schema, told
from dropscore.table.parquet import open_parquet
from dropscore.table.sheet import open_sheet
from dropscore.table.source import Source
from dropscore.table.unpack import unpack


def open_source(path: Path, schema: Schema, rules: Rules, scratch: Path) -> Source:
    """Return the rows of a drop, its structure checked from the first byte to the last.

    `scratch` is a folder for transcoded and unpacked copies; whoever made it removes it.

    Raises:
        Rejected: the file as such is wrong, with all problems that can be trusted.
        Misconfigured: the route's code page or date format is not known.
    """
    size = path.stat().st_size
    if size > rules.limits.bytes:
        raise Rejected([problem("too-many-bytes", rules.language, found=f"{size:,}", limit=f"{rules.limits.bytes:,}")])
    if not size:
        raise Rejected([problem("empty-file", rules.language)])
    ours = routed_schema(schema, rules)
    _check_formats(ours)
    source = _opened(path, ours, rules, scratch)
    if source.reading.format != "xlsx" and any(undecided(column, rules) for column in source.columns):
        pieces = ((block.text, block.rows) for block in source.blocks())
        source.columns = decide(source.columns, pieces, rules)
    final = {column.field.name: column.field for column in source.columns if column.field is not None}
    source.schema = Schema(tuple(final[field.name] for field in ours.fields))
    notation = {name: words for name, field in final.items() if (words := told(schema.field(name), field))}
    source.reading = source.reading.model_copy(update={"notation": notation})
    return source


def _check_formats(schema: Schema) -> None:
    for field in schema.fields:
        if field.type in DATES:
            try:
                for form in formats_of(field):
                    pattern_of(form)
            except ValueError as error:
                raise Misconfigured(str(error)) from None


def _opened(path: Path, schema: Schema, rules: Rules, scratch: Path) -> Source:
    form = _form(path, rules)
    if form in _PACKED:
        path = unpack(path, form, rules, scratch)
        inner = _form(path, rules)
        if inner is not Form.TEXT:
            raise Rejected([problem("not-a-table", rules.language, found=f".{inner} in .{form}")])
        return open_text(path, schema, rules, scratch, f"csv.{form}")
    if form is Form.XLSX:
        return open_sheet(path, schema, rules, scratch)
    if form is Form.PARQUET:
        return open_parquet(path, schema, rules, scratch)
    if form is Form.OLE:
        raise Rejected([problem("old-spreadsheet", rules.language)])
    return open_text(path, schema, rules, scratch, "csv")


def _form(path: Path, rules: Rules) -> Form:
    try:
        return form_of(path)
    except NotATable as what:
        raise Rejected([problem("not-a-table", rules.language, found=str(what))]) from None


_PACKED = (Form.GZIP, Form.ZSTD, Form.ZIP)
