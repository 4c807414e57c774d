"""Roles, scopes and what they allow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

EVERY_ROUTE = "*"


class Role(StrEnum):
    """What a person is to the panel. Each may do what the one before may, and more."""

    VIEWER = "viewer"
    SENDER = "sender"
    OPERATOR = "operator"
    ADMIN = "admin"


class Power(StrEnum):
    """What a request needs. Over a job, `OWN` is enough for one's own; `OPERATE` covers everybody's."""

    READ = "read"
    SUBMIT = "submit"
    OWN = "own"
    OPERATE = "operate"
    ADMIN = "admin"


class Scope(StrEnum):
    """What a token may do for a program."""

    READ = "read"
    SUBMIT = "submit"
    OPERATE = "operate"


POWERS: dict[Role, frozenset[Power]] = {
    Role.VIEWER: frozenset({Power.READ}),
    Role.SENDER: frozenset({Power.READ, Power.SUBMIT, Power.OWN}),
    Role.OPERATOR: frozenset({Power.READ, Power.SUBMIT, Power.OWN, Power.OPERATE}),
    Role.ADMIN: frozenset(Power),
}
SCOPE_POWERS: dict[Scope, frozenset[Power]] = {
    Scope.READ: frozenset({Power.READ}),
    Scope.SUBMIT: frozenset({Power.SUBMIT}),
    Scope.OPERATE: frozenset({Power.READ, Power.OWN, Power.OPERATE}),
}


@dataclass(frozen=True, slots=True)
class Who:
    """Whoever asks: a person with a session, or a program with a token. `routes` of None means all of them."""

    name: str
    via: str
    """`panel` or `api`."""
    powers: frozenset[Power]
    routes: frozenset[str] | None
    address: str = ""
    session: str = ""
    """The hash of the session, for a person."""

    def may(self, power: Power) -> bool:
        return power in self.powers

    def sees(self, route: str) -> bool:
        return self.routes is None or route in self.routes

    def may_change(self, route: str, sender: str) -> bool:
        """Whether a job of that route and sender may be retried, archived, deleted or brought back."""
        if not self.sees(route):
            return False
        return self.may(Power.OPERATE) or (self.may(Power.OWN) and sender == self.name)


def routes_from(text: str) -> frozenset[str] | None:
    """Return the routes of a stored list: names parted by blanks, or `*`."""
    names = frozenset(text.split())
    return None if EVERY_ROUTE in names else names


def routes_text(names: Iterable[str]) -> str:
    return " ".join(sorted(set(names)))


def powers_of_scopes(scopes: Iterable[str]) -> frozenset[Power]:
    return frozenset().union(*(SCOPE_POWERS[Scope(scope)] for scope in scopes))
