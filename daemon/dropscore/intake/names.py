"""Which names are never drops. Every name of every scan passes here, so nothing but the name is looked at."""

from __future__ import annotations

CLAIMS = ".dropscore"
MARKER = ".done"
CHECKSUM = ".sha256"
_SIDECARS = (MARKER, CHECKSUM)

_IN_FLIGHT_STARTS = ("~$", ".~lock.", ".nfs", ".sftpgo-upload.", ".in.")
_IN_FLIGHT_ENDS = (
    "~",
    ".tmp",
    ".part",
    ".partial",
    ".filepart",
    ".crdownload",
    ".opdownload",
    ".download",
    ".writing",
    ".swp",
    ".swo",
    ".swx",
)
NOTICE = ".waiting.json"
_OWN_ENDS = (NOTICE,)
_JUNK = frozenset(
    {
        "desktop.ini",
        "thumbs.db",
        "ehthumbs.db",
        "@eadir",
        "#recycle",
        "$recycle.bin",
        "system volume information",
        "lost+found",
    }
)
_STARTS = (".", "_", "~$")
_ENDS = _IN_FLIGHT_ENDS + _OWN_ENDS

WHY_IN_FLIGHT = "Its name is one that programs give to a file that is still being written."
_WHY_HIDDEN = "Names that begin with a dot are never taken."
_WHY_UNDERSCORE = "Names that begin with an underscore are never taken."
_WHY_JUNK = "It belongs to an operating system or a file server, not to a sender."
_WHY_OWN = "Dropscore wrote it, to say what the file beside it waits for."


def why_ignored(name: str) -> str | None:
    """The sentence that says why a file of this name is never a drop; None if it may be one.

    `name` is as `os.fsdecode` gives it: bytes that are no UTF-8 are surrogates.
    """
    lowered = name.lower()
    if not (name.startswith(_STARTS) or lowered.endswith(_ENDS) or lowered in _JUNK):
        return None
    if lowered.endswith(_IN_FLIGHT_ENDS) or lowered.startswith(_IN_FLIGHT_STARTS):
        return WHY_IN_FLIGHT
    if lowered.endswith(_OWN_ENDS):
        return _WHY_OWN
    if lowered in _JUNK or name.startswith("._"):
        return _WHY_JUNK
    return _WHY_HIDDEN if name.startswith(".") else _WHY_UNDERSCORE


def is_notice(name: str) -> bool:
    """Whether a name is that of a notice: what Dropscore lays beside a drop that waits for long."""
    return name.lower().endswith(_OWN_ENDS)


def is_sidecar(name: str) -> bool:
    """Whether a name is that of a marker or a checksum. Such a file is never a drop."""
    return name.lower().endswith(_SIDECARS)


def is_marker(name: str) -> bool:
    return name.lower().endswith(MARKER)


def is_checksum(name: str) -> bool:
    return name.lower().endswith(CHECKSUM)


def drop_of(sidecar: str) -> str:
    """The name of the drop that a sidecar speaks of: `x.csv` for `x.csv.sha256`."""
    return sidecar[: -len(MARKER if is_marker(sidecar) else CHECKSUM)]


def display(name: str) -> str:
    """A name for sentences: bytes that are no UTF-8 and control characters become `�`, so that none can do harm."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
