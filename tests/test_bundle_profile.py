"""Profiles: exact counts, exact or sampled quantiles, the same whatever the blocks, in bounded memory."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from dropscore.bundle.frame import encoded
from dropscore.bundle.manifest import Output
from dropscore.bundle.profile import SAMPLE, ProfileBuilder
from dropscore.domain.schema import Field, Schema, Type
from dropscore.receipt import BatchProfile

SCHEMA = Schema(
    (
        Field("n", Type.NUMBER),
        Field("i", Type.INTEGER),
        Field("e", Type.STRING, enum=("a", "b", "c")),
        Field("free", Type.STRING),
        Field("flag", Type.BOOLEAN),
        Field("day", Type.DATE),
        Field("moment", Type.DATETIME),
    )
)
OUTPUTS = (
    Output(name="said", kind="text", source="prediction", enum=("no", "yes")),
    Output(name="share", kind="number", source="probability", category="yes"),
)


def columns(rows: int, seed: int = 3) -> tuple[dict[str, pa.Array], dict[str, pa.Array]]:
    draw = np.random.default_rng(seed)
    gone = draw.random(rows) < 0.1
    days = draw.integers(0, 20_000, rows)
    typed = {
        "n": pa.array(draw.normal(size=rows), mask=gone),
        "i": pa.array(draw.integers(0, 7, rows)),
        "e": pa.array(draw.choice(["a", "b", "strange"], rows), mask=gone),
        "free": pa.array([f"secret {number}" for number in range(rows)]),
        "flag": pa.array(draw.random(rows) < 0.3, mask=gone),
        "day": pa.array(days, type=pa.int32()).cast(pa.date32()),
        "moment": pa.array(days * 86_400_000_000, type=pa.timestamp("us")),
    }
    return typed, {"said": pa.array(draw.choice(["no", "yes"], rows)), "share": pa.array(draw.random(rows))}


def profiled(rows: int, block: int, encode: bool = False) -> ProfileBuilder:
    typed, outputs = columns(rows)
    builder = ProfileBuilder(SCHEMA, OUTPUTS)
    for start in range(0, rows, block):
        part = {name: column.slice(start, block) for name, column in typed.items()}
        builder.add(encoded(part) if encode else part, {name: c.slice(start, block) for name, c in outputs.items()})
    return builder


def test_a_small_batch_is_told_exactly() -> None:
    typed, outputs = columns(1_000)
    profile = profiled(1_000, 300).result()
    numbers = typed["n"].drop_null().to_numpy()
    found = profile.columns["n"]
    assert (found.rows, found.missing, found.distinct) == (1_000, typed["n"].null_count, len(numbers))
    np.testing.assert_allclose(found.quantiles, np.quantile(numbers, np.linspace(0, 1, 101)))
    whole = profile.columns["i"]
    assert whole.distinct == 7 and whole.quantiles is not None and whole.quantiles[0] == 0.0
    said = outputs["said"].to_pylist()
    assert profile.predictions["said"].counts == {
        word: said.count(word) for word in sorted(set(said), key=lambda w: -said.count(w))
    }
    assert profile.predictions["share"].quantiles is not None


def test_text_that_is_not_listed_is_never_told() -> None:
    profile = profiled(500, 500).result()
    listed = profile.columns["e"]
    assert listed.counts is not None and set(listed.counts) == {"a", "b"} and listed.distinct == 3
    assert sum(listed.counts.values()) < listed.rows - listed.missing
    assert profile.columns["free"].counts is None
    assert "secret" not in profile.model_dump_json() and "strange" not in profile.model_dump_json()


def test_booleans_dates_and_moments() -> None:
    typed, _ = columns(2_000)
    profile = profiled(2_000, 700).result()
    flags = typed["flag"].to_pylist()
    assert profile.columns["flag"].counts == {"false": flags.count(False), "true": flags.count(True)}
    first = (min(typed["day"].to_pylist()) - dt.date(1970, 1, 1)).days
    assert profile.columns["day"].quantiles is not None and profile.columns["day"].quantiles[0] == first
    assert profile.columns["moment"].quantiles is not None
    assert profile.columns["moment"].quantiles[0] == first * 86_400


@pytest.mark.parametrize("encode", [False, True])
@pytest.mark.parametrize("block", [1_000, 17_000, 50_000, 120_000])
def test_the_blocks_do_not_matter(block: int, encode: bool) -> None:
    assert profiled(120_000, block, encode).result() == profiled(120_000, 50_000).result()


def test_memory_is_bounded_and_the_sample_is_fair() -> None:
    builder = ProfileBuilder(Schema((Field("n", Type.NUMBER),)), ())
    for start in range(0, 3_000_000, 50_000):
        builder.add({"n": pa.array(np.arange(start, start + 50_000, dtype=np.float64))}, {})
    kept = len(builder._rows.keys)
    assert SAMPLE / 2 <= kept <= SAMPLE
    found = builder.result().columns["n"]
    assert found.rows == 3_000_000 and found.distinct is None and found.quantiles is not None
    error = np.abs(np.array(found.quantiles) / 3_000_000 - np.linspace(0, 1, 101)).max()
    assert error < 2.5 / np.sqrt(SAMPLE / 2)


def test_numbers_at_the_ends_of_what_a_float_holds_stay_numbers() -> None:
    largest = float(np.finfo(np.float64).max)
    builder = ProfileBuilder(Schema((Field("n", Type.NUMBER),)), ())
    builder.add({"n": pa.array([-largest, 0.0, largest])}, {})
    found = builder.result()
    assert found.columns["n"].quantiles is not None
    assert found.columns["n"].quantiles[0] == -largest
    assert BatchProfile.model_validate_json(found.model_dump_json()) == found


def test_few_numbers_that_repeat_are_counted() -> None:
    builder = ProfileBuilder(Schema((Field("n", Type.NUMBER), Field("m", Type.NUMBER))), ())
    builder.add({"n": pa.array([1.0, 2.0, 2.0, None] * 20), "m": pa.array(np.arange(80.0))}, {})
    trained = builder.result()
    assert trained.columns["n"].values == ((1.0, 20), (2.0, 40))
    assert trained.columns["n"].sampled == 60
    assert trained.columns["m"].values is None
    assert (trained.columns["n"].outside, trained.columns["m"].outside) == (None, None)


def test_a_batch_counts_what_lies_outside_of_training_and_what_its_schema_does_not_list() -> None:
    schema = Schema((Field("n", Type.NUMBER), Field("e", Type.STRING, enum=("a", "b"))))
    before = ProfileBuilder(schema, ())
    before.add({"n": pa.array(np.arange(100.0)), "e": pa.array(["a"] * 100)}, {})
    batch = ProfileBuilder(schema, ())
    batch.add({"n": pa.array([-1.0, 0.0, 99.0, 100.0, None]), "e": pa.array(["a", "b", "x", "y", None])}, {})
    found = batch.result(before.result()).columns
    assert found["n"].outside == 2
    assert found["n"].values is None  # its training has too many to count
    assert found["e"].unseen == 2


def test_many_values_are_cut_to_the_commonest() -> None:
    values = [f"v{number:03}" for number in range(300)]
    builder = ProfileBuilder(Schema((Field("e", Type.STRING, enum=tuple(values)),)), ())
    builder.add({"e": pa.array(values + ["v250"] * 5)}, {})
    found = builder.result().columns["e"]
    assert found.counts is not None and len(found.counts) == 100
    assert next(iter(found.counts.items())) == ("v250", 6) and found.distinct == 300


def test_nothing_and_nulls() -> None:
    empty = ProfileBuilder(SCHEMA, OUTPUTS).result()
    assert empty.columns["n"].rows == 0 and empty.columns["n"].quantiles is None
    builder = ProfileBuilder(Schema((Field("n", Type.NUMBER), Field("e", Type.STRING, enum=("a",)))), ())
    builder.add({"n": pa.nulls(5, pa.float64()), "e": pa.nulls(5, pa.string())}, {})
    found = builder.result().columns
    assert found["n"].missing == 5 and found["n"].quantiles is None and found["e"].counts == {}


def test_a_check_has_no_predictions() -> None:
    typed, _ = columns(10)
    builder = ProfileBuilder(SCHEMA, OUTPUTS)
    builder.add(typed, {})
    assert builder.result().predictions["share"].rows == 0
