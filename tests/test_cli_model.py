"""`model list`, `show`, `check`."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli_root import House, make_house
from dropscore.cli import cli


@pytest.fixture
def house(tmp_path: Path, penguins_bundle: Path) -> House:
    model = tmp_path / "penguins"
    shutil.copytree(penguins_bundle, model / "1.0.0")
    return make_house(tmp_path / "r", '[routes.credit]\nmodel = "absent"', models=model)


def test_list_names_what_each_route_uses(house: House) -> None:
    first, second = house.json("model", "list")
    assert (first["routes"], first["name"], first["version"]) == (["default"], "penguins", "1.0.0")
    assert "cannot be read" in second["trouble"]
    result = house.call("model", "list")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[1].startswith("default\tpenguins\t1.0.0\tregression\t")


def test_show_tells_what_it_accepts(house: House, tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["model", "show", str(tmp_path / "penguins")])
    assert result.exit_code == 0, result.output
    assert "species\tstring\t" in result.stdout
    assert "It answers: " in result.stdout
    assert "r2: 0.8" in result.stdout
    document = json.loads(CliRunner().invoke(cli, ["model", "show", str(tmp_path / "penguins"), "--json"]).stdout)
    assert document["manifest"]["name"] == "penguins"


def test_check_loads_it_and_scores_its_golden_rows(house: House, tmp_path: Path) -> None:
    result = house.call("model", "check", tmp_path / "penguins")
    assert (result.exit_code, "golden rows come out as they did" in result.stdout) == (0, True)
    found = house.json("model", "check")
    assert [one["ok"] for one in found] == [True, False]
    manifest = tmp_path / "penguins" / "1.0.0" / "manifest.json"
    (manifest.parent / "model.skops").write_bytes(b"swapped")
    result = house.call("model", "check", tmp_path / "penguins")
    assert result.exit_code == 1
    assert "cannot be used" in result.stdout
