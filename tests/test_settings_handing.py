"""Settings as the records that the other rooms take."""

import os
from pathlib import Path

from dropscore.domain.notes import NoteKind
from dropscore.domain.rules import Again, Format, Limits, Policy, Rules, Trust, Trusted
from dropscore.settings import load, recipients_of, rules_of, trusted_of, worker_count
from dropscore.settings.model import LimitSettings


def test_rules_of_a_route(tmp_path: Path) -> None:
    path = tmp_path / "dropscore.toml"
    path.write_text(
        'language = "es"\n[routes.a]\nmodel = "m"\n[routes.b]\nmodel = "m"\npolicy = "good-rows"\nencoding = "cp1252"\n'
        'decimal = ","\ngroup = "."\ndates = "auto"\nheader = "forgiving"\nfinal_newline = "required"\n'
        'formats = ["xlsx", "csv", "parquet", "csv"]\nagain = "answer"\nlimits.rows = 5\n'
    )
    routes = load(path, {}).routes
    assert rules_of(routes["a"]) == Rules(language="es")
    rules = rules_of(routes["b"])
    assert (rules.policy, rules.encoding, rules.decimal, rules.group) == (Policy.GOOD_ROWS, "cp1252", ",", ".")
    assert (rules.dates, rules.header, rules.final_newline) == ("auto", "forgiving", "required")
    assert rules.formats == (Format.XLSX, Format.CSV, Format.PARQUET)
    assert rules.limits == Limits(rows=5)
    assert routes["b"].again is Again.ANSWER


def test_the_limits_defaults_are_the_domains() -> None:
    assert Limits(**LimitSettings().model_dump()) == Limits()


def test_trusted_recipients_and_workers(tmp_path: Path) -> None:
    path = tmp_path / "dropscore.toml"
    path.write_text(
        f'[bundles]\ntrust = "custom"\ntypes = ["a.B"]\npickles = ["{"0" * 64}"]\n'
        '[notify]\noperators = ["json://ops"]\nsenders.ana = "mailto://ana"\n'
        '[routes.a]\nmodel = "m"\nowners = ["json://a"]\nnotify = ["held"]\n[routes.b]\nmodel = "m"\n'
    )
    settings = load(path, {})
    assert trusted_of(settings) == Trusted(tier=Trust.CUSTOM, types=("a.B",), pickles=("0" * 64,))
    recipients = recipients_of(settings)
    assert recipients.operators == ("json://ops",)
    assert recipients.owners == {"a": ("json://a",)}
    assert recipients.senders == {"ana": ("mailto://ana",)}
    assert recipients.owner_kinds["a"] == {NoteKind.HELD}
    ends = {NoteKind.DELIVERED, NoteKind.PARTIAL, NoteKind.REJECTED}
    watched = {NoteKind.DRIFT, NoteKind.STEADY, NoteKind.LATE, NoteKind.UNUSUAL, NoteKind.AS_USUAL, NoteKind.MODEL}
    assert recipients.owner_kinds["b"] == ends | watched
    assert worker_count(settings) == max(2, os.cpu_count() or 1)
