"""The page, the dashboard and the alert rules name the figures that there are, and tools accept them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from figures import everything, made, text

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGE = (DOCS / "metrics.md").read_text()
DASHBOARD: dict[str, Any] = json.loads((DOCS / "grafana" / "dashboard.json").read_text())
ALERTS = DOCS / "prometheus" / "alerts.yml"
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian's package prometheus)")
WIDTH = 24


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Every sample's name, ours and the process's."""
    folder = tmp_path_factory.mktemp("metrics")
    metrics = made(folder)
    everything(metrics, folder)
    families = text_string_to_metric_families(text(metrics))
    return {sample.name for family in families for sample in family.samples if not sample.name.endswith("_created")}


def expressions() -> dict[str, str]:
    """Every expression of the dashboard with its variables filled in, by the panel and letter it stands at."""
    found = {}
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            filled = target["expr"].replace("$__rate_interval", "5m")
            for variable in ("$instance", "$route"):
                filled = filled.replace(variable, ".*")
            assert "$" not in filled, filled
            found[f"{panel['title']} {target['refId']}"] = filled
    return found


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def named_in(expression: str) -> set[str]:
    return set(re.findall(r"\b(?:dropscore|process)_\w+", expression))


def test_the_page_explains_every_figure_and_no_other(names: set[str]) -> None:
    section = PAGE.split("## The figures")[1].split("## The alerts")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    explained = {name for cell in rows for name in re.findall(r"`(\w+)`", cell)}
    ours = {name.removeprefix("dropscore_") for name in names if name.startswith("dropscore_")}
    assert {re.sub(r"_(bucket|count|sum)$", "", name) for name in ours} == explained


def test_the_page_names_every_alert_and_no_other() -> None:
    section = PAGE.split("## The alerts")[1]
    assert re.findall(r"^\| `(\w+)` ", section, re.MULTILINE) == [rule["alert"] for rule in rules()]


@pytest.mark.parametrize("place", sorted(expressions()))
def test_the_dashboard_asks_for_figures_that_there_are(place: str, names: set[str]) -> None:
    asked = named_in(expressions()[place])
    assert asked and asked <= names, asked - names


def test_every_figure_of_ours_is_on_the_dashboard(names: set[str]) -> None:
    asked = {name for expression in expressions().values() for name in named_in(expression)}
    left_out = {"dropscore_model_available"}
    families = {re.sub(r"_(bucket|count|sum)$", "", name) for name in names if name.startswith("dropscore_")}
    assert families - {re.sub(r"_(bucket|count|sum)$", "", name) for name in asked} <= left_out


def test_the_dashboard_can_be_imported() -> None:
    assert DASHBOARD["schemaVersion"] >= 36 and "id" not in DASHBOARD and DASHBOARD["uid"] and DASHBOARD["title"]
    variables = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    assert variables == {"datasource", "instance", "route"}
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= WIDTH and min(place.values()) >= 0
        squares = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not squares & taken, f"{panel['title']} lies over another panel"
        taken |= squares
        if panel["type"] == "row":
            continue
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert [target["refId"] for target in panel["targets"]] == ["A", "B"][: len(panel["targets"])]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_a_rule_asks_for_figures_that_there_are_and_says_what_to_do(rule: dict[str, Any], names: set[str]) -> None:
    assert named_in(rule["expr"]) <= names
    assert named_in(rule["expr"]) or rule["expr"].startswith("up{")
    assert set(rule["annotations"]) == {"summary", "description"}
    assert rule["labels"]["severity"] in ("critical", "warning", "info")


@needs_promtool
def test_promtool_accepts_the_rules_and_each_fires_when_it_should() -> None:
    assert PROMTOOL
    for call in (["check", "rules", ALERTS], ["test", "rules", ROOT / "tests" / "alerts.test.yml"]):
        ran = subprocess.run([PROMTOOL, *call], capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr
    tried = yaml.safe_load((ROOT / "tests" / "alerts.test.yml").read_text())["tests"]
    fired = {one["alertname"] for test in tried for one in test["alert_rule_test"] if one.get("exp_alerts")}
    quiet = {one["alertname"] for test in tried for one in test["alert_rule_test"] if not one.get("exp_alerts")}
    assert fired == quiet == {rule["alert"] for rule in rules()}


@needs_promtool
def test_promtool_understands_every_expression_of_the_dashboard(tmp_path: Path) -> None:
    assert PROMTOOL
    recorded = [
        {"record": f"panel:{number}", "expr": expression} for number, expression in enumerate(expressions().values())
    ]
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": recorded}]}))
    ran = subprocess.run([PROMTOOL, "check", "rules", path], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"{len(recorded)} rules found" in ran.stdout
