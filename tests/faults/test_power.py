"""A few power cuts on images of real file systems. `make faults` cuts it more often."""

from __future__ import annotations

import pytest

from faults.driving import cut_power
from faults.power import possible


@pytest.mark.root
@pytest.mark.slow
@pytest.mark.skipif(bool(possible("ext4")), reason=possible("ext4") or "it is possible")
def test_a_power_cut_loses_and_doubles_nothing() -> None:
    swept = cut_power("ext4", 6)
    assert swept.violations == []
    assert sum(swept.kinds.values()) == 6
