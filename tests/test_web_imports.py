"""The panel is a small process: what the workers need is never loaded, and what the extra brings is missed politely."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

_HEAVY = ("pandas", "pyarrow", "numpy", "sklearn", "scipy", "skops", "openpyxl", "watchdog", "pebble", "apprise")
_LOADED = """
import json, sys
import dropscore.web.serve
print(json.dumps(sorted(sys.modules)))
"""
_WITHOUT = """
import sys
sys.modules[{missing!r}] = None  # as if it were not installed
from dropscore.cli import main
main()
"""


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def test_panel_and_api_load_nothing_of_what_workers_intake_and_notifier_need() -> None:
    found = python(_LOADED)
    assert found.returncode == 0, found.stderr
    loaded = set(json.loads(found.stdout))
    assert {"dropscore.web.api.events", "dropscore.web.pages.job", "sqlalchemy"} <= loaded
    assert [name for name in _HEAVY if name in loaded] == []
    rooms = ("pipeline", "table", "workbook", "bundle", "intake", "workers", "notifier", "service", "app")
    assert [room for room in rooms if f"dropscore.{room}" in loaded] == []


@pytest.mark.parametrize("missing", ["fastapi", "uvicorn", "pwdlib", "python_multipart"])
@pytest.mark.parametrize("verb", [("web",), ("user", "list"), ("token", "list")])
def test_without_the_extra_a_sentence_names_the_command_that_installs_it(
    tmp_path: Path, missing: str, verb: tuple[str, ...]
) -> None:
    made = subprocess.run(
        [Path(sys.executable).with_name("dropscore"), "init", tmp_path / "root"], capture_output=True, check=False
    )
    assert made.returncode == 0, made.stderr
    config = tmp_path / "root" / "config" / "dropscore.toml"
    found = python(_WITHOUT.format(missing=missing), *verb, "--config", str(config))
    if verb[0] != "web" and missing != "pwdlib":
        assert found.returncode == 0, found.stderr  # users and tokens need less
        return
    assert found.returncode == 1 and "Traceback" not in found.stderr, found.stderr
    assert "pip install 'dropscore[web]'" in found.stderr and missing in found.stderr


def test_every_other_verb_works_without_the_extra() -> None:
    found = python(_WITHOUT.format(missing="fastapi"), "--help")
    assert found.returncode == 0 and "web" in found.stdout
    assert python(_WITHOUT.format(missing="fastapi"), "config", "schema").returncode == os.EX_OK
