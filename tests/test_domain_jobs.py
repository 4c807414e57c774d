"""The states of a job."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dropscore.domain.jobs import MOVES, State, Verdict

FINAL = {State(verdict) for verdict in Verdict}


def test_every_state_has_its_moves_and_every_verdict_is_reached_from_work() -> None:
    assert set(MOVES) == set(State)
    assert MOVES[State.WORKING] == FINAL | {State.HELD}


@given(st.lists(st.integers(0, 20), max_size=30))
def test_no_way_leads_back_from_a_verdict_to_work_but_through_held(choices: list[int]) -> None:
    """Else a job that was published could be published again."""
    state, published = State.WORKING, False
    for choice in choices:
        following = sorted(MOVES[state])
        state = following[choice % len(following)]
        published |= state in FINAL
        assert not (published and state is State.WORKING)


@given(st.sampled_from(sorted(State)))
def test_every_job_can_end_in_the_trash(state: State) -> None:
    reached, edge = {state}, [state]
    while edge:
        edge = [following for now in edge for following in MOVES[now] if following not in reached]
        reached |= set(edge)
    assert State.TRASHED in reached
