"""What a model accepts: the names of Frictionless *Table Schema*, as frozen records.

Source: https://specs.frictionlessdata.io/table-schema/ (fields, constraints, missingValues, decimalChar, …).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any


class Type(StrEnum):
    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"


class UnknownCategory(StrEnum):
    """What happens to a value outside `enum`: OneHotEncoder would score it as zeros without a word."""

    REFUSE = "refuse"
    FLAG = "flag"
    SCORE = "score"


@dataclass(frozen=True, slots=True)
class Field:
    """One column of the model's input. `minimum`, `maximum` are numbers, or ISO dates for dates."""

    name: str
    type: Type
    title: str = ""
    description: str = ""
    format: str = "default"
    required: bool = False
    unique: bool = False
    minimum: float | str | None = None
    maximum: float | str | None = None
    min_length: int | None = None
    max_length: int | None = None
    enum: tuple[str, ...] = ()
    pattern: str | None = None
    missing_values: tuple[str, ...] = ("",)
    decimal_char: str = "."
    group_char: str = ""
    bare_number: bool = True
    true_values: tuple[str, ...] = ("true", "True", "TRUE", "1")
    false_values: tuple[str, ...] = ("false", "False", "FALSE", "0")
    unknown_category: UnknownCategory = UnknownCategory.REFUSE


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns that a model needs, in its own order."""

    fields: tuple[Field, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.fields)

    def field(self, name: str) -> Field:
        """Return the field of that name; KeyError if there is none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)


_CONSTRAINTS = {
    "required": "required",
    "unique": "unique",
    "minimum": "minimum",
    "maximum": "maximum",
    "min_length": "minLength",
    "max_length": "maxLength",
    "enum": "enum",
    "pattern": "pattern",
}
_PROPERTIES = {
    "title": "title",
    "description": "description",
    "format": "format",
    "missing_values": "missingValues",
    "decimal_char": "decimalChar",
    "group_char": "groupChar",
    "bare_number": "bareNumber",
    "true_values": "trueValues",
    "false_values": "falseValues",
    "unknown_category": "unknownCategory",
}
_DEFAULTS = {field.name: field.default for field in fields(Field)}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def schema_to_json(schema: Schema) -> dict[str, Any]:
    """Return the schema as a Table Schema document; what equals the default is left out."""
    columns = []
    for field in schema.fields:
        column: dict[str, Any] = {"name": field.name, "type": str(field.type)}
        for ours, theirs in _PROPERTIES.items():
            if getattr(field, ours) != _DEFAULTS[ours]:
                column[theirs] = _plain(getattr(field, ours))
        constraints = {
            theirs: _plain(getattr(field, ours))
            for ours, theirs in _CONSTRAINTS.items()
            if getattr(field, ours) != _DEFAULTS[ours]
        }
        if constraints:
            column["constraints"] = constraints
        columns.append(column)
    return {"fields": columns}


def field_from_json(column: Mapping[str, Any], missing_values: tuple[str, ...] = ("",)) -> Field:
    """Return the field that a Table Schema column describes. ValueError names what it does not know."""
    given: dict[str, Any] = {
        "name": column["name"],
        "type": Type(column["type"]),
        "missing_values": missing_values,
    }
    known = {"name", "type", "constraints"} | set(_PROPERTIES.values())
    unknown = sorted(set(column) - known) + sorted(set(column.get("constraints", {})) - set(_CONSTRAINTS.values()))
    if unknown:
        raise ValueError(f"column {column['name']!r}: not understood: {', '.join(unknown)}")
    for ours, theirs in _PROPERTIES.items():
        if theirs in column:
            given[ours] = column[theirs]
    for ours, theirs in _CONSTRAINTS.items():
        if theirs in column.get("constraints", {}):
            given[ours] = column["constraints"][theirs]
    for name in ("enum", "missing_values", "true_values", "false_values"):
        if name in given:
            given[name] = tuple(str(value) for value in given[name])
    if "unknown_category" in given:
        given["unknown_category"] = UnknownCategory(given["unknown_category"])
    return Field(**given)


def schema_from_json(document: Mapping[str, Any]) -> Schema:
    """Return the schema of a Table Schema document. ValueError names what it does not know."""
    missing = tuple(document.get("missingValues", ("",)))
    found = tuple(field_from_json(column, missing) for column in document["fields"])
    names = [field.name for field in found]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ValueError(f"columns named twice: {', '.join(doubled)}")
    return Schema(found)
