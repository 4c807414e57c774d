"""The whole, once for all tests of file servers: a daemon under an account of its own, sshd, smbd, and people."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from e2e.daemon import DROPSCORE, QUIET_SECONDS, House, make_model
from e2e.people import Person, add_account, block, fitted, marked, passable, person, reachable, run
from e2e.servers import Samba, Sftp, missing_for_servers, mounts, samba_server, sftp_server

ROUTES = ("credit", "homes")
_LEASES = ("--inh-caps=-all,+lease", "--ambient-caps=-all,+lease", "--bounding-set=-all,+lease")


@dataclass(frozen=True, slots=True)
class World:
    """Two routes with their people: ana and ben send to credit, cai to homes, and rea takes credit's results."""

    house: House
    folder: Path
    names: Mapping[str, str | Path]
    sftp: Sftp
    samba: Samba
    ana: Person
    ben: Person
    cai: Person
    rea: Person
    daemon: Person

    def call(self, *arguments: str | Path, code: int = 0) -> str:
        """Run the command line as root, where every account can reach the program."""
        done = subprocess.run(
            [*reachable(), DROPSCORE, *arguments, "--config", self.house.config],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def inbox(self, name: str = "", route: str = "credit") -> Path:
        return self.house.root / "inbox" / route / name


def _people(mark: str, names: Mapping[str, str | Path]) -> dict[str, Person]:
    """Make everybody's account, each by the command of the documents for such a one."""
    before, sender = block("deploy-sftp.md", "sh", "groupadd").split("useradd")
    run(fitted(before, names))
    sender = f"useradd{sender}"
    reader = block("deploy-sftp.md", "sh", "reader")
    for name, route, command in (
        ("ana", "credit", sender),
        ("ben", "credit", sender),
        ("cai", "homes", sender),
        ("rea", "credit", reader),
    ):
        here = {**names, "acme": f"{mark}-{name}", "reader": f"{mark}-{name}"}
        here |= {f"credit-{way}": names[f"{route}-{way}"] for way in ("in", "out")}
        here["/srv/routes/credit"] = f"{names['/srv/routes']}/{route}"
        add_account(fitted(command, here))
    return {name: person(f"{mark}-{name}") for name in ("ana", "ben", "cai", "rea")}


def make_house_of(root: Path, model: Path, daemon: str, names: Mapping[str, str | Path]) -> House:
    """Make a root by `init` for the daemon's account, and run what it prints."""
    house = House(root)
    run(f"install -d -o {daemon} -g {daemon} -m 755 {root}")
    run(f"{DROPSCORE} init {root} --user {daemon}")
    with house.config.open("a", encoding="utf-8") as file:
        for route in ROUTES:
            file.write(
                f"\n[routes.{route}]\nmodel = '{model}'\nquiet_seconds = {QUIET_SECONDS}\n"
                f"in_group = '{names[f'{route}-in']}'\nout_group = '{names[f'{route}-out']}'\n"
            )
    for line in init_commands(root):
        run(line)
    return house


def init_commands(root: Path) -> list[str]:
    """Return what `init` tells an operator to run: the indented lines."""
    done = subprocess.run([DROPSCORE, "init", root], capture_output=True, text=True, check=True)
    return [line.strip() for line in done.stderr.splitlines() if line.startswith("  ")]


@contextlib.contextmanager
def daemon_of(house: House, account: str, leases: bool = True) -> Iterator[subprocess.Popen[bytes]]:
    """Run the daemon as its account, with the one capability that the unit grants, or without."""
    rights = _LEASES if leases else ("--inh-caps=-all", "--bounding-set=-all")
    become = ["setpriv", f"--reuid={account}", f"--regid={account}", "--init-groups", *rights, "--pdeathsig", "TERM"]
    with house.log.open("ab") as log:
        process = subprocess.Popen(
            [*reachable(), *become, DROPSCORE, "run", "--config", house.config], stdout=log, stderr=log, cwd="/"
        )
    try:
        yield process
        assert process.poll() is None, house.log.read_text()[-4000:]
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(45)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    if missing := missing_for_servers():
        pytest.skip(missing)
    with contextlib.ExitStack() as held:
        folder = held.enter_context(passable())
        mark = held.enter_context(marked())
        names: dict[str, str | Path] = {
            "/srv/dropscore": folder / "root",
            "/srv/routes": folder / "routes",
            "/etc/ssh/dropscore-keys": folder / "keys",
            "dropscore-sftp": f"{mark}-sftp",
        } | {f"{route}-{way}": f"{mark}-{route}-{way}" for route in ROUTES for way in ("in", "out")}
        add_account(f"useradd --system --user-group --home-dir {folder} --shell /usr/sbin/nologin {mark}-daemon")
        model = make_model(folder / "price")
        house = make_house_of(folder / "root", model, f"{mark}-daemon", names)
        people = _people(mark, names)
        users = [one.name for one in people.values()]
        fstab = mounts(folder, names, ROUTES)
        sftp = held.enter_context(sftp_server(folder / "sshd", names, fstab, users))
        samba = held.enter_context(samba_server(folder / "smbd", names, fstab, ROUTES, users))
        held.enter_context(daemon_of(house, f"{mark}-daemon"))
        yield World(house, folder, names, sftp, samba, daemon=person(f"{mark}-daemon"), **people)
