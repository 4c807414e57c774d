"""What a case is: a file's bytes, how it is to be read, and what must come of it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from dropscore.domain.rules import Policy, Rules
from dropscore.domain.schema import Field, Schema, Type

Row = tuple[Any, ...]

ITEMS = Schema(
    (
        Field("part", Type.STRING, required=True),
        Field("amount", Type.NUMBER),
        Field("count", Type.INTEGER),
        Field("day", Type.DATE),
    )
)
"""Wide open on purpose: a part may be any text, and all else may be missing, so little saves a wrong reading."""
HEAD = "part,amount,count,day\n"
DAY = datetime.date(2026, 2, 28)
FIRST: Row = ("A-1", 1234.5, 7, DAY)
SECOND: Row = ("B-2", None, -3, None)
TEXT = HEAD + "A-1,1234.5,7,2026-02-28\nB-2,,-3,\n"
"""FIRST and SECOND as they should be written."""
GERMAN = Rules(encoding="cp1252", decimal=",", group=".", dates="%d.%m.%Y")
AUTO = Rules(decimal="auto", dates="auto")
GOOD_ROWS = Rules(policy=Policy.GOOD_ROWS)


@dataclass(frozen=True)
class Case:
    """`rows` are those that must be scored, in order, by the schema's columns; `codes` all problems and warnings."""

    name: str
    data: bytes
    verdict: str
    rows: tuple[Row, ...]
    codes: frozenset[str]
    schema: Schema
    rules: Rules


def _octets(data: bytes | str) -> bytes:
    return data.encode() if isinstance(data, str) else data


def right(
    name: str,
    data: bytes | str,
    *rows: Row,
    schema: Schema = ITEMS,
    rules: Rules = Rules(),  # noqa: B008  (frozen)
    warned: str = "",
) -> Case:
    """Return a case that must be accepted with exactly these rows; FIRST and SECOND where none are given."""
    return Case(name, _octets(data), "accepted", rows or (FIRST, SECOND), frozenset(warned.split()), schema, rules)


def wrong(
    name: str,
    data: bytes | str,
    codes: str,
    *,
    schema: Schema = ITEMS,
    rules: Rules = Rules(),  # noqa: B008  (frozen)
) -> Case:
    """Return a case that must be refused with exactly these codes, of which spaces part one from the next."""
    return Case(name, _octets(data), "refused", (), frozenset(codes.split()), schema, rules)


def partly(
    name: str, data: bytes | str, codes: str, *rows: Row, schema: Schema = ITEMS, rules: Rules = GOOD_ROWS
) -> Case:
    """Return a case whose route scores the good rows: exactly these, and no others."""
    return Case(name, _octets(data), "partly", rows, frozenset(codes.split()), schema, rules)


def column(kind: Type, **more: Any) -> Schema:
    """Return a schema of a part and one column `x`."""
    return Schema((Field("part", Type.STRING, required=True), Field("x", kind, **more)))


def cells(*values: str) -> str:
    """Return a file of parts and one column `x`, every cell quoted."""
    rows = [f'"P{at}";"{value}"\n' for at, value in enumerate(values)]
    return "part;x\n" + "".join(rows)


def parts(*values: Any) -> tuple[Row, ...]:
    """Return the rows of such a file."""
    return tuple((f"P{at}", value) for at, value in enumerate(values))
