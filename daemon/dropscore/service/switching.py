"""Another version of its model for a route: asked for by people, and never done unaided.

Jobs that have begun keep the version that they began with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import structlog

from dropscore import champions
from dropscore.champions import Champions, Switch
from dropscore.domain.errors import Refused, Unavailable
from dropscore.folders import now_utc, pick_bundle
from dropscore.service.plan import Plan, Route, bundle_of

log = structlog.get_logger()

TakeUp = Callable[[Plan], None]


def switch(plan: Plan, take_up: TakeUp, ulid: str, request: dict[str, Any]) -> dict[str, Any]:
    """Carry out `promote` (to `version`) or `rollback` of a `route`; return the answer.

    Raises:
        Refused: there is no such route or version, it is in use already, or the configuration says which is.
        Unavailable: it is not known which versions are in use.
        OSError: it cannot be written down, so nothing is switched.
    """
    route = plan.route(str(request["route"]))
    if route is None:
        raise Refused(f"There is no route {request['route']}.")
    if route.fixed:
        raise Refused(f"The configuration says that {route.name} uses version {route.version}: change it there.")
    known = champions.read(plan.root.state)
    done = known.routes.get(route.name, ())[-1:]
    if not done or done[0].request != ulid:  # else it was written down before a crash, and not answered
        done = (_decided(known, route, ulid, request),)
        champions.write(plan.root.state, champions.switched(known, route.name, done[0]))
    (one,) = done
    routes = tuple(replace(each, version=one.version) if each is route else each for each in plan.routes)
    take_up(replace(plan, routes=routes))
    log.info("another version is in use", route=route.name, version=one.version, before=one.before, by=one.by)
    sentence = f"From the next job on {route.name} uses version {one.version}, in place of {one.before}."
    return {"ok": True, "sentence": sentence, "version": one.version, "before": one.before}


def _decided(known: Champions, route: Route, ulid: str, request: dict[str, Any]) -> Switch:
    back = request["verb"] == "rollback"
    version = champions.former(known, route.name) if back else str(request["version"])
    try:
        pick_bundle(route.model, version)
    except Unavailable as fault:
        raise Refused(fault.matter) from fault
    return Switch(
        version=version,
        before=_in_use(route),
        by=str(request.get("by", "?")),
        why=str(request.get("why", "")),
        at=now_utc(),
        back=back,
        request=ulid,
    )


def _in_use(route: Route) -> str:
    try:
        return bundle_of(route).version
    except Unavailable:
        return route.version or "none"
