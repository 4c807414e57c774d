"""The names of drops: as people may see them, as receipts keep them, and what comes of them is called."""

from __future__ import annotations

import base64
import os
import re
import unicodedata

_RESERVED = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)($|\.)")
_SUFFIXES = re.compile(r"(?i)\.(?:(?:csv|tsv|txt)(?:\.(?:gz|zst))?|[a-z0-9]{1,8})$")
_STEM = 60


def shown(name: str) -> str:
    """Return a dropped name as people may see it: no control, direction or undecodable characters."""
    clean = (
        "�" if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") else char
        for char in os.fsencode(name).decode("utf-8", "replace")
    )
    return "".join(clean)


def as_base64(name: str) -> str:
    return base64.b64encode(os.fsencode(name)).decode("ascii")


def from_base64(text: str) -> str:
    return os.fsdecode(base64.b64decode(text))


def stem_and_suffix(name: str) -> tuple[str, str]:
    """Return a safe stem (`[A-Za-z0-9._-]`, at most 60) and suffix for the names of what comes of a drop."""
    folded = "".join(c for c in unicodedata.normalize("NFKD", shown(name)) if not unicodedata.combining(c))
    match = _SUFFIXES.search(folded)
    suffix = match.group(0).lower() if match else ""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "_", folded[: len(folded) - len(suffix)]).strip("._-")[:_STEM].rstrip("._-")
    if not stem or _RESERVED.match(stem):
        stem = f"drop_{stem}".rstrip("_")
    return stem, suffix


def published_name(name: str, code: str, suffix: str) -> str:
    return f"{stem_and_suffix(name)[0]}.{code}{suffix}"
