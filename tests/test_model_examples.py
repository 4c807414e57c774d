"""The two examples: trained from the real data, packed, opened again, and scoring as they should."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dropscore import bundle
from dropscore.domain.jobs import BundleRef
from dropscore.domain.rules import Trust, Trusted

MODELS = Path(__file__).parents[1] / "model"


def opened(path: Path, tier: Trust = Trust.NUMERIC) -> bundle.Bundle:
    data = (path / "manifest.json").read_bytes()
    manifest = json.loads(data)
    ref = BundleRef(str(path), manifest["name"], manifest["version"], hashlib.sha256(data).hexdigest())
    return bundle.load(ref, Trusted(tier))


def scored(path: Path, frame: pd.DataFrame) -> dict[str, Any]:
    model = opened(path)
    answers = model.predict(bundle.typed_columns(frame, model.schema))
    return {name: column.to_pylist() for name, column in answers.items()}


def test_credit_scores_its_applicants(credit_bundle: Path) -> None:
    data = pd.read_csv(MODELS / "credit" / "data" / "german_credit.csv")
    answers = scored(credit_bundle, data)
    assert list(answers) == ["prediction", "probability_bad"]
    assert set(answers["prediction"]) == {"good", "bad"}
    assert all((share > 0.5) == (said == "bad") for said, share in zip(*answers.values(), strict=True))
    assert (pd.Series(answers["prediction"]) == data["creditability"]).mean() > 0.75


def test_credit_does_not_know_sex_or_origin(credit_bundle: Path) -> None:
    names = opened(credit_bundle).schema.names
    assert len(names) == 18
    assert not {"personal_status_and_sex", "foreign_worker", "creditability"} & set(names)


def test_penguins_weigh_even_those_with_missing_measures(penguins_bundle: Path) -> None:
    data = pd.read_csv(MODELS / "penguins" / "data" / "penguins.csv")
    assert data["bill_length_mm"].isna().any() and data["sex"].isna().any()
    answers = scored(penguins_bundle, data)
    assert list(answers) == ["prediction"]
    known = data["body_mass_g"].notna()
    errors = (pd.Series(answers["prediction"])[known] - data["body_mass_g"][known]).abs()
    assert errors.mean() < 250
    assert pd.Series(answers["prediction"]).between(2_000, 7_000).all()


@pytest.mark.parametrize("name", ["credit", "penguins"])
def test_every_column_has_a_title_and_text_lists_its_values(
    name: str, credit_bundle: Path, penguins_bundle: Path
) -> None:
    model = opened({"credit": credit_bundle, "penguins": penguins_bundle}[name])
    assert all(field.title for field in model.schema.fields)
    assert all(field.enum for field in model.schema.fields if field.type == "string")
    assert all(output.title for output in model.outputs)


def test_cross_validated_scores_stand_in_the_manifest(credit_bundle: Path, penguins_bundle: Path) -> None:
    credit, penguins = opened(credit_bundle).manifest, opened(penguins_bundle).manifest
    assert 0.72 < credit.scores["roc_auc"].mean < 0.85 and credit.scores["roc_auc"].std
    assert 0.80 < penguins.scores["r2"].mean < 0.95 and penguins.scores["r2"].std
    assert credit.task == "classification" and penguins.task == "regression"


def test_golden_rows_hold_missing_values_where_training_has_them(penguins_bundle: Path) -> None:
    golden = pd.read_parquet(penguins_bundle / "golden.parquet")
    assert len(golden) >= 20 and golden["sex"].isna().any() and golden["prediction"].notna().all()


def test_the_second_run_says_that_the_version_is_there(credit_bundle: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in credit_bundle.iterdir()}
    command = [sys.executable, str(MODELS / "credit" / "train.py"), "--out", str(credit_bundle.parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "is there already" in done.stdout
    assert {path: path.stat().st_mtime_ns for path in credit_bundle.iterdir()} == before


def test_the_documents_example_packs_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (MODELS.parent / "docs" / "bundles.md").read_text()
    monkeypatch.chdir(tmp_path)
    exec(text.split("```python\n")[1].split("```")[0], {})
    model = opened(tmp_path / "model" / "loans" / "1.0.0")
    assert [output.name for output in model.outputs] == ["prediction", "probability_bad"]
    assert model.schema.field("housing").missing_values == ("", "n/a")
