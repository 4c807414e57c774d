"""What a model accepts, before anybody has dropped anything: an empty CSV, a workbook to fill in, and a page of words.

The estimator is not opened: what is accepted stands in the manifest, and examples come from the quantiles and
counts of the training data, never from a row of it.
"""

from __future__ import annotations

import csv
import hashlib
import html
import io
import re
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from dropscore import workbook
from dropscore.bundle.manifest import MANIFEST, PROFILE, Manifest, parse_manifest
from dropscore.domain.errors import Misconfigured, Unavailable
from dropscore.domain.jobs import BundleRef
from dropscore.domain.rules import Rules
from dropscore.domain.schema import Schema, Type
from dropscore.pipeline.accepted import page_of
from dropscore.receipt import BatchProfile
from dropscore.table.dates import formats_of, pattern_of
from dropscore.table.notation import routed_schema

_STYLE = """body{font:15px/1.45 system-ui,sans-serif;color:#1f2937;max-width:76rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;color:#1f3864}table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{border:1px solid #b8c4d6;padding:.35rem .5rem;text-align:left;vertical-align:top;white-space:pre-line}
th{background:#d9e1f2;color:#1f3864}td:first-child{font-weight:600;overflow-wrap:anywhere}
@media print{body{margin:0;max-width:none;font-size:10px}tr{break-inside:avoid}@page{size:landscape;margin:10mm}}"""


def make_workbook(bundle: BundleRef, rules: Rules, path: Path) -> None:
    """Write the workbook to fill in. `path` must not exist.

    Raises:
        Unavailable: the bundle is not what it was.
        Misconfigured: the route's notation of dates is not known.
    """
    workbook.write_template(path, accepted_by(bundle, rules))


def make_templates(bundle: BundleRef, rules: Rules, folder: Path) -> tuple[Path, ...]:
    """Write all four into a folder that has none of them: `NAME.template.csv`, `.xlsx`, `NAME.accepted.md`, `.html`.

    Raises: as `make_workbook`.
    """
    page = accepted_by(bundle, rules)
    paths = tuple(folder / name for name in names_of(bundle))
    table, book, markdown, web = paths
    table.write_bytes(as_csv(page, rules))
    workbook.write_template(book, page)
    markdown.write_text(as_markdown(page), encoding="utf-8")
    web.write_text(as_html(page, rules.language), encoding="utf-8")
    return paths


def names_of(bundle: BundleRef) -> tuple[str, str, str, str]:
    """Return the names of the four files."""
    name = bundle.name
    return f"{name}.template.csv", f"{name}.template.xlsx", f"{name}.accepted.md", f"{name}.accepted.html"


def accepted_by(bundle: BundleRef, rules: Rules) -> workbook.Page:
    """Return what the bundle accepts under a route's rules, in words.

    Raises: as `make_workbook`.
    """
    manifest, profile = _described(bundle)
    schema = routed_schema(manifest.schema_of_input, rules)
    _check_dates(schema)
    return page_of(manifest, schema, profile, rules)


def _described(bundle: BundleRef) -> tuple[Manifest, BatchProfile]:
    """Return manifest and profile, both verified against the hash by which the bundle is known."""
    data = _read(bundle, MANIFEST)
    if hashlib.sha256(data).hexdigest() != bundle.sha256:
        raise _away(bundle, f"{MANIFEST} has changed since it was looked at.")
    try:
        manifest = parse_manifest(data)
    except ValueError as fault:
        raise _away(bundle, f"{fault}.") from fault
    data = _read(bundle, PROFILE)
    promised = manifest.files.get(PROFILE)
    if promised is None or hashlib.sha256(data).hexdigest() != promised.sha256:
        raise _away(bundle, f"{PROFILE} is not the file that was packed.")
    try:
        return manifest, BatchProfile.model_validate_json(data)
    except ValidationError as fault:
        raise _away(bundle, f"{PROFILE} is not understood.") from fault


def _read(bundle: BundleRef, name: str) -> bytes:
    try:
        return (Path(bundle.path) / name).read_bytes()
    except OSError as fault:
        raise _away(bundle, f"{name} cannot be read ({fault.strerror}).") from fault


def _away(bundle: BundleRef, matter: str) -> Unavailable:
    return Unavailable(f"model:{bundle.name}", f"The model {bundle.name} {bundle.version} cannot be used: {matter}")


def _check_dates(schema: Schema) -> None:
    for field in schema.fields:
        if field.type in (Type.DATE, Type.DATETIME):
            try:
                for form in formats_of(field):
                    pattern_of(form)
            except ValueError as fault:
                raise Misconfigured(str(fault)) from None


def as_csv(page: workbook.Page, rules: Rules) -> bytes:
    """Return the header alone. With a decimal comma, commas cannot separate the columns.

    The mark at its beginning lets Excel read and keep it as UTF-8.
    """
    out = io.StringIO()
    delimiter = ";" if rules.decimal == "," else ","
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerow(one.field.name for one in page.asked)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def as_markdown(page: workbook.Page) -> str:
    lines = [f"# {_marked(page.title)}", "", *(f"- {_marked(sentence)}" for sentence in page.sentences), ""]
    lines += [_line(page.headings), _line(["---"] * len(page.headings), plain=True)]
    lines += [_line(one.told) for one in page.asked]
    if page.closing:
        lines += ["", *(f"- {_marked(sentence)}" for sentence in page.closing)]
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str], plain: bool = False) -> str:
    return f"| {' | '.join(cells if plain else map(_marked, cells))} |"


def _marked(text: str) -> str:
    """Return a text that Markdown shows as it is, in one line."""
    shown = re.sub(r"[\\`*\[\]<>|~&]|(?<![^\W_])_|_(?![^\W_])", r"\\\g<0>", text)
    return "<br>".join(shown.splitlines())


def as_html(page: workbook.Page, language: str) -> str:
    def row(tag: str, cells: Sequence[str]) -> str:
        return f"<tr>{''.join(f'<{tag}>{html.escape(cell)}</{tag}>' for cell in cells)}</tr>"

    def listed(sentences: Sequence[str]) -> str:
        return f"<ul>{''.join(f'<li>{html.escape(sentence)}</li>' for sentence in sentences)}</ul>" if sentences else ""

    title = html.escape(page.title)
    body = "\n".join(row("td", one.told) for one in page.asked)
    return (
        f'<!doctype html>\n<html lang="{html.escape(language)}">\n<head><meta charset="utf-8"><title>{title}</title>\n'
        f"<style>{_STYLE}</style></head>\n<body>\n<h1>{title}</h1>\n{listed(page.sentences)}\n"
        f"<table>\n<thead>{row('th', page.headings)}</thead>\n<tbody>\n{body}\n</tbody>\n</table>\n"
        f"{listed(page.closing)}\n</body>\n</html>\n"
    )
