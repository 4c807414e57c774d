"""What holds for every request: headers that bind the browser, and no unsafe request from another site."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CSP = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_ONE_YEAR = "max-age=31536000"


class Guard:
    """ASGI middleware; `public_url` is what an Origin may be besides the request's own host."""

    def __init__(self, app: ASGIApp, public_url: str = "", cookie: str = "") -> None:
        self.app = app
        self.public_url = public_url.rstrip("/").lower()
        self.cookie = cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)

        async def bound(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._bind(scope, MutableHeaders(scope=message))
            await send(message)

        if scope["method"] not in _SAFE and not self.same_origin(headers):
            refusal = PlainTextResponse("This request came from another site, and was refused.\n", 403)
            await refusal(scope, receive, bound)
            return
        await self.app(scope, receive, bound)

    def _bind(self, scope: Scope, headers: MutableHeaders) -> None:
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        if not scope["path"].startswith("/static/"):
            headers.setdefault("cache-control", "no-store")
        if self.public_url.startswith("https://"):
            headers.setdefault("strict-transport-security", _ONE_YEAR)

    def same_origin(self, headers: Headers) -> bool:
        """Whether the browser says that its own page asks. A program that sends no cookie has nothing to forge."""
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site in ("same-origin", "none")
        origin = headers.get("origin")
        if origin is not None:
            return origin.lower() == self.public_url or urlsplit(origin).netloc.lower() == headers.get("host", "")
        return f"{self.cookie}=" not in headers.get("cookie", "")
