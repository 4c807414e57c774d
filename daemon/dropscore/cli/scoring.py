"""What `score` and `check` share: their options, and how an outcome is told to a person with a spreadsheet."""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from dropscore.cli.errors import Code
from dropscore.cli.output import plain, put
from dropscore.cli.telling import put_findings
from dropscore.domain.jobs import Kind, Verdict
from dropscore.domain.problems import Severity
from dropscore.domain.reasons import MOST
from dropscore.domain.rules import Format, Header, Policy, Rules, Trust, Trusted
from dropscore.receipt import Receipt, dump

Progress = Callable[[int, int, int], None]


def model_options(verb: Callable[..., int]) -> Callable[..., int]:
    """Add the options by which a model is named and trusted, and a file is read."""
    options = [
        click.argument("file", type=click.Path(path_type=Path)),
        click.option(
            "--model",
            required=True,
            type=click.Path(path_type=Path),
            help="The model's folder: one version, or all of them (the newest is used).",
        ),
        click.option("--model-version", help="Which version, instead of the newest."),
        click.option("--policy", type=click.Choice([str(p) for p in Policy]), default=str(Policy.ALL_OR_NOTHING)),
        click.option("--encoding", help="The one code page to try where the file is not UTF-8, such as cp1252."),
        click.option("--decimal", type=click.Choice([".", ",", "auto"]), help="The decimal sign."),
        click.option("--group", help="The sign between groups of three digits."),
        click.option("--dates", help="iso, auto, or a format such as %d/%m/%Y."),
        click.option("--header", type=click.Choice([str(h) for h in Header]), default=str(Header.EXACT)),
        click.option("--language", type=click.Choice(["en", "es"]), default="en", help="Of messages and workbook."),
        click.option("--zone", default="UTC", help="The time zone of the workbook's reader."),
        click.option("--explain", type=click.IntRange(0, MOST), default=0, help="So many reasons beside a prediction."),
        click.option("--trust", type=click.Choice([str(t) for t in Trust]), default=str(Trust.SKLEARN)),
        click.option("--trust-type", multiple=True, help="A type beyond scikit-learn that may be loaded."),
        click.option("--trust-pickle", multiple=True, help="A bundle with a joblib file, by its manifest's SHA-256."),
        click.option("--json", "as_json", is_flag=True, help="Print the receipt as JSON."),
    ]
    return functools.reduce(lambda decorated, option: option(decorated), reversed(options), verb)


def judge(kind: Kind, file: Path, as_json: bool, out: Path | None = None, force: bool = False, **given: Any) -> int:
    """Score or check a file, tell what came of it, and return the exit code."""
    rules = Rules(
        policy=Policy(given["policy"]),
        encoding=given["encoding"],
        decimal=given["decimal"],
        group=given["group"],
        dates=given["dates"],
        header=Header(given["header"]),
        language=given["language"],
        zone=given["zone"],
        formats=(format_of(out),),
        explain=given["explain"],
    )
    types = tuple(given["trust_type"])
    trusted = Trusted(Trust.CUSTOM if types else Trust(given["trust"]), types, tuple(given["trust_pickle"]))
    # scikit-learn and pandas take seconds: who only asks for help, or mistypes, need not wait for them.
    pipeline = importlib.import_module("dropscore.pipeline")
    with _progress(file.name) as progress:
        receipt: Receipt = pipeline.score_file(
            file,
            given["model"],
            out,
            kind=kind,
            rules=rules,
            trusted=trusted,
            version=given["model_version"],
            force=force,
            progress=progress,
        )
    if as_json:
        put(dump(receipt).decode().rstrip("\n"))
    else:
        tell(receipt)
    return code_of(receipt, rules.policy)


def format_of(out: Path | None) -> Format:
    """Return what a result of that name is written as: a workbook, unless the name says otherwise."""
    suffix = "" if out is None else out.suffix.lower().removeprefix(".")
    return next((form for form in Format if form == suffix), Format.XLSX)


@contextmanager
def _progress(name: str) -> Iterator[Progress]:
    if not sys.stderr.isatty():
        yield lambda rows, read, total: None
        return
    with importlib.import_module("dropscore.cli.drawing").bar(plain(name)) as move:
        yield lambda rows, read, total: move(read, total)


def code_of(receipt: Receipt, policy: Policy) -> Code:
    """Return what the outcome means to the shell; a check says what scoring would."""
    if receipt.verdict is Verdict.REJECTED:
        return Code.REJECTED
    if receipt.verdict is Verdict.PARTIAL:
        return Code.PARTIAL
    if receipt.verdict is Verdict.CHECKED and any(group.severity is Severity.ERROR for group in receipt.groups):
        some_left = policy is Policy.GOOD_ROWS and receipt.counts.scored > 0
        return Code.PARTIAL if some_left else Code.REJECTED
    return Code.FINE


def tell(receipt: Receipt) -> None:
    """Say the outcome in one sentence, what is wrong by cause, where, and which files were made."""
    put(f"{plain(receipt.name)}: {receipt.sentence}")
    for file in receipt.files:
        what = "Result" if file.role == "result" else "To mend"
        put(f"{what}: {file.path}")
    put_findings(receipt)
