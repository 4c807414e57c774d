"""A client of Dropscore's API: hand a table in, wait, take the result.

    DROPSCORE_URL=https://dropscore.example DROPSCORE_TOKEN=ds_… python client.py sales.csv --route credit
    … python client.py --process --route credit     (take what waits in the inbox at once)

It needs httpx alone. Everything it does may be repeated: a lost answer never submits a file twice.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx


class Failed(Exception):
    """The API refused. `code` never changes its meaning; `problem` is the whole answer (RFC 9457)."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(problem.get("detail") or problem.get("title") or "failed")
        self.code, self.problem = str(problem.get("code", "")), problem


@dataclass(frozen=True)
class Job:
    """A job as far as it has come."""

    id: str
    code: str
    state: str
    sentence: str


class Client:
    """One Dropscore. Use it in a `with` block."""

    def __init__(self, url: str, token: str, timeout: float = 60.0) -> None:
        headers = {"authorization": f"Bearer {token}"}
        self._http = httpx.Client(base_url=f"{url.rstrip('/')}/api/v1", headers=headers, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def submit(self, path: Path, route: str = "default", *, check: bool = False, tries: int = 5) -> str:
        """Hand a file in and return the job's id. It is safe on the server's disk when this returns."""
        content, headers = path.read_bytes(), {"idempotency-key": str(uuid.uuid4())}  # the same one for every try
        sha256 = hashlib.sha256(content).hexdigest()
        query = {"route": route, "name": path.name, "kind": "check" if check else "score", "sha256": sha256}
        while True:
            try:
                return str(_read(self._http.post("/jobs", params=query, content=content, headers=headers))["job"])
            except httpx.TransportError:
                if (tries := tries - 1) < 1:
                    raise
                time.sleep(2)

    def job(self, job: str) -> Job:
        """Return a job; *waiting* while the daemon has not taken it, or the ledger is away."""
        try:
            found = _read(self._http.get(f"/jobs/{job}"))
        except Failed as failure:
            if failure.code != "not-found" and not failure.code.startswith("unavailable"):
                raise
            return Job(job, "", "waiting", str(failure))
        return Job(found["job"], found["code"], found["state"], found["sentence"])

    def wait(self, job: str, seconds: float = 600.0, every: float = 0.5) -> Job:
        """Return the job once it is finished. TimeoutError: it takes longer, and goes on by itself."""
        until = time.monotonic() + seconds
        while (found := self.job(job)).state in ("waiting", "working"):
            if time.monotonic() > until:
                raise TimeoutError(f"{job} is still {found.state}")
            time.sleep(every)
        return found

    def receipt(self, job: str) -> dict[str, Any]:
        return _read(self._http.get(f"/jobs/{job}/receipt"))

    def download(self, job: str, part: str, folder: Path) -> Path:
        """Download `result`, `fix` or `input` into a folder; return where it is. Its hash is checked."""
        with self._http.stream("GET", f"/jobs/{job}/files/{part}") as answer:
            if answer.status_code != 200:
                answer.read()
                _read(answer)
            name = answer.headers["content-disposition"].partition('filename="')[2].rstrip('"')
            target, digest = folder / Path(name).name, hashlib.sha256()
            with target.open("wb") as out:
                for chunk in answer.iter_bytes():
                    digest.update(chunk)
                    out.write(chunk)
        if digest.hexdigest() != answer.headers["x-sha256"]:
            raise OSError(f"{target} came damaged: ask for it again")
        return target

    def jobs(self, **filters: str) -> Iterator[dict[str, Any]]:
        """Yield all jobs that match, newest first: `state`, `route`, `sender`, `q`, `since`."""
        while page := _read(self._http.get("/jobs", params=filters)):
            yield from page["items"]
            if page["next"] is None:
                return
            filters["cursor"] = page["next"]

    def act(self, job: str, verb: str) -> dict[str, Any]:
        """Retry, archive, delete or undo. Failed: refused. `done` is false where it waits for the daemon."""
        return _read(self._http.post(f"/jobs/{job}/{verb}"))

    def process(self, route: str | None = None, name: str | None = None) -> dict[str, Any]:
        """Have waiting drops taken at once: all, a route's, or one. `jobs` are those taken, `left` the others."""
        return _read(self._http.post("/process", json={"route": route, "name": name}))


def _read(answer: httpx.Response) -> dict[str, Any]:
    document: dict[str, Any] = answer.json() if answer.content else {}
    if answer.is_error:
        raise Failed(document)
    return document


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--process", action="store_true")
    parser.add_argument("--route")
    parser.add_argument("--into", type=Path, default=Path())
    given = parser.parse_args()
    with Client(os.environ["DROPSCORE_URL"], os.environ["DROPSCORE_TOKEN"]) as client:
        if given.process:
            print(client.process(given.route)["sentence"])
            return 0
        job = client.wait(client.submit(given.file, given.route or "default"))
        print(f"{job.code}: {job.sentence}")
        print(client.download(job.id, "result" if job.state in ("delivered", "partial") else "fix", given.into))
    return 0 if job.state == "delivered" else 4


if __name__ == "__main__":
    sys.exit(main())
