"""The child that sends, and its parent: real servers, and an end to those that never answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dropscore.notifier import child
from dropscore.notifier.child import handshake, send
from dropscore.notifier.messages import Message
from listeners import black_hole, dripping, mail_server, webhook

MESSAGE = Message("FAILED: sales.csv – 3 rows [K7F2QXM4]", "Größe: 3 <b>rows</b>\n\nCode: [K7F2QXM4]\n")


def test_a_mail_is_plain_text_as_it_was_written() -> None:
    with mail_server() as mails:
        assert send(mails.url(), MESSAGE, 20) == (True, "")
        (mail,) = mails.taken
        assert mail["subject"] == MESSAGE.subject
        assert (mail["from"], mail["to"]) == ("dropscore@example.org", "ana@example.org")
        assert mail.get_content_type() == "text/plain"
        assert mail.get_content().replace("\r\n", "\n").strip() == MESSAGE.body.strip()


def test_a_webhook_gets_title_and_text() -> None:
    with webhook() as hook:
        assert send(hook.url("a/token"), MESSAGE, 20).ok
        (sent,) = hook.taken
        assert (sent["title"], sent["message"].strip()) == (MESSAGE.subject, MESSAGE.body.strip())
        assert hook.paths == ["/a/token"]


@pytest.mark.parametrize("server", [black_hole, dripping])
def test_a_server_that_never_answers_is_left_at_the_deadline(server: object) -> None:
    with server() as port:  # type: ignore[operator]
        began = time.monotonic()
        answer = send(f"mailto://127.0.0.1:{port}?to=a@example.org&from=b@example.org&cto=600&rto=600", MESSAGE, 1.5)
        assert 1.4 < time.monotonic() - began < 10
        assert not answer.ok
        assert "No answer within 1.5 seconds" in answer.detail


def test_nothing_is_left_of_a_child_that_was_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class Watched(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *args: object, **named: object) -> None:
            super().__init__(*args, **named)  # type: ignore[call-overload]
            started.append(self)

    monkeypatch.setattr(child.subprocess, "Popen", Watched)
    with black_hole() as port:
        send(f"mailto://127.0.0.1:{port}?to=a@example.org&from=b@example.org", MESSAGE, 1.0)
    (ended,) = started
    assert ended.returncode == -9
    assert not Path(f"/proc/{ended.pid}").exists()
    assert (ended.stdout is None or ended.stdout.closed) and (ended.stdin is None or ended.stdin.closed)


def test_the_reason_is_told_and_the_secret_is_not() -> None:
    with webhook() as hook:
        hook.status = 500
        refused = send(hook.url("c4n4ry/deep?+X-Key=c4n4ry-too"), MESSAGE, 20)
        assert not refused.ok
        assert "500" in refused.detail
    away = send(f"json://user:c4n4ry-pass@127.0.0.1:{hook.port}/c4n4ry", MESSAGE, 20)
    assert not away.ok
    assert "refused" in away.detail.lower()
    for answer in (refused, away):
        assert "c4n4ry" not in answer.detail
        assert "K7F2QXM4" not in answer.detail  # nor the message


@pytest.mark.parametrize("url", ["nosuch://c4n4ry/x", "mailto://", "c4n4ry", "tgram://c4n4ry"])
def test_an_address_that_cannot_be_used(url: str) -> None:
    for answer in (send(url, MESSAGE, 20), handshake(url, 20)):
        assert not answer.ok
        assert answer.detail.startswith("The address cannot be used.")
        assert "c4n4ry" not in answer.detail


def test_the_address_is_not_on_the_command_line_and_no_file_of_the_folder_is_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('taken in')")
    monkeypatch.chdir(tmp_path)
    seen: list[list[str]] = []
    real = subprocess.Popen

    def watched(command: list[str], **named: object) -> object:
        seen.append(command)
        return real(command, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(child.subprocess, "Popen", watched)
    with webhook() as hook:
        assert send(hook.url("c4n4ry"), MESSAGE, 20).ok
    assert "c4n4ry" not in " ".join(seen[0])


def test_the_child_sends_nothing_for_a_parent_that_is_gone() -> None:
    asked = {"do": "send", "subject": "s", "body": "b", "deadline": 10, "url": "", "parent": os.getppid()}
    with webhook() as hook:
        asked["url"] = hook.url("")
        command = [sys.executable, "-P", "-m", "dropscore.notifier.send"]
        ended = subprocess.run(command, input=json.dumps(asked).encode(), capture_output=True, timeout=60)
        assert (ended.returncode, ended.stdout, hook.taken) == (0, b"", [])


def test_the_child_ends_itself_past_its_deadline() -> None:
    asked: dict[str, object] = {"do": "send", "subject": "s", "body": "b", "deadline": -3, "parent": os.getpid()}
    with black_hole() as port:
        asked["url"] = f"mailto://127.0.0.1:{port}?to=a@example.org&from=b@example.org"
        began = time.monotonic()
        ended = subprocess.run(
            [sys.executable, "-P", "-m", "dropscore.notifier.send"],
            input=json.dumps(asked).encode(),
            capture_output=True,
            timeout=20,
        )
        assert ended.returncode == -14
        assert time.monotonic() - began < 15


def test_a_child_that_cannot_be_started_or_talks_nonsense(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(child.sys, "executable", str(tmp_path / "nothing"))
    assert send("json://x", MESSAGE, 5) == (False, "No process could be started: No such file or directory.")
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\necho no json\necho 'died of json://host/c4n4ry' >&2\nexit 3\n")
    script.chmod(0o755)
    monkeypatch.setattr(child.sys, "executable", str(script))
    answer = send("json://host/c4n4ry", MESSAGE, 5)
    assert answer == (False, "The sending process ended with 3. died of ***")


def test_a_handshake_tells_nobody() -> None:
    with mail_server() as mails, webhook() as hook:
        assert handshake(mails.url(), 20) == (True, f"127.0.0.1:{mails.port} accepts mail.")
        assert handshake(hook.url("t"), 20) == (True, f"127.0.0.1:{hook.port} answers.")
        assert mails.taken == hook.taken == hook.paths == []
    assert not handshake(mails.url(), 20).ok
    assert not handshake(hook.url("t"), 20).ok


def test_a_token_in_a_hosts_place_is_not_asked_of_a_name_server() -> None:
    answer = handshake("slack://TokenA1234/TokenB1234/TokenC123456789/#ops", 20)
    assert answer == (True, "The address can be used. This service cannot be tried without sending.")


def test_nothing_is_written_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with webhook() as hook:
        assert send(hook.url(), MESSAGE, 20).ok
    assert list(tmp_path.iterdir()) == []
