"""Fixtures that many tests share: the two example bundles, trained from the real data once for a session."""

from __future__ import annotations

import os
import runpy
from pathlib import Path

import pytest
from hypothesis import settings

# How long one example takes says nothing on a machine that does other things as well.
settings.register_profile("dropscore", deadline=None)
settings.register_profile("nightly", deadline=None, max_examples=1_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dropscore"))

MODELS = Path(__file__).parents[1] / "model"


def _trained(name: str, out: Path) -> Path:
    runpy.run_path(str(MODELS / name / "train.py"))["main"](["--out", str(out)])
    return out / "1.0.0"


@pytest.fixture(scope="session")
def credit_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of version 1.0.0 of the credit example: classification. Its parent is a model directory."""
    return _trained("credit", tmp_path_factory.mktemp("model") / "credit")


@pytest.fixture(scope="session")
def penguins_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of version 1.0.0 of the penguins example: regression, with missing values."""
    return _trained("penguins", tmp_path_factory.mktemp("model") / "penguins")
