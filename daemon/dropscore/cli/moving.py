"""What `retry`, `archive` and `delete` share: ask for each job, tell each answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dropscore.cli.asking import ask, expect_daemon
from dropscore.cli.errors import Code
from dropscore.cli.output import plain, put, put_json
from dropscore.cli.place import open_place


def ask_for_each(verb: str, codes: tuple[str, ...], config: Path | None, as_json: bool) -> int:
    """Ask the daemon to carry out a verb on jobs, one by one; the exit code is ERROR if any was refused."""
    place = open_place(config)
    expect_daemon(place.root)
    answers: list[dict[str, Any]] = []
    for code in codes:
        answer = {"asked": code, **ask(place, verb, job=code.strip().upper())}
        answers.append(answer)
        if not as_json:
            put(f"{plain(code)}: {plain(answer['sentence'])}")
    if as_json:
        put_json(answers)
    return Code.FINE if all(answer["ok"] for answer in answers) else Code.ERROR
