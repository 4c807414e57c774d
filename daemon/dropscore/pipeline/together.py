"""Many small drops in one call to a worker: each read, checked and poured as if alone, the model asked for all at once.

Whether that may be is proven by the bundle (`alike_together`). What goes wrong with one drop concerns that one only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dropscore import bundle as bundles
from dropscore import durable
from dropscore.domain.jobs import Aside, Task
from dropscore.pipeline.attempt import Attempt, Steps, Typed
from dropscore.pipeline.process import steps_of
from dropscore.pipeline.work import VERDICT, clear, work
from dropscore.receipt import Outcome, dump

Answer = tuple[bool, object]
"""Whether it went well, and nothing, or the exception."""


@dataclass(slots=True)
class _Begun:
    """A drop whose work has begun: it waits for the model, or is at its end, or failed."""

    task: Task
    attempt: Attempt | None = None
    steps: Steps[Outcome] | None = None
    wanted: Typed | None = None
    outcome: Outcome | None = None
    fault: BaseException | None = None

    def go_on(self, answers: Typed | None) -> None:
        """Work up to the next question to the model."""
        assert self.steps is not None
        self.wanted = None
        try:
            self.wanted = next(self.steps) if answers is None else self.steps.send(answers)
        except StopIteration as end:
            self.outcome = end.value
        except MemoryError:
            raise
        except Exception as fault:
            self.fault = fault


def work_together(tasks: Sequence[Task | Aside]) -> list[Answer]:
    """Carry out one attempt of each drop; see `work`. Nothing is durable before all are done."""
    answers: dict[int, Answer] = {}
    begun: dict[int, _Begun] = {}
    for at, task in enumerate(tasks):
        if isinstance(task, Aside):
            answers[at] = _alone(task)
        else:
            begun[at] = _begin(task)
    while waiting := [one for one in begun.values() if one.wanted is not None]:
        _ask(waiting)
    _make_durable([one for one in begun.values() if one.outcome is not None])
    answers |= {at: (one.fault is None, one.fault) for at, one in begun.items()}
    return [answers[at] for at in range(len(tasks))]


def _alone(task: Aside) -> Answer:
    try:
        work(task)
    except MemoryError:
        raise
    except Exception as fault:
        return False, fault
    return True, None


def _begin(task: Task) -> _Begun:
    begun = _Begun(task)
    try:
        clear(Path(task.folder))
        begun.attempt = Attempt(task, bundles.load(task.bundle, task.trusted), lambda *_: None)
    except MemoryError:
        raise
    except Exception as fault:
        begun.fault = fault
        return begun
    begun.steps = steps_of(begun.attempt)
    begun.go_on(None)
    return begun


def _ask(waiting: Sequence[_Begun]) -> None:
    """Ask each model once for all that waits for it, and let everything go on."""
    by_model: dict[int, list[_Begun]] = defaultdict(list)
    for one in waiting:
        by_model[id(one.attempt and one.attempt.bundle)].append(one)
    for group in by_model.values():
        for one, found in zip(group, _answers(group), strict=True):
            if isinstance(found, Exception):
                one.wanted, one.fault = None, found
                assert one.steps is not None
                one.steps.close()
            else:
                one.go_on(found)


def _answers(group: Sequence[_Begun]) -> list[Any]:
    assert group[0].attempt is not None
    loaded = group[0].attempt.bundle
    wanted = [one.wanted for one in group if one.wanted is not None]
    try:
        return [*loaded.predict_each(wanted)]
    except MemoryError:
        raise
    except Exception:  # some row of some drop: each is asked alone, so that the others do not suffer
        return [_answer(loaded, one) for one in wanted]


def _answer(loaded: bundles.Bundle, wanted: Typed) -> Any:
    try:
        return loaded.predict(wanted)
    except MemoryError:
        raise
    except Exception as fault:
        return fault


def _make_durable(done: Sequence[_Begun]) -> None:
    """Write the verdicts, and make them and all that they name durable with one call, then valid."""
    there = [one for one in done if Path(one.task.folder).is_dir()]  # else the service has given that attempt up
    for one in there:
        assert one.outcome is not None
        Path(one.task.folder, f".{VERDICT}.part").write_bytes(dump(one.outcome))
    if there:
        durable.sync_file_system(Path(there[0].task.folder))
    for one in there:
        Path(one.task.folder, f".{VERDICT}.part").replace(Path(one.task.folder, VERDICT))
    if there:
        durable.sync_file_system(Path(there[0].task.folder))
