"""`config check`, `show`, `schema`, and how the configuration is found."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli_root import make_house, process
from dropscore.cli import cli
from dropscore.cli.place import find_config
from dropscore.domain.errors import Misconfigured
from dropscore.settings import json_schema


def test_check_tells_each_mistake_with_its_line(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    house.config.write_text('zone = "Mars"\n[routes.a]\nmodel = "m"\npolcy = "x"\n')
    result = house.call("config", "check")
    assert result.exit_code == 12
    assert result.stdout.splitlines() == [
        f"{house.config}:1: zone: no such time zone; write it as Europe/Madrid or UTC.",
        f"{house.config}:4: routes.a.polcy: there is no such setting. Did you mean 'policy'?",
    ]
    document = house.json("config", "check")
    assert document["fine"] is False
    assert document["faults"][1]["where"] == f"{house.config}:4"


def test_check_of_a_good_file_notes_what_would_keep_drops_waiting(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    result = house.call("config", "check")
    assert (result.exit_code, result.stdout) == (0, f"{house.config}: fine.\n")
    assert "Route default: The model's folder" in result.stderr
    assert len(house.json("config", "check")["advice"]) == 1


def test_check_of_no_file_or_no_toml(tmp_path: Path) -> None:
    missing = CliRunner().invoke(cli, ["config", "check", "--config", str(tmp_path / "absent.toml"), "--json"])
    assert missing.exit_code == 12
    assert json.loads(missing.stdout)["faults"][0]["message"] == "cannot be read: No such file or directory"
    house = make_house(tmp_path / "r")
    house.config.write_text("zone = \n")
    assert f"{house.config}:1: not TOML" in house.call("config", "check").stdout


def test_show_says_what_holds_and_from_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = make_house(tmp_path)
    monkeypatch.setenv("DROPSCORE_ZONE", "Europe/Madrid")
    monkeypatch.setenv("DROPSCORE_NOTIFY__OPERATORS", "mailto://u:canary@h")
    lines = dict(line.split("\t", 1) for line in house.call("config", "show").stdout.splitlines())
    assert lines["setting"] == "value\tfrom"
    assert lines["zone"] == "Europe/Madrid\tenvironment variable DROPSCORE_ZONE"
    assert lines["language"] == "en\tdefault"
    assert lines["routes.default.model"].endswith(f"\t{house.config}:2")
    assert lines["notify.operators"].startswith("mailto://***\t")
    assert "canary" not in house.call("config", "show", "--json").output


def test_schema_is_printed() -> None:
    assert json.loads(CliRunner().invoke(cli, ["config", "schema"]).stdout) == json_schema()


def test_the_configuration_is_found_from_within_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = make_house(tmp_path / "r")
    monkeypatch.chdir(house.root.inbox)
    assert find_config(None) == house.config
    assert find_config(house.root.path) == house.config
    assert find_config(house.config.parent) == house.config
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Misconfigured, match="dropscore init ROOT"):
        find_config(None)


def test_the_environment_may_name_it(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    found = process("config", "check", env={"DROPSCORE_CONFIG": str(house.config), "PATH": "/usr/bin"})
    assert (found.returncode, found.stdout) == (0, f"{house.config}: fine.\n")
