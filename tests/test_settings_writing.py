"""The commented file and the schema for editors."""

import json
import re
import tomllib
from pathlib import Path

import jsonschema

from dropscore.settings import commented_toml, json_schema, load
from dropscore.settings.loading import settings_keys
from dropscore.settings.model import Settings
from dropscore.settings.writing import schema_text

REPOSITORY = Path(__file__).parent.parent


def uncommented(text: str) -> str:
    return re.sub(r"^#(?=[\w\[])", "", text, flags=re.MULTILINE)


def test_the_repositorys_files_are_up_to_date() -> None:
    config = REPOSITORY / "config"
    assert (config / "dropscore.toml").read_text() == commented_toml("../model/credit")
    assert (config / "dropscore.schema.json").read_text() == schema_text()


def test_untouched_it_holds_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "dropscore.toml"
    path.write_text(commented_toml("../model/credit"))
    settings = load(path, {})
    assert settings.routes["default"].model == tmp_path.parent / "model" / "credit"
    changed = {"root", "ledger", "routes"}
    assert settings.model_dump(exclude=changed) == Settings().model_dump(exclude=changed)


def test_without_a_model_there_is_no_route(tmp_path: Path) -> None:
    path = tmp_path / "dropscore.toml"
    path.write_text(commented_toml())
    assert load(path, {}).routes == {}


def test_every_setting_stands_in_it_with_its_description() -> None:
    text = commented_toml()
    lines = text.splitlines()
    assert lines[0] == "#:schema ./dropscore.schema.json"
    for key in settings_keys():
        at = [number for number, line in enumerate(lines) if re.match(rf"#?{re.escape(key[-1])} = ", line)]
        assert at or key[-1] == "NAME", key
        assert all(lines[number - 1].startswith("# ") for number in at if "credit" not in lines[number]), key


def test_every_line_of_it_is_valid_once_uncommented(tmp_path: Path) -> None:
    text = uncommented(commented_toml("../m", ("a-in", "a-out")))
    text = text.replace('url_file = "/etc', '#url_file = "/etc').replace('trust = "sklearn"', 'trust = "custom"')
    path = tmp_path / "dropscore.toml"
    path.write_text(text)
    settings = load(path, {})
    assert settings.routes["default"].in_group == "a-in"
    assert settings.routes["credit"].policy == "all-or-nothing"
    assert settings.routes["default"].decimal == ","


def test_the_schema_accepts_the_file_and_finds_mistakes() -> None:
    schema = json_schema()
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    text = uncommented(commented_toml("../m"))
    assert list(validator.iter_errors(tomllib.loads(text))) == []
    wrong = {"routes": {"credit": {"polcy": "x"}}, "workers": {"processes": -1}, "log": {"level": "loud"}}
    assert len(list(validator.iter_errors(wrong))) == 4
    assert "$defs" not in json.dumps(schema)
