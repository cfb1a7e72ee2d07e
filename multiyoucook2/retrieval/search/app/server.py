"""The page's application: routes, who may ask, what a browser may load, and the server around it."""

import importlib.util
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....errors import MyCookError, RecipeError, readable, shown
from ..index import SearchIndex

if TYPE_CHECKING:
    from starlette.applications import Starlette

HOST = "127.0.0.1"
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]  # a page elsewhere cannot make a browser ask here under its own name
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; media-src 'self'; "
        "frame-src https://www.youtube-nocookie.com; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",  # YouTube's player asks for an origin
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def make_app(index: SearchIndex, *, videos: Path | None = None) -> "Starlette":
    """The application, for a server or a test client.

    Args:
        videos: a folder of video files to play from; without it, clips link to where their videos are.

    Raises:
        RecipeError: Starlette is not installed. FeatureError: no such folder.
    """
    _require("starlette")
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.routing import Mount, Route
    from starlette.staticfiles import StaticFiles

    from .pages import Pages

    pages = Pages(index, videos)
    routes = [
        Route("/", pages.search, methods=["GET"]),
        Route("/video/{video_id:path}", pages.video, methods=["GET"]),
        Route("/media/{video_id:path}", pages.media, methods=["GET"]),
        Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
    ]
    handlers: dict[Any, Any] = {MyCookError: pages.refused, 404: pages.failed, 405: pages.failed, 500: pages.failed}
    guards = [Middleware(_Headers), Middleware(TrustedHostMiddleware, allowed_hosts=ALLOWED_HOSTS, www_redirect=False)]
    return Starlette(routes=routes, middleware=guards, exception_handlers=handlers)


class _Headers:
    """Adds ``HEADERS`` to every answer."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                added = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        await self.app(scope, receive, with_headers)


def serve(index: SearchIndex, *, port: int = 8000, videos: Path | None = None) -> None:
    """Serve the page at 127.0.0.1 until Ctrl-C.

    Args:
        port: 0 takes any free one; the address is printed.

    Raises:
        RecipeError: the extra ``web`` is not installed. WorkspaceError: the port is taken.
    """
    _require("uvicorn")
    import uvicorn

    app = make_app(index, videos=videos)
    _ = index.model  # loaded before the first question, and refused now if it is another
    with _listen(port) as listening:
        print(f"http://{HOST}:{listening.getsockname()[1]}/  (Ctrl-C ends)", flush=True)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
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


def _require(module: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise RecipeError(f"the page needs {module}", hint="pip install 'multiyoucook2[web]'")
