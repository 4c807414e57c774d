"""Errors, sorted by who must act.

A maintainer's error has no class: it is whatever else is raised, and its traceback goes into the log.
"""

from __future__ import annotations

from collections.abc import Sequence

from dropscore.domain.problems import Problem, ProblemGroup


class Rejected(Exception):
    """The sender must act: the file itself is at fault, and a person can mend it."""

    def __init__(self, problems: Sequence[Problem], groups: Sequence[ProblemGroup] = ()) -> None:
        super().__init__("; ".join(problem.code for problem in problems))
        self.problems = tuple(problems)
        self.groups = tuple(groups)
        """Where there are more than the problems listed; else whoever tells groups them."""

    def __reduce__(self) -> tuple[type[Rejected], tuple[Sequence[Problem], Sequence[ProblemGroup]]]:
        return type(self), (self.problems, self.groups)  # the message is not what it is made of


class Unavailable(Exception):
    """The operator must act, or time will: the world is at fault, the drop is kept and tried again.

    `key` names the thing that is away (`model:credit`, `disk:outbox/credit`), so that one fault tells
    operators once, however many drops it stops.
    """

    def __init__(self, key: str, matter: str, then: str = "It is tried again by itself.") -> None:
        super().__init__(f"{matter} {then}")
        self.key = key
        self.matter = matter
        self.then = then

    def __reduce__(self) -> tuple[type[Unavailable], tuple[str, str, str]]:
        return type(self), (self.key, self.matter, self.then)  # it crosses from a worker to the service


class Misconfigured(Exception):
    """The operator must act: a setting is wrong. `where` is `file:line` if it is known."""

    def __init__(self, message: str, where: str = "") -> None:
        super().__init__(f"{where}: {message}" if where else message)
        self.where = where
        self.message = message

    def __reduce__(self) -> tuple[type[Misconfigured], tuple[str, str]]:
        return type(self), (self.message, self.where)


class Refused(Exception):
    """A request by a person or a program that cannot be carried out, with the sentence that says why."""


class Locked(Exception):
    """Another daemon holds this root."""


class WorkerDied(Exception):
    """A worker process ended in mid-job: a crash in a library, or its memory limit."""


class Overran(Exception):
    """A worker was killed because its job had passed its deadline."""
