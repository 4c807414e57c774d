"""The composition root: from settings to a running service. The only module that knows everyone."""

from __future__ import annotations

import fcntl
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import time
from pathlib import Path
from types import FrameType

import structlog

from dropscore import __version__, champions, logs
from dropscore.domain.arrivals import told
from dropscore.domain.errors import Locked, Misconfigured, Unavailable
from dropscore.domain.jobs import BundleRef, State
from dropscore.domain.rules import Again
from dropscore.folders import Root, holder_of, make_root, now_utc
from dropscore.intake.scan import Completeness
from dropscore.intake.watch import Waker
from dropscore.ledger import Ledger
from dropscore.metrics import SUCCESSES, Exporter, Figures, Metrics, handed_over, listening
from dropscore.notifier.companion import Companion
from dropscore.service import Daily, Limit, Place, Plan, Retention, Route, Service, bundle_of
from dropscore.settings import Settings, ledger_url, load, rules_of, trusted_of, worker_count
from dropscore.workers import Workers, hire

log = structlog.get_logger()

SMALL_AT_ONCE = 200
_RECALL_SECONDS = 1.0
_ENDED = [state for state in State if state not in (State.WORKING, State.HELD, State.REJECTED)]


def plan_of(settings: Settings) -> Plan:
    """Return what the service is told of valid settings, and of the versions that people have chosen.

    Raises Misconfigured: it cannot be read which these are.
    """
    try:
        chosen = champions.read(Root(settings.root).state)
    except Unavailable as fault:
        raise Misconfigured(str(fault)) from fault
    routes = [
        Route(
            name=name,
            model=route.model,
            version=route.version or chosen.version_of(name),
            fixed=bool(route.version),
            challenger=route.challenger,
            rules=rules_of(route),
            trusted=trusted_of(settings),
            complete=Completeness(route.complete),
            quiet_seconds=route.quiet_seconds,
            deadline_seconds=settings.workers.deadline_seconds,
            again=Again(route.again),
            arrivals=route.arrivals,
            expected=tuple(told(text) for text in route.expected),
        )
        for name, route in settings.routes.items()
    ]
    return Plan(
        root=Root(settings.root),
        routes=tuple(routes),
        scan_seconds=settings.intake.scan_seconds,
        scan_seconds_network=settings.intake.scan_seconds_network,
        late_writer_grace=settings.intake.late_writer_grace,
        waiting_notice=60 * settings.intake.waiting_notice_minutes,
        stale_in_flight=3600 * settings.intake.stale_hours,
        workers=worker_count(settings),
        at_once=4 * worker_count(settings) + 4,
        small_at_once=SMALL_AT_ONCE,
        cell_values=settings.notify.allow_cell_values,
        daily=daily_of(settings),
    )


def _names_of(plan: Plan) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of all routes, and of those that take actuals."""
    return tuple(one.name for one in plan.routes), tuple(one.name for one in plan.routes if one.rules.actuals)


def daily_of(settings: Settings) -> Daily:
    """Return what the daemon does by itself once a day, of valid settings."""
    keep, place = settings.retention, Place
    named = {"archive": place.ARCHIVE, "outbox": place.OUTBOX, "failed": place.FAILED}

    def limit(name: str, own: object = keep) -> Limit:
        days, size = (getattr(own, f"{name}_{unit}", None) for unit in ("days", "mb"))
        return Limit(
            getattr(keep, f"{name}_days") if days is None else days,
            10**6 * (getattr(keep, f"{name}_mb") if size is None else size),
        )

    every = {**named, "trash": place.TRASH, "result": place.RESULTS}
    own = {
        (route, where): limit(name, one.retention)
        for route, one in settings.routes.items()
        for name, where in named.items()
        if limit(name, one.retention) != limit(name)
    }
    own |= {(route, place.KEPT): Limit(one.actuals.keep_days) for route, one in settings.routes.items()}
    hour, minute = map(int, settings.upkeep.at.split(":"))
    retention = Retention({where: limit(name) for name, where in every.items()}, own)
    return Daily(time(hour, minute), settings.zone, retention, settings.upkeep.audit)


@contextmanager
def locked(root: Root) -> Iterator[None]:
    """Hold a root for this process alone.

    Raises:
        Locked: another daemon holds it; the sentence says who.
    """
    handle = os.open(root.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = holder_of(root) or {}
            raise Locked(
                f"{root.path} is held by another daemon: process {holder.get('pid', '?')} on "
                f"{holder.get('host', '?')}, since {holder.get('since', '?')}."
            ) from None
        facts = {"pid": os.getpid(), "host": platform.node(), "since": now_utc().isoformat(timespec="seconds")}
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps(facts).encode(), 0)
        yield
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def tell_systemd(message: str) -> None:
    """Send a line to systemd, where it started us. Source: sd_notify(3)."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.connect(f"\0{address[1:]}" if address.startswith("@") else address)
        sender.sendall(message.encode())


class Signals:
    """SIGTERM and SIGINT ask for a stop, SIGHUP for the configuration to be read again."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self.stop = threading.Event()
        self.reload = threading.Event()
        self._wake = wake
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGHUP, self._reload)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stop.set()
        self._wake()

    def _reload(self, number: int, frame: FrameType | None) -> None:
        self.reload.set()
        self._wake()


def run(config: Path, once: bool = False, notifier: bool = True) -> int:
    """Run the daemon on the root that the configuration names; return the exit code.

    Raises:
        Misconfigured, Locked.
    """
    settings = load(config, os.environ)
    if not settings.routes:
        raise Misconfigured("no route is configured, so nothing would ever be taken", str(config))
    logs.set_up(settings.log.level, settings.log.format)
    plan = plan_of(settings)
    make_root(plan.root, *_names_of(plan))
    with ExitStack() as held:
        held.enter_context(locked(plan.root))
        ledger = Ledger(ledger_url(settings))  # a server that is away stops neither claiming nor publishing
        held.callback(ledger.close)
        waker = Waker()
        held.callback(waker.close)
        pool = _workers(settings, plan.root)
        held.callback(pool.close, 5.0)
        signals = Signals(waker.wake)
        metrics = _measured(settings, plan.root, lambda: _models(service.plan))
        service = Service(
            *(plan, pool.submit, ledger, waker),
            alive=lambda: tell_systemd("WATCHDOG=1"),
            meter=metrics,
            read_ledger=lambda: closing(Ledger.open(ledger_url(settings), reading=True)),
        )
        service.start()
        held.enter_context(_exported(metrics, settings))
        child = Companion(_notifier_command(config)) if notifier and not once else None
        if child is not None:
            held.callback(child.close)
        tell_systemd("READY=1")

        def stop() -> bool:
            if signals.reload.is_set():
                signals.reload.clear()
                _reload(service, config)
            if child is not None:
                child.look()
            return signals.stop.is_set()

        clean = service.run(stop, once=once)
        tell_systemd("STOPPING=1")
    if once and notifier:
        subprocess.run(_notifier_command(config, once=True), check=False, stdin=subprocess.DEVNULL)
    return 0 if clean or not once else 1


def _measured(settings: Settings, root: Root, models: Callable[[], dict[str, BundleRef | None]]) -> Metrics:
    metrics = Metrics(__version__, worker_count(settings), settings.routes, models, root.notifier)
    metrics.registry.register(Figures(root.reports))
    return metrics


def _workers(settings: Settings, root: Root) -> Workers:
    chosen = settings.workers
    scheduler = chosen.scheduler if chosen.backend == "dask" else ""
    return hire(worker_count(settings), chosen.memory_mb << 20, root.workers_write, scheduler)


def _reload(service: Service, config: Path) -> None:
    """Take up a valid configuration; an invalid one changes nothing."""
    tell_systemd("RELOADING=1")
    try:
        settings = load(config, os.environ)
        plan = plan_of(settings)
        if plan.root.path != service.plan.root.path:
            raise Misconfigured("the root cannot change while the daemon runs: stop it first", str(config))
        make_root(plan.root, *_names_of(plan))
        service.reload(plan)
    except (Misconfigured, OSError) as fault:
        log.error("configuration refused, the old one stays", why=str(fault))
    tell_systemd("READY=1")


def _models(plan: Plan) -> dict[str, BundleRef | None]:
    """Return what each route's next drop would be scored with."""
    found: dict[str, BundleRef | None] = {}
    for route in plan.routes:
        try:
            found[route.name] = bundle_of(route)
        except Unavailable:
            found[route.name] = None
    return found


@contextmanager
def _exported(metrics: Metrics, settings: Settings) -> Iterator[None]:
    """Let Prometheus read the figures for so long. A port that cannot be had is no reason not to score."""
    address = settings.metrics.address
    try:
        opened = handed_over(os.environ) or (listening(*address) if address else None)
    except OSError as error:
        log.error("nobody can read the metrics", listen=settings.metrics.listen, why=error.strerror)
        opened = None
    if opened is None:
        yield
        return
    _recall(metrics, settings)
    exporter = Exporter(metrics.registry, opened)
    log.info("metrics are read", port=exporter.port)
    try:
        yield
    finally:
        exporter.close()


def _recall(metrics: Metrics, settings: Settings) -> None:
    """Tell what earlier runs delivered: to be started again is not to have been idle."""
    ledger = Ledger(ledger_url(settings), reading=True, busy_seconds=_RECALL_SECONDS)
    with suppress(Unavailable), closing(ledger):  # it may be away, or not made yet
        for route in settings.routes:
            newest = ledger.jobs(routes=[route], states=_ENDED, limit=20)
            published = [row.published for row in newest if row.verdict in SUCCESSES and row.published]
            if published:
                metrics.succeeded(route, max(published))


def _notifier_command(config: Path, once: bool = False) -> list[str]:
    how = ["--once"] if once else ["--parent", str(os.getpid())]
    return [sys.executable, "-m", "dropscore", "notify", "run", "--config", str(config), *how]
