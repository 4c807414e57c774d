"""An attempt is written down before the work: what takes the machine with it must be known at the next start."""

from __future__ import annotations

from pathlib import Path

from dropscore.domain.jobs import State, Task
from dropscore.intake.claim import read_claim
from service_house import answer, make_house


class MachineDown(BaseException):
    """Nothing of the process is left."""


def test_a_job_that_takes_the_machine_with_it_is_counted_at_the_next_start(tmp_path: Path) -> None:
    seen: list[tuple[int, bool]] = []

    def work(task: Task) -> None:
        claim = read_claim(Path(task.folder).parent)
        seen.append((claim.attempt, claim.at_work))
        if len(seen) < 3:
            raise MachineDown
        answer(task)

    house = make_house(tmp_path, work=work)
    house.drop()
    for _ in range(2):
        try:
            house.turn()
        except MachineDown:
            house.restart()
    assert [(job.claim.attempt, job.claim.crashes) for job in house.service.jobs.values()] == [(2, 2)]
    house.turn()
    assert seen == [(1, True), (2, True), (3, True)]
    assert [receipt.state for receipt in house.receipts()] == [State.DELIVERED]
