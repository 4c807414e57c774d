"""`init`: a root with its folders, configuration and schema. What is there already is left as it is."""

from __future__ import annotations

import os
import pwd
import shlex
from pathlib import Path

import click

from dropscore.cli.errors import Code
from dropscore.cli.finding import chmod
from dropscore.cli.output import counted, put, put_json, say
from dropscore.cli.place import json_option, user_name
from dropscore.domain.errors import Refused, Unavailable
from dropscore.domain.jobs import DEFAULT_ROUTE
from dropscore.folders import ACTUALS, CHECK, Root, folders_of, make_root, pick_bundle
from dropscore.settings import Settings, commented_toml, load, with_actuals
from dropscore.settings.writing import SCHEMA_NAME, schema_text


@click.command()
@click.argument("root", type=click.Path(path_type=Path, file_okay=False))
@click.option("--model", type=click.Path(path_type=Path), help="The model's folder, for the default route.")
@click.option("--user", help="Whom the daemon runs as (needs root). Else: you.")
@click.option("--in-group", help="The Unix group that may drop files.")
@click.option("--out-group", help="The Unix group that may take results.")
@json_option
def command(
    root: Path, model: Path | None, user: str | None, in_group: str | None, out_group: str | None, as_json: bool
) -> int:
    """Make a root: its folders and its configuration. A second time, it makes only what is missing."""
    root = root.resolve()
    owner = _owner(root, user)
    written = _write_configuration(root, model, (in_group or "", out_group or ""), owner)
    settings = load(root / "config" / "dropscore.toml", os.environ)
    made = make_root(Root(settings.root), tuple(settings.routes), with_actuals(settings))
    _give(made, owner)
    commands = _group_commands(Root(settings.root), settings)
    if as_json:
        put_json({"root": str(root), "made": [str(path) for path in (*written, *made)], "commands": commands})
        return Code.FINE
    for path in (*written, *made):
        put(str(path))
    _tell(root, counted(len(made), "folder"), bool(written or made), commands, model, settings)
    return Code.FINE


def _owner(root: Path, user: str | None) -> tuple[int, int] | None:
    """Return uid and gid that new folders are given to; None leaves them the caller's."""
    state = root / "state"
    if user is None:
        if state.exists() and os.geteuid() == 0:
            found = state.stat()
            return found.st_uid, found.st_gid
        if state.exists() and state.stat().st_uid != os.geteuid():
            raise Refused(f"{root} belongs to {user_name(state.stat().st_uid)}. Run this as that user, or as root.")
        return None
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise Refused(f"there is no user {user}. Make it: useradd --system --home-dir {root} {user}") from None
    if os.geteuid() not in (0, entry.pw_uid):
        raise Refused(f"only root can make a root for {user}.")
    return entry.pw_uid, entry.pw_gid


def _give(paths: list[Path], owner: tuple[int, int] | None) -> None:
    if owner is None or os.geteuid() != 0:
        return
    for path in paths:
        mode = path.stat().st_mode & 0o7777
        os.chown(path, *owner)
        path.chmod(mode)  # the kernel takes setgid away with the owner


def _write_configuration(
    root: Path, model: Path | None, groups: tuple[str, str], owner: tuple[int, int] | None
) -> list[Path]:
    """Write the configuration if there is none, and the schema if it is not this version's."""
    folder = root / "config"
    config, schema = folder / "dropscore.toml", folder / SCHEMA_NAME
    written = []
    if not config.exists():
        text = commented_toml(_model_for(root, model), groups if any(groups) else None)
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(config, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)  # it may come to hold passwords
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
        if owner and os.geteuid() == 0:
            os.chown(config, -1, owner[1])
        written.append(config)
    elif _differs(config, model, groups):
        say(f"{config} is there already and stays as it is: change the model and the groups in it.")
    if not schema.exists() or schema.read_text(encoding="utf-8") != schema_text():
        schema.write_text(schema_text(), encoding="utf-8")
        schema.chmod(0o644)
        written.append(schema)
    return written


def _differs(config: Path, model: Path | None, groups: tuple[str, str]) -> bool:
    """Return whether what is asked for is not what the configuration has."""
    route = load(config, os.environ).routes.get(DEFAULT_ROUTE)
    wanted = (model.resolve() if model else None, *(group or None for group in groups))
    has = (route.model, route.in_group, route.out_group) if route else (None, None, None)
    return any(want is not None and want != have for want, have in zip(wanted, has, strict=True))


def _model_for(root: Path, model: Path | None) -> str | None:
    """Return the model's folder as the configuration names it: relative where it lies in the root."""
    if model is None:
        return None
    model = model.resolve()
    if not model.is_dir():
        raise Refused(f"there is no folder {model}. --model is the folder that holds a model's versions.")
    return f"../{model.relative_to(root)}" if model.is_relative_to(root) else str(model)


def _tell(root: Path, folders: str, new: bool, commands: list[str], model: Path | None, settings: Settings) -> None:
    say(f"{root}: {folders} made." if new else f"{root}: everything is there already; nothing was changed.")
    if model is not None:
        try:
            bundle = pick_bundle(model.resolve())
            say(f"Model: {bundle.name} {bundle.version}.")
        except Unavailable as error:
            say(f"Note: {error.matter} Drops will wait until there is one.")
    if not settings.routes:
        say("Next: set the model of [routes.default] in config/dropscore.toml.")
    if commands:
        say("So that its people can drop and take files, run these as root:")
        for line in commands:
            say(f"  {line}")
        say("File servers must let the group read drops: docs/deploy-sftp.md and docs/deploy-samba.md say how.")
    say(f"Start it with: dropscore run --config {shlex.quote(str(root / 'config' / 'dropscore.toml'))}")


def _group_commands(root: Root, settings: Settings) -> list[str]:
    """Return the commands that open each route's folders to its two groups, and let the daemon into both."""
    lines: list[str] = []
    modes = folders_of(root, tuple(settings.routes), with_actuals(settings))
    owner = root.state.stat().st_uid
    for name, route in settings.routes.items():
        inbox = root.of_route(root.inbox, name)
        dropped = [inbox, inbox / CHECK, *([inbox / ACTUALS] if route.actuals.key else [])]
        taken = [root.of_route(root.outbox, name), root.of_route(root.failed, name)]
        for group, folders in ((route.in_group, dropped), (route.out_group, taken)):
            if group is None:
                continue
            paths = " ".join(shlex.quote(str(folder)) for folder in folders)
            lines.append(f"groupadd --force {shlex.quote(group)}")
            if owner != 0:  # it reads what the one group may read, and hands over what the other one may have
                lines.append(f"usermod -aG {shlex.quote(group)} {shlex.quote(user_name(owner))}")
            lines.append(f"chgrp {shlex.quote(group)} {paths}")
            # After a chgrp, because that takes setgid away.
            lines += [chmod(modes[folder], folder) for folder in folders]
    return lines
