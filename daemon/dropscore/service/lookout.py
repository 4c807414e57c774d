"""What is made of drops beside their way: drift over days, files that do not come as usual, a challenger's answers."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from dropscore.receipt import Receipt
from dropscore.service.arrivals import Arrivals
from dropscore.service.challenging import Challenging
from dropscore.service.drifting import Drifted, Drifts
from dropscore.service.findings import ReadLedger
from dropscore.service.hands import Hands
from dropscore.service.job import Job

log = structlog.get_logger()


class Lookout:
    """It moves no drop, and whatever goes wrong in it stops none."""

    def __init__(
        self, hands: Hands, jobs: Mapping[str, Job], read_ledger: ReadLedger | None, now: float, drifted: Drifted
    ) -> None:
        self._drifts = Drifts(hands, jobs, now, drifted)
        self._arrivals = Arrivals(hands, read_ledger, now)
        self._challenging = Challenging(hands, jobs)

    def published(self, receipt: Receipt, now: float) -> None:
        """Take note of a job that has just been published."""
        try:
            self._drifts.published(receipt, now)
            self._arrivals.published(receipt)
            self._challenging.published(receipt)
        except Exception:  # a fault of ours, in a help: the job is published, and goes on
            log.exception("no note was taken of a job", job=receipt.job)

    def work_once(self, now: float) -> bool:
        """Take the next small step. True if anything moved."""
        return self._drifts.work_once(now) | self._arrivals.work_once(now) | self._challenging.work_once(now)

    @property
    def idle(self) -> bool:
        """Whether nothing is to be done now that a run to the end would wait for."""
        return self._challenging.idle

    def start(self) -> None:
        self._challenging.start()
