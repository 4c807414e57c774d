"""Which root a verb speaks of, and as whom."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from dropscore.domain.errors import Misconfigured, Refused
from dropscore.folders import Root
from dropscore.settings import Loaded, Settings, load_layers

SYSTEM_CONFIG = Path("/etc/dropscore/dropscore.toml")
Verb = TypeVar("Verb", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Place:
    """A root with its settings. `caller` is who typed, whatever user the verb runs as."""

    loaded: Loaded
    root: Root
    caller: str

    @property
    def settings(self) -> Settings:
        return self.loaded.settings


def config_option(verb: Verb) -> Verb:
    return click.option(
        "--config",
        type=click.Path(path_type=Path),
        envvar="DROPSCORE_CONFIG",
        metavar="FILE",
        help="The configuration. Else: config/dropscore.toml here or in a folder above, then /etc/dropscore/.",
    )(verb)


def json_option(verb: Verb) -> Verb:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(verb)


def find_config(given: Path | None) -> Path:
    """Return the configuration's path. Misconfigured where there is none."""
    if given is not None:
        inside = [given / "config" / "dropscore.toml", given / "dropscore.toml"] if given.is_dir() else []
        return next((path for path in inside if path.is_file()), given)
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "config" / "dropscore.toml").is_file():
            return folder / "config" / "dropscore.toml"
    if SYSTEM_CONFIG.is_file():
        return SYSTEM_CONFIG
    raise Misconfigured("there is no configuration here. Name one with --config, or make one: dropscore init ROOT")


def open_place(config: Path | None) -> Place:
    """Load the settings, and become the owner of the root's `state/`.

    Raises:
        Misconfigured: there are no valid settings.
        Refused: the root is not made yet, or belongs to somebody else.
    """
    loaded = load_layers(find_config(config), os.environ)
    root = Root(loaded.settings.root)
    caller = caller_name()
    become_owner(root)
    return Place(loaded, root, caller)


def caller_name() -> str:
    """Return who typed: also behind sudo."""
    return os.environ.get("SUDO_USER") or user_name(os.getuid())


def user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def become_owner(root: Root) -> None:
    """Run on as the owner of `state/`: root switches for good, others are refused.

    Whatever is written then belongs to the daemon, and root's powers never meet files that others made.
    """
    try:
        state = root.state.stat()
    except FileNotFoundError:
        raise Refused(f"{root.path} has no state/ folder. Make it a root first: dropscore init {root.path}") from None
    me = os.geteuid()
    if me == state.st_uid:
        return
    owner = user_name(state.st_uid)
    if me != 0:
        raise Refused(f"{root.path} belongs to {owner}. Run this as that user: sudo -u {owner} dropscore …")
    group, groups, home = state.st_gid, [state.st_gid], str(root.state)
    try:
        entry = pwd.getpwuid(state.st_uid)
        group, home = entry.pw_gid, entry.pw_dir
        groups = os.getgrouplist(entry.pw_name, entry.pw_gid)
    except KeyError:
        pass  # a user without a name has no groups but its folder's
    os.setgroups(groups)
    os.setresgid(group, group, group)
    os.setresuid(state.st_uid, state.st_uid, state.st_uid)
    os.environ["HOME"] = home
