"""What `doctor` looks at, one function each. A finding says what was tried, and how to mend it if it failed."""

from __future__ import annotations

import json
import secrets
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from ulid import ULID

from dropscore.cli.finding import Finding, mend_of
from dropscore.cli.place import Place
from dropscore.cli.reading import daemon_of, ledger_of
from dropscore.domain.errors import Unavailable
from dropscore.folders import holder_of
from dropscore.intake.guard import is_remote
from dropscore.notifier.addresses import everybody
from dropscore.notifier.loop import handshake
from dropscore.settings import ledger_url, recipients_of

LEAST_WATCHES, LEAST_INSTANCES = 1024, 16
MOST_CLOCK_SECONDS = 2.0
STUCK_SECONDS = 60.0
_CAP_LEASE = 28
_MODEL_SECONDS = 120


def lease_right(place: Place) -> Iterator[Finding]:
    """May the running daemon ask for leases on other people's files?"""
    holder = holder_of(place.root)
    what = "leases on other people's files"
    if not holder or not place.settings.routes:
        yield Finding(what, "not tried: no daemon runs.", note=True)
        return
    try:
        lines = Path(f"/proc/{holder['pid']}/status").read_text(encoding="ascii", errors="replace").splitlines()
        granted = int(next(line for line in lines if line.startswith("CapEff:")).split()[1], 16)
    except (OSError, KeyError, StopIteration, ValueError):
        yield Finding(what, f"not tried: the daemon runs on {holder.get('host', 'another machine')}.", note=True)
        return
    if granted >> _CAP_LEASE & 1:
        yield Finding(what, "the daemon may ask for them.")
    else:
        told = "the daemon lacks CAP_LEASE: whether a sender still writes is judged by time alone."
        yield Finding(
            what, told, "Start it as systemd/dropscore.service does: AmbientCapabilities=CAP_LEASE.", note=True
        )


def workers(place: Place) -> Iterator[Finding]:
    """Can worker processes give up the network, and all folders but their own? Tried in a process that does so."""
    asked = "import sys; from dropscore.workers.confine import confine; print(*map(int, confine(sys.argv[1:])))"
    folders = [str(folder) for folder in place.root.workers_write]
    ended = subprocess.run(
        [sys.executable, "-c", asked, *folders], capture_output=True, timeout=_MODEL_SECONDS, check=False
    )
    answers = ended.stdout.split()
    for what, answer, closed, mend in (
        ("the network", answers[:1], "closed to them.", "apt-get install libseccomp2"),
        (
            "other folders",
            answers[1:],
            "read-only to them.",
            "A kernel with Landlock (5.13 or newer).",
        ),
    ):
        if answer == [b"1"]:
            yield Finding(f"workers and {what}", closed)
        else:
            told = "as open to them as to the daemon, but for what the systemd unit closes."
            yield Finding(f"workers and {what}", told, mend, note=True)


def notices(place: Place) -> Iterator[Finding]:
    """The kernel's limits on watching folders. Without events drops are found all the same, a little later."""
    for name, least in (("max_user_watches", LEAST_WATCHES), ("max_user_instances", LEAST_INSTANCES)):
        try:
            limit = int(Path(f"/proc/sys/fs/inotify/{name}").read_text(encoding="ascii"))
        except (OSError, ValueError):
            yield Finding(f"inotify {name}", "not known here: drops are found by looking alone.", note=True)
            continue
        if limit < least:
            told = f"{limit:,}; folders beyond that are only looked at in turns. Keep the change in /etc/sysctl.d/."
            yield Finding(f"inotify {name}", told, f"sysctl -w fs.inotify.{name}={least * 8}")
        else:
            yield Finding(f"inotify {name}", f"{limit:,}.")
    for name in place.settings.routes:
        inbox = place.root.of_route(place.root.inbox, name)
        if inbox.exists() and is_remote(inbox):
            seconds = place.settings.intake.scan_seconds_network
            told = f"on a network file system: looked at every {seconds:g} s."
            yield Finding(f"inbox of {name}", told, note=True)


def clock(place: Place) -> Iterator[Finding]:
    """Does this clock agree with the disk's, and does it run forward?"""
    probe = place.root.state / f".dropscore-probe-{secrets.token_hex(8)}"
    try:
        probe.write_bytes(b"")
        differs = probe.stat().st_mtime - time.time()
    except OSError as error:
        yield Finding("clock", f"not tried: {error.strerror}.", mend_of(error, place.root.state, place.root.path))
        return
    finally:
        probe.unlink(missing_ok=True)
    newest = max((path.name for path in place.root.receipts.glob("*/*.json")), default="")
    ahead = ULID.from_str(newest[:26]).datetime - datetime.now(UTC) if newest else None
    mend = "timedatectl set-ntp true"
    if abs(differs) > MOST_CLOCK_SECONDS:
        yield Finding("clock", f"the disk of state/ is {differs:+.0f} s off this machine's clock.", mend)
    elif ahead is not None and ahead.total_seconds() > MOST_CLOCK_SECONDS:
        yield Finding("clock", f"the newest job is {ahead.total_seconds():.0f} s in the future.", mend)
    else:
        yield Finding("clock", f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC, as the disk has it.")


def models(place: Place) -> Iterator[Finding]:
    """Load each model and score its golden rows, in a process of its own: a model may crash."""
    if not place.settings.routes:
        mend = "Set [routes.default] model in the configuration."
        yield Finding("routes", "none is configured, so nothing is scored.", mend)
        return
    file = place.loaded.file
    check = f"dropscore model check --config {shlex.quote(str(file))}"
    call = [sys.executable, "-m", "dropscore", "model", "check", "--json", "--config", str(file)]
    try:
        ended = subprocess.run(call, capture_output=True, timeout=_MODEL_SECONDS, check=False)
        results = json.loads(ended.stdout)
    except subprocess.TimeoutExpired:
        yield Finding("models", f"not loaded within {_MODEL_SECONDS} s.", check)
        return
    except ValueError:
        last = ended.stderr.decode(errors="replace").strip().splitlines()[-1:] or [f"exit code {ended.returncode}"]
        yield Finding("models", f"could not be tried: {last[0]}", check)
        return
    for result in results:
        what = f"model of {', '.join(result['routes'])}"
        if result["ok"]:
            yield Finding(what, result["sentence"])
        else:
            yield Finding(what, result["sentence"], result["then"])


def ledger(place: Place) -> Iterator[Finding]:
    """Does it open? One that is not made yet, on a root without jobs, is no fault."""
    try:
        with ledger_of(place) as opened:
            jobs, owing = sum(opened.counts().values()), opened.owing()
            yield Finding("ledger", f"{opened.described}: {jobs:,} jobs, {owing:,} messages owed.")
    except Unavailable as error:
        path = ledger_url(place.settings).removeprefix("sqlite:///")
        fresh = path.startswith("/") and not Path(path).exists() and not any(place.root.receipts.glob("*/*.json"))
        yield Finding("ledger", error.matter, error.then, note=fresh)


def daemon(place: Place) -> Iterator[Finding]:
    """Does a daemon run, and does its loop go round? A lock file that nobody holds is no obstacle."""
    found = daemon_of(place.root)
    if found.holder is None:
        stale = place.root.lock.exists() and place.root.lock.stat().st_size > 0
        told = "no daemon runs" + ("; the last one ended uncleanly, and the next one recovers." if stale else ".")
        yield Finding("daemon", told, note=True)
        return
    holder = found.holder
    told = f"process {holder.get('pid', '?')} on {holder.get('host', '?')}, since {holder.get('since', '?')}"
    written = found.status.get("written")
    age = (datetime.now(UTC) - datetime.fromisoformat(written)).total_seconds() if written else 0.0
    if age > STUCK_SECONDS:
        told += f"; its loop has stood still for {age:.0f} s. Its log says more; nothing is lost."
        yield Finding("daemon", told, "systemctl restart dropscore")
    else:
        yield Finding("daemon", f"{told}.")
    for incident in found.incidents:
        yield Finding(f"daemon: {incident['key']}", incident["matter"], incident["then"] or "See its log.")


def messages(place: Place) -> Iterator[Finding]:
    """Reach every address without telling anybody."""
    addresses = everybody(recipients_of(place.settings))
    if not addresses:
        yield Finding("messages", "no address is configured: nobody will be told.", note=True)
        return
    tried = handshake(url for _, url in addresses)
    for (who, _), one in zip(addresses, tried, strict=True):
        what = f"messages to {who} at {one.where}"
        mend = "" if one.ok else "Mend the address or the server, then try it with: dropscore notify test."
        yield Finding(what, one.detail or "reached.", mend)
