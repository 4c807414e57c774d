"""The request `process`: what lies complete in some routes' inboxes is taken at once, without its quiet time."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from dropscore.domain.errors import Refused
from dropscore.service.job import Job
from dropscore.service.plan import Plan
from dropscore.service.watching import Taken

TakeNow = Callable[[Collection[str], str | None, str], Taken]
"""Take from these routes what has that name (None: everything), for that request."""
_MOST_NAMED = 5
_MOST_LISTED = 1000


def take_at_once(
    plan: Plan, jobs: dict[str, Job], take_now: TakeNow, request: str, asked: dict[str, Any]
) -> dict[str, Any]:
    """Carry the request out and return its answer.

    After a crash it is carried out again: the jobs that it began before are found by its id.

    Raises:
        Refused: there is no such route.
    """
    routes, name = [str(route) for route in asked["routes"]], asked.get("name")
    for route in routes:
        if plan.route(route) is None:
            raise Refused(f"There is no route {route} here.")
    begun = [job for job in jobs.values() if job.claim.asked == request]
    taken = take_now(routes, name, request)
    found = [*begun, *taken.jobs]
    if name is not None and not (found or taken.next or taken.left):
        found = [job for job in jobs.values() if job.claim.route in routes and job.claim.name == name]
    named = [{"job": job.claim.job, "code": job.claim.code, "name": job.claim.name} for job in found]
    return {
        "ok": bool(found or taken.next) or not (taken.left or name),
        "sentence": _sentence(found, taken, routes, name),
        "jobs": [{**one, "route": job.claim.route} for one, job in zip(named, found, strict=True)],
        "next": taken.next[:_MOST_LISTED],
        "left": [{"name": one, "why": why} for one, why in taken.left[:_MOST_LISTED]],
    }


def _sentence(found: list[Job], taken: Taken, routes: list[str], name: str | None) -> str:
    parts = []
    if found:
        told = [f"{job.claim.name} [{job.claim.code}]" for job in found]
        parts.append(f"{_drops(len(found))} taken: {_some(told)}.")
    if taken.next:
        parts.append(f"{_drops(len(taken.next))} next, as soon as there is room: {_some(taken.next)}.")
    if taken.left:
        told = [f"{one} ({why.rstrip('.')})" for one, why in taken.left]
        parts.append(f"Not taken: {_some(told)}.")
    if not parts:
        where = f"the inbox of {', '.join(routes)}"
        parts.append(f"There is no {name} in {where}." if name else f"Nothing that could be taken lies in {where}.")
    return " ".join(parts)


def _drops(number: int) -> str:
    return "1 drop is" if number == 1 else f"{number:,} drops are"


def _some(told: list[str]) -> str:
    more = len(told) - _MOST_NAMED
    return ", ".join(told[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
