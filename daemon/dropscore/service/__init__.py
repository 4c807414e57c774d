"""The loop: scan, claim, hand to a worker, publish, account. One thread owns every state change."""

from dropscore.service.daily import Daily, Limit, Place, Retention
from dropscore.service.loop import Service
from dropscore.service.plan import Plan, Route, bundle_of

__all__ = ["Daily", "Limit", "Place", "Plan", "Retention", "Route", "Service", "bundle_of"]
