"""Runs the child process that sends, and kills it at its deadline.

A mail server that lets its answer drip keeps a library busy far beyond its own time limits, and a thread cannot
be ended. A process can.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from typing import Any, NamedTuple

from dropscore.notifier.messages import Message
from dropscore.notifier.redaction import redact

_LONGEST_DETAIL = 400
_at_work: set[subprocess.Popen[bytes]] = set()
_giving_up = threading.Event()


class Answer(NamedTuple):
    """Whether it was sent, and if not why, without secrets."""

    ok: bool
    detail: str


def send(url: str, message: Message, deadline: float) -> Answer:
    """Send one message to one address within `deadline` seconds. It never raises for what the world does."""
    asked = {"do": "send", "url": url, "subject": message.subject, "body": message.body, "deadline": deadline}
    return _ask(url, asked, deadline)


def handshake(url: str, deadline: float) -> Answer:
    """Try an address without telling anybody anything."""
    return _ask(url, {"do": "handshake", "url": url, "deadline": deadline}, deadline)


def _ask(url: str, asked: dict[str, Any], deadline: float) -> Answer:
    try:
        # -P: a file of the working directory must not be imported in place of a module. A session of its own:
        # whatever the child starts is ended with it.
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "dropscore.notifier.send"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        return Answer(False, f"No process could be started: {error.strerror}.")
    with child:
        _at_work.add(child)
        try:
            if _giving_up.is_set():
                _end(child)
            asked["parent"] = os.getpid()
            answered, talk = child.communicate(json.dumps(asked).encode(), timeout=deadline)
        except subprocess.TimeoutExpired:
            _end(child)
            return Answer(False, f"No answer within {deadline:g} seconds; the attempt was ended.")
        finally:
            _at_work.discard(child)
    return _understood(answered, talk, child.returncode, url)


def end_all() -> None:
    """End whatever is being sent, and what is begun later: this process is about to end. Callable in any thread."""
    _giving_up.set()
    for child in list(_at_work):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)


def _end(child: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _understood(answered: bytes, talk: bytes, code: int, url: str) -> Answer:
    try:
        answer = json.loads(answered)
        return Answer(bool(answer["ok"]), redact(str(answer["detail"]), [url])[:_LONGEST_DETAIL])
    except (ValueError, KeyError, TypeError):
        last = talk.decode("utf-8", "replace").strip().rpartition("\n")[2]
        return Answer(False, redact(f"The sending process ended with {code}. {last}", [url])[:_LONGEST_DETAIL])
