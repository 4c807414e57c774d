"""Opening a bundle: whatever is wrong with it, it never scores otherwise than it did when it was packed."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib  # type: ignore[import-untyped]
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression

from dropscore import bundle
from dropscore.bundle.manifest import seal_of
from dropscore.domain.errors import Unavailable
from dropscore.domain.jobs import BundleRef
from dropscore.domain.rules import Trust, Trusted

NUMERIC = Trusted(Trust.NUMERIC)
HOMES = pd.DataFrame({"area": np.arange(20.0, 60.0), "rooms": np.arange(40) % 5 + 1})
PRICES = 3 * HOMES.area + 10 * HOMES.rooms


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    return bundle.save(tmp_path / "price", LinearRegression().fit(HOMES, PRICES), HOMES, version="1.0.0", name="price")


def ref_of(path: Path) -> BundleRef:
    """What the service hands to a job: the manifest as it lies there."""
    data = (path / "manifest.json").read_bytes()
    return BundleRef(str(path), "price", "1.0.0", hashlib.sha256(data).hexdigest())


def opened(path: Path, trusted: Trusted = NUMERIC, ref: BundleRef | None = None) -> bundle.Bundle:
    return bundle.load(ref or ref_of(path), trusted, fresh=True)


def refused(path: Path, trusted: Trusted = NUMERIC, ref: BundleRef | None = None) -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        opened(path, trusted, ref)
    assert caught.value.key == "model:price"
    assert caught.value.matter.startswith("The model price 1.0.0 cannot be used: ")
    assert caught.value.then.startswith("Drops for it wait. ")
    return caught.value


def rewritten(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the manifest as someone would who means it: with the right hashes and the right seal."""
    document = json.loads((path / "manifest.json").read_text())
    for name in document["files"]:
        if (path / name).exists():
            data = (path / name).read_bytes()
            document["files"][name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    change(document)
    document["seal"] = seal_of(document)
    (path / "manifest.json").write_text(json.dumps(document))


def answers(model: bundle.Bundle) -> list[float]:
    found: list[float] = model.predict(bundle.typed_columns(HOMES, model.schema))["prediction"].to_pylist()
    return found


def test_an_untouched_bundle_opens_and_scores(packed: Path) -> None:
    model = opened(packed)
    assert model.ref == ref_of(packed) and model.schema.names == ("area", "rooms") and model.notes == ()
    assert model.profile.columns["area"].rows == len(HOMES)
    np.testing.assert_allclose(answers(model), PRICES)


def test_a_process_keeps_what_it_has_opened(packed: Path) -> None:
    ref = ref_of(packed)
    assert bundle.load(ref, NUMERIC) is bundle.load(ref, NUMERIC)
    assert bundle.load(ref, NUMERIC, fresh=True) is not bundle.load(ref, NUMERIC)


PARTS = ["manifest.json", "model.skops", "golden.parquet", "profile.json"]


@pytest.mark.parametrize("part", PARTS)
def test_cut_off_anywhere_it_does_not_open(packed: Path, part: str) -> None:
    file, ref = packed / part, ref_of(packed)
    whole = file.read_bytes()
    for length in sorted({0, 1, len(whole) - 1, *np.linspace(0, len(whole) - 1, 120).astype(int).tolist()}):
        file.write_bytes(whole[:length])
        refused(packed, ref=ref)
        if part != "manifest.json" or length < len(whole) - 1:  # a manifest says the same without its last newline
            refused(packed, ref=ref_of(packed))
    file.write_bytes(whole + b" ")
    refused(packed, ref=ref)


@pytest.mark.parametrize("part", PARTS)
def test_with_any_bit_flipped_it_does_not_open(packed: Path, part: str) -> None:
    file, ref = packed / part, ref_of(packed)
    whole = file.read_bytes()
    draw = np.random.default_rng(len(whole))
    for at in draw.integers(0, len(whole), 150):
        flipped = bytearray(whole)
        flipped[at] ^= 1 << int(draw.integers(0, 8))
        file.write_bytes(flipped)
        refused(packed, ref=ref)
        # A flipped manifest is found even where its hash was taken after the damage.
        refused(packed, ref=ref_of(packed))


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_missing_a_link_a_folder_or_shut(packed: Path, part: str, tmp_path: Path) -> None:
    file, ref = packed / part, ref_of(packed)
    moved = tmp_path / "elsewhere"
    file.rename(moved)
    assert f"{part} is missing" in refused(packed, ref=ref).matter
    file.symlink_to(moved)
    assert "it is a link" in refused(packed, ref=ref).matter
    file.unlink()
    file.mkdir()
    refused(packed, ref=ref)
    file.rmdir()
    os.mkfifo(file)
    refused(packed, ref=ref)


def test_a_folder_that_is_gone(packed: Path) -> None:
    ref = ref_of(packed)
    shutil.rmtree(packed)
    assert "manifest.json is missing" in refused(packed, ref=ref).matter


def test_a_file_that_is_no_part_of_it(packed: Path) -> None:
    (packed / "model.pkl").write_bytes(pickle.dumps(1))
    assert "model.pkl lies in its folder" in refused(packed).matter


def test_another_manifest_than_the_job_was_given(packed: Path) -> None:
    ref = ref_of(packed)
    rewritten(packed, lambda document: document.update(title="new"))
    assert "another one than the job was given" in refused(packed, ref=ref).matter
    assert opened(packed).manifest.title == "new"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda d: d.update(name="other"), "its manifest is that of other 1.0.0"),
        (lambda d: d.update(version="2.0.0"), "its manifest is that of price 2.0.0"),
        (lambda d: d.update(bundle=2), "this release knows format 1"),
        (lambda d: d.update(trusted=["os.system"]), "trusted"),
        (lambda d: d["files"].pop("profile.json"), "names other files than a bundle has"),
        (lambda d: d["files"].update({"../x": d["files"]["profile.json"]}), "names other files than a bundle has"),
        (lambda d: d["outputs"][0].update(name="p"), "golden.parquet is not what its manifest promises"),
        (lambda d: d["columns"]["rooms"].update(frame="category"), "cannot score its own golden rows"),
    ],
)  # fmt: skip
def test_a_manifest_that_was_written_anew(packed: Path, change: Callable[[Any], None], sentence: str) -> None:
    rewritten(packed, change)
    assert sentence in refused(packed).matter


def test_golden_rows_that_come_out_otherwise(packed: Path) -> None:
    table = pq.read_table(packed / "golden.parquet")
    off = table.set_column(2, "prediction", pa.array(table["prediction"].to_numpy() + 1e-3))
    pq.write_table(off, packed / "golden.parquet")
    rewritten(packed, lambda document: None)
    matter = refused(packed).matter
    assert "golden rows do not come out as they did when it was packed: 'prediction' of row 1" in matter
    assert "scikit-learn" not in matter


def other_release(document: dict[str, Any]) -> None:
    document["versions"]["scikit-learn"] = "1.2.0"


def test_another_release_of_scikit_learn_is_fine_while_the_golden_rows_are(packed: Path) -> None:
    rewritten(packed, other_release)
    model = opened(packed)
    assert model.notes and "packed with scikit-learn 1.2.0" in model.notes[0]
    np.testing.assert_allclose(answers(model), PRICES)


def test_another_release_is_named_where_the_golden_rows_differ(packed: Path) -> None:
    with zipfile.ZipFile(packed / "model.skops") as old:
        parts = {name: old.read(name) for name in old.namelist()}
    moved = next(name for name in parts if name.endswith(".npy") and np.load(io.BytesIO(parts[name])).shape == (2,))
    sink = io.BytesIO()
    np.save(sink, np.array([3.0, 11.0]))
    parts[moved] = sink.getvalue()
    with zipfile.ZipFile(packed / "model.skops", "w") as new:
        for name, data in parts.items():
            new.writestr(name, data)
    rewritten(packed, other_release)
    assert "It was packed with scikit-learn 1.2.0; here runs" in refused(packed).matter


def test_a_file_written_by_another_release_is_a_note(packed: Path) -> None:
    with zipfile.ZipFile(packed / "model.skops") as old:
        parts = {name: old.read(name) for name in old.namelist()}
    assert b"_sklearn_version" in parts["schema.json"]
    schema = json.loads(parts["schema.json"])
    _replaced(schema, "_sklearn_version", json.dumps("1.2.0"))
    parts["schema.json"] = json.dumps(schema).encode()
    with zipfile.ZipFile(packed / "model.skops", "w") as new:
        for name, data in parts.items():
            new.writestr(name, data)
    rewritten(packed, lambda document: None)
    assert opened(packed).notes == ("its file was written by scikit-learn 1.2.0",)


def test_a_parameter_that_its_own_release_did_not_have_yet_is_no_fault(packed: Path) -> None:
    with zipfile.ZipFile(packed / "model.skops") as old:
        parts = {name: old.read(name) for name in old.namelist()}
    parts["schema.json"] = parts["schema.json"].replace(b'"copy_X"', b'"fopy_X"')
    with zipfile.ZipFile(packed / "model.skops", "w") as new:
        for name, data in parts.items():
            new.writestr(name, data)
    rewritten(packed, other_release)
    np.testing.assert_allclose(answers(opened(packed)), PRICES)


def _replaced(node: Any, key: str, value: str) -> None:
    for name, child in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        if name == key:
            child["content"] = value
        else:
            _replaced(child, key, value)


def test_trees_need_the_operators_word(tmp_path: Path) -> None:
    forest = RandomForestClassifier(3, random_state=1).fit(HOMES, PRICES.gt(PRICES.median()))
    path = bundle.save(tmp_path / "price", forest, HOMES, version="1.0.0", name="price")
    fault = refused(path)
    assert "sklearn.tree._tree.Tree" in fault.matter and 'trust = "sklearn"' in fault.then
    assert opened(path, Trusted(Trust.SKLEARN)).predict({"area": pa.array([30.0]), "rooms": pa.array([2])})


class Doubling(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A type of one's own."""

    def fit(self, data: Any, target: Any) -> Doubling:
        self.fitted_ = True
        return self

    def predict(self, data: Any) -> Any:
        return 2 * np.asarray(data)[:, 0]


def test_types_of_ones_own_are_named_by_the_operator_or_refused(tmp_path: Path) -> None:
    path = bundle.save(tmp_path / "price", Doubling().fit(HOMES, PRICES), HOMES, version="1.0.0", name="price")
    own = f"{Doubling.__module__}.Doubling"
    for trusted in (NUMERIC, Trusted(Trust.SKLEARN, (own,)), Trusted(Trust.CUSTOM)):
        assert own in refused(path, trusted).matter
    assert answers(opened(path, Trusted(Trust.CUSTOM, (own,)))) == [2 * area for area in HOMES.area]


class Mischief:
    """A pickle that leaves a trace when it is opened."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> Any:
        return Path.touch, (self.trace,)


def test_a_pickle_is_not_even_opened_unless_allowed_by_its_hash(tmp_path: Path) -> None:
    model = LinearRegression().fit(HOMES, PRICES)
    path = bundle.save(tmp_path / "price", model, HOMES, version="1.0.0", name="price", serializer="joblib")
    allowed = Trusted(Trust.NUMERIC, pickles=(ref_of(path).sha256,))
    np.testing.assert_allclose(answers(opened(path, allowed)), PRICES)
    assert ref_of(path).sha256 in refused(path, Trusted(Trust.CUSTOM, ("os.system",))).then
    trace = tmp_path / "trace"
    joblib.dump(Mischief(trace), path / "model.joblib")
    rewritten(path, lambda document: None)
    refused(path, allowed)
    refused(path, Trusted(Trust.CUSTOM))
    assert not trace.exists()
    refused(path, Trusted(pickles=(ref_of(path).sha256,)))
    assert trace.exists(), "the trap works, so its silence above means something"


def test_a_strange_skops_file_is_the_worlds_fault(packed: Path) -> None:
    for content in (b"", b"PK", b"no zip at all" * 50, joblib.hash(1).encode()):
        (packed / "model.skops").write_bytes(content)
        rewritten(packed, lambda document: None)
        assert "its model file cannot be opened" in refused(packed).matter


def test_a_huge_file_in_its_place_is_not_read(packed: Path) -> None:
    with (packed / "model.skops").open("r+b") as file:
        file.truncate(1 << 40)  # sparse: a terabyte that fits on any disk, and in no memory
    assert "is not the file that was packed" in refused(packed).matter
