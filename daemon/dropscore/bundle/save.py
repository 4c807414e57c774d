"""Packing a fitted estimator into a bundle: whole, verified as a daemon would, or not at all."""

from __future__ import annotations

import errno
import hashlib
import io
import platform
import secrets
import shutil
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import joblib  # type: ignore[import-untyped]
import numpy as np
import pandas as pd
import pyarrow as pa
import sklearn
import skops
from skops import io as skops_io

from dropscore import __version__
from dropscore.bundle.extremes import with_bearable_limits
from dropscore.bundle.frame import typed_columns
from dropscore.bundle.golden import FEWEST
from dropscore.bundle.infer import ENUM_LIMIT, infer_schema, trained_columns
from dropscore.bundle.load import load
from dropscore.bundle.manifest import (
    JOBLIB,
    MANIFEST,
    NAME,
    SKOPS,
    VERSION,
    FileDigest,
    Manifest,
    Output,
    Score,
    dump_manifest,
)
from dropscore.bundle.outputs import Task, settle_outputs, task_of
from dropscore.bundle.rehearse import rehearsed
from dropscore.bundle.scoring import Scorer, single_threaded
from dropscore.domain.errors import Unavailable
from dropscore.domain.jobs import BundleRef
from dropscore.domain.rules import Trust, Trusted
from dropscore.domain.schema import schema_to_json
from dropscore.durable import rename, write_new


def save(
    folder: str | Path,
    estimator: Any,
    X_train: pd.DataFrame,  # noqa: N803  (scikit-learn's own name for it)
    *,
    version: str,
    name: str,
    outputs: Iterable[Output] | None = None,
    schema: Mapping[str, Any] | None = None,
    task: Task | None = None,
    positive: object | None = None,
    y_train: Any = None,
    scores: Mapping[str, float | tuple[float, float]] | None = None,
    title: str = "",
    description: str = "",
    bounds: bool | Collection[str] = False,
    enum_limit: int = ENUM_LIMIT,
    serializer: Literal["skops", "joblib"] = "skops",
) -> Path:
    """Pack a fitted estimator and return the bundle's directory, `folder/version`.

    X_train: the frame it was fitted on. schema: a Table Schema document, or a description of some columns by
    name, laid over what is inferred from X_train. outputs: of `prediction(…)` and `probability(…)`. scores: a
    number, or mean and standard deviation, by name; else, with y_train, the training score. positive: the class
    of two whose probability is answered. bounds: training's smallest and largest numbers become hard limits.

    FileExistsError if that version is there; ValueError, in a sentence, if the parts do not fit together, or if
    the packed model does not score as the estimator does.
    """
    target = _free_place(Path(folder), name, version)
    _refuse_frame(X_train, estimator)
    found = infer_schema(X_train, schema, bounds=bounds, enum_limit=enum_limit)
    settled = settle_outputs(estimator, found.names, outputs, positive)
    columns = trained_columns(X_train, found)
    file, model = _serialized(estimator, serializer)
    scorer = Scorer(_reopened(file, model), settled, columns)
    contents = {file: model, **rehearsed(estimator, scorer, X_train, found)}
    manifest = Manifest(
        name=name,
        version=version,
        title=title,
        description=description,
        schema=schema_to_json(with_bearable_limits(found, scorer, typed_columns(X_train.head(1), found))),
        outputs=settled,
        columns=columns,
        scores=_scores(estimator, X_train, y_train, scores),
        **_circumstances(estimator, X_train, task),
        files={part: FileDigest(bytes=len(data), sha256=_sha256(data)) for part, data in contents.items()},
    )
    return _placed(target, {**contents, MANIFEST: dump_manifest(manifest)}, manifest)


def library_versions() -> dict[str, str]:
    """Return the versions that scores may depend on."""
    return {
        "dropscore": __version__,
        "python": platform.python_version(),
        "scikit-learn": sklearn.__version__,
        "skops": skops.__version__,
        "numpy": np.__version__,
        "pandas": pd.__version__,
        "pyarrow": pa.__version__,
    }


def _free_place(folder: Path, name: str, version: str) -> Path:
    if not NAME.fullmatch(name):
        raise ValueError(f"name {name!r}: use at most 60 small letters, digits, '-' and '_'")
    if not VERSION.fullmatch(version):
        raise ValueError(f"version {version!r}: use numbers and points, such as 1.0.0 or 2.1rc1")
    target = folder / version
    if target.exists():
        raise FileExistsError(errno.EEXIST, f"{name} {version} is there already; choose another version", str(target))
    return target


def _refuse_frame(frame: Any, estimator: Any) -> None:
    if not isinstance(frame, pd.DataFrame):
        raise ValueError("X_train: give the pandas DataFrame that the estimator was fitted on")
    if not all(isinstance(name, str) and name for name in frame.columns) or not frame.columns.is_unique:
        raise ValueError("X_train: each column needs a name of its own, as text")
    if len(frame) < FEWEST:
        raise ValueError(f"X_train: a bundle needs at least {FEWEST} rows, for its golden rows; here are {len(frame)}")
    seen = getattr(estimator, "feature_names_in_", None)
    if seen is not None and list(seen) != list(frame.columns):
        odd = sorted(set(seen) ^ set(frame.columns))
        raise ValueError(f"X_train: the estimator was fitted on other columns ({', '.join(odd) or 'another order'})")


def _serialized(estimator: Any, serializer: str) -> tuple[str, bytes]:
    """Return the model's file name and its bytes."""
    if serializer == "joblib":
        sink = io.BytesIO()
        joblib.dump(estimator, sink, compress=3)
        return JOBLIB, sink.getvalue()
    try:
        return SKOPS, skops_io.dumps(estimator)
    except TypeError as fault:
        raise ValueError(
            f"skops cannot write this estimator ({fault}): use estimators of scikit-learn, or serializer='joblib', "
            "which an operator must then allow by the bundle's hash"
        ) from fault


def _reopened(file: str, model: bytes) -> Any:
    """Return the estimator as it comes back from its file: the one whose scores count."""
    try:
        if file == JOBLIB:
            again = joblib.load(io.BytesIO(model))
        else:
            again = skops_io.loads(model, trusted=skops_io.get_untrusted_types(data=model))
    except Exception as fault:  # functions without a name, types that cannot be imported: whatever it trips over
        raise ValueError(f"the packed model does not open again: {type(fault).__name__}: {fault}") from fault
    single_threaded(again)
    return again


def _circumstances(estimator: Any, frame: pd.DataFrame, task: Task | None) -> dict[str, Any]:
    steps = [step for _, step in getattr(estimator, "steps", ())] or [estimator]
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "estimator": " → ".join(type(step).__name__ for step in steps),
        "task": task or task_of(estimator),
        "training_rows": len(frame),
        "versions": library_versions(),
    }


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _scores(
    estimator: Any, frame: pd.DataFrame, target: Any, given: Mapping[str, float | tuple[float, float]] | None
) -> dict[str, Score]:
    if given is None and target is not None:
        given = {"training_score": float(estimator.score(frame, target))}
    found = {}
    for name, value in (given or {}).items():
        mean, std = value if isinstance(value, tuple) else (value, None)
        found[name] = Score(mean=float(mean), std=None if std is None else float(std))
    return found


def _placed(target: Path, contents: Mapping[str, bytes], manifest: Manifest) -> Path:
    """Write a sibling, open it as a daemon does, and give it its name: nobody ever sees half a bundle."""
    # One level deeper than a version's folder: whoever looks for bundles does not see it.
    outer = target.with_name(f".{target.name}.{secrets.token_hex(6)}.part")
    staging = outer / target.name
    staging.mkdir(parents=True)
    try:
        for file, data in contents.items():
            write_new(staging / file, data, 0o644)
        _try_out(staging, contents[MANIFEST], manifest)
        rename(staging, target)
    except OSError as fault:
        if fault.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        there = f"{manifest.name} {manifest.version} is there already"
        raise FileExistsError(errno.EEXIST, there, str(target)) from fault
    finally:
        shutil.rmtree(outer, ignore_errors=True)
    return target


def _try_out(staging: Path, manifest_bytes: bytes, manifest: Manifest) -> None:
    digest = _sha256(manifest_bytes)
    ref = BundleRef(str(staging), manifest.name, manifest.version, digest)
    own = tuple(skops_io.get_untrusted_types(file=staging / SKOPS)) if SKOPS in manifest.files else ()
    try:
        load(ref, Trusted(Trust.CUSTOM, own, (digest,)), fresh=True)
    except Unavailable as fault:
        raise ValueError(f"the packed model does not open again: {fault.matter}") from fault
