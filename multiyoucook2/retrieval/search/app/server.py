"""The page's application: routes, and the server around it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .... import web
from ....errors import MyCookError
from ..index import SearchIndex

if TYPE_CHECKING:
    from starlette.types import ASGIApp


def make_app(index: SearchIndex, *, videos: Path | None = None) -> "ASGIApp":
    """The application, for a server or a test client.

    Args:
        videos: a folder of video files to play from; without it, clips link to where their videos are.

    Raises:
        RecipeError: Starlette is not installed. FeatureError: no such folder.
    """
    web.require("starlette")
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
    return web.guarded(routes, handlers)


def serve(index: SearchIndex, *, port: int = 8000, videos: Path | None = None) -> None:
    """Serve the page at 127.0.0.1 until Ctrl-C; see :func:`multiyoucook2.web.serve`."""
    app = make_app(index, videos=videos)
    _ = index.model  # loaded before the first question, and refused now if it is another
    web.serve(app, port=port)
