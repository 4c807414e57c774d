"""The receipt's model and its published schema."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import jsonschema
import pytest
from pydantic import ValidationError

from dropscore.domain.jobs import State
from dropscore.receipt import Counts, InputFact, Receipt, Sender, Times, dump, receipt_schema

SCHEMA = Path(__file__).parents[1] / "docs" / "receipt.schema.json"


def _receipt() -> Receipt:
    moment = datetime(2026, 3, 1, 12, 0, tzinfo=timezone(timedelta(hours=2)))
    return Receipt(
        job="01KA0000000000000000000000",
        code="K7F2QXM4",
        route="credit",
        state=State.WORKING,
        name="sales.csv",
        sender=Sender(name="ana"),
        input=InputFact(bytes=3, sha256="ab"),
        times=Times(claimed=moment),
    )


def test_counts_that_do_not_add_up_cannot_be_made() -> None:
    with pytest.raises(ValidationError, match="3 rows in, but 2 scored and 0 set aside"):
        Counts(rows=3, scored=2)


def test_times_are_utc() -> None:
    assert json.loads(dump(_receipt()))["times"]["claimed"] == "2026-03-01T10:00:00.000Z"


def test_a_receipt_is_read_back_equal_and_fits_the_published_schema() -> None:
    receipt = _receipt()
    assert Receipt.model_validate_json(dump(receipt)) == receipt
    jsonschema.validate(json.loads(dump(receipt)), json.loads(SCHEMA.read_bytes()))


def test_what_a_newer_release_added_is_no_fault() -> None:
    document = json.loads(dump(_receipt())) | {"mood": "fine"}
    assert Receipt.model_validate(document) == _receipt()


def test_the_published_schema_is_up_to_date() -> None:
    assert json.loads(SCHEMA.read_bytes()) == receipt_schema(), "run: make docs"


def test_all_states_are_in_version_1() -> None:
    assert set(receipt_schema()["$defs"]["State"]["enum"]) == {str(state) for state in State}
