"""The figures of the real daemon: files are dropped, and what is read over HTTP adds up."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from e2e.daemon import DROPSCORE, House, awaited, homes_csv, make_house, make_model, running
from e2e.servers import free_port
from listeners import webhook
from test_metrics_docs import DOCS, expressions, rules

ACTIVATE = shutil.which("systemd-socket-activate")
PROMETHEUS = shutil.which("prometheus")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("model") / "price")


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> int:
    found = free_port()
    monkeypatch.setenv("DROPSCORE_METRICS__LISTEN", f"127.0.0.1:{found}")
    return found


def scrape(port: int) -> dict[str, float]:
    """Return the samples by `name{label=value,…}`, ours without the common beginning of names."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return {name.removeprefix("dropscore_"): value for name, value in found.items()}


def reached(port: int, name: str, value: float, house: House) -> dict[str, float]:
    """Return the samples once one of them has its value."""

    def look() -> dict[str, float] | None:
        with contextlib.suppress(OSError):  # not listening yet
            found = scrape(port)
            return found if found.get(name) == value else None
        return None

    return awaited(look, f"{name} to be {value}", house.log) or {}


def test_files_are_dropped_and_the_numbers_add_up(
    tmp_path: Path, model: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with webhook() as hook:
        house = make_house(tmp_path / "root", {"homes": f'owners = ["{hook.url()}"]'}, model=model)
        monkeypatch.setenv("DROPSCORE_NOTIFY__GROUP_SECONDS", "0")
        inbox, bad = house.root / "inbox" / "homes", "id,area,rooms\nH1,large,2\nH2,30.5,2\nH3,big,x\n"
        with running(house):
            for number, rows in enumerate((10, 20, 30)):
                (inbox / f"good{number}.csv").write_text(homes_csv(rows))
            (inbox / "bad.csv").write_text(bad)
            (inbox / "check" / "look.csv").write_text(homes_csv(5))
            (inbox / "slow.csv.part").write_text("id,area")
            for stem in ("good0", "good1", "good2", "bad", "look"):
                house.await_receipt("homes", stem)
            awaited(house.at_rest, "all to be accounted", house.log)

            def told() -> dict[str, float] | None:
                found = scrape(port)
                sent = found.get("messages_sent_total{audience=owners}")
                return found if hook.taken and sent == len(hook.taken) and not found["notifications_owed"] else None

            found = awaited(told, "all messages to be sent", house.log) or {}
            assert found["jobs_total{route=homes,verdict=delivered}"] == 3
            assert found["jobs_total{route=homes,verdict=rejected}"] == 1
            assert found["jobs_total{route=homes,verdict=checked}"] == 1
            assert found["jobs_total{route=homes,verdict=partial}"] == 0
            assert found["rows_total{outcome=scored,route=homes}"] == 65
            assert found["rows_total{outcome=set_aside,route=homes}"] == 3
            assert sum(value for name, value in found.items() if name.startswith("problems_total")) == 3
            assert found["job_seconds_count{route=homes}"] == 5
            assert found["step_seconds_count{step=publish}"] == found["step_seconds_count{step=account}"] == 5
            sizes = len(bad) + sum(len(homes_csv(rows)) for rows in (10, 20, 30, 5))
            assert found["input_bytes_total{route=homes}"] == sizes
            assert found["waiting{route=homes,waiting=in-flight}"] == 1
            assert found["messages_failed_total{audience=owners}"] == 0
            assert found["model_available{route=homes}"] == 1
            model_info = [name for name in found if name.startswith("model_info")]
            assert len(model_info) == 1 and "model=price" in model_info[0] and "version=1.0.0" in model_info[0]
            first = found["last_success_timestamp_seconds{route=homes}"]
        with running(house):  # another process: counts begin anew, and the last success is remembered
            found = reached(port, "waiting{route=homes,waiting=in-flight}", 1, house)
            assert found["jobs_total{route=homes,verdict=delivered}"] == 0
            assert found["last_success_timestamp_seconds{route=homes}"] == first


def test_what_is_away_is_an_incident(tmp_path: Path, model: Path, port: int) -> None:
    moved = shutil.copytree(model, tmp_path / "price")
    house = make_house(tmp_path / "root", {"homes": ""}, model=moved)
    moved.rename(tmp_path / "elsewhere")
    with running(house):
        (house.root / "inbox" / "homes" / "a.csv").write_text(homes_csv(3))
        found = reached(port, "incidents{kind=model}", 1, house)
        assert found["model_available{route=homes}"] == 0
        assert found["jobs_at_work{stage=work}"] == 1
        assert found["workers_busy"] == 0
        (tmp_path / "elsewhere").rename(moved)
        house.await_receipt("homes", "a")
        awaited(lambda: "incidents{kind=model}" not in scrape(port), "the incident to be over", house.log)


def test_a_port_in_use_stops_no_drop(tmp_path: Path, model: Path, port: int) -> None:
    house = make_house(tmp_path / "root", {"homes": ""}, model=model)
    with socket.create_server(("127.0.0.1", port)), running(house):
        (house.root / "inbox" / "homes" / "a.csv").write_text(homes_csv(3))
        house.await_receipt("homes", "a")
    assert "nobody can read the metrics" in house.log.read_text()


@pytest.mark.skipif(ACTIVATE is None, reason="systemd-socket-activate is not installed")
def test_systemd_hands_over_the_port_of_a_daemon_without_a_network(tmp_path: Path, model: Path) -> None:
    house = make_house(tmp_path / "root", {"homes": ""}, model=model)
    port = free_port()
    assert ACTIVATE
    # As its unit does: no network of its own. The socket was opened outside.
    daemon = ["unshare", "--net", DROPSCORE, "run", "--config", house.config]
    with house.log.open("wb") as log:
        process = subprocess.Popen(
            [ACTIVATE, f"--listen=127.0.0.1:{port}", "--fdname=metrics", *daemon], stdout=log, stderr=log
        )
        try:
            reached(port, "model_available{route=homes}", 1, house)
            (house.root / "inbox" / "homes" / "a.csv").write_text(homes_csv(3))
            house.await_receipt("homes", "a")
            reached(port, "jobs_total{route=homes,verdict=delivered}", 1, house)
        finally:
            process.terminate()
            process.wait(30)


@contextlib.contextmanager
def prometheus(folder: Path, port: int) -> Iterator[str]:
    """Run a Prometheus that reads a daemon's figures every second, with our alert rules; give its address."""
    assert PROMETHEUS
    (folder / "prometheus.yml").write_text(
        f"global: {{scrape_interval: 1s, evaluation_interval: 1s}}\n"
        f"rule_files: ['{DOCS / 'prometheus' / 'alerts.yml'}']\n"
        f"scrape_configs:\n- job_name: dropscore\n  static_configs: [{{targets: ['127.0.0.1:{port}']}}]\n"
    )
    own = free_port()
    files = [f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'tsdb'}"]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            [PROMETHEUS, *files, f"--web.listen-address=127.0.0.1:{own}"], stdout=log, stderr=log
        )
        try:
            yield f"http://127.0.0.1:{own}/api/v1"
        finally:
            process.terminate()
            process.wait(30)


def answer(address: str, what: str, **words: str) -> Any:
    with urllib.request.urlopen(f"{address}/{what}?{urllib.parse.urlencode(words)}", timeout=30) as got:
        document = json.loads(got.read())
    assert document["status"] == "success", document
    return document["data"]


@pytest.mark.skipif(PROMETHEUS is None, reason="prometheus is not installed")
def test_a_real_prometheus_answers_every_panel_of_the_dashboard(tmp_path: Path, model: Path, port: int) -> None:
    house = make_house(tmp_path / "root", {"homes": ""}, model=model)
    empty = {"Running jobs A", "Rows of running jobs A", "Outcomes known A", "Figures of the models A"}
    """What has nothing to show while no job runs, and before anybody has told what really happened."""
    with prometheus(tmp_path, port) as address, running(house):

        def drop_both(number: int) -> None:
            (house.root / "inbox" / "homes" / f"good{number}.csv").write_text(homes_csv(10))
            (house.root / "inbox" / "homes" / f"bad{number}.csv").write_text("id,area,rooms\nH1,large,2\n")
            house.await_receipt("homes", f"good{number}")
            house.await_receipt("homes", f"bad{number}")

        def scraped(verdict: str) -> bool:
            with contextlib.suppress(OSError):  # not listening yet
                return bool(answer(address, "query", query=f'dropscore_jobs_total{{verdict="{verdict}"}}')["result"])
            return False

        drop_both(0)
        for verdict in ("delivered", "rejected"):  # an increase shows only beside an earlier scrape
            awaited(lambda verdict=verdict: scraped(verdict), f"{verdict} to be scraped", tmp_path / "prometheus.log")
        drop_both(1)
        (house.root / "inbox" / "homes" / "later.csv.part").write_text("id,")
        missing: set[str] = set()

        def shown() -> bool:
            with contextlib.suppress(OSError):  # not listening yet
                asked = expressions().items()
                missing.clear()
                missing.update(place for place, one in asked if not answer(address, "query", query=one)["result"])
                return missing <= empty
            return False

        with contextlib.suppress(AssertionError):
            awaited(shown, "every panel to show something", tmp_path / "prometheus.log")
        assert missing <= empty

        def counted() -> bool:
            (delivered,) = answer(address, "query", query='dropscore_jobs_total{verdict="delivered"}')["result"]
            return bool(delivered["value"][1] == "2" and delivered["metric"]["job"] == "dropscore")

        awaited(counted, "both to be counted", tmp_path / "prometheus.log")
        known = [rule for group in answer(address, "rules")["groups"] for rule in group["rules"]]
        assert {(rule["name"], rule["health"]) for rule in known} == {(rule["alert"], "ok") for rule in rules()}
        assert {rule["state"] for rule in known} == {"inactive"}
