"""Opening a bundle: every byte is verified, every type allowed by the operator, every golden row re-scored.

Whatever is wrong is `Unavailable`: the drop is kept and the operator is told once, whichever file it is.
"""

from __future__ import annotations

import errno
import functools
import hashlib
import io
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib  # type: ignore[import-untyped]
import sklearn
from pydantic import ValidationError
from sklearn.exceptions import InconsistentVersionWarning
from skops import io as skops_io

from dropscore.bundle.golden import first_difference, unpack_golden
from dropscore.bundle.manifest import GOLDEN, JOBLIB, MANIFEST, PROFILE, SKOPS, Manifest, parse_manifest
from dropscore.bundle.opened import Bundle
from dropscore.bundle.scoring import Scorer, single_threaded
from dropscore.bundle.trust import allowed_types, mend_of
from dropscore.domain.errors import Unavailable
from dropscore.domain.jobs import BundleRef
from dropscore.domain.rules import Trusted
from dropscore.durable import opened
from dropscore.receipt import BatchProfile

_PUT_BACK = "Drops for it wait. Put the bundle there again as it was packed; they go on by themselves."
_PACK_AGAIN = "Drops for it wait. Pack the model again with the release that runs here, or go back to the old one."
_KEPT = 4
_CHUNK = 1 << 24
_MANIFEST_BYTES = 1 << 26


def load(ref: BundleRef, trusted: Trusted, *, fresh: bool = False) -> Bundle:
    """Return the verified bundle; a process keeps the last few it has opened, unless `fresh`.

    Raises Unavailable with the key `model:NAME`, a sentence, and what happens next.
    """
    return _open(ref, trusted) if fresh else _kept(ref, trusted)


@functools.lru_cache(maxsize=_KEPT)
def _kept(ref: BundleRef, trusted: Trusted) -> Bundle:
    return _open(ref, trusted)


def _open(ref: BundleRef, trusted: Trusted) -> Bundle:
    away = functools.partial(_unavailable, ref)
    folder = Path(ref.path)
    manifest = _verified_manifest(ref, folder, away)
    contents = _verified_files(manifest, folder, away)
    schema = manifest.schema_of_input
    try:
        typed, expected = unpack_golden(contents[GOLDEN], schema, manifest.outputs)
    except ValueError as fault:
        raise away(f"{GOLDEN} is not what its manifest promises: {fault}.", _PUT_BACK) from fault
    try:
        profile = BatchProfile.model_validate_json(contents[PROFILE])
    except ValidationError as fault:
        raise away(f"{PROFILE} is not understood.", _PUT_BACK) from fault
    estimator, notes = _estimator(contents, ref, trusted, away)
    try:
        single_threaded(estimator)
        scorer = Scorer(estimator, manifest.outputs, manifest.columns)
        found = scorer.score(typed)
    except MemoryError:
        raise
    except Exception as fault:  # an estimator may raise anything, and none of it is the sender's fault
        raise away(
            f"it cannot score its own golden rows: {_brief(fault)}.{_versions(manifest)}", _PACK_AGAIN
        ) from fault
    if difference := first_difference(expected, found):
        raise away(
            f"its golden rows do not come out as they did when it was packed: {difference}.{_versions(manifest)}",
            _PACK_AGAIN,
        )
    return Bundle(ref, schema, scorer, profile, manifest, typed, (*notes, *_notes(manifest)))


def _unavailable(ref: BundleRef, matter: str, then: str) -> Unavailable:
    return Unavailable(f"model:{ref.name}", f"The model {ref.name} {ref.version} cannot be used: {matter}", then)


Away = Callable[[str, str], Unavailable]


def _verified_manifest(ref: BundleRef, folder: Path, away: Away) -> Manifest:
    data = _read(folder / MANIFEST, _MANIFEST_BYTES, away)
    if hashlib.sha256(data).hexdigest() != ref.sha256:
        raise away(f"{MANIFEST} is another one than the job was given: it was changed or damaged.", _PUT_BACK)
    try:
        manifest = parse_manifest(data)
    except ValueError as fault:
        raise away(f"{fault}.", _PUT_BACK) from fault
    if (manifest.name, manifest.version) != (ref.name, ref.version):
        raise away(f"its manifest is that of {manifest.name} {manifest.version}.", _PUT_BACK)
    if set(manifest.files) not in ({SKOPS, GOLDEN, PROFILE}, {JOBLIB, GOLDEN, PROFILE}):
        raise away(f"{MANIFEST} names other files than a bundle has.", _PUT_BACK)
    return manifest


def _verified_files(manifest: Manifest, folder: Path, away: Away) -> dict[str, bytes]:
    """Return the bytes of each file. What was hashed is what is used: no file is opened twice."""
    try:
        present = {entry.name for entry in folder.iterdir()}
    except OSError as fault:
        raise away(f"its folder cannot be read ({os.strerror(fault.errno or 0)}).", _PUT_BACK) from fault
    if strange := sorted(present - set(manifest.files) - {MANIFEST}):
        raise away(f"{strange[0]} lies in its folder, and is no part of it.", "Drops for it wait. Take that away.")
    contents = {}
    for name, digest in manifest.files.items():
        data = _read(folder / name, digest.bytes, away)
        if len(data) != digest.bytes or hashlib.sha256(data).hexdigest() != digest.sha256:
            raise away(f"{name} is not the file that was packed: it was changed, cut off or damaged.", _PUT_BACK)
        contents[name] = data
    return contents


def _read(path: Path, most: int, away: Away) -> bytes:
    """Return the file's bytes; of one that is larger than it may be, no more than shows that it is."""
    try:
        with opened(path) as handle, io.BytesIO() as whole:
            while whole.tell() <= most and (chunk := os.read(handle, _CHUNK)):
                whole.write(chunk)
            return whole.getvalue()
    except FileNotFoundError as fault:
        raise away(f"{path.name} is missing.", _PUT_BACK) from fault
    except OSError as fault:
        reason = "it is a link" if fault.errno == errno.ELOOP else os.strerror(fault.errno or 0)
        raise away(f"{path.name} cannot be read ({reason}).", _PUT_BACK) from fault


def _estimator(contents: dict[str, bytes], ref: BundleRef, trusted: Trusted, away: Away) -> tuple[Any, tuple[str, ...]]:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            found = _from_joblib(contents, ref, trusted, away) if JOBLIB in contents else _from_skops(
                contents[SKOPS], trusted, away
            )  # fmt: skip
        except (Unavailable, MemoryError):
            raise
        except Exception as fault:  # the libraries raise whatever a strange file makes them stumble over
            raise away(f"its model file cannot be opened: {_brief(fault)}.", _PACK_AGAIN) from fault
    # A warning of another version is a note: the golden rows decide. One line stands for all the parts.
    notes = [str(entry.message.original_sklearn_version) for entry in said
             if isinstance(entry.message, InconsistentVersionWarning)]  # fmt: skip
    return found, tuple(f"its file was written by scikit-learn {version}" for version in sorted(set(notes)))


def _from_skops(data: bytes, trusted: Trusted, away: Away) -> Any:
    needed = skops_io.get_untrusted_types(data=data)
    allowed = allowed_types(trusted)
    if refused := sorted(set(needed) - allowed):
        raise away(
            f"it is made of types that are not trusted here: {', '.join(refused)}.",
            f"Drops for it wait. {mend_of(refused, trusted)}",
        )
    return skops_io.loads(data, trusted=sorted(set(needed) & allowed))


def _from_joblib(contents: dict[str, bytes], ref: BundleRef, trusted: Trusted, away: Away) -> Any:
    if ref.sha256 not in trusted.pickles:
        raise away(
            f"{JOBLIB} can run any program when it is opened, and this bundle is not allowed by its hash.",
            "Drops for it wait. Pack it as skops; or, if you trust whoever packed it, "
            f'add "{ref.sha256}" to pickles in [bundles].',
        )
    return joblib.load(io.BytesIO(contents[JOBLIB]))


def _brief(fault: Exception) -> str:
    lines = str(fault).strip().splitlines()
    return f"{type(fault).__name__}: {lines[0][:200].rstrip('.')}" if lines else type(fault).__name__


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _versions(manifest: Manifest) -> str:
    packed = manifest.versions.get("scikit-learn", "?")
    if _minor(packed) == _minor(sklearn.__version__):
        return ""
    return f" It was packed with scikit-learn {packed}; here runs {sklearn.__version__}."


def _notes(manifest: Manifest) -> tuple[str, ...]:
    other = _versions(manifest)
    return (f"{other.strip()} Its golden rows come out the same.",) if other else ()
