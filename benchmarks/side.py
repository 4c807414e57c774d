"""One side of a race, in a process of its own: warm, then one run for each line it is sent.

    python side.py SIDE BUNDLE FOLDER

Reads a path of a CSV per line; writes `{"seconds": …, "result": PATH, "peak_mb": …}` per line. The peak is the
process's own (ru_maxrss) since it started, or its largest child's.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

Race = Callable[[Path, Path], Path]
Write = Callable[[Any, Path], object]
_CHUNK = 16 << 20


def model_of(bundle: Path) -> Any:
    from skops import io as skops_io  # noqa: PLC0415  (each side loads what it needs itself, and no more)

    file = bundle / "model.skops"
    return skops_io.load(file, trusted=skops_io.get_untrusted_types(file=file))


def _script(bundle: Path, write: Write) -> Race:
    """What a user would write: read_csv, predict, and a library that writes the workbook."""
    import pandas as pd  # noqa: PLC0415

    model = model_of(bundle)

    def run(source: Path, folder: Path) -> Path:
        applicants = pd.read_csv(source)
        scored = applicants.assign(
            decision=model.predict(applicants), probability=model.predict_proba(applicants)[:, 1]
        )
        write(scored, folder / "result.xlsx")
        return folder / "result.xlsx"

    return run


def script_race(bundle: Path) -> Race:
    return _script(bundle, lambda scored, path: scored.to_excel(path, index=False))


def xlsxturbo_race(bundle: Path) -> Race:
    """The fastest of its settings: rows streamed, the lowest compression."""
    import xlsxturbo  # noqa: PLC0415

    return _script(
        bundle,
        lambda scored, path: xlsxturbo.df_to_xlsx(scored, str(path), constant_memory=True, compression_level=1),
    )


def rustpy_race(bundle: Path) -> Race:
    import rustpy_xlsxwriter  # noqa: PLC0415

    return _script(bundle, lambda scored, path: rustpy_xlsxwriter.write_worksheet(scored, str(path)))


def floor_race(bundle: Path) -> Race:
    """What no one can do without: the file read as text, the model asked as a script asks it, the bytes deflated.

    `sheet.xml`, the bytes, and `frame.pickle`, the numbers that the model is asked about, lie in the folder above.
    """
    import pandas as pd  # noqa: PLC0415
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.csv  # noqa: PLC0415
    from isal import isal_zlib  # noqa: PLC0415

    model = model_of(bundle)

    def run(source: Path, folder: Path) -> Path:
        names = source.open().readline().strip().split(",")
        kinds = {name: pa.string() for name in names}
        pyarrow.csv.read_csv(
            source,
            read_options=pyarrow.csv.ReadOptions(use_threads=False, block_size=_CHUNK),
            convert_options=pyarrow.csv.ConvertOptions(column_types=kinds),
        )
        model.predict(frame)
        model.predict_proba(frame)
        deflater = isal_zlib.compressobj(2, isal_zlib.DEFLATED, -15)
        with (folder / "sheet.deflate").open("wb") as out:
            for start in range(0, len(sheet), _CHUNK):
                out.write(deflater.compress(sheet[start : start + _CHUNK]))
            out.write(deflater.flush())
        return folder / "sheet.deflate"

    top = Path(sys.argv[3])
    sheet = memoryview((top / "sheet.xml").read_bytes())
    frame = pd.read_pickle(top / "frame.pickle")
    return run


def _task(ref: Any, source: Path, attempt: Path, explain: int = 0) -> Any:
    from dropscore import durable, folders  # noqa: PLC0415
    from dropscore.domain.jobs import Kind, Task  # noqa: PLC0415
    from dropscore.domain.rules import Rules  # noqa: PLC0415

    return Task(
        job="01K7F2QXM4AAAAAAAAAAAAAAAA",
        code="K7F2QXM4",
        route="bench",
        kind=Kind.SCORE,
        name=source.name,
        input=str(source),
        folder=str(attempt),
        bundle=ref,
        sha256=durable.sha256_of(source),
        claimed_at=folders.now_utc().isoformat(),
        rules=Rules(explain=explain),
    )


def _dropscore(bundle: Path, work: Callable[[Any], object], expected: str = "delivered", explain: int = 0) -> Race:
    from dropscore import folders  # noqa: PLC0415

    ref = folders.pick_bundle(bundle)

    def run(source: Path, folder: Path) -> Path:
        attempt = folder / "attempt-1"
        attempt.mkdir()
        work(_task(ref, source, attempt, explain))
        verdict = json.loads((attempt / "verdict.json").read_bytes())
        if verdict["verdict"] != expected:
            raise SystemExit(f"not {expected}: {verdict['sentence']}")
        return attempt / ("result.xlsx" if expected == "delivered" else "fix.xlsx")

    return run


def dropscore_race(bundle: Path) -> Race:
    """What a worker does with one attempt: everything from opening the copy to the durable verdict."""
    from dropscore import pipeline  # noqa: PLC0415

    return _dropscore(bundle, pipeline.work)


def refused_race(bundle: Path) -> Race:
    """The same of a file with bad cells, its fix workbook included."""
    from dropscore import pipeline  # noqa: PLC0415

    return _dropscore(bundle, pipeline.work, "rejected")


def explained_race(bundle: Path) -> Race:
    """The same with three reasons beside each prediction."""
    from dropscore import pipeline  # noqa: PLC0415

    return _dropscore(bundle, pipeline.work, explain=3)


def challenged_race(bundle: Path) -> Race:
    """What a challenger costs: the job's rows under its own version and under another, here the same bundle."""
    from dropscore import durable, folders, pipeline  # noqa: PLC0415
    from dropscore.domain.jobs import ChallengeTask, State, Via  # noqa: PLC0415
    from dropscore.domain.rules import Rules, Trusted  # noqa: PLC0415
    from dropscore.receipt import InputFact, ModelFact, Receipt, Sender, Times, dump  # noqa: PLC0415

    ref = folders.pick_bundle(bundle)

    def run(source: Path, folder: Path) -> Path:
        receipt = Receipt(
            job="01K7F2QXM4AAAAAAAAAAAAAAAA", code="K7F2QXM4", route="bench", state=State.DELIVERED, name=source.name,
            sender=Sender(name="bench", uid=0, via=Via.FOLDER), times=Times(claimed=folders.now_utc()),
            input=InputFact(bytes=source.stat().st_size, sha256=durable.sha256_of(source)),
            model=ModelFact(name=ref.name, version=ref.version, sha256=ref.sha256),
        )  # fmt: skip
        (folder / "receipt.json").write_bytes(dump(receipt))
        (folder / "out").mkdir()
        pipeline.work(
            ChallengeTask(str(folder / "out"), str(folder / "receipt.json"), str(source), ref, ref, Rules(), Trusted())
        )
        found = json.loads((folder / "out" / "challenged.json").read_bytes())
        if found["failed"] or found["compared"]["changed"]:
            raise SystemExit(f"the same model answers otherwise: {found}")
        return folder / "out" / "challenged.json"

    return run


def _by_workers(bundle: Path, assist: str) -> Race:
    from dropscore.workers import Pool, hiring  # noqa: PLC0415

    pool = Pool(hiring.WORK, 2, 2 << 30, ("dropscore.pipeline",), hiring.ENVIRONMENT, assist=assist,
                size_of=hiring.size_of)  # fmt: skip
    warm: list[Future[object]] = []
    return _dropscore(bundle, lambda task: warm.append(pool.submit(task, 600.0)) or warm.pop().result())


def one_race(bundle: Path) -> Race:
    """A worker process of its own, and another that stands idle."""
    return _by_workers(bundle, "")


def two_race(bundle: Path) -> Race:
    """The same, and the other one helps."""
    return _by_workers(bundle, "dropscore.pipeline:assist")


RACES = {name.removesuffix("_race"): made for name, made in list(globals().items()) if name.endswith("_race")}


def main() -> None:
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    name, bundle, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    race = RACES[name](bundle)
    for number, line in enumerate(sys.stdin):
        place = folder / f"{name}-{number}"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        started = time.perf_counter()
        result = race(Path(line.strip()), place)
        seconds = time.perf_counter() - started
        peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
        print(json.dumps({"seconds": seconds, "result": str(result), "peak_mb": peak}), flush=True)


if __name__ == "__main__":
    main()
