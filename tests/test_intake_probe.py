"""The questions that are asked of a drop once it stands still."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from dropscore.domain.jobs import Kind
from dropscore.intake import probe as probing
from dropscore.intake.probe import probe
from dropscore.intake.scan import Inbox, Seen, scan

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user needs root")


def seen_at(path: Path, remote: bool = False) -> Seen:
    (found,) = scan(Inbox("credit", Kind.SCORE, path.parent, remote=remote)).drops
    return found


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    return path


def test_a_whole_closed_file(drop: Path) -> None:
    answer = probe(seen_at(drop))
    assert answer is not None
    assert (answer.readable, answer.whole, answer.error) == (True, True, "")
    assert answer.writer in (False, None)


def test_a_file_that_is_cut_off_and_open(drop: Path) -> None:
    drop.write_text("a\n1")
    with drop.open("a"):
        answer = probe(seen_at(drop))
    assert answer is not None
    assert not answer.whole
    assert answer.writer in (True, None)


def test_what_changed_since_the_scan_is_no_longer_what_was_seen(drop: Path) -> None:
    seen = seen_at(drop)
    drop.write_text("a\n1\n2\n")
    assert probe(seen) is None


def test_another_file_of_the_same_name_is_not_what_was_seen(drop: Path, tmp_path: Path) -> None:
    seen = seen_at(drop)
    (tmp_path / "b.csv").write_text("a\n1\n")
    (tmp_path / "b.csv").rename(drop)
    assert probe(seen) is None


def test_what_has_gone_is_not_what_was_seen(drop: Path) -> None:
    seen = seen_at(drop)
    drop.unlink()
    assert probe(seen) is None


def test_a_link_in_its_place_is_not_followed(drop: Path) -> None:
    seen = seen_at(drop)
    drop.unlink()
    drop.symlink_to("/etc/passwd")
    answer = probe(seen)
    assert answer is not None
    assert not answer.readable


def test_on_a_remote_share_nobody_here_does_not_mean_nobody(drop: Path) -> None:
    seen = seen_at(drop, remote=True)
    assert probe(seen)._replace(writer=None) == probe(seen)  # type: ignore[union-attr]


def test_a_disk_that_fails_is_no_matter_of_rights(drop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = seen_at(drop)

    def fail(handle: int) -> bool:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(probing, "whole", fail)
    answer = probe(seen)
    assert answer is not None
    assert (answer.readable, answer.denied, answer.error) == (False, False, "Input/output error")


@root_only
def test_a_file_that_may_not_be_read_is_a_matter_of_rights(drop: Path) -> None:
    drop.chmod(0)
    program = """
        import os, sys
        from pathlib import Path
        from dropscore.domain.jobs import Kind
        from dropscore.intake.probe import probe
        from dropscore.intake.scan import Inbox, scan
        handle = os.open(sys.argv[1], os.O_PATH)
        os.fchdir(os.open(sys.argv[1], os.O_RDONLY))
        os.chmod(".", 0o755)
        os.setgroups([]); os.setgid(65534); os.setuid(65534)
        (seen,) = scan(Inbox("credit", Kind.SCORE, Path("."))).drops
        answer = probe(seen)
        print(answer.readable, answer.denied, answer.error)
        """
    command = [sys.executable, "-c", textwrap.dedent(program), str(drop.parent)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "False True Permission denied\n", done.stderr
