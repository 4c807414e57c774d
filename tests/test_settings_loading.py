"""Loading settings: layers, faults with their places, paths."""

from pathlib import Path

import pytest

from dropscore.domain.drifting import Drifting
from dropscore.domain.errors import Misconfigured
from dropscore.settings import Settings, WrongSettings, ledger_url, load, load_layers, sources
from dropscore.settings.layers import lines_of


def write(folder: Path, text: str) -> Path:
    path = folder / "config" / "dropscore.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(path: Path | None, environ: dict[str, str] | None = None) -> dict[str, tuple[str, str]]:
    with pytest.raises(WrongSettings) as caught:
        load(path, environ or {})
    return {fault.setting: (fault.where, fault.message) for fault in caught.value.faults}


def test_defaults_work_untouched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load(None, {})
    assert settings.root == tmp_path
    assert ledger_url(settings) == f"sqlite:///{tmp_path}/state/ledger.sqlite"
    assert settings.routes == {}


def test_paths_are_relative_to_the_files_folder(tmp_path: Path) -> None:
    settings = load(write(tmp_path, '[routes.default]\nmodel = "../model/credit"\n'), {})
    assert settings.root == tmp_path
    assert settings.routes["default"].model == tmp_path / "model" / "credit"


def test_the_later_layer_wins_value_by_value(tmp_path: Path) -> None:
    path = write(tmp_path, "[workers]\nprocesses = 1\nmemory_mb = 300\ndeadline_seconds = 10\n")
    secrets = tmp_path / "credentials"
    secrets.mkdir()
    (secrets / "dropscore_workers__processes").write_text("3\n")
    (secrets / "somebody-elses").write_text("no setting")
    environ = {
        "DROPSCORE_WORKERS__PROCESSES": "2",
        "DROPSCORE_WORKERS__MEMORY_MB": "400",
        "CREDENTIALS_DIRECTORY": str(secrets),
    }
    loaded = load_layers(path, environ)
    workers = loaded.settings.workers
    assert (workers.processes, workers.memory_mb, workers.deadline_seconds) == (3, 400, 10)
    where = {source.setting: source.where for source in sources(loaded)}
    assert where["workers.processes"] == str(secrets / "dropscore_workers__processes")
    assert where["workers.memory_mb"] == "environment variable DROPSCORE_WORKERS__MEMORY_MB"
    assert where["workers.deadline_seconds"] == f"{path}:4"
    assert where["workers.memory_mb"] != where["zone"] == "default"


def test_when_files_are_expected(tmp_path: Path) -> None:
    path = write(tmp_path, "[routes.credit]\nmodel = 'm'\ndrift = 'hold'\nexpected = ['mon 09:30', 'day 5 12:00']\n")
    assert load(path, {}).routes["credit"].expected == ("mon 09:30", "day 5 12:00")
    assert load(path, {}).routes["credit"].drift is Drifting.HOLD
    environ = {"DROPSCORE_ROUTES__CREDIT__EXPECTED": "tue 8:00, day 31 23:59"}
    assert load(path, environ).routes["credit"].expected == ("tue 8:00", "day 31 23:59")
    wrong = write(tmp_path, "[routes.credit]\nmodel = 'm'\nexpected = ['mondays']\n")
    ((_, message),) = faults_of(wrong).values()
    assert "write `mon 09:30` for a weekday" in message


def test_the_environment_can_make_a_route_and_lists_are_words(tmp_path: Path) -> None:
    environ = {
        "DROPSCORE_ROUTES__CREDIT__MODEL": "/models/credit",
        "DROPSCORE_ROUTES__CREDIT__NOTIFY": "partial rejected",
        "DROPSCORE_NOTIFY__SENDERS__ANA": "mailto://a@example.org json://h",
        "DROPSCORE_NOTIFY__ALLOW_CELL_VALUES": "true",
        "DROPSCORE_ZONE": "",
        "DROPSCORE_CONFIG": "read by the command line",
    }
    settings = load(write(tmp_path, ""), environ)
    assert settings.routes["credit"].model == Path("/models/credit")
    assert [str(kind) for kind in settings.routes["credit"].notify] == ["partial", "rejected"]
    assert len(settings.notify.senders["ana"]) == 2
    assert settings.notify.allow_cell_values is True
    assert settings.zone == "UTC"


def test_wrong_keys_are_named_with_line_and_a_suggestion(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "\n".join(
            [
                "quite_seconds = 5",
                "[intake]",
                "text = '''",
                "[workers]",
                "'''",
                "scan_second = 3",
                "[routes.credit]",
                'model = "m"',
                "limits.rowz = 4",
                'policy = "good-row"',
            ]
        ),
    )
    found = faults_of(path)
    assert found["quite_seconds"] == (
        f"{path}:1",
        "there is no such setting. Did you mean 'routes.NAME.quiet_seconds'?",
    )
    assert found["intake.text"][0] == f"{path}:3"
    assert found["intake.scan_second"] == (
        f"{path}:6",
        "there is no such setting. Did you mean 'scan_seconds'?",
    )
    assert found["routes.credit.limits.rowz"] == (f"{path}:9", "there is no such setting. Did you mean 'rows'?")
    assert found["routes.credit.policy"] == (
        f"{path}:10",
        "should be 'all-or-nothing' or 'good-rows'. Did you mean 'good-rows'?",
    )
    assert len(found) == 5


@pytest.mark.parametrize(
    ("text", "setting", "part"),
    [
        ('zone = "Europe/Madrd"', "zone", "did you mean 'Europe/Madrid'?"),
        ('[routes.Credit]\nmodel = "m"', "routes.Credit", "made of a-z"),
        ('[routes.check]\nmodel = "m"', "routes.check", "meaning of its own"),
        ('[routes.actuals]\nmodel = "m"', "routes.actuals", "meaning of its own"),
        ("[routes.a]\n", "routes.a.model", "is missing"),
        ('[routes.a]\nmodel = "m"\nencoding = "base64"', "routes.a.encoding", "no such encoding"),
        ('[routes.a]\nmodel = "m"\ndates = "DD/MM"', "routes.a.dates", "%d/%m/%Y"),
        ('[routes.a]\nmodel = "m"\ndecimal = ","\ngroup = ","', "routes.a", "same sign"),
        ('[routes.a]\nmodel = "m"\ngroup = "ab"', "routes.a.group", "one sign"),
        ('[routes.a]\nmodel = "m"\nformats = ["xlsx", "ods"]', "routes.a.formats", "'xlsx', 'csv' or 'parquet'"),
        ('[routes.a]\nmodel = "m"\nformats = []', "routes.a.formats", "at least 1"),
        ('[bundles]\ntypes = ["a.B"]', "bundles", 'trust = "custom"'),
        ('[bundles]\npickles = ["ABC"]', "bundles.pickles", "64 hexadecimal"),
        ('[notify]\noperators = ["ana@example.org"]', "notify.operators", "mailto://"),
        ('[ledger]\nurl = "sqlite://"\nurl_file = "x"', "ledger", "not both"),
        ('[workers]\nbackend = "dask"', "workers", "scheduler's address"),
        ("[workers]\nprocesses = -1", "workers.processes", "greater than or equal to 0"),
    ],
)
def test_wrong_values_are_refused_with_a_sentence(tmp_path: Path, text: str, setting: str, part: str) -> None:
    path = write(tmp_path, text)
    where, message = faults_of(path)[setting]
    assert part in message
    assert where.startswith(f"{path}:")


def test_a_stray_variable_or_secret_is_refused_and_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "dropscore_workers__procesess").write_text("3")
    environ = {"DROPSCORE_ZNOE": "UTC", "DROPSCORE_ROOT__X": "1", "DROPSCORE_SECRETS": str(tmp_path)}
    found = faults_of(None, environ)
    assert found["znoe"] == (
        "environment variable DROPSCORE_ZNOE",
        "there is no such setting. Did you mean 'zone'?",
    )
    assert found["root"][0] == "environment variable DROPSCORE_ROOT__X"
    assert found["workers.procesess"] == (
        str(tmp_path / "dropscore_workers__procesess"),
        "there is no such setting. Did you mean 'processes'?",
    )


def test_a_file_that_is_no_toml_says_the_line(tmp_path: Path) -> None:
    path = write(tmp_path, 'zone = "UTC"\nroot = \n')
    with pytest.raises(Misconfigured) as caught:
        load(path, {})
    assert caught.value.where == f"{path}:2"
    open_end = write(tmp_path, 'zone = "UTC"\nroot = "..')
    with pytest.raises(Misconfigured) as caught:
        load(open_end, {})
    assert caught.value.where == f"{open_end}:2"


def test_a_missing_or_undecodable_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be read: No such file"):
        load(tmp_path / "absent.toml", {})
    path = write(tmp_path, "")
    path.write_bytes(b'zone = "\xff"')
    with pytest.raises(Misconfigured, match="not UTF-8"):
        load(path, {})


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    url = tmp_path / "url"
    url.write_text("postgresql://me:canary@db/x\n")
    path = write(
        tmp_path,
        f'[ledger]\nurl_file = "{url}"\n[notify]\noperators = ["json://host/canary"]\nsenders.ana = ["mailto://u:canary@h"]',
    )
    loaded = load_layers(path, {})
    assert ledger_url(loaded.settings) == "postgresql://me:canary@db/x"
    shown = {source.setting: source.value for source in sources(loaded)}
    assert shown["ledger.url"] == "postgresql://***"
    assert {source.setting: source.where for source in sources(loaded)}["ledger.url"] == str(url)
    assert shown["notify.operators"] == ["json://***"]
    assert shown["notify.senders.ana"] == ["mailto://***"]
    assert "canary" not in repr(loaded) + str(shown) + loaded.settings.model_dump_json()


def test_no_secret_in_a_fault(tmp_path: Path) -> None:
    path = write(tmp_path, '[notify]\noperators = ["canary-without-scheme"]\nopretors = ["json://canary"]')
    with pytest.raises(WrongSettings) as caught:
        load(path, {})
    assert "canary" not in str(caught.value)


def test_an_unreadable_url_file_is_a_fault_of_the_setting(tmp_path: Path) -> None:
    path = write(tmp_path, '[ledger]\nurl_file = "absent"\n')
    where, message = faults_of(path)["ledger.url_file"]
    assert where == f"{path}:2"
    assert "absent" in message


def test_routes_take_the_common_language_and_zone(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        'language = "es"\nzone = "Europe/Madrid"\n[routes.a]\nmodel="m"\n'
        '[routes.b]\nmodel="m"\nlanguage="en"\nzone="UTC"',
    )
    routes = load(path, {}).routes
    assert (routes["a"].language, routes["a"].zone) == ("es", "Europe/Madrid")
    assert (routes["b"].language, routes["b"].zone) == ("en", "UTC")


def test_lines_of_all_ways_to_write_a_key() -> None:
    text = (
        '# a comment\na = 1\n\n[b]\nc.d = [\n  1,\n  2,\n]\n"e f" = { g = 1 }\n[b.h]\ni = """\n[j]\n"""\n[[k]]\nl = 1\n'
    )
    found = lines_of(text)
    assert found[("a",)] == 2
    assert found[("b", "c", "d")] == 5
    assert found[("b", "e f", "g")] == 9
    assert found[("b", "h", "i")] == 11
    assert found[("k", "l")] == 15
    assert ("j",) not in found


def test_settings_do_not_read_the_processs_own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPSCORE_ZONE", "Europe/Madrid")
    assert load(None, {}).zone == "UTC"
    assert Settings().zone == "UTC"
