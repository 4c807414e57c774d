"""A past job once more, from the input that is kept: the same bytes, or what another model would have said."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field

from dropscore import bundle as bundles
from dropscore import table, workbook
from dropscore.domain.catalogue import group_problems
from dropscore.domain.errors import Rejected
from dropscore.domain.jobs import BundleRef, Lineage, Task
from dropscore.domain.rules import Format, Rules, Trusted
from dropscore.figures import Compared, Moved
from dropscore.pipeline.attempt import Typed
from dropscore.pipeline.portions import Chosen, choose
from dropscore.pipeline.process import process
from dropscore.receipt import Outcome, Receipt
from dropscore.record import Record

ROW, CHANGED = "row", "changed"
_AGAIN_GONE = "same-again-gone"
_TOLD = 3

Flags = NDArray[np.bool_]
Progress = Callable[[int, int], None]
"""Called with bytes read and bytes in all."""
See = Callable[[bundles.Bundle, table.Source, Chosen, Typed], None]
"""Called with a model, the file, the rows of a block that it takes, and its answers."""


@dataclass(frozen=True, slots=True)
class Past:
    """A job as its receipt tells of it, and all else that its attempt was told."""

    receipt: Receipt
    input: Path
    bundle: BundleRef
    rules: Rules
    trusted: Trusted
    state: str = ""
    fixes: str = ""


class SameAgain(Record):
    """What became of the same input under the same version."""

    code: str
    name: str
    same: bool
    """Whether the verdict and every byte of what was made are as they were."""
    verdict: str
    was: str
    files: dict[str, bool] = Field(default_factory=dict)
    """By suffix: whether the file has the same bytes."""
    differs: tuple[str, ...] = ()
    """Versions that are others here."""


def same_again(past: Past) -> SameAgain:
    """Carry the job out again, and compare what it makes with what was made then.

    Raises Unavailable: the model cannot be used.
    """
    receipt = past.receipt
    made_then = {
        fact.path.rpartition(f".{receipt.code}")[2]: fact.sha256
        for fact in receipt.files
        if fact.role in ("result", "fix")
    }
    with tempfile.TemporaryDirectory(prefix="dropscore-replay-") as scratch:
        task = task_of(past, Path(scratch))
        Path(task.folder).mkdir()
        outcome = process(task, bundles.load(past.bundle, past.trusted))
    made = {one.suffix: one.sha256 for one in outcome.files if one.role != "kept"}
    files = {suffix: made.get(suffix) == digest for suffix, digest in made_then.items()}
    verdict, was = str(outcome.verdict), str(receipt.verdict)
    same = verdict == was and all(files.values()) and made.keys() == made_then.keys()
    differs = () if same else _differing(past, outcome)
    return SameAgain(
        code=receipt.code, name=receipt.name, same=same, verdict=verdict, was=was, files=files, differs=differs
    )


def task_of(past: Past, scratch: Path) -> Task:
    """Return the task that the job's attempt was given, but for the folder."""
    receipt, attempt = past.receipt, scratch / "attempt-1"
    suffixes = {Path(fact.path).suffix.removeprefix(".") for fact in receipt.files if fact.role == "result"}
    formats = tuple(form for form in Format if form in suffixes) or past.rules.formats
    gone = next((entry.found for entry in receipt.problems if entry.code == _AGAIN_GONE), None)
    lineage = receipt.lineage
    return Task(
        job=receipt.job,
        code=receipt.code,
        route=receipt.route,
        kind=receipt.kind,
        name=receipt.name,
        input=str(past.input),
        folder=str(attempt),
        bundle=past.bundle,
        sha256=receipt.input.sha256,
        rules=replace(past.rules, formats=formats),
        trusted=past.trusted,
        claimed_at=receipt.times.claimed.isoformat(),
        final_newline_waited=True,
        lineage=Lineage(lineage.retry_of, lineage.mends, lineage.late_of, lineage.answers),
        state=past.state,
        fixes=past.fixes,
        again_of=gone,
    )


def _differing(past: Past, outcome: Outcome) -> tuple[str, ...]:
    found = []
    was = past.receipt.model
    if was is not None and was.sha256 != past.bundle.sha256:
        found.append(f"{was.name} {was.version} is another bundle of that version now")
    then, now = past.receipt.versions, outcome.versions
    found += [f"{name} {then[name]}, here {now.get(name, 'none')}" for name in then if then[name] != now.get(name)]
    return tuple(found)


def compare(
    past: Past,
    other: BundleRef,
    out: Path | None = None,
    progress: Progress = lambda *_: None,
    see: See = lambda *_: None,
) -> Compared:
    """Score the job's rows under its own model and under another; with `out` (.csv or .parquet), write them all.

    `see` is shown each block of the other.

    Raises:
        Unavailable: one of the models cannot be used.
        FileExistsError: `out` is there.
    """
    receipt = past.receipt
    found = Compared(code=receipt.code, name=receipt.name, before=past.bundle.version, after=other.version)
    total = 2 * receipt.input.bytes
    before = _answers(past, past.bundle, lambda read: progress(read, total))
    try:
        after = _answers(past, other, lambda read: progress(total // 2 + read, total), see)
    except Rejected as refusal:
        groups = refusal.groups or group_problems(refusal.problems, past.rules.language)
        why = " ".join(one.sentence for one in groups[:_TOLD])
        return found.model_copy(update={"only_before": len(before), "refused": why})
    both, left, right = np.intersect1d(before[ROW].to_numpy(), after[ROW].to_numpy(), return_indices=True)
    counts = {"rows": len(both), "only_before": len(before) - len(both), "only_after": len(after) - len(both)}
    before, after = before.take(pa.array(left)), after.take(pa.array(right))
    shared = [name for name in before.column_names if name != ROW and name in after.column_names]
    pairs = {name: (_plain(before[name]), _plain(after[name])) for name in shared}
    others = {name: _differ(*pair) for name, pair in pairs.items()}
    changed = np.any(list(others.values()), axis=0) if others else np.zeros(len(both), dtype=bool)
    if out is not None:
        _write(out, pa.array(both), pairs, changed, (past.bundle.version, other.version))
    outputs = tuple(_moved(name, *pairs[name], others[name], both) for name in shared)
    return found.model_copy(update={**counts, "changed": int(changed.sum()), "outputs": outputs})


def _answers(past: Past, ref: BundleRef, read: Callable[[int], None], see: See = lambda *_: None) -> pa.Table:
    """Return the outputs of every row that a model takes, with the rows' numbers.

    Raises Rejected: it takes no file like this.
    """
    loaded = bundles.load(ref, past.trusted)
    parts = [pa.table({ROW: pa.array([], pa.int64())})]
    with tempfile.TemporaryDirectory(prefix="dropscore-replay-") as scratch:
        source = table.open_source(past.input, loaded.schema, past.rules, Path(scratch))
        checker = table.Checker(source, past.rules)
        for number in range(source.count):
            block = source.block(number)
            checked = checker.check(block)
            chosen = choose(block, checked)
            if chosen is not None:
                numbers, outputs = pa.array(block.rows[~checked.bad_rows], pa.int64()), loaded.predict(chosen.typed)
                parts.append(pa.table({ROW: numbers, **outputs}))
                see(loaded, source, chosen, outputs)
            read(source.bytes_before(number + 1))
    return pa.concat_tables(parts, promote_options="default")


def _plain(column: pa.ChunkedArray) -> pa.Array:
    found = column.combine_chunks()
    return found.cast(pa.string()) if pa.types.is_dictionary(found.type) else found


def _differ(before: pa.Array, after: pa.Array) -> Flags:
    """Say of each row whether the answers are two; none and none are one."""
    one, two = before.to_pandas(), after.to_pandas()
    found: Flags = ((one != two) & ~(one.isna() & two.isna())).to_numpy(dtype=bool)
    return found


def _moved(name: str, before: pa.Array, after: pa.Array, other: Flags, rows: NDArray[np.int64]) -> Moved:
    changed = int(other.sum())
    if not (pa.types.is_floating(before.type) and pa.types.is_floating(after.type)):
        pairs = zip(before.filter(pa.array(other)).to_pylist(), after.filter(pa.array(other)).to_pylist(), strict=True)
        counts = Counter(f"{'—' if was is None else was} → {'—' if now is None else now}" for was, now in pairs)
        return Moved(output=name, changed=changed, moves=dict(counts.most_common()))
    steps = after.to_numpy(zero_copy_only=False) - before.to_numpy(zero_copy_only=False)
    known = np.flatnonzero(~np.isnan(steps))
    if not len(known):
        return Moved(output=name, changed=changed)
    far = known[np.argmax(np.abs(steps[known]))]
    return Moved(
        output=name,
        changed=changed,
        mean=float(steps[known].mean()),
        middle=float(np.median(np.abs(steps[known]))),
        most=float(steps[far]),
        most_row=int(rows[far]),
    )


def _write(
    out: Path,
    rows: pa.Array,
    pairs: dict[str, tuple[pa.Array, pa.Array]],
    changed: Flags,
    versions: tuple[str, str],
) -> None:
    """Write each row's number, its answers under both versions, and whether they differ."""
    found: dict[str, pa.Array] = {ROW: rows}
    for name, pair in pairs.items():
        found |= {f"{name} {version}": values for version, values in zip(versions, pair, strict=True)}
    found[CHANGED] = pa.array(np.where(changed, "yes", "no"))
    if out.suffix == ".parquet":
        parquet = workbook.ResultParquet(out, {name: values.type for name, values in found.items()})
        parquet.take(found)
        parquet.close()
        return
    columns = tuple(
        workbook.Column(name, workbook.Kind.TEXT if pa.types.is_string(values.type) else workbook.Kind.NUMBER)
        for name, values in found.items()
    )
    text = workbook.ResultCsv(out, columns)
    cells = {
        name: (None, values) if pa.types.is_string(values.type) else (values.cast(pa.string()), None)
        for name, values in found.items()
    }
    text.take(text.pourer.pour(cells, len(rows)))
    text.close()
