"""The house rules that a machine can hold: layers, sizes, clean words, pinned versions, and papers that are true."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import dropscore
from dropscore.receipt import receipt_schema

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "daemon" / "dropscore"
BIN = Path(sys.executable).parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CODE = sorted(
    path for folder in ("daemon", "benchmarks", "examples", "model") for path in (ROOT / folder).rglob("*.py")
)
PAPERS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "model").glob("*/README.md")])


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


# --- layers -------------------------------------------------------------------------------------------------


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "lint-imports", "--no-cache", "--config", folder / "pyproject.toml"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "daemon"), "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copied_house(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(PACKAGE, tmp_path / "daemon" / "dropscore", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_all_import_contracts_are_kept(copied_house: Path) -> None:
    found = lint_imports(copied_house)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "0 broken" in found.stdout


@pytest.mark.parametrize(
    ("module", "planted", "contract"),
    [
        ("domain/errors.py", "from dropscore import receipt", "imports point down only"),
        ("folders.py", "from dropscore import intake", "imports point down only"),
        ("folders.py", "import apprise", "apprise lives in notifier"),
        ("reports/page.py", "import openpyxl", "openpyxl lives in workbook"),
        ("metrics/__init__.py", "import sqlalchemy", "SQLAlchemy and Alembic live in ledger"),
        ("service/__init__.py", "import pandas", "the service never loads pandas"),
        ("web/hub.py", "from dropscore import intake", "the panel loads nothing of what workers"),
        ("web/hub.py", "import numpy", "the panel loads nothing of what workers"),
        ("web/hub.py", "import sqlalchemy", "the panel knows SQLAlchemy through the ledger alone"),
        ("pipeline/__init__.py", "from dropscore import settings", "settings are read by app, cli and web alone"),
        ("table/__init__.py", "import sqlalchemy", "SQLAlchemy and Alembic live in ledger"),
        ("domain/jobs.py", "import os", "the domain does no I/O"),
    ],
)
def test_a_planted_import_breaks_its_contract(copied_house: Path, module: str, planted: str, contract: str) -> None:
    victim = copied_house / "daemon" / "dropscore" / module
    victim.write_text(f"{victim.read_text()}\n{planted}  # noqa\n")
    found = lint_imports(copied_house)
    assert found.returncode == 1, found.stdout + found.stderr
    assert re.search(rf"^{re.escape(contract)}.* BROKEN$", found.stdout, re.MULTILINE), found.stdout


def test_the_import_name_daemon_is_left_to_its_owner() -> None:
    assert not (ROOT / "daemon" / "__init__.py").exists()
    assert [path.name for path in (ROOT / "daemon").iterdir() if path.is_dir() and path.name != "__pycache__"] == [
        "dropscore"
    ]


# --- sizes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", CODE, ids=named)
def test_no_module_is_over_300_lines_and_no_function_over_50(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= 50, f"{named(path)}:{node.lineno}: {node.name} has {length} lines"


# --- words --------------------------------------------------------------------------------------------------


def project_files() -> Iterator[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    for name in listed.split(b"\0"):
        path = ROOT / os.fsdecode(name)
        if name and path.is_file():
            yield path


def test_no_file_names_a_path_of_this_machine_or_a_registry() -> None:
    # The needles are put together here so that this file is not its own finding.
    needles = ["/" + "root/", "/" + "opt/pypi", "pypi." + "org", "python" + "hosted", "registry." + "npmjs"]
    needles.append(f"{ROOT}/")  # not its parent: a checkout may well lie in a folder that tests have a reason to name
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(needle)}" for needle in needles).encode())
    found = [f"{named(path)}: {hit.decode()}" for path in project_files() for hit in pattern.findall(path.read_bytes())]
    assert not found


# --- versions -----------------------------------------------------------------------------------------------


def pins() -> dict[str, str]:
    found: dict[str, str] = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        match = re.fullmatch(r"([A-Za-z0-9._-]+)==([A-Za-z0-9._+!-]+)", line)
        assert match, f"constraints.txt holds names and versions alone, not: {line}"
        found[canonicalize_name(match[1])] = match[2]
    return found


def needed(name: str, extras: frozenset[str], seen: dict[tuple[str, frozenset[str]], bool]) -> None:
    if (name, extras) in seen:
        return
    seen[name, extras] = True
    for text in metadata.requires(name) or ():
        requirement = Requirement(text)
        if requirement.marker and not any(requirement.marker.evaluate({"extra": extra}) for extra in extras | {""}):
            continue
        needed(canonicalize_name(requirement.name), frozenset(requirement.extras), seen)


def test_everything_that_is_installed_for_us_is_pinned_at_its_version() -> None:
    seen: dict[tuple[str, frozenset[str]], bool] = {}
    needed("dropscore", frozenset({"web", "mysql", "postgres", "test", "check"}), seen)
    names = {name for name, _ in seen} - {"dropscore"}
    assert len(names) > 50
    pinned = pins()
    assert {name: pinned.get(name) for name in names} == {name: metadata.version(name) for name in names}


def test_the_changelog_s_newest_entry_is_this_version_or_the_next() -> None:
    newest = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[0]
    assert newest in ("Unreleased", dropscore.__version__)


# --- papers -------------------------------------------------------------------------------------------------


def blocks(path: Path, *languages: str) -> str:
    found = re.findall(r"^```(\w+)\n(.*?)^```", path.read_text(), re.MULTILINE | re.DOTALL)
    return "\n".join(body for language, body in found if language in languages)


def commands(path: Path, program: str) -> list[str]:
    shell = blocks(path, "sh", "console").replace("\\\n", " ")
    return re.findall(rf"^(?:\$ |# )?(?:sudo )?(?:\S+=\S+ )?(?:\S*/)?{program} +([^#\n|;&]*)", shell, re.MULTILINE)


def all_commands(program: str) -> list[str]:
    return sorted({command.strip() for path in PAPERS for command in commands(path, program)})


def test_every_make_target_in_the_papers_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named_targets = {command.split()[0] for command in all_commands("make")}
    assert {"demo", "test"} <= named_targets
    assert named_targets <= targets


def verb_of(words: list[str], groups: dict[str, str]) -> list[str]:
    verb = words[:1]
    if verb and len(words) > 1 and words[1] in groups.get(verb[0], ""):
        verb.append(words[1])
    return verb


def help_of(*verb: str) -> str:
    found = subprocess.run(
        [BIN / "dropscore", *verb, "--help"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "120"},
    )
    assert found.returncode == 0, f"dropscore {' '.join(verb)}: {found.stderr}"
    return found.stdout


def test_every_dropscore_command_in_the_papers_exists_with_its_options() -> None:
    found = all_commands("dropscore")
    assert found
    groups = {
        "config": "check show schema",
        "model": "list show check promote rollback report export",
        "notify": "test run",
        "ledger": "rebuild copy",
    }
    helps: dict[tuple[str, ...], str] = {}
    for command in found:
        words = command.split()
        verb = tuple(verb_of(words, groups))
        if verb[0].startswith("-"):
            verb = ()
        helps.setdefault(verb, help_of(*verb))
        for option in re.findall(r"(?<!\S)(--?[a-z][a-z-]*)", command):
            assert re.search(rf"(?<![\w-]){option}(?![\w-])", helps[verb]), f"dropscore {command}: no {option}"


def test_python_in_the_papers_compiles() -> None:
    for path in PAPERS:
        compile(blocks(path, "python"), named(path), "exec")


@pytest.mark.parametrize("path", PAPERS, ids=named)
def test_links_in_the_papers_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", path.read_text()) + re.findall(
        r'(?:src|srcset)="([^"]+)"', path.read_text()
    )
    for target in targets:
        if not re.match(r"[a-z]+:|#", target):
            assert (path.parent / unquote(target.split("#")[0])).exists(), f"{named(path)}: {target}"


def test_the_published_schema_of_the_receipt_is_the_code_s() -> None:
    published = json.loads((ROOT / "docs" / "receipt.schema.json").read_text())
    assert published == receipt_schema(), "run: python docs/generate.py"
