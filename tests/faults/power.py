"""Power cuts: at an operation the image under a mounted file system is copied as it is, and the copy is mounted.

What the service did not sync is gone then, as it would be. Needs root, loop devices and `mkfs`.
`python -m faults.power FOLDER KIND POINTS SEED`, with the shim preloaded, tells one line of JSON for each point.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from faults import checks
from faults.scene import Reader
from faults.shim import Fault, Mode
from faults.sweep import ENDED, KILLED, READERS, Bench, Point, wants

MEGABYTES = {"ext4": 24, "xfs": 320}
MAKE = {"ext4": ["mkfs.ext4", "-q", "-F"], "xfs": ["mkfs.xfs", "-q", "-f"]}


def possible(kind: str) -> str:
    """Return why a power cut cannot be tried here; an empty string where it can."""
    if os.geteuid():
        return "it needs root"
    if not shutil.which(MAKE[kind][0]):
        return f"{MAKE[kind][0]} is not installed"
    if not Path("/dev/loop-control").exists():
        return "there are no loop devices"
    filesystems = Path("/proc/filesystems").read_text().split()
    return (
        ""
        if kind in filesystems or not subprocess.run(["modprobe", kind], capture_output=True).returncode
        else (f"the kernel has no {kind}")
    )


def _mount(image: Path, place: Path, kind: str) -> None:
    place.mkdir(exist_ok=True)
    # The images are copies of one another, and one may still be mounted in another process's namespace: XFS would
    # refuse a second file system of the same name.
    options = "loop,nouuid" if kind == "xfs" else "loop"
    subprocess.run(["mount", "-o", options, image, place], check=True)


def _unmount(place: Path) -> None:
    subprocess.run(["umount", place], check=True)


def _copy(image: Path, to: Path) -> None:
    subprocess.run(["cp", "--sparse=always", image, to], check=True)


class Cuts:
    """A bench whose root lies on an image."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder, self.kind = folder, kind
        self.bench = Bench(folder)
        self.place = folder / "root"
        self.seed, self.live, self.cut = (folder / f"{name}.img" for name in ("seed", "live", "cut"))
        self._tried = 0
        shutil.rmtree(self.place)
        with self.seed.open("wb") as image:
            image.truncate(MEGABYTES[kind] << 20)
        subprocess.run([*MAKE[kind], self.seed], check=True)
        _mount(self.seed, self.place, kind)
        shutil.copytree(self.bench.seed, self.place, symlinks=True, dirs_exist_ok=True)
        (self.place / "state" / "folders.json").unlink()
        _unmount(self.place)

    def try_point(self, at: int, reader_takes: str, journal: bool) -> tuple[list[str], list[str]]:
        """Cut the power at an operation; return how the lives ended, and what is violated.

        `journal`: the file system's journal is written at that moment, so that names are there and contents are not.
        """
        point = Point((Fault(at, Mode.KILL_AFTER),))
        # Images of their own for each point: where another process has copied our mounts (a namespace), what is
        # unmounted here is still mounted there, and writing over its image would spoil the next one.
        for image in (self.live, self.cut):
            image.unlink(missing_ok=True)
        self._tried += 1
        self.live, self.cut = (self.folder / f"{name}-{self._tried}.img" for name in ("live", "cut"))
        _copy(self.seed, self.live)
        _mount(self.live, self.place, self.kind)
        try:
            with suppress(OSError):
                (self.place / "lost+found").rmdir()
            end, told = self.bench.live(point.faults, Reader(self.bench.root, self.folder / "taken"), point)
            if end != KILLED:
                return [end], [f"the service {end}: {told}"]
            if journal:
                handle = os.open(self.place, os.O_RDONLY)
                os.fsync(handle)
                os.close(handle)
            _copy(self.live, self.cut)
        finally:
            _unmount(self.place)
        _mount(self.cut, self.place, self.kind)
        try:
            return self._after(point, reader_takes)
        finally:
            _unmount(self.place)

    def _after(self, point: Point, reader_takes: str) -> tuple[list[str], list[str]]:
        bench = self.bench
        reader = Reader.knowing(bench.root, self.folder / "taken", bench.seed)
        found = bench.judge(checks.while_dead, reader)
        if found:
            return [KILLED], [f"before recovery: {one}" for one in found]
        reader.take(wants(reader_takes))
        end, told = bench.live((), reader, point)
        if end != ENDED:
            return [KILLED, end], [f"the recovery {end}: {told}", *bench.judge(checks.at_rest, reader)]
        return [KILLED, end], bench.judge(checks.at_rest, reader)


def main() -> None:
    folder, kind, count, seed = Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:])
    cuts = Cuts(folder, kind)
    numbers = [one.number for one in cuts.bench.trace if one.number > 0]
    parent = os.getppid()
    for turn, at in enumerate(random.Random(seed).choices(numbers, k=count)):
        if os.getppid() != parent:
            return
        ends, found = cuts.try_point(at, READERS[turn % 4], journal=turn % 2 == 1)
        told = {"kind": f"power cut on {kind}", "ends": ends, "violations": found}
        if found:
            struck = next(one for one in cuts.bench.trace if one.number == at)
            told["point"] = (
                f"power cut at {at} ({struck.what} {struck.first} {struck.second}), {READERS[turn % 4]} taken"
            )
        print(json.dumps(told), flush=True)
    print(json.dumps({"operations": len(cuts.bench.trace), "lint": []}), flush=True)


if __name__ == "__main__":
    main()
