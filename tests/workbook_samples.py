"""Small makers for the tests of the workbooks."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
from lxml import etree

from dropscore.domain.jobs import Verdict
from dropscore.receipt import Counts
from dropscore.workbook import Column, Summary

OUTPUTS = (
    Column("prediction", "text", "output", enum=("good", "bad"), title="Credit risk"),
    Column("probability of bad", "number", "output", probability=True),
)


def strings(*values: object) -> pa.Array:
    return pa.array([None if value is None else str(value) for value in values], pa.string())


def texts(*values: object) -> tuple[None, pa.Array]:
    return None, strings(*values)


def numbers(*values: object) -> tuple[pa.Array, None]:
    return strings(*values), None


def summary(rows: int = 1, set_aside: int = 0, verdict: Verdict = Verdict.DELIVERED, **more: object) -> Summary:
    counts = Counts(rows=rows, scored=rows - set_aside, set_aside=set_aside, **more)  # type: ignore[arg-type]
    return Summary(
        verdict=verdict,
        sentence=f"All {rows} rows were scored.",
        todo="Nothing.",
        name="sales märz.csv",
        code="K7F2QXM4",
        route="credit",
        model="Credit risk 1.0.0",
        counts=counts,
        times=(("claimed", "2026-11-24 21:30 CET"),),
    )


def part(path: Path, name: str) -> str:
    with zipfile.ZipFile(path) as archive:
        return archive.read(name).decode()


def assert_sound(path: Path) -> None:
    """Every part is well-formed, every CRC right, and every part named in a link or a content type is there."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len(set(names)) == len(names)
        trees = {name: etree.fromstring(archive.read(name)) for name in names}
    for name, tree in trees.items():
        if name.endswith(".rels"):
            folder = name.split("_rels/")[0]
            for target in tree.xpath("//@Target[not(../@TargetMode='External')]"):
                assert (target.lstrip("/") if target.startswith("/") else folder + target) in names
    for named in trees["[Content_Types].xml"].xpath("//@PartName"):
        assert named.lstrip("/") in names


def column_cells(rows: Sequence[Sequence[object]], at: int) -> list[object]:
    return [row[at] for row in rows]
