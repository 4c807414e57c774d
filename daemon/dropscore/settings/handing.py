"""What settings are for everybody else: plain records of the domain."""

from __future__ import annotations

import os

from pydantic import SecretStr

from dropscore.domain.notes import Recipients
from dropscore.domain.rules import Actuals, Limits, Rules, Trusted
from dropscore.settings.actuals import ActualsSettings
from dropscore.settings.model import RouteSettings, Settings


def rules_of(route: RouteSettings) -> Rules:
    """Return how a route of loaded settings wants its drops read and answered."""
    return Rules(
        policy=route.policy,
        encoding=route.encoding,
        decimal=route.decimal,
        group=route.group,
        dates=route.dates,
        header=route.header,
        final_newline=route.final_newline,
        formats=route.formats,
        language=route.language or "en",
        zone=route.zone or "UTC",
        drift=route.drift,
        limits=Limits(**route.limits.model_dump()),
        actuals=_actuals_of(route.actuals),
        explain=route.explain,
    )


def _actuals_of(actuals: ActualsSettings) -> Actuals | None:
    if not actuals.key:
        return None
    return Actuals(actuals.key, actuals.outcome, actuals.date or None, actuals.exclude)


def with_actuals(settings: Settings) -> tuple[str, ...]:
    """Return the routes that keep predictions and take actuals."""
    return tuple(name for name, route in settings.routes.items() if route.actuals.key)


def trusted_of(settings: Settings) -> Trusted:
    bundles = settings.bundles
    return Trusted(tier=bundles.trust, types=bundles.types, pickles=bundles.pickles)


def recipients_of(settings: Settings) -> Recipients:
    """Return who is told what. The addresses hold passwords: they are for the notifier alone."""
    return Recipients(
        operators=_plain(settings.notify.operators),
        owners={name: _plain(route.owners) for name, route in settings.routes.items() if route.owners},
        senders={name: _plain(addresses) for name, addresses in settings.notify.senders.items()},
        owner_kinds={name: frozenset(route.notify) for name, route in settings.routes.items()},
    )


def ledger_url(settings: Settings) -> str:
    """Return the ledger's URL of loaded settings; it may hold a password."""
    return settings.ledger.url.get_secret_value() if settings.ledger.url else ""


def worker_count(settings: Settings) -> int:
    """Return how many processes work: by itself at least two, so that a big file never stops the small ones."""
    return settings.workers.processes or max(2, os.cpu_count() or 1)


def _plain(addresses: tuple[SecretStr, ...]) -> tuple[str, ...]:
    return tuple(address.get_secret_value() for address in addresses)
