"""Database servers of our own on loopback, to be stopped, killed and started again, and to run out of disk."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from e2e.servers import free_port

PASSWORD = "c4n4ry-0f-the-ledger"
_PATIENCE_SECONDS = 60
_ENDING_WITH_US = ("setpriv", "--pdeathsig", "KILL")
_MARIADB = ("--innodb-log-file-size=8M", "--innodb-buffer-pool-size=16M", "--skip-log-bin", "--max-connections=20")
_POSTGRESQL = ("max_wal_size=64MB", "min_wal_size=32MB", "shared_buffers=16MB", "listen_addresses=127.0.0.1")


def _postgres_tool(name: str) -> str | None:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else None


TOOLS = {
    "postgresql": (_postgres_tool("initdb"), _postgres_tool("postgres")),
    "mariadb": (shutil.which("mariadb-install-db"), shutil.which("mariadbd")),
}


def missing_for(kind: str) -> str:
    """Return why such a server cannot be started here, or an empty string."""
    if os.geteuid() != 0:
        return "needs root: a server under its own account, on a small disk of its own"
    return "" if all(TOOLS[kind]) else f"no {kind} is installed"


@dataclass
class Server:
    """One server with one empty database. `url` has a password in it, which the server does not ask for."""

    kind: str
    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        user = "postgres" if self.kind == "postgresql" else "dropscore"
        return f"{self.kind}://{user}:{PASSWORD}@127.0.0.1:{self.port}/dropscore"

    def start(self) -> None:
        _, program = TOOLS[self.kind]
        data, own = self.folder / "data", self.folder
        if self.kind == "postgresql":
            settings = [word for setting in _POSTGRESQL for word in ("-c", setting)]
            call = [program, "-D", data, "-p", str(self.port), "-k", own, *settings]
            user = "postgres"
        else:
            where = [f"--datadir={data}", f"--socket={own}/socket", f"--port={self.port}", f"--pid-file={own}/pid"]
            call = [program, "--no-defaults", *where, "--bind-address=127.0.0.1", *_MARIADB]
            user = "mysql"
        with (own / "log").open("ab") as log:
            as_user = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"]
            self.process = subprocess.Popen(
                [*_ENDING_WITH_US, *as_user, *map(str, call)], stdout=log, stderr=log, start_new_session=True
            )
        self._await()

    def _await(self) -> None:
        until = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                self.ask("SELECT 1", database=None)
                return
            except DBAPIError:
                assert time.monotonic() < until, (self.folder / "log").read_text()[-3000:]
                time.sleep(0.1)

    def ask(self, statement: str, database: str | None = "dropscore") -> list[tuple[object, ...]]:
        """Carry out a statement as the server's owner, in its own database or in ours."""
        own = "postgres" if self.kind == "postgresql" else "mysql"
        user = "postgres" if self.kind == "postgresql" else "root"
        driver = "postgresql+psycopg" if self.kind == "postgresql" else "mariadb+pymysql"
        url = make_url(f"{driver}://{user}@127.0.0.1:{self.port}/{database or own}")
        engine = create_engine(url, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 5})
        try:
            with engine.connect() as connection:
                found = connection.execute(text(statement))
                return [tuple(row) for row in found] if found.returns_rows else []
        finally:
            engine.dispose()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the server and all its children: PostgreSQL's are in groups of their own."""
        assert self.process is not None
        for process in [self.process.pid, *children(self.process.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)

    def kill(self) -> None:
        assert self.process is not None
        self.send(signal.SIGKILL)
        self.process.wait(30)


def children(process: int) -> list[int]:
    """Return the ids of a process's children, and of theirs."""
    try:
        found = [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except FileNotFoundError:
        return []
    return found + [grand for child in found for grand in children(child)]


@contextlib.contextmanager
def database_server(kind: str, folder: Path) -> Iterator[Server]:
    """Run a server in a folder that its account may enter."""
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    server = Server(kind, folder)
    user = "postgres" if kind == "postgresql" else "mysql"
    prepare, _ = TOOLS[kind]
    shutil.chown(folder, user)
    if kind == "postgresql":
        make = ["runuser", "-u", user, "--", str(prepare), "-A", "trust", "-N", "-D", str(folder / "data")]
    else:
        where = [f"--user={user}", f"--datadir={folder / 'data'}", "--auth-root-authentication-method=normal"]
        make = [str(prepare), "--no-defaults", *where, *_MARIADB]
    subprocess.run(make, check=True, capture_output=True)
    server.start()
    try:
        server.ask("CREATE DATABASE dropscore", database=None)
        if kind == "mariadb":
            server.ask(f"CREATE USER dropscore@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'", database=None)
            server.ask("GRANT ALL ON dropscore.* TO dropscore@'127.0.0.1'", database=None)
        yield server
    finally:
        server.send(signal.SIGCONT)
        server.kill()
