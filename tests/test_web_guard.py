"""What binds every request: headers, and who may send an unsafe one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from panels import Panel, panel_at

FORM = {"name": "ana", "password": "wrong"}


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    with panel_at(tmp_path_factory.mktemp("guard")) as made:
        yield made


def posted(panel: Panel, **headers: str) -> httpx.Response:
    return httpx.post(f"{panel.url}/login", data=FORM, headers={k.replace("_", "-"): v for k, v in headers.items()})


@pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense"])
def test_another_site_cannot_post_whatever_else_it_says(panel: Panel, site: str) -> None:
    found = posted(panel, sec_fetch_site=site, origin=panel.url)
    assert found.status_code == 403
    assert "content-security-policy" in found.headers, "a refusal is bound, too"


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_the_panel_itself_may(panel: Panel, site: str) -> None:
    assert posted(panel, sec_fetch_site=site).status_code == 401, "it came through to the login"


def test_an_old_browser_is_judged_by_its_origin(panel: Panel) -> None:
    assert posted(panel, origin=panel.url).status_code == 401
    assert posted(panel, origin="https://evil.example").status_code == 403
    assert posted(panel, origin="null").status_code == 403


def test_a_cookie_without_any_word_on_its_origin_is_not_believed(panel: Panel) -> None:
    assert posted(panel, cookie="dropscore=x").status_code == 403
    assert posted(panel).status_code == 401, "a program without a cookie has nothing to forge"


@pytest.mark.parametrize("path", ["/login", "/nowhere", "/static/panel.css", "/api/v1/health", "/api/v1/nowhere"])
def test_every_answer_carries_the_headers(panel: Panel, path: str) -> None:
    headers = httpx.get(panel.url + path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert "server" not in headers or "uvicorn" in headers["server"]
    assert ("cache-control" in headers and "no-store" in headers["cache-control"]) == (not path.startswith("/static"))


def test_behind_tls_the_cookie_is_bound_to_the_host_and_hsts_is_told(tmp_path: Path) -> None:
    with panel_at(tmp_path, web='public_url = "https://dropscore.example"') as panel:
        panel.user("ana")
        found = panel.client().post("/login", data={"name": "ana", "password": "orange kettle on the roof"})
        cookie = found.headers["set-cookie"]
        assert cookie.startswith("__Host-dropscore=") and "Secure" in cookie and "HttpOnly" in cookie
        assert "Path=/" in cookie and "Domain" not in cookie and "samesite=lax" in cookie.lower()
        assert found.headers["strict-transport-security"]
        assert posted(panel, origin="https://dropscore.example").status_code == 401
