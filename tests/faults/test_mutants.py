"""The mutants fit the product, and the checks see some of them. `make faults` tries them all."""

from __future__ import annotations

import pytest

from faults.driving import try_mutants
from faults.mutants import MUTANTS, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_fits_the_product(mutant: Mutant) -> None:
    function, code = mutant.fit()
    assert code != function.__code__


def test_every_mutant_has_a_name_of_its_own() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 50


@pytest.mark.slow
def test_the_checks_see_a_missing_sync_a_wrong_order_and_a_loss() -> None:
    names = ["no sync of the target's folder", "receipt published first", "no archive", "nobody is told"]
    caught = try_mutants(names)
    assert [name for name in names if not caught[name]] == []
