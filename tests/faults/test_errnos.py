"""A quota that is used up and a file server that is gone, at any operation: a sample."""

from __future__ import annotations

import errno

import pytest

from faults.driving import refuse


@pytest.mark.slow
def test_a_quota_that_is_used_up_loses_and_doubles_nothing() -> None:
    swept = refuse([errno.EDQUOT], points=12, seed=5)
    assert (swept.violations, sum(swept.kinds.values())) == ([], 12)
    assert {"fail", "sticky"} <= swept.kinds.keys()


@pytest.mark.slow
def test_a_file_server_that_is_gone_loses_and_doubles_nothing() -> None:
    swept = refuse([errno.ESTALE, errno.ETIMEDOUT, errno.EHOSTDOWN], points=18, seed=6)
    assert (swept.violations, sum(swept.kinds.values())) == ([], 18)
    assert {"fail", "sticky"} <= swept.kinds.keys()
