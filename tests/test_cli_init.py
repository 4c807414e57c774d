"""`init`: folders with their modes, a configuration, a schema; a second time nothing changes."""

import json
import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli_root import passable_folder, process
from dropscore.cli import cli
from dropscore.settings import load


def init(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["init", *map(str, arguments)])


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    bundle = tmp_path / "model" / "1.0.0"
    bundle.mkdir(parents=True)
    (bundle / "manifest.json").write_text('{"name": "credit", "version": "1.0.0"}')
    return bundle.parent


def snapshot(root: Path) -> dict[str, tuple[int, int, bytes]]:
    return {
        str(path): (path.stat().st_mode, path.stat().st_mtime_ns, b"" if path.is_dir() else path.read_bytes())
        for path in sorted(root.rglob("*"))
    }


def test_a_root_is_made_with_its_modes(tmp_path: Path, model: Path) -> None:
    root = tmp_path / "new" / "root"
    result = init(root, "--model", model)
    assert result.exit_code == 0
    assert (mode(root / "inbox"), mode(root / "outbox"), mode(root / "failed")) == (0o3771, 0o2771, 0o2771)
    assert (mode(root / "processing"), mode(root / "state"), mode(root / "inbox/.dropscore")) == (0o700, 0o750, 0o700)
    assert mode(root / "config/dropscore.toml") == 0o640
    settings = load(root / "config" / "dropscore.toml", {})
    assert settings.routes["default"].model == model
    assert settings.root == root
    assert str(root / "config" / "dropscore.toml") in result.stdout.splitlines()
    assert "Model: credit 1.0.0." in result.stderr
    assert json.loads((root / "config" / "dropscore.schema.json").read_text())["$schema"]


def test_a_second_time_nothing_changes_and_it_says_so(tmp_path: Path, model: Path) -> None:
    root = tmp_path / "root"
    init(root, "--model", model)
    before = snapshot(root)
    result = init(root, "--model", model)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "nothing was changed" in result.stderr
    assert "stays as it is" not in result.stderr
    assert snapshot(root) == before
    assert "stays as it is" in init(root, "--model", tmp_path).stderr
    assert snapshot(root) == before


def test_what_is_missing_is_made_again(tmp_path: Path) -> None:
    root = tmp_path / "root"
    init(root)
    with (root / "config" / "dropscore.toml").open("a") as config:
        config.write('[routes.credit]\nmodel = "m"\n')
    (root / "archive").rmdir()
    made = json.loads(init(root, "--json").stdout)["made"]
    assert str(root / "archive") in made
    assert mode(root / "inbox" / "credit") == 0o3770
    assert mode(root / "outbox" / "credit") == 0o2770


def test_a_model_inside_the_root_is_named_relative_to_it(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "model" / "credit").mkdir(parents=True)
    init(root, "--model", root / "model" / "credit")
    assert 'model = "../model/credit"' in (root / "config" / "dropscore.toml").read_text()


def test_a_model_that_is_not_there_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    result = init(tmp_path / "root", "--model", tmp_path / "absent")
    assert result.exit_code == 1
    assert "there is no folder" in result.stderr
    assert not (tmp_path / "root").exists()


def test_an_empty_model_is_noted(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    assert "holds no bundle" in init(tmp_path / "root", "--model", tmp_path / "model").stderr


def test_the_commands_for_groups(tmp_path: Path, model: Path) -> None:
    root = tmp_path / "a root"
    result = init(root, "--model", model, "--in-group", "sales-in", "--out-group", "sales-out", "--json")
    commands = json.loads(result.stdout)["commands"]
    assert "groupadd --force sales-in" in commands
    assert f"chgrp sales-in '{root}/inbox' '{root}/inbox/check'" in commands
    assert f"chmod 3771 '{root}/inbox'" in commands
    assert f"chmod 2771 '{root}/failed'" in commands
    route = load(root / "config" / "dropscore.toml", {}).routes["default"]
    assert (route.in_group, route.out_group) == ("sales-in", "sales-out")
    assert "docs/deploy-sftp.md" in init(root).stderr


def test_without_a_route_it_says_what_is_next(tmp_path: Path) -> None:
    assert "set the model of [routes.default]" in init(tmp_path / "root").stderr


def test_a_user_that_is_not_there_is_refused(tmp_path: Path) -> None:
    result = init(tmp_path / "root", "--user", "no-such-user")
    assert result.exit_code == 1
    assert "useradd" in result.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives folders to others")
def test_the_daemons_user_gets_the_folders() -> None:
    with passable_folder() as folder:
        root = folder / "root"
        assert process("init", root, "--user", "nobody").returncode == 0
        state = (root / "state").stat()
        assert state.st_uid != 0
        assert (root / "inbox").stat().st_uid == state.st_uid
        config = (root / "config" / "dropscore.toml").stat()
        assert (config.st_uid, config.st_gid) == (0, state.st_gid)
        (root / "trash").rmdir()
        assert process("init", root).returncode == 0
        assert (root / "trash").stat().st_uid == state.st_uid
