"""Who calls: a bearer token, its scopes and its routes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from dropscore.web.context import Here
from dropscore.web.people import audit, tokens
from dropscore.web.people.roles import Power, Who
from dropscore.web.visitors import address_of

_bearer = HTTPBearer(auto_error=False, description="A token from `dropscore token add`.")


def caller(request: Request, web: Here, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Who:
    who = tokens.holder(web.people, given.credentials, address_of(request)) if given else None
    if who is None:
        raise HTTPException(401, "Send a valid token: Authorization: Bearer ds_…")
    return who


def needs(power: Power) -> Callable[..., Who]:
    def check(request: Request, web: Here, who: Annotated[Who, Depends(caller)]) -> Who:
        if not who.may(power):
            audit.note(web.people, who, f"{request.method} {request.url.path}", ok=False, note=f"needs {power}")
            raise HTTPException(403, f"This token has not the scope for that: {power}.")
        return who

    return check


Reader = Annotated[Who, Depends(needs(Power.READ))]
Submitter = Annotated[Who, Depends(needs(Power.SUBMIT))]
Operator = Annotated[Who, Depends(needs(Power.OPERATE))]
Anyone = Annotated[Who, Depends(caller)]
