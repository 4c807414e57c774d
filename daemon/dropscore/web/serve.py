"""From settings to a listening panel."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import FrameType

import uvicorn

from dropscore import logs
from dropscore.domain.errors import Refused
from dropscore.folders import Root
from dropscore.settings import Settings, ledger_url, load
from dropscore.web.application import application
from dropscore.web.context import Ledgers, Web
from dropscore.web.daemon import Watcher
from dropscore.web.people import users
from dropscore.web.people.store import People

PEOPLE = "people.sqlite"
_DRAIN_SECONDS = 5


def open_web(settings: Settings) -> Web:
    """Return the panel of a root; close it when done. Refused: the root is not made yet."""
    root = Root(settings.root)
    if not root.state.is_dir():
        raise Refused(f"{root.path} has no state/ folder. Make it a root first: dropscore init {root.path}")
    url = ledger_url(settings)
    return Web(settings, root, People(root.state / PEOPLE), Ledgers(url), Watcher(root))


def run(config: Path, host: str | None = None, port: int | None = None, say: Callable[[str], None] = print) -> int:
    """Serve until told to stop. `say` is told the address, and the set-up link while there is no admin."""
    settings = load(config, os.environ)
    logs.set_up(settings.log.level, settings.log.format)
    chosen_host, chosen_port = host or settings.web.host, port or settings.web.port
    with closing(open_web(settings)) as web:
        address = settings.web.public_url or f"http://{chosen_host}:{chosen_port}"
        say(f"Dropscore's panel: {address}/")
        secret = users.first_link(web.people)
        if secret:
            say(f"Make the first admin here, within {users.LINK_HOURS} hours, once: {address}/setup/{secret}")
        app = application(web)
        server = _Server(
            uvicorn.Config(
                app,
                host=chosen_host,
                port=chosen_port,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=bool(settings.web.proxies),
                forwarded_allow_ips=list(settings.web.proxies),
                timeout_graceful_shutdown=_DRAIN_SECONDS,
                lifespan="on",
            )
        )
        server.run()
    return 0 if server.started else 1


class _Server(uvicorn.Server):
    """Ends the live streams as soon as it is told to stop: they would never end by themselves.

    An orderly stop ends with exit code 0; uvicorn's own way is to die by the signal once it is done.
    """

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        hub = getattr(self.config.app.state, "hub", None)  # type: ignore[union-attr]
        if hub is not None:
            hub.stop_soon()
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True
