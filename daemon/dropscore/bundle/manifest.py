"""The manifest of a bundle: what is in it, what it needs and what it answers.

Its own bytes are sealed, so that a damaged manifest is told from a changed model even where nobody
wrote its hash down before.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dropscore.domain.schema import Schema, schema_from_json

MANIFEST = "manifest.json"
SKOPS = "model.skops"
JOBLIB = "model.joblib"
GOLDEN = "golden.parquet"
PROFILE = "profile.json"
FORMAT = 1

VERSION = re.compile(r"[0-9]+(\.[0-9]+)*((a|b|rc|\.post|\.dev)[0-9]+)?")
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


class _Record(BaseModel):
    # A key that this release does not know may change what the scores mean: it is refused, not skipped.
    model_config = ConfigDict(frozen=True, extra="forbid")


class Output(_Record):
    """One column that the model answers. `title` is its label for people."""

    name: str
    kind: Literal["text", "number"]
    source: Literal["prediction", "probability"]
    category: str | None = None
    """Of which class this is the probability."""
    title: str = ""
    description: str = ""
    enum: tuple[str, ...] = ()
    """All classes, where the column holds one of them."""


class Trained(_Record):
    """One input column as the estimator saw it in training, and as it is handed to it now."""

    dtype: str
    frame: str
    """How the column is built: a pandas dtype, or `object` or `date` for objects."""
    missing: Literal["nan", "none", "na"] = "nan"
    categories: tuple[str | int | float, ...] | None = None
    ordered: bool = False


class FileDigest(_Record):
    bytes: int
    sha256: str


class Score(_Record):
    mean: float
    std: float | None = None
    """Over the folds of a cross-validation, if it was one."""


class Manifest(_Record):
    bundle: Literal[1] = 1
    name: str
    version: str
    title: str = ""
    description: str = ""
    created: str
    task: Literal["classification", "regression", "other"]
    estimator: str
    """The class, for people."""
    table_schema: dict[str, Any] = Field(alias="schema")
    outputs: tuple[Output, ...]
    columns: dict[str, Trained]
    training_rows: int
    scores: dict[str, Score] = Field(default_factory=dict)
    versions: dict[str, str]
    files: dict[str, FileDigest]
    seal: str = ""

    @property
    def schema_of_input(self) -> Schema:
        return schema_from_json(self.table_schema)


def seal_of(document: dict[str, Any]) -> str:
    """Return the SHA-256 of the document's content without its seal."""
    content = {key: value for key, value in document.items() if key != "seal"}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def dump_manifest(manifest: Manifest) -> bytes:
    """Return the manifest as sealed JSON with a final newline."""
    document = manifest.model_dump(mode="json", by_alias=True, exclude_defaults=False)
    document["seal"] = seal_of(document)
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def parse_manifest(data: bytes) -> Manifest:
    """Return the manifest. ValueError says in a sentence what is wrong with it."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as fault:
        raise ValueError(f"{MANIFEST} is no JSON: it is cut off or damaged") from fault
    if not isinstance(document, dict) or document.get("bundle") != FORMAT:
        known = document.get("bundle") if isinstance(document, dict) else None
        raise ValueError(f"{MANIFEST} has the format {known!r}; this release knows format {FORMAT}")
    if document.get("seal") != seal_of(document):
        raise ValueError(f"{MANIFEST} does not match its own seal: it is damaged, or was changed by hand")
    try:
        manifest = Manifest.model_validate(document)
        names = manifest.schema_of_input.names
    except ValidationError as fault:
        first = fault.errors()[0]
        raise ValueError(f"{MANIFEST}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from fault
    except (ValueError, KeyError, TypeError) as fault:
        raise ValueError(f"{MANIFEST}: the schema is not understood: {fault}") from fault
    if names != tuple(manifest.columns):
        raise ValueError(f"{MANIFEST}: the columns of the schema are not those of the training")
    return manifest
