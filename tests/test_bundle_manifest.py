"""The manifest: sealed, strict, and readable by people."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dropscore.bundle.manifest import (
    FileDigest,
    Manifest,
    Output,
    Score,
    Trained,
    dump_manifest,
    parse_manifest,
    seal_of,
)


def manifest(**changed: Any) -> Manifest:
    given: dict[str, Any] = {
        "name": "crédit",
        "version": "1.0.0",
        "created": "2026-11-24T12:00:00Z",
        "task": "classification",
        "estimator": "LogisticRegression",
        "schema": {"fields": [{"name": "a", "type": "number", "title": "Ä €"}]},
        "outputs": (Output(name="p", kind="text", source="prediction", enum=("x", "y")),),
        "columns": {"a": Trained(dtype="float64", frame="float64")},
        "training_rows": 20,
        "scores": {"roc_auc": Score(mean=0.8, std=0.1)},
        "versions": {"scikit-learn": "1.9.1"},
        "files": {"model.skops": FileDigest(bytes=1, sha256="0" * 64)},
    }
    return Manifest(**{**given, **changed})


def test_written_and_read_again() -> None:
    data = dump_manifest(manifest())
    found = parse_manifest(data)
    assert found.model_copy(update={"seal": ""}) == manifest()
    assert found.schema_of_input.field("a").title == "Ä €"
    assert "Ä €".encode() in data and data.endswith(b"}\n")


def resealed(**changed: Any) -> bytes:
    document = json.loads(dump_manifest(manifest()))
    document |= changed
    document["seal"] = seal_of(document)
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[]", "format None"),
        (b'{"bundle": 2}', "format 2; this release knows format 1"),
        (dump_manifest(manifest()).replace(b"roc_auc", b"roc_aux"), "does not match its own seal"),
        (resealed(surprise=1), "surprise"),
        (resealed(task="fortune-telling"), "task"),
        (resealed(schema={"fields": [{"name": "a", "type": "colour"}]}), "schema is not understood"),
        (resealed(schema={"fields": [{"name": "b", "type": "number"}]}), "not those of the training"),
        (resealed(schema={}), "schema is not understood"),
    ],
)
def test_what_is_not_understood_is_refused_in_a_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        parse_manifest(data)


def test_a_score_that_is_no_number_is_not_written() -> None:
    with pytest.raises(ValueError, match="JSON"):
        dump_manifest(manifest(scores={"r2": Score(mean=float("nan"))}))
