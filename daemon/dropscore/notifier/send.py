"""The child process that sends one message, or tries whether it could. apprise is loaded here and nowhere else.

It reads one JSON object from its standard input (an address on a command line could be read by everyone) and
answers with one on its standard output. Its parent kills it when it takes too long; should the parent be gone,
an alarm does.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import signal
import smtplib
import socket
import ssl
import sys
from typing import Any
from urllib.parse import urlsplit

from apprise import Apprise, AppriseAsset, NotifyFormat, PersistentStoreMode

from dropscore.notifier.redaction import names_a_host

_SPARE_SECONDS = 5
_PR_SET_PDEATHSIG = 1


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints is no answer
    # Whoever is to mark a message as sent must be there: else the next notifier sends it, too.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    asked = json.load(sys.stdin)
    if os.getppid() != asked["parent"]:
        return
    signal.alarm(int(asked["deadline"]) + _SPARE_SECONDS)
    with answers:
        json.dump(_answer(asked), answers)


class _Reasons(logging.Handler):
    """Keeps warnings, and what exceptions said. Other debug lines hold whole messages: they are dropped."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = record.getMessage()
        if record.levelno >= logging.WARNING or "Exception" in line:
            self._lines.append(line)

    def __str__(self) -> str:
        return " ".join(self._lines[-4:])


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    reasons = _Reasons()
    logger = logging.getLogger("apprise")
    logger.addHandler(reasons)
    logger.setLevel(logging.DEBUG)
    asset = AppriseAsset(storage_mode=PersistentStoreMode.MEMORY)  # it would write into a home directory
    address = Apprise.instantiate(asked["url"], asset=asset)
    if address is None:
        return {"ok": False, "detail": f"The address cannot be used. {reasons}"}
    if asked["do"] == "handshake":
        return _handshake(address, asked["url"], asked["deadline"])
    sender = Apprise(asset=asset)
    sender.add(address)
    if sender.notify(title=asked["subject"], body=asked["body"], body_format=NotifyFormat.TEXT):
        return {"ok": True, "detail": ""}
    return {"ok": False, "detail": str(reasons) or "The service refused the message."}


def _handshake(address: Any, url: str, deadline: float) -> dict[str, Any]:
    """Go as far as one can without telling anybody: log in to a mail server, open a connection elsewhere."""
    seconds = max(1.0, deadline - 1)
    try:
        if getattr(address, "smtp_host", None):
            return {"ok": True, "detail": _mail_handshake(address, seconds)}
        host, port, secure = _endpoint(address, url)
        if host is None:
            return {"ok": True, "detail": "The address can be used. This service cannot be tried without sending."}
        with socket.create_connection((host, port), timeout=seconds) as plain:
            if secure:
                with ssl.create_default_context().wrap_socket(plain, server_hostname=host):
                    pass
        return {"ok": True, "detail": f"{host}:{port} answers{' with a valid certificate' if secure else ''}."}
    except (OSError, smtplib.SMTPException) as error:
        return {"ok": False, "detail": f"{type(error).__name__}: {error}"}


def _mail_handshake(address: Any, seconds: float) -> str:
    context = ssl.create_default_context()
    where = (address.smtp_host, address.port)
    over_tls = address.secure_mode == "ssl"
    server = (
        smtplib.SMTP_SSL(*where, timeout=seconds, context=context)
        if over_tls
        else smtplib.SMTP(*where, timeout=seconds)
    )
    with server:
        server.ehlo()
        if address.secure_mode == "starttls":
            server.starttls(context=context)
        if address.user and address.password:
            server.login(address.user, address.password)
    return f"{where[0]}:{where[1]} accepts mail{' and the log-in' if address.user and address.password else ''}."


def _endpoint(address: Any, url: str) -> tuple[str | None, int, bool]:
    """Where the service listens: its fixed address, else the host that the address names.

    Where others have a host, some kinds have a token: that must not be asked of a name server.
    """
    fixed = getattr(address, "notify_url", None)
    if isinstance(fixed, str) and "://" in fixed:
        parts = urlsplit(fixed.replace("{", "").replace("}", ""))
        secure = parts.scheme == "https"
        return parts.hostname, parts.port or (443 if secure else 80), secure
    if not names_a_host(url):
        return None, 0, False
    secure = bool(getattr(address, "secure", False))
    host = getattr(address, "host", None)
    return (host or None), getattr(address, "port", None) or (443 if secure else 80), secure


if __name__ == "__main__":
    main()
