"""Nothing of an address comes out that could be a secret."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropscore.notifier.redaction import redact, safe_url

CANARY = "c4n4ry"
URLS = [
    f"mailto://user:{CANARY}-pass@mail.example.org:587?to=a@example.org",
    f"mailtos://{CANARY}user:secret@mail.example.org",
    f"json://hooks.example.org/{CANARY}/deeper/{CANARY}more",
    f"jsons://u:{CANARY}@hooks.example.org/path?+X-Token={CANARY}tok&:key={CANARY}",
    f"slack://{CANARY}A/{CANARY}B/{CANARY}C/#ops",
    f"tgram://{CANARY}:{CANARY}/12345",
    f"discord://{CANARY}id/{CANARY}token",
    f"ntfy://{CANARY}topic",
    f"gotify://host.example.org/{CANARY}",
    f"json://[not a host/{CANARY}",
    f"no address at all {CANARY}",
]


@pytest.mark.parametrize("url", URLS)
def test_what_is_shown_of_an_address_holds_no_secret(url: str) -> None:
    assert CANARY not in safe_url(url)
    assert "***" in safe_url(url)


def test_the_host_is_shown_where_it_is_one() -> None:
    assert safe_url(URLS[0]) == "mailto://mail.example.org:587/***"
    assert safe_url(URLS[4]) == "slack://***"


@pytest.mark.parametrize("url", URLS)
def test_what_a_library_prints_of_an_address_is_taken_out(url: str) -> None:
    parts = [
        part for part in url.replace("?", "/").replace("&", "/").replace("@", "/").replace(":", "/").split("/") if part
    ]
    for said in (
        f"Could not reach {url}!",
        f"HTTPConnectionPool: url: /{url.partition('://')[2].partition('/')[2]} refused",
        *(f"the server said {part!r} is wrong" for part in parts),
    ):
        assert CANARY not in redact(said, [url]), said


def test_other_spellings_of_a_secret_are_taken_out() -> None:
    url = f"mailto://me:p%2F{CANARY}%40x@mail.example.org"
    plain = f"p/{CANARY}@x"
    for spelling in (
        plain,
        quote(plain),
        quote(plain, safe=""),
        repr(plain),
        base64.b64encode(f"me:{plain}".encode()).decode(),
    ):
        told = redact(f"530 {spelling} rejected", [url])
        assert CANARY not in told
        assert spelling not in told


def test_details_with_a_secret_too_short_to_take_out_are_withheld() -> None:
    url = "mailto://me:ab@mail.example.org"
    assert (
        redact("unable to reach", [url])
        == "(details withheld: the address's secret is too short to be taken out of them)"
    )
    assert redact("no route", [url]) == "no route"


def test_what_is_no_secret_stays_readable() -> None:
    url = "mailto://user:secretword@mail.example.org?cto=2&to=ana@example.org&mode=starttls"
    said = "Connection to mail.example.org timed out after 2 seconds (starttls)"
    assert redact(said, [url]) == said


@given(st.text(min_size=4, max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_no_password_survives(password: str, before: str, after: str) -> None:
    url = f"json://user:{quote(password, safe='')}@host/x"
    told = redact(before + password + after, [url])
    assert password not in told or password in "***" or password in redact(before + after, [url])
