"""The log: one line each, in JSON or for a reader, with the job's code and without secrets."""

import io
import json
import logging
import sys
import warnings
from collections.abc import Iterator

import pytest
import structlog

from dropscore import logs


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def written(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_pipe_gets_json_with_utc_times_and_the_jobs_code() -> None:
    stream = io.StringIO()
    logs.set_up(stream=stream)
    log = structlog.get_logger()
    with logs.bind_job("K7F2QXM4", route="credit"):
        log.info("claimed", bytes=3)
    log.info("idle")
    first, second = written(stream)
    assert first["event"] == "claimed"
    assert (first["code"], first["route"], first["bytes"], first["level"]) == ("K7F2QXM4", "credit", 3, "info")
    assert str(first["timestamp"]).endswith("Z")
    assert "code" not in second


def test_a_terminal_gets_lines_for_a_reader() -> None:
    stream = Terminal()
    logs.set_up(stream=stream)
    structlog.get_logger().info("claimed", name="sales.csv")
    assert "claimed" in stream.getvalue()
    with pytest.raises(ValueError):
        json.loads(stream.getvalue())
    logs.set_up(style="json", stream=stream)
    structlog.get_logger().info("claimed")
    assert json.loads(stream.getvalue().splitlines()[-1])["event"] == "claimed"


def test_the_level_is_kept() -> None:
    stream = io.StringIO()
    logs.set_up("warning", stream=stream)
    structlog.get_logger().info("no")
    structlog.get_logger().warning("yes")
    assert [line["event"] for line in written(stream)] == ["yes"]


@pytest.mark.parametrize("style", ["json", "console"])
def test_secrets_never_reach_the_log(style: str) -> None:
    stream = io.StringIO()
    logs.set_up(style=style, stream=stream)
    log = structlog.get_logger()
    log.info("to json://host/canary", url="mailto://me:canary@host?to=x", urls=["slack://canary/b"])
    log.info("nested", inner={"a": ("tgram://canary",), "password": "canary"}, token="canary")
    log.info("as an object", error=RuntimeError("failed: https://canary@host"))
    try:
        raise RuntimeError("cannot reach postgresql://me:canary@db/x")
    except RuntimeError:
        log.exception("failed")
    logging.getLogger("library").error("sent to %s", "json://canary")
    text = stream.getvalue()
    assert "canary" not in text
    assert "mailto://***" in text
    assert "RuntimeError: cannot reach postgresql://***" in text


def test_paths_and_sqlite_addresses_stay_readable() -> None:
    assert logs.redact("sqlite:////srv/state/ledger.sqlite and /srv/inbox/a.csv") == (
        "sqlite:////srv/state/ledger.sqlite and /srv/inbox/a.csv"
    )


def test_libraries_and_warnings_come_out_in_the_same_log() -> None:
    stream = io.StringIO()
    logs.set_up(stream=stream)
    logging.getLogger("library").warning("low on %s", "disk")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old thing", DeprecationWarning, stacklevel=1)
    first, second = written(stream)
    assert (first["event"], first["logger"], first["level"]) == ("low on disk", "library", "warning")
    assert "old thing" in str(second["event"])
    assert second["logger"] == "py.warnings"


def test_names_that_are_no_utf_8_do_not_break_a_line() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    logs.set_up(style="json", stream=stream)
    structlog.get_logger().info("claimed", name=b"r\xe9sum\xe9\n.csv".decode("utf-8", "surrogateescape"))
    stream.seek(0)
    assert len(stream.read().splitlines()) == 1


def test_standard_error_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up()
    structlog.get_logger().info("here")
    sys.stderr.flush()
    captured = capsys.readouterr()
    assert captured.out == ""
    assert json.loads(captured.err)["event"] == "here"
