"""`score` and `check`: one file, no set-up; what came of it in words, in JSON and in the exit code."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli_root import process
from dropscore.cli import cli
from dropscore.receipt import Receipt

GOOD = "species,island,bill_length_mm,bill_depth_mm,flipper_length_mm,sex,year\n" + (
    "Adelie,Torgersen,39.1,18.7,181,male,2007\nGentoo,Biscoe,50.0,15.2,218,female,2008\n"
)
BAD = GOOD.replace("39.1", "long").replace("Biscoe", "Atlantis")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [*map(str, arguments)])


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "birds of today.csv"
    path.write_text(GOOD)
    return path


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.csv"
    path.write_text(BAD)
    return path


def test_a_good_file_gets_its_workbook_beside_it(good: Path, penguins_bundle: Path) -> None:
    result = run("score", good, "--model", penguins_bundle.parent)
    assert result.exit_code == 0, result.output
    book = good.with_name("birds_of_today.scored.xlsx")
    assert result.stdout.splitlines() == [f"{good.name}: All 2 rows were scored.", f"Result: {book}"]
    assert book.read_bytes()[:2] == b"PK"
    assert [path.name for path in sorted(good.parent.iterdir())] == [good.name, book.name]


def test_nothing_is_overwritten_unless_forced(good: Path, penguins_bundle: Path) -> None:
    book = good.with_name("out.xlsx")
    book.write_bytes(b"mine")
    result = run("score", good, "--model", penguins_bundle, "-o", book)
    assert (result.exit_code, book.read_bytes()) == (1, b"mine")
    assert "exists already" in result.stderr
    assert run("score", good, "--model", penguins_bundle, "-o", book, "--force").exit_code == 0
    assert book.read_bytes()[:2] == b"PK"


def test_out_may_be_a_folder(good: Path, penguins_bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    run("score", good, "--model", penguins_bundle, "-o", tmp_path / "results")
    assert (tmp_path / "results" / "birds_of_today.scored.xlsx").exists()


def test_json_is_the_receipt(good: Path, penguins_bundle: Path) -> None:
    result = run("score", good, "--model", penguins_bundle, "--json")
    receipt = Receipt.model_validate_json(result.stdout)
    assert (receipt.verdict, receipt.counts.scored) == ("delivered", 2)
    assert receipt.model is not None
    assert receipt.model.name == "penguins"


def test_what_has_drifted_is_told_in_words_and_in_the_receipt(tmp_path: Path, penguins_bundle: Path) -> None:
    header, row = GOOD.splitlines()[0], "Adelie,Torgersen,{}.1,18.7,181,male,2007"
    path = tmp_path / "long_bills.csv"
    path.write_text("\n".join([header, *(row.format(50 + at % 8) for at in range(60))]) + "\n")
    result = run("score", path, "--model", penguins_bundle)
    assert "- *bill_length_mm* is higher than in training: median 53" in result.stdout
    receipt = Receipt.model_validate_json(run("check", path, "--model", penguins_bundle, "--json").stdout)
    assert receipt.drift is not None and receipt.drift.state == "drift"


def test_a_bad_file_is_4_with_problems_by_cell_and_a_fix_workbook(bad: Path, penguins_bundle: Path) -> None:
    result = run("score", bad, "--model", penguins_bundle)
    assert result.exit_code == 4, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == "bad.csv: Nothing was scored: 2 of 2 rows need fixing."
    fixes = [path for path in bad.parent.iterdir() if ".fix." in path.name]
    assert f"To mend: {fixes[0]}" in lines
    assert not (bad.parent / "bad.scored.xlsx").exists()
    table = [line.split("\t") for line in lines if "\t" in line]
    assert table[0] == ["cell", "row", "column", "found", "expected", "what to do"]
    assert [row[:4] for row in table[1:]] == [
        ["C2", "2", "bill_length_mm", "long"],
        ["B3", "3", "island", "Atlantis"],
    ]
    assert all(row[4] and row[5] for row in table[1:])


def test_good_rows_is_3(bad: Path, penguins_bundle: Path) -> None:
    bad.write_text(GOOD.replace("39.1", "long"))
    result = run("score", bad, "--model", penguins_bundle, "--policy", "good-rows")
    assert result.exit_code == 3, result.output
    assert result.stdout.startswith("bad.csv: 1 of 2 rows was scored; one needs fixing.")


def test_check_scores_nothing_and_writes_nothing(good: Path, bad: Path, penguins_bundle: Path) -> None:
    before = sorted(good.parent.iterdir())
    fine = run("check", good, "--model", penguins_bundle)
    assert (fine.exit_code, "this was a check" in fine.stdout) == (0, True)
    refused = run("check", bad, "--model", penguins_bundle)
    assert refused.exit_code == 4
    assert "Atlantis" in refused.stdout
    bad.write_text(GOOD.replace("39.1", "long"))
    assert run("check", bad, "--model", penguins_bundle, "--policy", "good-rows").exit_code == 3
    assert sorted(good.parent.iterdir()) == before
    assert json.loads(run("check", bad, "--model", penguins_bundle, "--json").stdout)["verdict"] == "checked"


def test_what_is_no_table_is_4_for_both(tmp_path: Path, penguins_bundle: Path) -> None:
    picture = tmp_path / "photo.csv"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8)
    for verb in ("score", "check"):
        result = run(verb, picture, "--model", penguins_bundle)
        assert result.exit_code == 4, result.output
        assert "\n- " in result.stdout


@pytest.mark.parametrize("verb", ["score", "check"])
def test_a_missing_file_folder_or_model_is_1_with_a_sentence(verb: str, tmp_path: Path, penguins_bundle: Path) -> None:
    for file, model, part in (
        (tmp_path / "absent.csv", penguins_bundle, "There is no file"),
        (tmp_path, penguins_bundle, "is not a file"),
        (Path(__file__), tmp_path / "absent", "cannot be read"),
        (Path(__file__), tmp_path, "holds no bundle"),
    ):
        result = run(verb, file, "--model", model)
        assert (result.exit_code, result.stdout) == (1, ""), result.output
        assert part in result.stderr
        assert "Traceback" not in result.stderr


def test_notation_and_language_of_the_file(tmp_path: Path, penguins_bundle: Path) -> None:
    path = tmp_path / "aves.csv"
    path.write_text(GOOD.replace(",", ";").replace(".", ","))
    assert run("check", path, "--model", penguins_bundle).exit_code == 4
    result = run("check", path, "--model", penguins_bundle, "--decimal", ",", "--language", "es")
    assert result.exit_code == 0, result.output
    assert "era una comprobación" in result.stdout


def test_as_a_process_data_and_talk_are_apart(bad: Path, penguins_bundle: Path) -> None:
    found = process("check", bad, "--model", penguins_bundle, "--json")
    assert (found.returncode, found.stderr) == (4, "")
    assert len(Receipt.model_validate_json(found.stdout).problems) == 2
