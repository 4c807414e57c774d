"""Uploads: streamed to `state/uploads/ULID/`, made durable, then handed to the daemon by a request.

Success is answered only after all of that. The upload's id becomes the job's.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PureWindowsPath
from typing import Any

from fastapi import HTTPException
from ulid import ULID

from dropscore import durable
from dropscore.domain.errors import Refused
from dropscore.domain.jobs import Kind
from dropscore.folders import Root, is_job
from dropscore.web import asking
from dropscore.web.context import Web
from dropscore.web.people.roles import Who

DATA, META = "data", "meta.json"
_LONGEST_NAME = 255
_COPY = 1 << 20


class Incoming:
    """The bytes of one upload while they come. Until `accept` they are nothing to anybody."""

    def __init__(self, root: Root, most_bytes: int, name: str = "") -> None:
        self.id = str(ULID())
        self.name = name
        self.folder = root.uploads / self.id
        self.bytes = 0
        self.accepted = False
        """The daemon has been asked to take it: from here on it is not ours to remove."""
        self._most = most_bytes
        self._digest = hashlib.sha256()
        self.folder.mkdir(mode=0o700)
        self._handle = os.open(self.folder / DATA, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o640)

    def write(self, data: bytes) -> None:
        """Raises HTTPException 413 beyond the largest upload."""
        self.bytes += len(data)
        if self.bytes > self._most:
            raise HTTPException(413, f"The largest upload is {self._most // 1_000_000} MB.")
        self._digest.update(data)
        durable.write_all(self._handle, data)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def close(self) -> None:
        """Make the bytes durable."""
        if self._handle >= 0:
            handle, self._handle = self._handle, -1
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def discard(self) -> None:
        """Remove what came, unless it has been accepted."""
        if self.accepted:
            return
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Meta:
    """What is asked of an upload. The names of its fields are those in `meta.json`."""

    user: str
    route: str
    name: str
    kind: Kind
    via: str
    idempotency_key: str | None = None
    mends: str | None = None


def most_bytes(web: Web) -> int:
    return web.settings.web.upload_mb * 1_000_000


def clean_name(name: str) -> str:
    """Return a name without folders. Refused: nothing is left of it, or it is too long."""
    found = PureWindowsPath(name.replace("\0", "").replace("/", "\\")).name.strip()
    if not found or found in (".", ".."):
        raise Refused("The file has no name.")
    if len(found.encode("utf-8", "surrogatepass")) > _LONGEST_NAME:
        raise Refused("The file's name is too long.")
    return found


def expect_route(web: Web, who: Who, route: str) -> str:
    """Return the route. 404: there is none of that name for the reader."""
    if route not in web.settings.routes or not who.sees(route):
        raise HTTPException(404, "There is no such route.")
    return route


def expect_room(web: Web, who: Who) -> None:
    """Raise 429 where too many uploads of this person or token wait already."""
    waiting = sum(1 for one in asking.pending(web.root) if one.verb == asking.SUBMIT and one.by == who.name)
    if waiting >= web.settings.web.uploads_of_one:
        raise HTTPException(429, "Too many of your uploads wait for the daemon already.")


def accept(web: Web, who: Who, incoming: Incoming, meta: Meta) -> str:
    """Make an upload durable and ask the daemon to take it; return its id, which becomes the job's."""
    incoming.close()
    document = {**{k: getattr(meta, k) for k in Meta.__dataclass_fields__}, "sha256": incoming.sha256}
    durable.write_new(incoming.folder / META, json.dumps(document).encode())
    durable.sync_directory(incoming.folder.parent)
    incoming.accepted = True
    # The request has the upload's own id: asked twice, it is one request.
    return asking.ask(web.root, who, asking.SUBMIT, request=incoming.id, upload=incoming.id)


def take_from(web: Web, source: int, size: int, name: str) -> Incoming:
    """Return an upload made of a file that is here already, such as a checked one."""
    incoming = Incoming(web.root, max(size, most_bytes(web)), name)
    try:
        at = 0
        while chunk := os.pread(source, _COPY, at):
            incoming.write(chunk)
            at += len(chunk)
    except BaseException:
        incoming.discard()
        raise
    return incoming


def forget(root: Root, upload: str) -> None:
    """Remove an upload whose request was withdrawn."""
    durable.remove_tree(root.uploads / upload, root.uploads / f".trash-{upload}")


def sweep(root: Root, now: float, older_than: float = 86400.0) -> int:
    """Remove what broken connections left: uploads that nobody has asked for within a day. Return how many."""
    asked = {one.upload for one in asking.pending(root)}
    swept = 0
    for folder in root.uploads.iterdir():
        with suppress(OSError):
            stale = now - folder.stat().st_mtime > older_than
            if stale and folder.name not in asked and not root.job(folder.name).exists():
                shutil.rmtree(folder, ignore_errors=True)
                swept += 1
    return swept


def read_meta(root: Root, upload: str) -> dict[str, Any]:
    """Return what was asked of an upload; empty where there is none."""
    if not is_job(upload):
        return {}
    try:
        return dict(json.loads((root.uploads / upload / META).read_bytes()))
    except (OSError, ValueError, TypeError):
        return {}
