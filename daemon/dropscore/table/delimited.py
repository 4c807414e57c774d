"""Opens delimited text: encoding, dialect and structure, each sound as a whole or refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from dropscore.domain.catalogue import problem
from dropscore.domain.errors import Rejected
from dropscore.domain.problems import Problem
from dropscore.domain.rules import FinalNewline, Rules
from dropscore.domain.schema import Schema
from dropscore.receipt import Reading
from dropscore.table.decode import Undecodable, to_utf8
from dropscore.table.dialect import Dialect, choose
from dropscore.table.footers import is_footer
from dropscore.table.header import column_letters, match_columns
from dropscore.table.lines import TextBlocks
from dropscore.table.quotes import Unsound, unsound_lines
from dropscore.table.records import SourceColumn
from dropscore.table.source import Source
from dropscore.table.structure import Fault, Survey, Surveyor
from dropscore.table.text import Text, chunks, end_of_content, head_of, locate, strict_record

_LARGEST_BLOCK = 2**31 - 2
"""What Arrow's offsets can count."""
_LISTED = 1000
_LONE_RETURN = re.compile(rb"\r(?!\n)")


class _Opened(NamedTuple):
    """What is known of a text whose dialect was found."""

    text: Text
    dialect: Dialect
    columns: tuple[SourceColumn, ...]
    width: int
    rules: Rules

    @property
    def data(self) -> int:
        return self.text.start + self.dialect.data_offset

    def at(self, code: str, offset: int, found: str | None = None, **more: str) -> Problem:
        """Return a problem at an offset of the records."""
        place = locate(self.text, self.data, offset, self.dialect.delimiter)
        row = self.dialect.header_row + 1 + place.record
        name = self.columns[place.column].name if place.column < len(self.columns) else None
        return problem(
            code,
            self.rules.language,
            row=row,
            line=self.dialect.data_line + place.line,
            column=name,
            cell=f"{column_letters(place.column)}{row}",
            found=found,
            more=more,
        )

    def record(self, start: int, end: int) -> tuple[str, ...]:
        """Return the cells of one record, as far as its quotes are sound."""
        raw = b"".join(chunks(self.text.path, start, min(end, start + (1 << 20)))).decode("utf-8", "replace")
        found = strict_record(raw, 0, self.dialect.delimiter)
        return found[0] if found else tuple(raw.rstrip("\r\n").split(self.dialect.delimiter))


def open_text(path: Path, schema: Schema, rules: Rules, scratch: Path, form: str) -> Source:
    """Return the source of a text file. Raises Rejected."""
    try:
        text = to_utf8(path, rules.encoding, scratch)
    except Undecodable as fault:
        raise Rejected([_undecodable(fault, schema, rules)]) from None
    head = head_of(text)
    if not head.strip("\r\n\t ;,|\x1a"):
        raise Rejected([problem("empty-file", rules.language)])
    dialect = choose(head, schema, rules)
    columns, warnings = match_columns(dialect.header, schema, rules, dialect.header_row, dialect.header_line)
    blank = dialect.delimiter if any(field.required for field in schema.fields) else ""
    end = max(end_of_content(text, blank), text.start + dialect.data_offset)
    opened = _Opened(text, dialect, columns, _width(head, dialect, len(columns)), rules)
    survey = _survey(opened, end)
    if opened.width > len(dialect.header) and _stray(opened, survey):
        # Not all records end in a delimiter: the first may have an unquoted one in it, or the name of its row.
        opened = opened._replace(width=len(dialect.header))
        survey = _survey(opened, end)
    warnings += _judge(opened, survey, end)
    reader = _reader(opened, survey)
    reading = Reading(
        format=form,
        encoding=text.encoding,
        delimiter=dialect.delimiter,
        newline="+".join(repr(kind)[1:-1] for kind in sorted(survey.newlines)) or None,
        header_row=dialect.header_row,
        passed_through=tuple(column.name for column in columns if column.field is None),
    )
    return Source(
        reading=reading,
        columns=columns,
        schema=schema,
        warnings=warnings,
        rows=survey.records,
        bytes_total=end - text.start,
        reader=reader,
        scratch=scratch,
        odd=text.odd,
    )


def _reader(opened: _Opened, survey: Survey) -> TextBlocks:
    names = tuple(column.name for column in opened.columns)
    first = opened.dialect.header_row + 1
    return TextBlocks(opened.text, opened.dialect.delimiter, names, opened.width, survey.ranges, first)


def _stray(opened: _Opened, survey: Survey) -> bool:
    """Return whether some record is as wide as the header itself, or has content beyond it."""
    reader = _reader(opened, survey)
    strays = (cells for at in range(reader.count) for cells in reader.read(at).stray.values())
    return any(len(cells) in (len(opened.dialect.header), opened.width) for cells in strays)


def _width(head: str, dialect: Dialect, named: int) -> int:
    """Return how many cells a record has: as the header, or with one delimiter more or less at its end.

    In a table of one column, a delimiter may be all that a cell holds.
    """
    header = len(dialect.header)
    at = len(head.encode("utf-8", "surrogateescape")[: dialect.data_offset].decode("utf-8", "surrogateescape"))
    first = strict_record(head, at, dialect.delimiter)
    if first is None or at >= len(head):
        return header
    cells = first[0]
    if len(cells) == named or (1 < header == len(cells) - 1 and not cells[-1].strip()):
        return len(cells)
    return header


def _survey(opened: _Opened, end: int) -> Survey:
    limits = opened.rules.limits
    surveyor = Surveyor(
        ord(opened.dialect.delimiter),
        opened.width,
        opened.data,
        opened.dialect.data_line,
        limits.cell_bytes,
        limits.rows,
    )
    survey = surveyor.survey(chunks(opened.text.path, opened.data, end))
    if survey.fault is not None:
        raise Rejected([_fault(opened, survey.fault), *_more_quotes(opened, survey.fault, end)])
    return survey


def _more_quotes(opened: _Opened, fault: Fault, end: int) -> list[Problem]:
    """Return the later lines with unsound quotes, as far as lines can be told apart."""
    first = opened.at(fault.code, fault.offset)
    if fault.code not in ("bare-quote", "backslash-escape") or first.row is None or first.line is None:
        return []
    start = opened.data if first.row - opened.dialect.header_row == first.line - opened.dialect.header_line else end
    delimiter = ord(opened.dialect.delimiter)
    found = unsound_lines(chunks(opened.text.path, start, end), delimiter, _LISTED)
    return [_unsound(opened, one) for one in found if opened.dialect.data_line + one.line > first.line]


def _unsound(opened: _Opened, found: Unsound) -> Problem:
    row = opened.dialect.header_row + 1 + found.line
    around = found.text[max(0, found.at - 30) : found.at + 30]
    return problem(
        found.code,
        opened.rules.language,
        row=row,
        line=opened.dialect.data_line + found.line,
        column=opened.columns[found.column].name if found.column < len(opened.columns) else None,
        cell=f"{column_letters(found.column)}{row}",
        found=around.decode("utf-8", "ignore"),
    )


def _fault(opened: _Opened, fault: Fault) -> Problem:
    limits = opened.rules.limits
    if fault.code == "too-many-rows":
        return problem(fault.code, opened.rules.language, limit=f"{limits.rows:,}")
    around = b"".join(chunks(opened.text.path, max(opened.data, fault.offset - 30), fault.offset + 30))
    shown = around.decode("utf-8", "ignore").strip("\r\n")
    return opened.at(fault.code, fault.offset, shown, limit=f"{limits.cell_bytes:,}")


def _judge(opened: _Opened, survey: Survey, end: int) -> tuple[Problem, ...]:
    """Refuse what is wrong with the table as a whole; return warnings."""
    rules, width = opened.rules, opened.width
    if not survey.records:
        raise Rejected([problem("no-rows", rules.language, row=opened.dialect.header_row)])
    if any(part.end - part.offset > _LARGEST_BLOCK for part in survey.ranges):
        raise Rejected([problem("block-too-large", rules.language)])
    last = opened.record(survey.last_record, end)
    if not survey.ends_in_newline and survey.last_width < width and not is_footer(last):
        shown = opened.dialect.delimiter.join(last)
        raise Rejected([opened.at("cut-off", survey.last_record, shown, expected_cells=str(width))])
    if survey.ragged == survey.records and survey.narrowest == survey.widest and not is_footer(last):
        fault = "header-width"
        found = f"{survey.widest}"
        raise Rejected([opened.at(fault, opened.data, found, expected_cells=str(len(opened.columns)))])
    if len(opened.columns) == 1 and "\r" in survey.newlines and len(survey.newlines) > 1:
        raise Rejected([opened.at("lone-return", _lone_return(opened, end))])
    warnings: list[Problem] = []
    if not survey.ends_in_newline:
        required = rules.final_newline is FinalNewline.REQUIRED
        code = "final-newline-required" if required else "final-newline-missing"
        warning = opened.at(code, end, last[-1] if last else "")
        if required:
            raise Rejected([warning])
        warnings.append(warning)
    warnings += _blank_tail(opened, survey, end)
    return tuple(warnings)


def _lone_return(opened: _Opened, end: int) -> int:
    offset = opened.data
    for chunk in chunks(opened.text.path, opened.data, end):
        found = _LONE_RETURN.search(chunk)
        if found is not None:
            return offset + found.start()
        offset += len(chunk)
    return opened.data


def _blank_tail(opened: _Opened, survey: Survey, end: int) -> list[Problem]:
    """Warn of lines of delimiters alone below the table. Lines without anything are nobody's concern."""
    delimiter = opened.dialect.delimiter.encode()
    lines = 0
    for chunk in chunks(opened.text.path, end, opened.text.end):
        lines += sum(delimiter in line for line in chunk.splitlines())
    if not lines:
        return []
    row = opened.dialect.header_row + 1 + survey.records
    return [problem("blank-rows-at-end", opened.rules.language, row=row, found=str(lines))]


def _undecodable(fault: Undecodable, schema: Schema, rules: Rules) -> Problem:
    """Say where the bytes are, and what two encodings would make of them. The dialect is a guess as good as any."""
    start, row, line, name, cell = fault.text.start, 1, 1, None, None
    delimiter = ","
    header: tuple[str, ...] = ()
    try:
        dialect = choose(head_of(fault.text), schema, rules)
    except Rejected:
        pass
    else:
        delimiter, header = dialect.delimiter, dialect.header
        if fault.offset >= start + dialect.data_offset:
            start += dialect.data_offset
            row, line = dialect.header_row + 1, dialect.data_line
    place = locate(fault.text, start, fault.offset, delimiter)
    row, line = row + place.record, line + place.line
    if header:
        cell = f"{column_letters(place.column)}{row}"
        name = header[place.column] if place.column < len(header) else None
    other = rules.encoding or "cp1252"
    return problem(
        fault.code,
        rules.language,
        row=row,
        line=line,
        column=name,
        cell=cell,
        found=" ".join(f"{octet:02X}" for octet in fault.found),
        encoding=fault.encoding,
        other=other,
        utf8=fault.found.decode("utf-8", "replace"),
        reading=fault.found.decode(other, "replace"),
    )
