"""What is kept of predictions: what the route allows, and no more."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from actuals_house import as_csv, credit_rows, desk
from dropscore.domain.rules import Header, Policy, Rules


def test_nothing_is_kept_unless_the_route_names_a_key(tmp_path: Path, credit_bundle: Path) -> None:
    route = desk(tmp_path, credit_bundle)
    route.rules = replace(route.rules, actuals=None)
    outcome = route.drop(credit_rows()[0])
    assert outcome.kept is None and not route.kept("predictions")
    assert [group.code for group in outcome.groups] == []


def test_key_row_inputs_predictions_and_the_model_are_kept(tmp_path: Path, credit_bundle: Path) -> None:
    route = desk(tmp_path, credit_bundle)
    outcome = route.drop(credit_rows()[0])
    (path,) = route.kept("predictions")
    table = pq.read_table(path)
    assert len(table) == 200 and table["key"][0].as_py() == "C-0000" and table["row"][0].as_py() == 2
    assert {"input.age_in_years", "input.housing", "output.prediction", "output.probability_bad"} <= set(
        table.column_names
    )
    about = json.loads(table.schema.metadata[b"dropscore"])
    assert (about["job"], about["model"], about["version"], about["at"]) == (
        outcome.job,
        "credit",
        "1.0.0",
        "2026-03-01T10:00:00+00:00",
    )
    assert about["scores"]["accuracy"][0] > 0.7
    assert outcome.kept is not None and outcome.kept.role == "kept" and not outcome.files[1:]


def test_what_the_route_excludes_is_nowhere_in_the_file(tmp_path: Path, credit_bundle: Path) -> None:
    route = desk(tmp_path, credit_bundle, exclude=("age_in_years", "job"))
    route.drop(credit_rows()[0])
    (path,) = route.kept("predictions")
    names = pq.read_table(path).column_names
    assert "input.age_in_years" not in names and "input.job" not in names and "input.housing" in names
    assert b"age_in_years" not in path.read_bytes() and b"skilled" not in path.read_bytes()


def test_a_star_excludes_all_columns(tmp_path: Path, credit_bundle: Path) -> None:
    route = desk(tmp_path, credit_bundle, exclude=("*",))
    route.drop(credit_rows()[0])
    (path,) = route.kept("predictions")
    assert pq.read_table(path).column_names == ["key", "row", "output.prediction", "output.probability_bad"]


def test_a_file_without_the_key_is_scored_and_told(tmp_path: Path, credit_bundle: Path) -> None:
    route = desk(tmp_path, credit_bundle)
    content = credit_rows()[0].replace(b"customer_id", b"client", 1)
    outcome = route.drop(content)
    assert outcome.verdict == "delivered" and outcome.kept is None
    assert [(group.code, group.severity) for group in outcome.groups] == [("key-absent", "warning")]
    assert "customer_id" in outcome.groups[0].sentence


def test_rows_without_key_are_not_kept_and_doubled_keys_told(tmp_path: Path, credit_bundle: Path) -> None:
    content = (
        credit_rows(slice(0, 10))[0].replace(b"C-0003", b"  ").replace(b"C-0004", b"").replace(b"C-0005", b"C-0001")
    )
    route = desk(tmp_path, credit_bundle)
    outcome = route.drop(content)
    assert {group.code: group.count for group in outcome.groups} == {"key-empty": 2, "key-doubled": 1}
    (path,) = route.kept("predictions")
    assert len(pq.read_table(path)) == 8


def test_only_scored_rows_are_kept_with_their_own_row(tmp_path: Path, credit_bundle: Path) -> None:
    content = credit_rows(slice(0, 10))[0].decode().splitlines()
    content[4] = content[4].replace("own", "castle").replace("rent", "castle").replace("for free", "castle")
    route = desk(tmp_path, credit_bundle, Rules(policy=Policy.GOOD_ROWS))
    outcome = route.drop("\n".join([*content, ""]).encode())
    assert outcome.counts.set_aside == 1
    (path,) = route.kept("predictions")
    assert pq.read_table(path)["row"].to_pylist() == [2, 3, 4, 6, 7, 8, 9, 10, 11]


def test_a_refused_file_leaves_nothing(tmp_path: Path, credit_bundle: Path) -> None:
    content = credit_rows(slice(0, 10))[0].replace(b",own,", b",castle,")
    route = desk(tmp_path, credit_bundle)
    outcome = route.drop(content)
    assert outcome.verdict == "rejected" and outcome.kept is None
    assert not list(tmp_path.rglob("predictions.parquet"))


@pytest.mark.parametrize(("header", "kept"), [(Header.EXACT, 0), (Header.FORGIVING, 1)])
def test_the_key_is_found_as_the_route_reads_headers(
    tmp_path: Path, credit_bundle: Path, header: Header, kept: int
) -> None:
    route = desk(tmp_path, credit_bundle, Rules(header=header))
    route.drop(credit_rows()[0].replace(b"customer_id", b"Customer ID", 1))
    assert len(route.kept("predictions")) == kept


def test_missing_values_and_numbers_come_back_as_they_were(tmp_path: Path, penguins_bundle: Path) -> None:
    route = desk(tmp_path, penguins_bundle, key="bird", outcome="mass")
    header = ["bird", "species", "island", "bill_length_mm", "bill_depth_mm", "flipper_length_mm", "sex", "year"]
    rows = [
        ("0017", "Adelie", "Biscoe", 39.1, 18.7, 181, "", 2007),
        ("0018", "Gentoo", "Biscoe", "", 15, 220, "male", 2008),
    ]
    route.drop(as_csv(header, list(rows)))
    (path,) = route.kept("predictions")
    table = pq.read_table(path)
    assert table["key"].to_pylist() == ["0017", "0018"]
    assert table["input.bill_length_mm"].to_pylist() == [39.1, None]
    assert table["input.sex"].to_pylist() == [None, "male"]


def test_a_mistyped_exclusion_keeps_all_columns_out(tmp_path: Path, credit_bundle: Path) -> None:
    route = desk(tmp_path, credit_bundle, exclude=("age_in_yaers",))
    route.drop(credit_rows()[0])
    (path,) = route.kept("predictions")
    assert pq.read_table(path).column_names == ["key", "row", "output.prediction", "output.probability_bad"]
