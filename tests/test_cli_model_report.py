"""`model report` and `model export`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from actuals_house import START, Desk, credit_rows, desk
from cli_root import House, make_house

ROUTES = """[routes.credit]
model = "{model}"
[routes.credit.actuals]
key = "customer_id"
outcome = "standing"
"""


@pytest.fixture
def house(tmp_path: Path, credit_bundle: Path) -> House:
    """A root whose route `credit` has two jobs of which is known what happened."""
    made = make_house(tmp_path / "r", ROUTES.format(model=credit_bundle.parent))
    route = desk(tmp_path / "desk", credit_bundle)
    for day, start in ((0.0, 0), (10.0, 50)):
        route.drop(credit_rows(slice(start, start + 50))[0], day=day)
    route.actuals(list(credit_rows(slice(0, 100))[1]))
    for what in ("predictions", "actuals"):
        shutil.copytree(route.state / what, made.root.state / what)
    return made


def _codes(house: House) -> list[str]:
    desk_ = Desk(house.root.path, Path(), rules=None)  # type: ignore[arg-type]
    return [path.stem for path in desk_.kept("predictions")]


def test_a_route_is_told_as_markdown(house: House) -> None:
    result = house.call("model", "report", "credit")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("# How good the predictions of credit turned out\n")
    assert "## credit 1.0.0" in result.stdout and "| Accuracy | " in result.stdout


def test_a_version_or_a_job_is_told(house: House) -> None:
    assert house.json("model", "report", "1.0.0")["matched"] == 100
    job = _codes(house)[0]
    assert house.json("model", "report", job)["matched"] == 50


@pytest.mark.parametrize("name", ["out.html", "out.md"])
def test_it_is_written_where_one_wants_it(house: House, tmp_path: Path, name: str) -> None:
    result = house.call("model", "report", "credit", "-o", tmp_path / name)
    assert result.exit_code == 0 and result.stdout == ""
    text = (tmp_path / name).read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>" if name.endswith("html") else "# How good")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nothing",), "is no route, and no job or version"),
        (("default",), "keeps no predictions"),
        (("credit", "-o", "x.pdf"), "ends in .html or .md"),
    ],
)
def test_what_cannot_be_told_is_refused(house: House, arguments: tuple[str, ...], told: str) -> None:
    result = house.call("model", "report", *arguments)
    assert result.exit_code == 1 and told in result.output


def test_what_may_be_learnt_from_is_exported(house: House, tmp_path: Path) -> None:
    result = house.call("model", "export", "credit", "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "100 rows with an outcome, 0 without. Versions: 1.0.0." in result.stdout
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_bytes())
    assert (manifest["route"], manifest["outcome"], manifest["pairs"]) == ("credit", "standing", 100)


def test_since_a_day(house: House, tmp_path: Path) -> None:
    day = f"{START:%Y-%m}-05"
    assert house.json("model", "export", "credit", "--since", day, "-o", tmp_path / "out")["rows"] == 50
    assert house.json("model", "export", "credit", "--since", "36500d", "-o", tmp_path / "all")["rows"] == 100


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nothing", "-o", "{out}"), "there is no route nothing"),
        (("default", "-o", "{out}"), "keeps no predictions"),
        (("credit", "--since", "yesterday", "-o", "{out}"), "write a day"),
        (("credit", "-o", "{there}"), "is there already"),
    ],
)
def test_an_export_that_makes_no_sense_is_refused(
    house: House, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    paths = {"out": tmp_path / "out", "there": tmp_path}
    result = house.call("model", "export", *(argument.format(**paths) for argument in arguments))
    assert result.exit_code == 1 and told in result.output and not (tmp_path / "out").exists()
