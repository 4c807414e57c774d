"""A panel on a root without a daemon: real receipts, a real ledger, real files, and people to look at them."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from dropscore.domain.jobs import State, Verdict, Via
from dropscore.folders import Root, make_root, new_code, new_job, published_name, write_plain
from dropscore.ledger import Ledger
from dropscore.receipt import (
    Counts,
    FileFact,
    GroupEntry,
    InputFact,
    ModelFact,
    ProblemEntry,
    Reading,
    Receipt,
    Sender,
    Times,
    dump,
)
from dropscore.settings import load
from dropscore.web.application import application
from dropscore.web.context import Web
from dropscore.web.people import passwords, tokens, users
from dropscore.web.people.roles import EVERY_ROUTE, Role
from dropscore.web.serve import open_web

# Real hashes cost a tenth of a second each, and tests log in all the time: `test_web_people` looks at the real ones.
passwords.hashers = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1),))

PASSWORD = "orange kettle on the roof"
SAME_ORIGIN = {"sec-fetch-site": "same-origin"}
CONFIG = """
{top}
[web]
{web}
[routes.default]
model = "model"
[routes.credit]
model = "model"
[routes.sales]
model = "model"
"""


@dataclass
class Clock:
    """Time that stands still until it is moved."""

    moment: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.moment

    def pass_(self, **amount: float) -> None:
        self.moment += timedelta(**amount)


@dataclass
class Panel:
    """A panel and what its tests need. Every client is a browser with cookies of its own."""

    web: Web
    ledger: Ledger
    clock: Clock
    url: str
    clients: contextlib.ExitStack

    @property
    def root(self) -> Root:
        return self.web.root

    def client(self, path: str = "") -> httpx.Client:
        made = httpx.Client(base_url=f"{self.url}{path}", headers=SAME_ORIGIN, timeout=30, trust_env=False)
        return self.clients.enter_context(made)

    def user(self, name: str, role: Role = Role.ADMIN, routes: tuple[str, ...] = (EVERY_ROUTE,)) -> None:
        secret = users.add(self.web.people, name, role, routes)
        users.use_link(self.web.people, secret, name, PASSWORD)

    def as_(self, name: str, role: Role = Role.ADMIN, routes: tuple[str, ...] = (EVERY_ROUTE,)) -> httpx.Client:
        """Return a browser in which that user is logged in; the user is made if need be."""
        if users.find(self.web.people, name) is None:
            self.user(name, role, routes)
        client = self.client()
        answer = client.post("/login", data={"name": name, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        return client

    def program(self, *scopes: str, routes: tuple[str, ...] = (EVERY_ROUTE,)) -> httpx.Client:
        """Return a client of the API with a token of these scopes."""
        secret = tokens.add(self.web.people, f"t{new_code()}", scopes or ("read", "submit", "operate"), routes, "test")
        client = self.client("/api/v1")
        client.headers["authorization"] = f"Bearer {secret}"
        return client

    def job(
        self,
        name: str = "sales.csv",
        verdict: Verdict = Verdict.DELIVERED,
        route: str = "default",
        sender: str = "ana",
        content: bytes = b"a,b\n1,2\n",
        result: bytes = b"a workbook",
        **more: Any,
    ) -> Receipt:
        """Put a finished job there: its files, its kept receipt, its row in the ledger."""
        root, job, code = self.root, new_job(), new_code()
        top = root.failed if verdict is Verdict.REJECTED else root.outbox
        folder = root.of_route(top, route)
        files = []
        if verdict is Verdict.REJECTED:
            files.append(_put(root, folder / published_name(name, code, ".csv"), content, "original"))
            files.append(_put(root, folder / published_name(name, code, ".fix.xlsx"), b"a fix workbook", "fix"))
        else:
            archive = root.of_route(root.archive, route) / datetime.now(UTC).strftime("%Y-%m")
            files.append(_put(root, archive / published_name(name, code, ".csv"), content, "archive"))
            if verdict is not Verdict.CHECKED:
                files.insert(0, _put(root, folder / published_name(name, code, ".xlsx"), result, "result"))
        now = datetime.now(UTC).replace(microsecond=0)
        values: dict[str, Any] = {
            "job": job,
            "code": code,
            "route": route,
            "state": State(verdict),
            "verdict": verdict,
            "sentence": f"This is {verdict}.",
            "name": name,
            "sender": Sender(name=sender, via=Via.PANEL),
            "input": InputFact(bytes=len(content), sha256=hashlib.sha256(content).hexdigest()),
            "files": tuple(files),
            "model": ModelFact(name="price", version="1.0.0", sha256="0" * 64),
            "times": Times(claimed=now, finished=now, published=now),
            "counts": _counts(verdict),
        }
        receipt = Receipt.model_validate({**values, **more})
        kept = root.kept_receipt(job)
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(dump(receipt))
        self.ledger.account(receipt)
        return receipt

    def requests(self) -> list[dict[str, Any]]:
        """Return the requests that wait for a daemon, oldest first."""
        return [json.loads(path.read_bytes()) for path in sorted(self.root.requests.glob("*.json"))]

    def status(self, **document: Any) -> None:
        """Write the status file of a daemon."""
        write_plain(self.root.status, {"scanned": datetime.now(UTC).isoformat(), "waiting": [], "jobs": [], **document})

    @contextlib.contextmanager
    def daemon(self) -> Iterator[None]:
        """Hold the root's lock, as a daemon does that answers nothing."""
        handle = os.open(self.root.lock, os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _counts(verdict: Verdict) -> Counts:
    bad = {Verdict.REJECTED: 10, Verdict.PARTIAL: 3}.get(verdict, 0)
    return Counts(rows=10, scored=10 - bad, set_aside=bad, bad_cells=bad, problems=bad)


def _put(root: Root, path: Path, content: bytes, role: str) -> FileFact:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return FileFact.model_validate(
        {
            "role": role,
            "path": root.relative(path),
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
    )


@contextlib.contextmanager
def panel_at(folder: Path, web: str = "", top: str = "") -> Iterator[Panel]:
    """Make a root with three routes and a panel on it."""
    config = folder / "config" / "dropscore.toml"
    config.parent.mkdir(parents=True)
    config.write_text(CONFIG.format(web=web, top=top))
    bundle = folder / "config" / "model" / "1.0.0"
    bundle.mkdir(parents=True)
    fields = [{"name": "area"}, {"name": "größe"}]
    manifest = {"name": "price", "version": "1.0.0", "schema": {"fields": fields}}
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    settings = load(config, {})
    root = Root(settings.root)
    make_root(root, tuple(settings.routes))
    clock = Clock()
    with (
        contextlib.closing(Ledger.open(f"sqlite:///{root.ledger}")) as ledger,
        contextlib.closing(open_web(settings)) as opened,
        contextlib.ExitStack() as clients,
    ):
        opened.people.clock = clock
        _, url = clients.enter_context(serving(opened))
        yield Panel(opened, ledger, clock, url, clients)


@contextlib.contextmanager
def serving(web: Web) -> Iterator[tuple[FastAPI, str]]:
    """Serve a panel on a free port of loopback, in a thread; yield the application and its address."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    app = application(web)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="on", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the panel did not start"
            time.sleep(0.005)
        yield app, f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        app.state.hub.stop_soon()
        server.should_exit = True
        thread.join(10)
        listening.close()


def refused_csv(panel: Panel, *, sender: str = "ana", route: str = "default") -> Receipt:
    """Put a rejected text file there, with two bad cells."""
    content = b"id,area,rooms\nA,12,3\nB,tvelve,3\nC,14,many\n"
    problems = (
        ProblemEntry(code="not-a-number", row=3, column="area", cell="B3", found="tvelve", expected="a number"),
        ProblemEntry(code="not-an-integer", row=4, column="rooms", cell="C4", found="many", expected="a whole number"),
    )
    group = GroupEntry(code="not-a-number", column="area", count=1, sentence="1 cell of *area* is no number.")
    return panel.job(
        "homes.csv",
        Verdict.REJECTED,
        route=route,
        sender=sender,
        content=content,
        problems=problems,
        groups=(group,),
        reading=Reading(format="csv", encoding="utf-8", delimiter=",", header_row=1),
        counts=Counts(rows=3, scored=0, set_aside=3, bad_cells=2, problems=2),
    )
