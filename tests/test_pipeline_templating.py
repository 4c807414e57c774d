"""Templates of real models: what they say is what is accepted, and what is filled in is scored."""

from __future__ import annotations

import csv
import io
import json
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from openpyxl import load_workbook

from dropscore import bundle as bundles
from dropscore import durable, folders
from dropscore.bundle.manifest import dump_manifest
from dropscore.domain.errors import Misconfigured, Unavailable
from dropscore.domain.jobs import TEMPLATE_MADE, Kind, Task, TemplateTask, Verdict
from dropscore.domain.rules import Header, Policy, Rules, Trusted
from dropscore.domain.schema import Field, Type
from dropscore.pipeline import process, work
from dropscore.pipeline.accepted import example_of
from dropscore.pipeline.templating import accepted_by, as_csv, as_html, as_markdown, make_templates
from dropscore.receipt import ColumnProfile, Outcome

COMMA = Rules(decimal=",", group=".", dates="%d/%m/%Y")


def drop(tmp_path: Path, bundle: Path, source: Path, rules: Rules | None = None) -> Outcome:
    """Let a worker's story run on a file, as if it had been dropped."""
    (tmp_path / "attempt-1").mkdir()
    task = Task(
        job=folders.new_job(),
        code="K7F2QXM4",
        route="default",
        kind=Kind.SCORE,
        name=source.name,
        input=str(source),
        folder=str(tmp_path / "attempt-1"),
        bundle=folders.pick_bundle(bundle),
        sha256=durable.sha256_of(source),
        rules=rules or Rules(),
        claimed_at="2026-03-01T10:00:00+00:00",
    )
    return process(task, bundles.load(task.bundle, Trusted()))


def examples(bundle: Path, rules: Rules | None = None) -> dict[str, str]:
    page = accepted_by(folders.pick_bundle(bundle), rules or Rules())
    return {one.field.name: one.told[-1] for one in page.asked}


@pytest.mark.parametrize("rules", [Rules(), COMMA], ids=["point", "comma"])
@pytest.mark.parametrize("model", ["credit_bundle", "penguins_bundle"])
def test_the_csv_filled_with_the_examples_is_scored(
    tmp_path: Path, model: str, rules: Rules, request: pytest.FixtureRequest
) -> None:
    bundle = request.getfixturevalue(model)
    table, *_ = make_templates(folders.pick_bundle(bundle), rules, tmp_path)
    header = table.read_text(encoding="utf-8-sig").splitlines()
    assert len(header) == 1
    out = io.StringIO()
    csv.writer(out, delimiter=";" if rules is COMMA else ",").writerow(examples(bundle, rules).values())
    table.write_text(table.read_text(encoding="utf-8") + out.getvalue(), encoding="utf-8")
    outcome = drop(tmp_path, bundle, table, rules)
    assert (outcome.verdict, outcome.counts.scored) == (Verdict.DELIVERED, 1), outcome.problems


@pytest.mark.parametrize("model", ["credit_bundle", "penguins_bundle"])
def test_the_workbook_filled_in_is_scored(tmp_path: Path, model: str, request: pytest.FixtureRequest) -> None:
    bundle = request.getfixturevalue(model)
    _, book, *_ = make_templates(folders.pick_bundle(bundle), COMMA, tmp_path)
    filled = load_workbook(book)
    rows = filled["Rows"]
    for at, field in enumerate(bundles.load(folders.pick_bundle(bundle), Trusted()).schema.fields, start=1):
        assert rows.cell(1, at).value == field.name
        text = examples(bundle)[field.name]
        rows.cell(2, at).value = float(text) if field.type in (Type.NUMBER, Type.INTEGER) else text
    filled.save(book)
    outcome = drop(tmp_path, bundle, book, COMMA)
    assert (outcome.verdict, outcome.counts.scored) == (Verdict.DELIVERED, 1), outcome.problems
    assert outcome.reading is not None
    assert outcome.reading.sheet == "Rows"


def test_an_empty_template_is_refused_and_not_scored(tmp_path: Path, penguins_bundle: Path) -> None:
    _, book, *_ = make_templates(folders.pick_bundle(penguins_bundle), Rules(), tmp_path)
    outcome = drop(tmp_path, penguins_bundle, book)
    assert (outcome.verdict, [problem.code for problem in outcome.problems]) == (Verdict.REJECTED, ["no-rows"])


def test_a_worker_makes_the_workbook_alone(tmp_path: Path, penguins_bundle: Path) -> None:
    work(TemplateTask(str(tmp_path), folders.pick_bundle(penguins_bundle), Rules(language="es")))
    assert [path.name for path in tmp_path.iterdir()] == [TEMPLATE_MADE]
    book = load_workbook(tmp_path / TEMPLATE_MADE)
    assert book["What is accepted"]["A1"].value == "Qué se acepta: Body mass of penguins"
    assert book["Rows"]["A1"].comment.text.splitlines() == [
        "Species", "Texto. Obligatoria", "Adelie, Chinstrap, Gentoo", "Por ejemplo Adelie",
    ]  # fmt: skip
    hints = [one.prompt for one in book["Rows"].data_validations.dataValidation]
    assert hints[0] == "Texto. Adelie, Chinstrap, Gentoo. Obligatoria."
    assert hints[2] == "Número. 1 o más. Ausente: vacía o NA."


def told(bundle: Path, rules: Rules) -> dict[str, tuple[str, ...]]:
    return {one.field.name: one.told for one in accepted_by(folders.pick_bundle(bundle), rules).asked}


def test_the_words_are_those_of_the_route_s_rules(penguins_bundle: Path) -> None:
    assert told(penguins_bundle, Rules())["bill_length_mm"] == (
        "bill_length_mm", "Bill length. In millimetres", "number", "no", "1 or more", "empty or NA",
        "decimal point; no thousands separator", "44.5",
    )  # fmt: skip
    comma = told(penguins_bundle, COMMA)
    assert comma["bill_length_mm"][-2:] == ("decimal comma; . may stand between thousands", "44,5")
    assert told(penguins_bundle, Rules(decimal="auto"))["bill_length_mm"][-2].startswith("decimal point or comma")
    assert told(penguins_bundle, Rules())["year"][3:7] == ("yes", "1900 to 2100", "not allowed", "digits alone")
    rules = Rules(Policy.GOOD_ROWS, encoding="cp1252", header=Header.FORGIVING)
    said = " ".join(accepted_by(folders.pick_bundle(penguins_bundle), rules).sentences)
    for words in ("cp1252", "capitals and spaces do not matter", "Rows that are right are scored", "200,000 rows"):
        assert words in said


class Cells(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag == "td":
            self.rows[-1].append("")
            self.inside = True

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "td"

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.rows[-1][-1] += data


def test_the_page_is_the_same_in_html_markdown_and_the_workbook(tmp_path: Path, credit_bundle: Path) -> None:
    bundle = folders.pick_bundle(credit_bundle)
    page = accepted_by(bundle, Rules())
    found = Cells()
    found.feed(as_html(page, "en"))
    assert [tuple(row) for row in found.rows if row] == [one.told for one in page.asked]
    lines = as_markdown(page).splitlines()
    table = [line for line in lines if line.startswith("| ")]
    assert len(table) == len(page.asked) + 2
    assert all(line.replace(r"\|", "").count("|") == 9 for line in table)
    assert r"0 \<= ... \< 200 DM<br>no checking account" in as_markdown(page)


def test_strange_words_stay_words(penguins_bundle: Path) -> None:
    page = accepted_by(folders.pick_bundle(penguins_bundle), Rules())
    evil = replace(page.asked[0], told=("<script>a|b", "*x* _y_ a_b", *page.asked[0].told[2:]))
    page = replace(page, asked=(evil,), title="<i>&")
    assert "<script>" not in as_html(page, "en")
    assert "<title>&lt;i&gt;&amp;</title>" in as_html(page, "en")
    assert r"| \<script\>a\|b | \*x\* \_y\_ a_b |" in as_markdown(page)


def test_names_with_delimiters_are_quoted(penguins_bundle: Path) -> None:
    page = accepted_by(folders.pick_bundle(penguins_bundle), Rules())
    one = page.asked[0]
    names = ("a,b", 'say "x"', "c;d")
    page = replace(page, asked=tuple(replace(one, field=replace(one.field, name=name)) for name in names))
    for rules, delimiter in ((Rules(), ","), (COMMA, ";")):
        text = as_csv(page, rules).decode("utf-8-sig")
        assert list(csv.reader(io.StringIO(text), delimiter=delimiter)) == [list(names)]


@pytest.mark.parametrize(
    ("field", "quantiles", "expected"),
    [
        (Field("x", Type.NUMBER), (1.0, 1234.5678, 3000.0), "1230"),
        (Field("x", Type.NUMBER, decimal_char=","), (0.0, 0.123456, 1.0), "0,123"),
        (Field("x", Type.NUMBER, minimum=0.4444), (0.0, 0.44441, 1.0), "0.4444"),
        (Field("x", Type.INTEGER, maximum=2008), (0.0, 2007.6, 1.0), "2008"),
        (Field("x", Type.INTEGER, minimum=2, maximum=5), None, "2"),
        (Field("x", Type.NUMBER, maximum=-3), None, "-3"),
        (Field("x", Type.NUMBER), None, "0"),
        (Field("x", Type.DATE), (0.0, 20000.0, 20001.0), "2024-10-04"),
        (Field("x", Type.DATE, format="%d/%m/%Y"), (0.0, 20000.0, 20001.0), "04/10/2024"),
        (Field("x", Type.DATE, maximum="2020-02-29"), (0.0, 20000.0, 20001.0), "2020-02-29"),
        (Field("x", Type.DATETIME), (0.0, 86461.0, 86500.0), "1970-01-02 00:01:01"),
        (Field("x", Type.DATETIME), None, "2026-12-31 23:59:00"),
        (Field("x", Type.BOOLEAN, true_values=("ja", "j")), None, "ja"),
        (Field("x", Type.STRING, pattern="[A-Z]{3}"), None, ""),
        (Field("x", Type.STRING, enum=("b", "a")), None, "b"),
    ],
)
def test_an_example_is_in_the_notation_and_within_bounds(
    field: Field, quantiles: tuple[float, ...] | None, expected: str
) -> None:
    profile = ColumnProfile(type=str(field.type), rows=3, missing=0, quantiles=quantiles) if quantiles else None
    assert example_of(field, profile) == expected


def test_the_commonest_category_is_the_example() -> None:
    profile = ColumnProfile(type="string", rows=9, missing=0, counts={"a": 2, "b": 7})
    assert example_of(Field("x", Type.STRING, enum=("a", "b", "c")), profile) == "b"


@pytest.mark.parametrize("spoiled", ["manifest.json", "profile.json"])
def test_a_bundle_that_is_not_what_it_was_makes_no_template(
    tmp_path: Path, penguins_bundle: Path, spoiled: str
) -> None:
    folder = tmp_path / "1.0.0"
    shutil.copytree(penguins_bundle, folder)
    bundle = folders.pick_bundle(folder)
    document = json.loads((folder / spoiled).read_bytes())
    (folder / spoiled).write_text(json.dumps(document | {"new": 1}))
    with pytest.raises(Unavailable, match=r"penguins 1\.0\.0 cannot be used"):
        make_templates(bundle, Rules(), tmp_path)
    (folder / spoiled).unlink()
    with pytest.raises(Unavailable, match=f"{spoiled} cannot be read"):
        make_templates(bundle, Rules(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["1.0.0"]


def test_dates_in_no_known_format_are_the_operator_s_matter(tmp_path: Path, penguins_bundle: Path) -> None:
    folder = tmp_path / "1.0.0"
    shutil.copytree(penguins_bundle, folder)
    manifest = bundles.load(folders.pick_bundle(folder), Trusted()).manifest
    fields = [*manifest.table_schema["fields"][:6], {"name": "year", "type": "date"}]
    changed = manifest.model_copy(update={"table_schema": {"fields": fields}})
    (folder / "manifest.json").write_bytes(dump_manifest(changed))
    assert accepted_by(folders.pick_bundle(folder), COMMA).asked[-1].told[-2] == "DD/MM/YYYY"
    with pytest.raises(Misconfigured, match="is not known"):
        accepted_by(folders.pick_bundle(folder), Rules(dates="%d/%q/%Y"))
