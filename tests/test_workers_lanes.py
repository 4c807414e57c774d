"""Lanes: who takes what next, and that neither big nor small jobs starve."""

from __future__ import annotations

import threading

import pytest

from dropscore.workers.lanes import BIG_BYTES, SMALL_BYTES, TOGETHER, Help, Job, Lanes

SECONDS = 30.0


def job(size: int = 0) -> Job:
    return Job(b"", None, size)


def filled(lanes: Lanes, *sizes: int) -> list[Job]:
    jobs = [job(size) for size in sizes]
    for one in jobs:
        lanes.put(one)
    return jobs


def test_a_big_job_goes_before_small_ones_to_half_of_the_workers_only() -> None:
    lanes = Lanes(2)
    small, big = filled(lanes, 1, BIG_BYTES)
    assert lanes.take(1) == [small]
    assert lanes.take(0) == [big]


def test_one_worker_is_always_left_to_small_jobs() -> None:
    lanes = Lanes(2)
    first, second = filled(lanes, BIG_BYTES, BIG_BYTES)
    assert lanes.take(0) == [first]
    found: list[object] = []
    waiting = threading.Thread(target=lambda: found.append(lanes.take(1)))
    waiting.start()
    waiting.join(0.2)
    assert not found, "the second big job was begun by the worker that is kept for small ones"
    (small,) = filled(lanes, 1)
    waiting.join(SECONDS)
    assert found == [[small]]
    assert lanes.take(0) == [second]


def test_a_worker_alone_takes_small_jobs_between_big_ones() -> None:
    lanes = Lanes(1)
    first, second, small, last = filled(lanes, BIG_BYTES, BIG_BYTES, 1, BIG_BYTES)
    assert [lanes.take(0) for _ in range(4)] == [[first], [small], [second], [last]]


def test_many_small_jobs_are_taken_together_and_each_worker_gets_its_share() -> None:
    lanes = Lanes(2, together=True)
    jobs = filled(lanes, *[1] * 9, SMALL_BYTES + 1, *[1] * 200)
    assert lanes.take(0) == jobs[:9], "as many as stand before one that is not small enough"
    assert lanes.take(1) == [jobs[9]]
    assert lanes.take(0) == jobs[10 : 10 + TOGETHER]
    while len(taken := lanes.take(1) or []) == TOGETHER:
        pass
    assert 1 < len(taken) < TOGETHER


def test_without_a_function_for_it_nothing_is_taken_together() -> None:
    lanes = Lanes(1)
    first, *_ = filled(lanes, 1, 1, 1)
    assert lanes.take(0) == [first]


def test_who_has_nothing_to_do_helps_with_a_big_job_until_there_is_nothing_left() -> None:
    lanes = Lanes(2, helping=True)
    (big,) = filled(lanes, BIG_BYTES)
    assert lanes.take(0) == [big]
    assert lanes.take(1) == Help(big)
    (small,) = filled(lanes, 1)
    assert lanes.take(1) == [small], "a job of its own goes before help"
    big.helped = False
    lanes.done([small])
    lanes.close()
    assert lanes.take(1) is None


def test_what_is_done_needs_no_help() -> None:
    lanes = Lanes(2, helping=True)
    (big,) = filled(lanes, BIG_BYTES)
    lanes.take(0)
    lanes.done([big])
    lanes.close()
    assert lanes.take(1) is None


def test_the_end_gives_back_what_waited_and_takes_no_more() -> None:
    lanes = Lanes(2)
    jobs = filled(lanes, 1, BIG_BYTES)
    assert set(map(id, lanes.close())) == set(map(id, jobs))
    assert lanes.take(0) is None
    with pytest.raises(RuntimeError, match="closed"):
        lanes.put(job())
