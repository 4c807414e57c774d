"""A sample of the sweep: no fault at any operation loses or doubles anything. `make faults` runs the whole."""

from __future__ import annotations

import pytest

from faults.driving import sweep


@pytest.mark.slow
def test_no_fault_loses_or_doubles_anything() -> None:
    swept = sweep(points=70, twice=20, seed=2)
    assert swept.violations == []
    assert swept.lint == []
    assert swept.operations > 1000
    assert sum(swept.kinds.values()) == 90
    assert {"kill_before", "kill_after", "fail", "sticky", "short", "torn", "lie", "twice"} <= swept.kinds.keys()
