"""Real file servers on loopback, set up by the very blocks of docs/deploy-sftp.md and docs/deploy-samba.md.

Everything here needs root. The bind mounts live in the mount namespace of a server alone, so they end with it, however
it ends; and a server ends with the tests, also where these are killed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import paramiko

from e2e.people import block, fitted, run

SSHD, SMBD = "/usr/sbin/sshd", "/usr/sbin/smbd"
PASSWORD = "correct horse battery staple"
# A mount and a process namespace of its own: what the server started and mounted ends with it, also where the tests are
# killed.
_APART = (
    *("setpriv", "--pdeathsig", "KILL"),
    *("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"),
)
_TOOLS = (SSHD, SMBD, "setpriv", "ssh-keygen", "sftp", "smbclient", "smbpasswd", "lftp", "useradd", "unshare", "mount")
# The machine's part of the server's configuration; the route's part is the document's.
_SSHD = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
PidFile none
UsePAM no
UseDNS no
KbdInteractiveAuthentication no
Subsystem sftp internal-sftp
"""
_SMBD = """
    interfaces = lo
    bind interfaces only = yes
    smb ports = {port}
    passdb backend = tdbsam:{folder}/passdb.tdb
    log file = {folder}/log
    max log size = 0
"""
_SMB_PLACES = ("private dir", "lock directory", "state directory", "cache directory", "pid directory", "ncalrpc dir")
_TRUSTING = ("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR")


def missing_for_servers() -> str:
    """Return why no servers can be started here, or an empty string."""
    if os.geteuid() != 0:
        return "needs root: accounts, a chroot and bind mounts"
    lacking = [tool for tool in _TOOLS if not shutil.which(tool)]
    if lacking:
        return f"not installed: {', '.join(lacking)}"
    probe = subprocess.run(["unshare", "--mount", "true"], capture_output=True, text=True, check=False)
    return f"no mount namespaces here: {probe.stderr.strip()}" if probe.returncode else ""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Sftp:
    """A running sshd. Its clients are named by their accounts."""

    port: int
    key: Path
    log: Path

    def command(self, user: str, *options: str) -> list[str]:
        """Return OpenSSH's own client, which reads its commands from standard input."""
        return [
            "sftp",
            "-q",
            *options,
            "-b",
            "-",
            "-P",
            str(self.port),
            "-i",
            str(self.key),
            *_TRUSTING,
            f"{user}@127.0.0.1",
        ]

    def batch(self, user: str, *commands: str, check: bool = True, options: Sequence[str] = ()) -> str:
        """Run these commands; return what the client said. With `check`, they must all succeed."""
        done = subprocess.run(
            self.command(user, *options),
            input="\n".join(commands) + "\n",
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr + self.log.read_text()[-2000:]
        return done.stdout + done.stderr

    def lftp(self, user: str, *commands: str) -> None:
        connect = f"ssh -a -x -i {self.key} -p {self.port} {' '.join(_TRUSTING)}"
        script = (
            f"set sftp:connect-program '{connect}'; set net:max-retries 1; "
            f"open -u {user}, sftp://127.0.0.1:{self.port}; {'; '.join(commands)}"
        )
        done = subprocess.run(["lftp", "-c", script], capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr

    @contextlib.contextmanager
    def client(self, user: str) -> Iterator[paramiko.SFTPClient]:
        """Connect with paramiko, for uploads that stop and go on."""
        with paramiko.SSHClient() as connection:
            connection.set_missing_host_key_policy(paramiko.AutoAddPolicy())
            connection.connect(
                "127.0.0.1", self.port, user, key_filename=str(self.key), allow_agent=False, look_for_keys=False
            )
            with connection.open_sftp() as files:
                yield files


@dataclass(frozen=True, slots=True)
class Samba:
    """A running smbd, with one share for each route."""

    port: int
    config: Path
    log: Path

    def command(self, user: str, share: str, commands: str) -> list[str]:
        return [
            *("smbclient", f"//127.0.0.1/{share}", "--configfile", str(self.config), "--port", str(self.port)),
            *("--user", f"{user}%{PASSWORD}", "--command", commands),
        ]

    def call(self, user: str, share: str, *commands: str, check: bool = True) -> str:
        done = subprocess.run(
            self.command(user, share, "; ".join(commands)), capture_output=True, text=True, check=False, timeout=60
        )
        told = done.stdout + done.stderr
        assert not check or (done.returncode == 0 and "NT_STATUS" not in told), told
        return told


def mounts(folder: Path, names: Mapping[str, str | Path], routes: Sequence[str], bindfs: Sequence[str] = ()) -> Path:
    """Make the routes' folders as their people see them; return an fstab. The inboxes of `bindfs` are forced to g+r."""
    lines = []
    for route in routes:
        here = {**names, "credit": route}
        run(fitted(block("deploy-sftp.md", "sh", "mkdir"), here))
        table = fitted(block("deploy-sftp.md", "fstab"), here).splitlines()
        if route in bindfs:
            table[0] = fitted(block("deploy-sftp.md", "fstab-bindfs"), here).strip()
        lines += table
    table_file = folder / "fstab"
    table_file.write_text("\n".join(lines) + "\n")
    return table_file


@contextlib.contextmanager
def sftp_server(folder: Path, names: Mapping[str, str | Path], fstab: Path, users: Sequence[str]) -> Iterator[Sftp]:
    """Start an sshd for these accounts, as docs/deploy-sftp.md sets one up."""
    folder.mkdir(mode=0o755)
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    for name in ("host_key", "key"):
        run(f"ssh-keygen -q -t ed25519 -N '' -f {folder / name}")
    for user in users:
        here = {**names, "acme": user, "acme.pub": folder / "key.pub"}
        run(fitted(block("deploy-sftp.md", "sh", "acme.pub"), here))
    port, config = free_port(), folder / "sshd_config"
    config.write_text(_SSHD.format(port=port, folder=folder) + fitted(block("deploy-sftp.md", "sshd_config"), names))
    with _server(port, folder / "log", fstab, [SSHD, "-D", "-e", "-f", str(config)]):
        yield Sftp(port, folder / "key", folder / "log")


@contextlib.contextmanager
def samba_server(
    folder: Path, names: Mapping[str, str | Path], fstab: Path, routes: Sequence[str], users: Sequence[str]
) -> Iterator[Samba]:
    """Start an smbd with a share for each route, as docs/deploy-samba.md sets one up; its own files are private."""
    folder.mkdir(mode=0o755)
    general, share = block("deploy-samba.md", "smb.conf").split("\n\n", 1)
    port, config = free_port(), folder / "smb.conf"
    text = general + _SMBD.format(port=port, folder=folder)
    for place in _SMB_PLACES:
        (folder / place.replace(" ", "-")).mkdir(mode=0o755)
        text += f"    {place} = {folder / place.replace(' ', '-')}\n"
    shares = [fitted(share, {**names, "credit": route} | _groups_of(names, route)) for route in routes]
    config.write_text("\n".join([text, *shares]))
    for user in users:
        run(f"printf '{PASSWORD}\\n{PASSWORD}\\n' | smbpasswd -c {config} -s -a {user}")
    with _server(
        port, folder / "log", fstab, [SMBD, "--foreground", "--no-process-group", "--configfile", str(config)]
    ):
        yield Samba(port, config, folder / "log")


def _groups_of(names: Mapping[str, str | Path], route: str) -> dict[str, str | Path]:
    return {f"credit-{way}": names[f"{route}-{way}"] for way in ("in", "out")}


@contextlib.contextmanager
def _server(port: int, log: Path, fstab: Path, command: list[str]) -> Iterator[None]:
    start = f"mount --fstab '{fstab}' --all && exec \"$@\""
    with log.open("ab") as talk:
        server = subprocess.Popen(
            [*_APART, "sh", "-ec", start, "sh", *command],
            stdout=talk,
            stderr=talk,
            stdin=subprocess.DEVNULL,
        )
    try:
        _wait_for(port, server, log)
        yield
    finally:
        server.kill()
        server.wait(timeout=20)


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if server.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"{server.args!r} did not start: {log.read_text()}")
