"""What `doctor` tries as the accounts that the folders are for, and as those that they are not for. Needs root."""

from __future__ import annotations

import grp
import os
import pwd
import secrets
import shlex
import subprocess
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dropscore.cli.finding import Finding, chmod
from dropscore.cli.place import Place
from dropscore.domain.jobs import DEFAULT_ROUTE
from dropscore.folders import CLAIMS, folders_of
from dropscore.settings import RouteSettings, with_actuals

_DROPS = ': > "$1-mine" && mv "$1-mine" "$1-moved" && rm "$1-moved"'
_LISTS = "ls"
_OUTSIDER = "nobody"
_SECONDS = 30
Account = pwd.struct_passwd


def people(place: Place) -> Iterator[Finding]:
    """Each route: do senders and readers get in, and nobody where they should not?"""
    for name, route in place.settings.routes.items():
        inbox = place.root.of_route(place.root.inbox, name)
        results = [place.root.of_route(top, name) for top in (place.root.outbox, place.root.failed)]
        if not all(folder.is_dir() for folder in (inbox, *results)):
            continue  # said already, by `folders`
        yield from _senders(place, name, route, inbox)
        yield from _readers(place, name, route, inbox, results)
        if name != DEFAULT_ROUTE:  # others pass through the default route's folders to their own
            yield from _outsiders(place, name, route, [inbox, *results])


def _senders(place: Place, name: str, route: RouteSettings, inbox: Path) -> Iterator[Finding]:
    sender = yield from _member(place, name, route.in_group)
    if sender is None:
        return
    try:
        with _others_drop(place, inbox) as other:
            yield _may(place, route.in_group, sender, inbox, "drop", _DROPS, other)
            yield _may_not(place, sender, inbox, "rename another's drop", 'mv "$1" "$1-taken"', other)
            yield _may_not(place, sender, inbox, "remove another's drop", 'rm -f "$1"', other)
    except OSError as error:
        yield Finding(f"{sender.pw_name} in {inbox}", f"not tried: {error.strerror}.", note=True)
    yield _may_not(place, sender, inbox / CLAIMS, "look into it", _LISTS)


def _readers(place: Place, name: str, route: RouteSettings, inbox: Path, results: list[Path]) -> Iterator[Finding]:
    reader = yield from _member(place, name, route.out_group, rather_not=route.in_group)
    if reader is None:
        return
    for folder in results:
        yield _may(place, route.out_group, reader, folder, "list", _LISTS)
    if name != DEFAULT_ROUTE and not _is_in(reader, route.in_group):
        yield _may_not(place, reader, inbox, "drop", _DROPS)


def _outsiders(place: Place, name: str, route: RouteSettings, folders: list[Path]) -> Iterator[Finding]:
    groups = {group for other in place.settings.routes.values() for group in (other.in_group, other.out_group)}
    strangers = [_found(_OUTSIDER), *(_member_of(place, group) for group in sorted(filter(None, groups)))]
    inside = (route.in_group, route.out_group)
    tried = {one.pw_name: one for one in strangers if one and not any(_is_in(one, group) for group in inside)}
    for stranger in tried.values():
        for folder in folders:
            yield _may_not(place, stranger, folder, "list", _LISTS)


def _member(
    place: Place, name: str, group: str | None, rather_not: str | None = None
) -> Generator[Finding, None, Account | None]:
    """Yield a note where there is nobody to try; return the account."""
    if group is None:
        return None
    found = _member_of(place, group, rather_not)
    if found is None and _gid(group) is not None:
        mend = f"usermod -aG {shlex.quote(group)} ACCOUNT"
        yield Finding(f"group {group} of route {name}", "nobody is in it but the daemon.", mend, note=True)
    return found


def _member_of(place: Place, group: str, rather_not: str | None = None) -> Account | None:
    """Return an account of the group that is neither root nor the daemon; rather one that is not in another group."""
    gid, daemon = _gid(group), place.root.state.stat().st_uid
    if gid is None:
        return None
    members = filter(None, map(_found, grp.getgrgid(gid).gr_mem))
    everybody = [*members, *(entry for entry in pwd.getpwall() if entry.pw_gid == gid)]
    those = [entry for entry in everybody if entry.pw_uid not in (0, daemon)]
    return next((entry for entry in those if not _is_in(entry, rather_not)), those[0] if those else None)


def _found(name: str) -> Account | None:
    with suppress(KeyError):
        return pwd.getpwnam(name)
    return None


def _gid(group: str) -> int | None:
    with suppress(KeyError):
        return grp.getgrnam(group).gr_gid
    return None


def _is_in(account: Account, group: str | None) -> bool:
    gid = _gid(group) if group else None
    return gid is not None and gid in os.getgrouplist(account.pw_name, account.pw_gid)


@contextmanager
def _others_drop(place: Place, inbox: Path) -> Iterator[str]:
    """Lay a file of the daemon's into the inbox, and yield its name, which begins with a dot: nobody takes it."""
    name = f".dropscore-probe-{secrets.token_hex(8)}"
    handle = os.open(inbox / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o640)
    try:
        os.fchown(handle, place.root.state.stat().st_uid, -1)
    finally:
        os.close(handle)
    try:
        yield name
    finally:
        for left in (name, f"{name}-mine", f"{name}-moved", f"{name}-taken"):
            (inbox / left).unlink(missing_ok=True)


def _may(
    place: Place, group: str | None, account: Account, folder: Path, deed: str, script: str, argument: str = ""
) -> Finding:
    what = f"{account.pw_name} in {folder}"
    ended = _as_account(account, folder, script, argument)
    if not ended.returncode:
        return Finding(what, f"can {deed}.")
    told = ended.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["failed"]
    closed = next((top for top in reversed(folder.parents) if _as_account(account, top, "").returncode), None)
    if closed is not None:
        return Finding(what, f"cannot {deed}: {closed} is closed to them.", f"chmod o+x {shlex.quote(str(closed))}")
    mend = f"chgrp {shlex.quote(group or '')} {shlex.quote(str(folder))} && {_right_mode(place, folder)}"
    return Finding(what, f"cannot {deed}: {told[0]}", mend)


def _may_not(place: Place, account: Account, folder: Path, deed: str, script: str, argument: str = "") -> Finding:
    what = f"{account.pw_name} in {folder}"
    argument = argument or f".dropscore-probe-{secrets.token_hex(8)}"
    if _as_account(account, folder, script, argument).returncode:
        return Finding(what, f"cannot {deed}, as it should be.")
    return Finding(what, f"can {deed}, and should not.", _right_mode(place, folder))


def _right_mode(place: Place, folder: Path) -> str:
    return chmod(folders_of(place.root, tuple(place.settings.routes), with_actuals(place.settings))[folder], folder)


def _as_account(account: Account, folder: Path, script: str, argument: str = "") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["/bin/sh", "-c", f'cd "$0" && {script or ":"}', str(folder), argument],
        user=account.pw_uid,
        group=account.pw_gid,
        extra_groups=os.getgrouplist(account.pw_name, account.pw_gid),
        cwd="/",
        capture_output=True,
        check=False,
        timeout=_SECONDS,
    )
