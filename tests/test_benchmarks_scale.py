"""The model of the service under load: what it counts, and that it holds what is certain of any queue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import scale_model  # noqa: PLC0415  (benchmarks are no package; their folder is on the path in this test only)

    return scale_model


def test_little_load_leaves_all_idle_and_much_load_saturates_the_thread_first(model: Any) -> None:
    costs = model.Costs(0.02, 0.01, 0.01, 1e-6, 0.0, 100)
    load = model.Load(1_000_000, 1_000_000)
    little = model.simulate(costs, load, 2, rate=1.0, seconds=500)
    assert little.share(little.service) == pytest.approx(0.03, rel=0.2)
    assert model.percentile(little.waits[False], 0.99) < 1.0
    much = model.simulate(costs, load, 2, rate=100.0, seconds=100)
    assert much.share(much.service) > 1.0 > much.share(much.workers, 2)
    assert model.percentile(much.waits[False], 0.5) > 10.0


def test_every_file_comes_out_once(model: Any) -> None:
    costs = model.Costs(0.001, 0.001, 0.01, 1e-6, 1e-6, 100)
    found = model.simulate(costs, model.Load(100_000, 10_000_000, big_share=0.1), 2, rate=20.0, seconds=200)
    assert sum(map(len, found.waits.values())) == pytest.approx(4_000, rel=0.1)
    assert all(wait > 0 for waits in found.waits.values() for wait in waits)
    assert found.service == pytest.approx(0.002 * sum(map(len, found.waits.values())), rel=0.05)


def test_what_is_needed_follows_from_the_busiest_hour(model: Any) -> None:
    load = model.Load(864_000, 8_640_000, peak=2.0)
    assert load.rates()[1] == 20.0
    needed = model.needed(model.Costs(0.05, 0.05, 0.01, 0.001, 0.0, 1_000), load)
    assert needed["the service's one thread"] == pytest.approx(2.0)
    assert needed["workers (cores)"] == pytest.approx(0.4)
    assert needed["disk, MB/s"] == pytest.approx(0.2)
