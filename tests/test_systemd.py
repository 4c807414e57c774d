"""The units: as hardened as promised, understood by systemd, and in step with what the program offers."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNITS = Path(__file__).resolve().parents[1] / "systemd"
DROPSCORE = Path(sys.executable).parent / "dropscore"
ANALYZE = shutil.which("systemd-analyze")
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))
needs_analyze = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")


def read(name: str) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(strict=False, interpolation=None, delimiters="=")
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(UNITS / name)
    return unit


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    assert ANALYZE
    return subprocess.run([ANALYZE, *arguments], capture_output=True, text=True, check=False)


def exposed_more_than(unit: Path, tenths: int) -> bool:
    found = analyze("security", "--offline=true", "--no-pager", f"--threshold={tenths}", unit)
    assert "Overall exposure level" in found.stdout, found.stderr
    return found.returncode != 0


@needs_analyze
@pytest.mark.parametrize("name", SERVICES)
def test_the_exposure_is_at_most_1_5(name: str) -> None:
    assert not exposed_more_than(UNITS / name, 15)


@needs_analyze
def test_the_exposure_with_the_network_drop_in_is_at_most_1_5(tmp_path: Path) -> None:
    drop_in = (UNITS / "dropscore.service.d" / "network.conf.example").read_text()
    joined = tmp_path / "joined.service"
    joined.write_text(f"{(UNITS / 'dropscore.service').read_text()}\n{drop_in}")
    assert not exposed_more_than(joined, 15)


@needs_analyze
def test_the_gate_notices_a_unit_that_is_left_open(tmp_path: Path) -> None:
    kept = [
        line
        for line in (UNITS / "dropscore.service").read_text().splitlines()
        if not line.startswith(("SystemCallFilter", "CapabilityBoundingSet", "ProtectSystem"))
    ]
    opened = tmp_path / "opened.service"
    opened.write_text("\n".join(kept))
    assert exposed_more_than(opened, 15)


@needs_analyze
@pytest.mark.parametrize("name", SERVICES)
def test_systemd_understands_every_line(tmp_path: Path, name: str) -> None:
    # What the unit starts is not installed here; all else is looked at as it is.
    lines = [
        "ExecStart=/bin/true" if line.startswith("ExecStart=") else line
        for line in (UNITS / name).read_text().splitlines()
    ]
    (tmp_path / name).write_text("\n".join(lines))
    found = analyze("verify", "--man=no", tmp_path / name)
    assert (found.returncode, found.stderr) == (0, "")


@needs_analyze
def test_systemd_understands_the_socket_for_metrics_and_its_drop_in(tmp_path: Path) -> None:
    service = re.sub("^ExecStart=.*", "ExecStart=/bin/true", (UNITS / "dropscore.service").read_text(), flags=re.M)
    (tmp_path / "dropscore.service").write_text(service)
    (tmp_path / "dropscore.service.d").mkdir()
    drop_in = (UNITS / "dropscore.service.d" / "metrics.conf.example").read_text()
    (tmp_path / "dropscore.service.d" / "metrics.conf").write_text(drop_in)
    socket = tmp_path / "dropscore-metrics.socket"
    socket.write_text((UNITS / "dropscore-metrics.socket").read_text())
    found = analyze("verify", "--man=no", socket, tmp_path / "dropscore.service")
    assert (found.returncode, found.stderr) == (0, "")
    assert not exposed_more_than(tmp_path / "dropscore.service", 15)


def test_a_scrape_never_starts_a_daemon_that_was_stopped() -> None:
    socket = read("dropscore-metrics.socket")
    assert socket["Unit"]["PartOf"] == socket["Socket"]["Service"] == "dropscore.service"
    assert socket["Socket"]["ListenStream"].startswith("127.0.0.1:")
    assert "Install" not in socket  # with the daemon, and never by itself


def test_read_leases_are_the_only_capability_and_no_user_namespace_takes_them_away() -> None:
    service = read("dropscore.service")["Service"]
    assert service["AmbientCapabilities"] == service["CapabilityBoundingSet"] == "CAP_LEASE"
    assert service["PrivateUsers"] == "no"


def test_one_worker_s_end_is_not_the_daemon_s_and_a_crash_loop_goes_on() -> None:
    unit = read("dropscore.service")
    assert unit["Service"]["OOMPolicy"] == "continue"
    assert unit["Service"]["Restart"] == "always"
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"


def test_a_standing_loop_is_noticed_and_a_stop_has_time_to_hand_back() -> None:
    service = read("dropscore.service")["Service"]
    assert service["Type"] == "notify"
    assert int(service["WatchdogSec"]) >= 30
    assert int(service["TimeoutStopSec"]) > 30


def test_only_the_notifier_has_a_network_and_only_it_holds_addresses() -> None:
    daemon = read("dropscore.service")["Service"]
    notifier = read("dropscore-notifier.service")["Service"]
    assert (daemon["PrivateNetwork"], daemon["RestrictAddressFamilies"]) == ("yes", "AF_UNIX")
    assert "PrivateNetwork" not in notifier
    assert daemon["LoadCredential"] != notifier["LoadCredential"]
    # The name before the colon and the file's name make the setting: dropscore_notify__operators.
    assert daemon["LoadCredential"].split(":")[0] == notifier["LoadCredential"].split(":")[0] == "dropscore"


def test_the_panel_is_reached_from_this_machine_alone() -> None:
    panel = read("dropscore-web.service")["Service"]
    assert (panel["IPAddressDeny"], panel["IPAddressAllow"]) == ("any", "localhost")


def test_every_unit_starts_a_verb_with_options_that_it_has() -> None:
    for name in SERVICES:
        program, *words = read(name)["Service"]["ExecStart"].split()
        assert program == "/opt/dropscore/bin/dropscore"
        verb = [word for word in words[: words.index("--config")] if not word.startswith("-")]
        told = subprocess.run([DROPSCORE, *verb, "--help"], capture_output=True, text=True, check=True).stdout
        for option in (word for word in words if word.startswith("--")):
            assert option in told, f"{name}: {' '.join(verb)} has no {option}"


def test_the_folders_of_secrets_that_the_units_read_are_made() -> None:
    made = (UNITS / "dropscore.tmpfiles.conf").read_text()
    for name in SERVICES:
        folder = read(name)["Service"]["LoadCredential"].split(":")[1]
        assert f" {folder} " in made


def test_workers_may_give_up_what_they_give_up_and_models_are_read_only() -> None:
    text = (UNITS / "dropscore.service").read_text()
    assert "SystemCallFilter=seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self" in text
    assert "-/srv/dropscore/model" in read("dropscore.service")["Service"]["ReadOnlyPaths"].split()
