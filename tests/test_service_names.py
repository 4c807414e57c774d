"""Names of any bytes, through the real service; only the worker is a stand-in."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from dropscore.folders import from_base64
from dropscore.intake.names import is_sidecar, why_ignored
from service_house import make_house

_NEVER = re.compile(rb"[/\0]")  # the two that the kernel does not take
NAMES = st.binary(min_size=1, max_size=255).map(lambda name: _NEVER.sub(b"=", name)) | st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=60
).map(str.encode)


def _is_a_drop(name: bytes) -> bool:
    text = os.fsdecode(name)
    return name not in (b".", b"..", b"check") and why_ignored(text) is None and not is_sidecar(text)


@settings(max_examples=25)
@given(st.lists(NAMES.filter(lambda name: len(name) <= 255 and _is_a_drop(name)), min_size=1, max_size=12, unique=True))
def test_any_bytes_that_a_kernel_takes_for_a_name_are_handled(names: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        house = make_house(Path(folder))
        inbox = house.root.inbox / "credit"
        for number, name in enumerate(names):
            (inbox / os.fsdecode(name)).write_bytes(b"a,b\n%d,2\n" % number)
        house.turn()
        receipts = house.receipts()
        came = [from_base64(one.name_base64) if one.name_base64 else one.name for one in receipts]
        assert sorted(map(os.fsencode, came)) == sorted(names)
        for one in receipts:
            one.name.encode("utf-8")
            for fact in one.files:
                assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", fact.path.rpartition("/")[2]), fact.path
                assert (house.root.path / fact.path).is_file()
        assert len({fact.path for one in receipts for fact in one.files}) == sum(len(one.files) for one in receipts)
        assert not list(house.root.processing.iterdir())
