"""`template`: four files, never over anything that is there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dropscore.cli import cli

NAMES = ["penguins.accepted.html", "penguins.accepted.md", "penguins.template.csv", "penguins.template.xlsx"]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["template", *map(str, arguments)])


def test_four_files_are_written_where_they_are_wanted(tmp_path: Path, penguins_bundle: Path) -> None:
    out = tmp_path / "to be made" / "here"
    result = run("--model", penguins_bundle.parent, "-o", out)
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in out.iterdir()) == NAMES
    assert sorted(Path(line).name for line in result.stdout.splitlines()) == NAMES
    assert (out / NAMES[2]).read_text(encoding="utf-8-sig").startswith("species,island,")


def test_without_a_folder_they_are_written_here(
    tmp_path: Path, penguins_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("--model", penguins_bundle).exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_overwritten_unless_forced(tmp_path: Path, penguins_bundle: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"mine")
    result = run("--model", penguins_bundle, "-o", tmp_path)
    assert result.exit_code == 1
    assert f"{name} exists already" in result.stderr
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [(name, b"mine")]
    assert run("--model", penguins_bundle, "-o", tmp_path, "--force").exit_code == 0
    assert (tmp_path / name).read_bytes() != b"mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == NAMES


def test_language_and_notation_are_the_route_s(tmp_path: Path, penguins_bundle: Path) -> None:
    run("--model", penguins_bundle, "-o", tmp_path, "--language", "es", "--decimal", ",", "--policy", "good-rows")
    page = (tmp_path / "penguins.accepted.md").read_text(encoding="utf-8")
    assert page.startswith("# Qué se acepta: ")
    assert "coma decimal" in page
    assert "Las filas correctas se puntúan" in page
    assert (tmp_path / "penguins.template.csv").read_text(encoding="utf-8-sig").startswith("species;island;")


def test_json_names_the_model_and_the_files(tmp_path: Path, penguins_bundle: Path) -> None:
    found = json.loads(run("--model", penguins_bundle, "-o", tmp_path, "--json").stdout)
    assert (found["model"], found["version"]) == ("penguins", "1.0.0")
    assert sorted(found["files"]) == [str(tmp_path / name) for name in NAMES]


def test_without_a_model_nothing_is_made(tmp_path: Path) -> None:
    result = run("--model", tmp_path / "absent", "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert "cannot be read" in result.stderr
    assert not (tmp_path / "out").exists()
