"""Where the figures are read: nowhere unless told, and by other machines only where that is meant."""

from pathlib import Path

import pytest

from dropscore.domain.errors import Misconfigured
from dropscore.settings import load


def address(folder: Path, lines: str) -> tuple[str, int] | None:
    path = folder / "dropscore.toml"
    path.write_text(f"[metrics]\n{lines}\n")
    return load(path, {}).metrics.address


def test_it_is_off_by_default(tmp_path: Path) -> None:
    assert address(tmp_path, "") is None


@pytest.mark.parametrize(
    ("listen", "found"),
    [("127.0.0.1:9109", ("127.0.0.1", 9109)), ("[::1]:9109", ("::1", 9109)), ("127.8.8.8:1", ("127.8.8.8", 1))],
)
def test_loopback_is_free(tmp_path: Path, listen: str, found: tuple[str, int]) -> None:
    assert address(tmp_path, f'listen = "{listen}"') == found


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "[::]", "[2001:db8::1]"])
def test_what_others_can_reach_has_to_be_meant(tmp_path: Path, host: str) -> None:
    with pytest.raises(Misconfigured, match=r"others can reach .*public = true"):
        address(tmp_path, f'listen = "{host}:9109"')
    assert address(tmp_path, f'listen = "{host}:9109"\npublic = true') == (host.strip("[]"), 9109)


@pytest.mark.parametrize("listen", ["9109", ":9109", "localhost:9109", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "::1"])
def test_what_is_no_address_and_port_is_refused_with_an_example(tmp_path: Path, listen: str) -> None:
    with pytest.raises(Misconfigured, match=r"such as 127\.0\.0\.1:9109"):
        address(tmp_path, f'listen = "{listen}"')
