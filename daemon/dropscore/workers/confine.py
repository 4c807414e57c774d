"""What a worker gives up before it meets a stranger's file or a model: the network, and every folder but its own.

Both measures need no rights, hold for whatever the worker starts, and cannot be taken back. libseccomp refuses the
system calls that make a socket or reach into another process. Landlock leaves all files readable, as far as they
were, and writing to the named folders alone: so no worker changes a model, a result or another job's state.

Where a kernel or a library lacks one of them, the worker works without it: `doctor` says so, and the systemd unit
closes the network all the same.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

SHARED_MEMORY = "/dev/shm"
_DEVICES = ("/dev/null",)
# Whoever holds a socket reaches others; io_uring makes sockets past every filter; the rest reaches into processes.
_REFUSED_CALLS = ("socket", "io_uring_setup", "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd")
_ALLOW, _REFUSE_WITH_EPERM = 0x7FFF0000, 0x00050000 | 1

_PR_SET_NO_NEW_PRIVS = 38
# The same numbers on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION, _PATH_BENEATH = 1, 1
_WRITE_FILE, _TRUNCATE = 1 << 1, 1 << 14
# Write, remove and make of every kind (bits 4 to 12), and what later versions know: rename between folders, truncate.
_WRITING = _WRITE_FILE | sum(1 << bit for bit in range(4, 13))
_SINCE = ((2, 1 << 13), (3, _TRUNCATE))


class Confined(NamedTuple):
    """What is closed: the way to the network, and all folders but the worker's own."""

    network: bool
    folders: bool


class _Ruleset(ctypes.Structure):
    _fields_ = (("handled_access_fs", ctypes.c_uint64),)


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def confine(writable: Sequence[str] | None) -> Confined:
    """Give up the network, and writing to all but these folders and shared memory (None: to nothing). Raises nothing.

    Nothing of it can be had back, so it is for a process that ends without having to.
    """
    closed = False
    if writable is not None:
        # What makes a temporary file without saying where makes it in memory, which the unit's limit counts.
        os.environ["TMPDIR"] = SHARED_MEMORY
        closed = _close_folders((*writable, SHARED_MEMORY))
    return Confined(_close_network(), closed)


def _close_network() -> bool:
    try:
        seccomp = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        return False
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(ctypes.c_uint32(_ALLOW)))
    if not context:
        return False
    try:
        for name in _REFUSED_CALLS:
            number = seccomp.seccomp_syscall_resolve_name(name.encode())
            refused = seccomp.seccomp_rule_add_array(context, ctypes.c_uint32(_REFUSE_WITH_EPERM), number, 0, None)
            if refused and name == "socket":
                return False
        return bool(seccomp.seccomp_load(context) == 0)
    finally:
        seccomp.seccomp_release(context)


def _close_folders(writable: Sequence[str]) -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)
    if version < 1:
        return False
    handled = _WRITING | sum(bit for since, bit in _SINCE if version >= since)
    ruleset = _Ruleset(handled)
    handle = libc.syscall(_CREATE_RULESET, ctypes.byref(ruleset), ctypes.c_size_t(ctypes.sizeof(ruleset)), 0)
    if handle < 0:
        return False
    try:
        for path in writable:
            _open_to(libc, handle, path, handled)
        for path in _DEVICES:
            _open_to(libc, handle, path, handled & (_WRITE_FILE | _TRUNCATE))
        if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
            return False
        return bool(libc.syscall(_RESTRICT_SELF, handle, 0) == 0)
    finally:
        os.close(handle)


def _open_to(libc: ctypes.CDLL, ruleset: int, path: str, access: int) -> None:
    """Allow writing beneath a folder. One that is not there cannot be allowed; its worker is replaced when it is."""
    with suppress(OSError):
        beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            rule = _Beneath(access, beneath)
            libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
        finally:
            os.close(beneath)
