"""The page: a row at a time, the worst first, all by keys; every action is on the disk before it is answered."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import urlencode

from ... import web
from ...errors import MyCookError
from ...files import Record
from ...files.reading import parse_json
from ...languages import LANGUAGES
from ..video import video_link
from .agreement import agreements
from .overlay import TEXT_CHARACTERS, Key, Reviews
from .session import STATES, Refused, Session
from .worklist import Row, Worklist

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

T = TypeVar("T", bound=Record)
_BODY_BYTES = 16_000
_FILTERS = ("state", "by", "check", "recipe_type", "text")


class Asked(Record):
    """What the page sends.

    ``seen`` is the hash of the machine's translation that it shows. ``text`` is the new one of an ``edit``; else the
    one that a person wrote and that it shows as well, if any.
    """

    clip_id: str
    caption_index: int
    lang: str
    seen: str
    action: Literal["accept", "edit", "reject", "undo"]
    text: str = ""


class Kind(Record):
    """What the page sends to dismiss a signal's flags in a language, or to show them again."""

    lang: str
    check: str
    dismiss: bool


class Page:
    """Answers of the application.

    Args:
        worklists: language -> its rows; the first is shown first.
        reviews: where actions go.
        reviewer: whose actions they are.
        texts: caption (clip and index) -> language -> its translation, to be shown beside a row.
    """

    def __init__(
        self,
        worklists: Mapping[str, Worklist],
        reviews: Reviews,
        reviewer: str,
        texts: Mapping[tuple[str, int], Mapping[str, str]],
    ) -> None:
        import jinja2

        self.session, self.texts = Session(worklists, reviews, reviewer), texts
        self.token = secrets.token_urlsafe(24)
        loader = jinja2.FileSystemLoader(Path(__file__).parent / "templates")
        self.templates = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
        self.templates.globals |= {"states": STATES, "languages": list(worklists), "name_of": _name}
        self.templates.globals |= {"reviewer": reviewer, "longest": TEXT_CHARACTERS}

    # All answers are given in one thread, one after the other: ``async``, though nothing is waited for.
    async def row(self, request: "Request") -> "Response":
        """``/``: a row of a language's filtered list: ``at`` names it, else it is the one at place ``n``.

        A named row is shown even where it fits the filters no more, as it does once it is reviewed: what comes before
        and after it stays the same. Reading changes nothing.
        """
        from starlette.responses import HTMLResponse, RedirectResponse

        if "token" in request.query_params:  # out of the address at once: it would stay in the browser's history
            answer: Response = RedirectResponse("/", status_code=303)
            if self._is_token(token := request.query_params["token"]):
                answer.set_cookie(_cookie(request), token, httponly=True, samesite="strict")
            return answer
        asked = {name: request.query_params.get(name, "") for name in _FILTERS}
        lang = request.query_params.get("lang", "")
        session = self.session
        worklist = session.worklists.get(lang) or next(iter(session.worklists.values()))
        rows = worklist.filtered(
            check=asked["check"],
            recipe_type=asked["recipe_type"],
            text=asked["text"],
            only=session.only(asked["state"], asked["by"]),
        )
        clip_id, _, index = request.query_params.get("at", "").rpartition(" ")
        if (key := (clip_id, _number(index), worklist.lang)) in worklist.places:
            rows, place = worklist.among(rows, key)
        else:
            place = min(_number(request.query_params.get("n", "")), max(len(rows) - 1, 0))

        def address(of: int) -> str:
            return _address(asked, rows[of].key, of) if 0 <= of < len(rows) else ""

        shown = self._shown(worklist, rows[place] if rows else None)  # before the counts, which may follow from it
        page = self.templates.get_template("review.html").render(
            shown, lang=worklist.lang, source=worklist.source_lang, place=place, count=len(rows), asked=asked,
            done=session.done[worklist.lang], total=len(worklist.rows), reviewers=session.reviews.reviewers(),
            checks=worklist.checks, may_write=self._may_write(request), last=self._last(asked),
            here=address(place), next=address(place + 1), previous=address(place - 1),
            dismissed=session.reviews.dismissed(worklist.lang), agreements=agreements(session.reviews, worklist.lang),
        )  # fmt: skip
        return HTMLResponse(page)

    def _shown(self, worklist: Worklist, row: Row | None) -> dict[str, Any]:
        """What the template says of the row itself."""
        if row is None:
            return {"row": None}
        session, others = self.session, self.texts.get((row.clip_id, row.caption_index), {})
        return {
            "row": row,
            "seen": session.seen(row.key),
            "outcome": session.now(row.key),
            "mine": session.own(row.key) is not None,
            "neighbours": worklist.neighbours(row),
            "others": {lang: text for lang, text in others.items() if lang != row.lang},
            "video": video_link(row.video_url, row.start_s),
        }

    def _last(self, asked: Mapping[str, str]) -> dict[str, Any] | None:
        """The row that was acted on last: what ``u`` takes back, and where it goes then."""
        if not self.session.acted:
            return None
        key = self.session.acted[-1]
        return {"key": key, "seen": self.session.seen(key), "address": _address(asked, key)}

    async def act(self, request: "Request") -> "Response":
        """``POST /act``: one action as JSON, written before it is answered. Only our own page may ask."""
        from starlette.responses import JSONResponse

        asked = await self._asked(request, Asked)
        key = (asked.clip_id, asked.caption_index, asked.lang)
        outcome = self.session.act(key, asked.seen, asked.action, asked.text)
        return JSONResponse({"state": outcome.action if outcome else "open"})

    async def dismiss(self, request: "Request") -> "Response":
        """``POST /dismiss``: flags of a kind, which are false alarms in a language, go from its list, or come back."""
        from starlette.responses import JSONResponse

        asked = await self._asked(request, Kind)
        return JSONResponse({"dismissed": self.session.dismiss(asked.lang, asked.check, dismiss=asked.dismiss)})

    async def _asked(self, request: "Request", kind: type[T]) -> T:
        """What our own page asks for.

        Raises:
            Refused: somebody else asks, or for something else.
        """
        if not self._may_write(request) or not web.only_ours(request):
            raise Refused(403, "open the address that the command printed")
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > _BODY_BYTES:
                raise Refused(413, "that is too long")
        try:
            return parse_json(body, kind, "the action")
        except MyCookError:
            raise Refused(400, "that is no action") from None

    async def refused(self, request: "Request", error: Exception) -> "Response":
        """What cannot be: an answer to the page's script, else a page."""
        from starlette.responses import HTMLResponse, JSONResponse

        if isinstance(error, Refused):
            return JSONResponse({"error": str(error)}, error.status)
        hint = error.hint if isinstance(error, MyCookError) else ""
        if request.method == "POST":
            return JSONResponse({"error": f"{error}: {hint}"}, 507)
        return HTMLResponse(self.templates.get_template("refused.html").render(error=str(error), hint=hint), 503)

    def _may_write(self, request: "Request") -> bool:
        return self._is_token(request.cookies.get(_cookie(request), ""))

    def _is_token(self, given: str) -> bool:
        return secrets.compare_digest(given.encode(), self.token.encode())


def make_app(page: Page) -> "ASGIApp":
    """The application, for a server or a test client."""
    web.require("starlette")
    from starlette.routing import Mount, Route
    from starlette.staticfiles import StaticFiles

    routes = [
        Route("/", page.row, methods=["GET"]),
        Route("/act", page.act, methods=["POST"]),
        Route("/dismiss", page.dismiss, methods=["POST"]),
        Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
    ]
    handlers: dict[Any, Any] = {MyCookError: page.refused, Refused: page.refused}
    return web.guarded(routes, handlers)


def serve(page: Page, *, port: int) -> None:
    """Serve at 127.0.0.1 until Ctrl-C; the address that is printed lets its browser write."""
    web.serve(make_app(page), port=port, path=f"/?{urlencode({'token': page.token})}")


def _name(lang: str) -> str:
    return LANGUAGES[lang].name if lang in LANGUAGES else lang


def _cookie(request: "Request") -> str:
    """A server's own: browsers keep the cookies of a host whatever the port, and two servers may run."""
    return f"mycook-review-{request.url.port}"


def _address(asked: Mapping[str, str], key: Key, place: int = 0) -> str:
    """Of a row in the list that the filters leave; and of its place there, should it be gone from the build."""
    clip_id, caption_index, lang = key
    filters = {name: value for name, value in asked.items() if value}
    return "/?" + urlencode({"lang": lang, **filters, "at": f"{clip_id} {caption_index}", "n": place})


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
