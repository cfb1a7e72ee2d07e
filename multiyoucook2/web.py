"""Pages for this machine alone: who may ask, what a browser may load, and the server around an application.

A page listens on 127.0.0.1. That alone protects from nothing: any page in the same browser can send requests here. So
the Host is checked (a name that was rebound to this address is refused), and what writes wants more, see ``only_ours``.
"""

import importlib.util
import signal
import socket
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .errors import RecipeError, install_hint, readable, shown

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOST = "127.0.0.1"
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; media-src 'self'; "
        "connect-src 'self'; frame-src https://www.youtube-nocookie.com; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",  # YouTube's player asks for an origin
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def guarded(routes: "Sequence[BaseRoute]", handlers: Mapping[Any, Any] | None = None) -> "ASGIApp":
    """An application behind the check of the Host, whose every answer has our headers for the browser.

    The headers are put around the whole: Starlette answers a mistake of ours from outside of all middleware.

    Args:
        handlers: status or exception -> its page, as Starlette takes them.
    """
    require("starlette")
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=ALLOWED_HOSTS, www_redirect=False)
    return _Headers(Starlette(routes=routes, middleware=[hosts], exception_handlers=handlers), HEADERS)


def only_ours(request: "Request") -> bool:
    """Whether a request that writes comes from our own page: browsers say so, and no script elsewhere can."""
    fetch_site = request.headers.get("sec-fetch-site")
    if fetch_site is not None:
        return fetch_site == "same-origin"
    origin = request.headers.get("origin")  # of browsers that are too old for the first
    return origin == f"http://{request.headers.get('host')}"


class _Headers:
    """Adds headers to every answer."""

    def __init__(self, app: "ASGIApp", headers: Mapping[str, str]) -> None:
        self.app = app
        self.added = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        async def with_headers(message: "Message") -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *self.added]}
            await send(message)

        await self.app(scope, receive, with_headers)


def serve(app: "ASGIApp", *, port: int, path: str = "/") -> None:
    """Serve an application at 127.0.0.1 until Ctrl-C; the address of ``path`` is printed.

    Args:
        port: 0 takes any free one.

    Raises:
        RecipeError: uvicorn is not installed, or the port is taken.
    """
    require("uvicorn")
    import uvicorn

    with _listen(port) as listening:
        print(f"http://{HOST}:{listening.getsockname()[1]}{path}  (Ctrl-C ends)", flush=True)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
        signal.set_wakeup_fd(-1)  # a page has nothing to go on with later, of which the command would tell
        for number in (signal.SIGINT, signal.SIGTERM):  # uvicorn ends on them, then raises them again for us
            signal.signal(number, lambda *_: None)
        server.run(sockets=[listening])


def _listen(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen()
    except OSError as error:
        listening.close()
        if readable(error) is error:  # in use, or for the system's own programs: a choice of port mends it
            hint = "choose another with --port, or --port 0 for any free one"
            raise RecipeError(f"port {port} is taken: {shown(error.strerror)}", hint=hint) from None
        raise readable(error) from None
    return listening


def require(module: str) -> None:
    """Check that a package of the extra ``web`` is there.

    Raises:
        RecipeError: it is not.
    """
    if importlib.util.find_spec(module) is None:
        raise RecipeError(f"the page needs {module}", hint=install_hint("web"))
