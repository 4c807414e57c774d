"""`replay CODE…`: past jobs once more, from their kept inputs: the same bytes, or what another model would say."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from dropscore.cli.errors import Code
from dropscore.cli.jobs import moment_of
from dropscore.cli.output import plain, put, put_json, put_table, say
from dropscore.cli.place import Place, config_option, json_option, open_place
from dropscore.cli.reading import job_named, ledger_of, receipt_of
from dropscore.domain.errors import Refused, Unavailable
from dropscore.domain.jobs import Kind, State, Verdict
from dropscore.folders import pick_bundle
from dropscore.service.moves import input_of
from dropscore.settings import rules_of, trusted_of

_MOST = 100_000
_SCORED = (State.DELIVERED, State.PARTIAL, State.REJECTED)
_NO_VERDICT = {
    Verdict.CHECKED: "was only checked, so there is nothing to replay",
    Verdict.ANSWERED: "was answered with an earlier result: replay that one",
}


@click.command()
@click.argument("codes", nargs=-1)
@click.option("--since", help="All jobs since then, instead of codes: 90m, 24h, 7d, 2w, or a date.")
@click.option("--route", "routes", multiple=True, help="With --since: of this route alone; may be given again.")
@click.option("--model", "version", metavar="VERSION", help="Compare row by row with this version of the model.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With --model: each row of one job, .csv or .parquet.",
)
@config_option
@json_option
def command(
    codes: tuple[str, ...],
    since: str | None,
    routes: tuple[str, ...],
    version: str | None,
    out: Path | None,
    config: Path | None,
    as_json: bool,
) -> int:
    """Do past jobs again without touching them.

    Under the same version the bytes must be the same, or it is said what differs. With --model it is told row by row
    what another version would have answered.
    """
    _expect_sense(codes, since, version, out)
    place = open_place(config)
    names = codes or _since(place, str(since), routes)
    found, left = _replayed(place, names, version, out, strict=bool(codes))
    if as_json:
        put_json({"jobs": [one.model_dump(mode="json") for one in found], "left_out": left})
    elif version is None:
        _tell_same(found)
    else:
        _tell_compared(found)
    for name, why in left.items():
        say(f"{name}: {plain(why)}")
    return Code.FINE if all(getattr(one, "same", True) for one in found) and not left else Code.ERROR


def _expect_sense(codes: tuple[str, ...], since: str | None, version: str | None, out: Path | None) -> None:
    """Raise UsageError where the options do not go together, and Refused where the file is there."""
    if bool(codes) == (since is not None):
        raise click.UsageError("name jobs by their codes, or say --since")
    if out is None:
        return
    if version is None or len(codes) != 1:
        raise click.UsageError("-o goes with one code and --model")
    if out.suffix not in (".csv", ".parquet"):
        raise click.UsageError(f"{out}: name a file that ends in .csv or .parquet")
    if out.exists():
        raise Refused(f"{out} is there already: name another file.")


def _replayed(
    place: Place, names: tuple[str, ...], version: str | None, out: Path | None, strict: bool
) -> tuple[list[Any], dict[str, str]]:
    """Return what came of each job, and why others were left out; `strict`: that ends it."""
    pipeline: Any = importlib.import_module("dropscore.pipeline")  # scikit-learn and pandas: a second or two
    found, left = [], {}
    with _bar(f"{len(names)} jobs" if len(names) > 1 else "rows") as move:
        for number, name in enumerate(names):
            try:
                past = _past(place, pipeline, name)
                if version is None:
                    found.append(pipeline.same_again(past))
                else:
                    other = pick_bundle(place.settings.routes[past.receipt.route].model, version)
                    found.append(pipeline.compare(past, other, out, move if len(names) == 1 else _still))
            except (Refused, Unavailable) as fault:
                if strict:
                    raise
                left[name] = str(fault)
            if len(names) > 1:
                move(number + 1, len(names))
    return found, left


def _still(done: int, total: int) -> None:
    return


def _since(place: Place, since: str, routes: tuple[str, ...]) -> tuple[str, ...]:
    with ledger_of(place) as ledger:
        rows = ledger.jobs(
            states=_SCORED, routes=routes or None, since=moment_of(since, place.settings.zone), limit=_MOST
        )
    if not rows:
        raise Refused(f"there is no job since {since} that was scored.")
    return tuple(row.code for row in reversed(rows))


def _past(place: Place, pipeline: Any, name: str) -> Any:
    """Return all that a job's attempt was told. Refused: it is not kept any more, or cannot be done again."""
    with ledger_of(place) as ledger:
        row = job_named(ledger, name)
    receipt = receipt_of(place.root, row.job)
    if receipt is None or receipt.verdict is None or receipt.model is None:
        raise Refused(f"{row.name} [{row.code}] has no receipt with a verdict and a model.")
    if receipt.kind is not Kind.SCORE or receipt.verdict in _NO_VERDICT:
        raise Refused(f"{receipt.name} [{receipt.code}] {_NO_VERDICT.get(receipt.verdict, 'holds no drop to score')}.")
    route = place.settings.routes.get(receipt.route)
    if route is None:
        raise Refused(f"The route {receipt.route} of {receipt.name} [{receipt.code}] is no longer configured.")
    source = input_of(place.root, receipt)
    if source is None:
        raise Refused(f"The input of {receipt.name} [{receipt.code}] is no longer kept.")
    rules = rules_of(route)
    return pipeline.Past(
        receipt=receipt,
        input=source,
        bundle=pick_bundle(route.model, receipt.model.version),
        rules=rules,
        trusted=trusted_of(place.settings),
        state=str(place.root.state) if rules.actuals else "",
        fixes=str(place.root.fixes),
    )


def _tell_same(found: list[Any]) -> None:
    put_table(
        ("code", "file", "verdict", "the same", "why"),
        [(one.code, plain(one.name), one.verdict, "yes" if one.same else "no", _why(one)) for one in found],
    )


def _why(one: Any) -> str:
    if one.same:
        return ""
    if one.verdict != one.was:
        return f"it was {one.was}" + (f"; {'; '.join(one.differs)}" if one.differs else "")
    other = ", ".join(suffix for suffix, same in one.files.items() if not same)
    why = "; ".join(one.differs) or "the versions are the same: the route's settings are others than then"
    return f"other bytes in {other}: {why}" if other else why


def _tell_compared(found: list[Any]) -> None:
    put_table(
        ("code", "file", "from", "to", "rows", "changed", "only before", "only after"),
        [
            (one.code, plain(one.name), one.before, one.after, one.rows, one.changed, one.only_before, one.only_after)
            for one in found
        ],
        right=("rows", "changed", "only before", "only after"),
    )
    for one in found:
        for line in _sentences(one):
            put(f"{one.code}  {plain(line)}")


def _sentences(one: Any) -> Iterator[str]:
    if one.refused:
        yield f"Version {one.after} takes no row of it: {one.refused}"
    for moved in one.outputs:
        if moved.moves:
            moves = ", ".join(f"{move} ({count:,})" for move, count in list(moved.moves.items())[:5])
            yield f"{moved.output}: {moved.changed:,} of {one.rows:,} rows changed: {moves}."
        elif moved.most is not None and moved.changed:
            yield (
                f"{moved.output}: {moved.mean:+.4g} on average; half of the rows moved by at most {moved.middle:.4g}, "
                f"row {moved.most_row:,} by {moved.most:+.4g}."
            )
        else:
            yield f"{moved.output}: no row changed."


@contextmanager
def _bar(what: str) -> Iterator[Any]:
    if not sys.stderr.isatty():
        yield _still
        return
    with importlib.import_module("dropscore.cli.drawing").bar(what) as move:
        yield move
