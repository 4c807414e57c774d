"""The settings of what is kept and taken: off unless asked for, and no half of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dropscore.app import plan_of
from dropscore.domain.errors import Misconfigured
from dropscore.domain.rules import Actuals
from dropscore.service import Limit, Place
from dropscore.settings import load, rules_of, with_actuals

TOP = '[routes.credit]\nmodel = "model"\n'


def _written(tmp_path: Path, section: str) -> Path:
    path = tmp_path / "dropscore.toml"
    path.write_text(f"{TOP}{section}")
    return path


def test_nothing_is_kept_unless_a_key_is_named(tmp_path: Path) -> None:
    settings = load(_written(tmp_path, ""), {})
    assert rules_of(settings.routes["credit"]).actuals is None and with_actuals(settings) == ()


def test_what_is_set_reaches_the_worker_and_retention(tmp_path: Path) -> None:
    more = '[routes.credit.actuals]\nkey = "id"\noutcome = "y"\ndate = "on"\nexclude = ["age"]\nkeep_days = 90\n'
    settings = load(_written(tmp_path, more), {})
    assert rules_of(settings.routes["credit"]).actuals == Actuals("id", "y", "on", ("age",))
    assert with_actuals(settings) == ("credit",)
    daily = plan_of(settings).daily
    assert daily is not None and daily.retention.limit("credit", Place.KEPT) == Limit(90.0)


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ('key = "id"', "set both key and outcome"),
        ('outcome = "y"', "set both key and outcome"),
        ('key = "id"\noutcome = "id"', "different columns"),
        ('key = "id"\noutcome = "y"\ndate = "y"', "different columns"),
        ('key = "id"\noutcome = "y"\nexclude = ["id"]', "cannot be excluded"),
        ("keep_days = -1", "greater than or equal to 0"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, section: str, told: str) -> None:
    with pytest.raises(Misconfigured, match=told):
        load(_written(tmp_path, f"[routes.credit.actuals]\n{section}\n"), {})
