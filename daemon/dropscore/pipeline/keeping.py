"""What a route keeps of its predictions, to be held against what really happens: made beside the result."""

from __future__ import annotations

from dataclasses import dataclass

from dropscore import actuals, table
from dropscore import bundle as bundles
from dropscore.domain.catalogue import group, problem
from dropscore.domain.jobs import Task
from dropscore.domain.problems import Problem, ProblemGroup
from dropscore.domain.rules import Actuals, Header
from dropscore.domain.schema import Type
from dropscore.pipeline.attempt import Attempt
from dropscore.pipeline.portions import Portion
from dropscore.receipt import Made
from dropscore.table.header import loose

KEPT = "predictions.parquet"


@dataclass(slots=True)
class KeptPredictions:
    """The file under way, and what is to be said of it. Without a key column there is none."""

    attempt: Attempt
    wanted: Actuals | None
    keeper: actuals.Keeper | None = None
    keeping: actuals.Keeping | None = None
    made: Made | None = None

    @classmethod
    def begin(cls, attempt: Attempt, source: table.Source) -> KeptPredictions:
        task, wanted = attempt.task, attempt.task.rules.actuals
        column = key_column(source, wanted, task) if wanted and task.state else None
        if wanted is None or column is None:
            return cls(attempt, wanted if task.state else None)
        names = [field.name for field in attempt.bundle.schema.fields]
        keeper = actuals.Keeper(column, actuals.allowed(names, wanted))
        keeping = actuals.Keeping(attempt.path(KEPT), about(task, attempt.bundle, keeper.inputs))
        return cls(attempt, wanted, keeper, keeping)

    def take(self, portion: Portion) -> None:
        if self.keeping is not None and portion.kept is not None:
            self.keeping.take(portion.kept, portion.scored)

    def discard(self) -> None:
        if self.keeping is not None:
            self.keeping.discard()

    def close(self) -> None:
        """End the file. Raises OSError."""
        if self.keeping is not None and self.keeping.close():
            self.made = self.attempt.made("kept", KEPT, ".parquet")

    def said(self, language: str) -> tuple[list[Problem], list[ProblemGroup]]:
        """Return what the sender is told: rows whose predictions will never be held against anything."""
        if self.wanted is None:
            return [], []
        column = self.wanted.key
        if self.keeping is None:
            return [problem("key-absent", language, column=column)], [
                group("key-absent", language, count=1, column=column)
            ]
        counts = {"key-empty": self.keeping.keyless, "key-doubled": self.keeping.doubled()}
        return [], [group(code, language, count=count, column=column) for code, count in counts.items() if count]


def key_column(source: table.Source, wanted: Actuals, task: Task) -> str | None:
    """Return the file's name of the key column, if it has one."""
    names = [column.name for column in source.columns]
    if wanted.key in names:
        return wanted.key
    near = [name for name in names if loose(name) == loose(wanted.key)]
    return near[0] if len(near) == 1 and task.rules.header is Header.FORGIVING else None


def about(task: Task, loaded: bundles.Bundle, inputs: tuple[str, ...]) -> dict[str, object]:
    """Return what stands in the file of the job and its model: enough to judge it when the bundle is gone."""
    manifest = loaded.manifest
    fields = [field for field in loaded.schema.fields if field.name in inputs]
    return {
        "job": task.job,
        "code": task.code,
        "route": task.route,
        "at": task.claimed_at,
        "model": loaded.ref.name,
        "version": loaded.ref.version,
        "sha256": loaded.ref.sha256,
        "task": manifest.task,
        "outputs": [
            {"name": one.name, "kind": one.kind, "source": one.source, "category": one.category, "enum": list(one.enum)}
            for one in loaded.outputs
        ],
        "scores": {name: [score.mean, score.std] for name, score in manifest.scores.items()},
        "enums": {field.name: field.title for field in fields if field.enum or field.type is Type.BOOLEAN},
        "inputs": list(inputs),
    }
