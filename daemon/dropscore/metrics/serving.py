"""The port on which Prometheus reads the figures: one that is opened here, or one that systemd hands over."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import MutableMapping
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, make_wsgi_app

_FIRST = 3
"""The first socket that systemd hands over. Source: sd_listen_fds(3)."""
_VARIABLES = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")


def listening(host: str, port: int) -> socket.socket:
    """Open the port. OSError: it is in use, or the address is none of this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


def handed_over(environ: MutableMapping[str, str], name: str = "metrics") -> socket.socket | None:
    """Return the socket of that name that systemd opened for this process, once; None: there is none."""
    given = [environ.pop(variable, "") for variable in _VARIABLES]
    if given[0] != str(os.getpid()) or not given[1].isdigit():
        return None
    names = given[2].split(":")
    for number in range(int(given[1])):
        os.set_inheritable(_FIRST + number, False)  # workers have no use for it
    if name not in names[: int(given[1])]:
        return None
    return socket.socket(fileno=_FIRST + names.index(name))


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A reader that went away in the middle is no news."""


class _Handler(WSGIRequestHandler):
    timeout = 10.0
    """Seconds for which a reader may say nothing."""

    def log_message(self, format: str, *args: object) -> None:
        """A line for each scrape would bury the others."""


class Exporter:
    """Answers on an open socket, in threads of its own, until it is closed."""

    def __init__(self, registry: CollectorRegistry, opened: socket.socket) -> None:
        opened.listen()
        address = opened.getsockname()
        self.port: int = address[1]
        # The base class would look up its own name in the DNS, which a daemon without a network waits for.
        self._server = _Server(address[:2], _Handler, bind_and_activate=False)
        self._server.socket.close()
        self._server.socket = opened
        self._server.server_name, self._server.server_port = str(address[0]), self.port
        self._server.setup_environ()
        self._server.set_app(make_wsgi_app(registry))
        self._thread = threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5.0)
