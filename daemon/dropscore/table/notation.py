"""The notation of numbers and dates: the schema's, overridden by the route, or decided by the whole column."""

from __future__ import annotations

from dataclasses import replace

from dropscore.domain.rules import Rules
from dropscore.domain.schema import Field, Schema, Type

AUTO = "auto"
_NUMBERS = (Type.NUMBER, Type.INTEGER)
_DATES = (Type.DATE, Type.DATETIME)


def routed(field: Field, rules: Rules) -> Field:
    """Return the field in the route's notation. `auto` leaves it as the schema has it."""
    if field.type in _NUMBERS:
        decimal = field.decimal_char if rules.decimal in (None, AUTO) else rules.decimal
        group = field.group_char if rules.group is None else rules.group
        if group == decimal:
            group = ""
        return replace(field, decimal_char=decimal or ".", group_char=group)
    if field.type in _DATES and rules.dates not in (None, AUTO):
        return replace(field, format="default" if rules.dates == "iso" else rules.dates or "default")
    return field


def routed_schema(schema: Schema, rules: Rules) -> Schema:
    """Return the schema in the route's notation."""
    return Schema(tuple(routed(field, rules) for field in schema.fields))


def told(before: Field, after: Field) -> str | None:
    """Return how a column was read, where that is not the schema's own notation."""
    changes = []
    if after.decimal_char != before.decimal_char:
        changes.append(f"decimal {after.decimal_char}")
    if after.group_char != before.group_char:
        changes.append(f"group {after.group_char or 'none'}")
    if after.format != before.format:
        changes.append(f"dates {after.format}")
    return ", ".join(changes) or None
