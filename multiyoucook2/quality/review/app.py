"""The page: a row at a time, the worst first, all by keys; every action is on the disk before it is answered."""

import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

from ... import web
from ...errors import MyCookError
from ...files import Record
from ...files.reading import parse_json
from ...languages import LANGUAGES
from ..video import video_link
from .agreement import agreements
from .overlay import ALL_OF, TEXT_CHARACTERS, Action, Key, Outcome, Reviews, said_now, text_hash
from .worklist import Row, Worklist

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

COOKIE = "mycook-review"
STATES = {"": "all rows", "open": "not reviewed", "reviewed": "reviewed", "disagree": "reviewers disagree",
          "stale": "edited, then translated anew"}  # fmt: skip
T = TypeVar("T", bound=Record)
_BODY_BYTES = 16_000
_FILTERS = ("state", "by", "check", "recipe_type", "text")


class Asked(Record):
    """What the page sends; ``seen`` is the hash of the translation that it shows."""

    clip_id: str
    caption_index: int
    lang: str
    seen: str
    action: Action
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
    """

    def __init__(self, worklists: Mapping[str, Worklist], reviews: Reviews, reviewer: str) -> None:
        import jinja2

        self.all, self.reviews, self.reviewer = worklists, reviews, reviewer
        self.worklists = {lang: list_.without(reviews.dismissed(lang)) for lang, list_ in worklists.items()}
        self.token = secrets.token_urlsafe(24)
        self.texts = {row.key: row.text for list_ in worklists.values() for row in list_.rows}
        self.outcomes = reviews.outcomes(self.texts)
        self.done = Counter(lang for _, _, lang in self.outcomes)
        self.others: dict[Key, list[Row]] = {}
        for list_ in worklists.values():
            for row in list_.rows:
                self.others.setdefault((row.clip_id, row.caption_index, ""), []).append(row)
        loader = jinja2.FileSystemLoader(Path(__file__).parent / "templates")
        self.templates = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
        self.templates.globals |= {"states": STATES, "languages": list(worklists), "names": _names(worklists)}
        self.templates.globals |= {"reviewer": reviewer, "longest": TEXT_CHARACTERS}

    def row(self, request: "Request") -> "Response":
        """``/``: the row at place ``n`` of a language's filtered list. Reading changes nothing."""
        from starlette.responses import HTMLResponse, RedirectResponse

        if "token" in request.query_params:  # out of the address at once: it would stay in the browser's history
            answer: Response = RedirectResponse("/", status_code=303)
            answer.set_cookie(COOKIE, request.query_params["token"], httponly=True, samesite="strict")
            return answer
        asked = {name: request.query_params.get(name, "") for name in _FILTERS}
        lang = request.query_params.get("lang", "")
        worklist = self.worklists.get(lang) or next(iter(self.worklists.values()))
        rows = worklist.filtered(
            check=asked["check"],
            recipe_type=asked["recipe_type"],
            text=asked["text"],
            only=self._only(asked["state"], asked["by"]),
        )
        place = min(max(_number(request.query_params.get("n", "")), 0), max(len(rows) - 1, 0))
        row = rows[place] if rows else None
        page = self.templates.get_template("review.html").render(
            lang=worklist.lang, row=row, place=place, count=len(rows), total=len(worklist.rows),
            done=self.done[worklist.lang], asked=asked, reviewers=self.reviews.reviewers(),
            checks=worklist.checks, may_write=self._may_write(request), link=_links(worklist.lang, asked),
            outcome=self.outcomes.get(row.key) if row else None, seen=text_hash(row.text) if row else "",
            neighbours=worklist.neighbours(row) if row else [], others=self._others(row) if row else [],
            video=video_link(row.video_url, row.start_s) if row else "",
            dismissed=self.reviews.dismissed(worklist.lang), agreements=agreements(self.reviews, worklist.lang),
        )  # fmt: skip
        return HTMLResponse(page)

    async def act(self, request: "Request") -> "Response":
        """``POST /act``: one action as JSON, written before it is answered. Only our own page may ask."""
        from starlette.responses import JSONResponse

        asked = await self._asked(request, Asked)
        if not isinstance(asked, Asked):
            return asked
        key = (asked.clip_id, asked.caption_index, asked.lang)
        action, text, seen = asked.action, " ".join(asked.text.split()), asked.seen
        if key not in self.texts or seen != text_hash(self.texts[key]):
            return JSONResponse({"error": "this row is not there any more: load the page again"}, 409)
        if len(text) > TEXT_CHARACTERS or (action == "edit" and not text):
            return JSONResponse({"error": f"a translation has 1 to {TEXT_CHARACTERS} characters"}, 400)
        try:
            self.reviews.append(self.reviewer, said_now(key, seen, action, text if action == "edit" else ""))
            found = self.reviews.outcomes({key: self.texts[key]})
        except MyCookError as error:
            return JSONResponse({"error": f"{error}: {error.hint}"}, 507)
        self.done[key[2]] += len(found) - (self.outcomes.pop(key, None) is not None)
        self.outcomes |= found
        return JSONResponse({"state": _state(self.outcomes.get(key))})

    async def dismiss(self, request: "Request") -> "Response":
        """``POST /dismiss``: flags of a kind, which are false alarms in a language, go from its list, or come back."""
        from starlette.responses import JSONResponse

        asked = await self._asked(request, Kind)
        if not isinstance(asked, Kind):
            return asked
        worklist = self.all.get(asked.lang)
        if worklist is None or asked.check not in worklist.signals:
            return JSONResponse({"error": "there is no such signal to dismiss"}, 409)
        action: Action = "dismiss" if asked.dismiss else "undo"
        try:
            self.reviews.append(self.reviewer, said_now((ALL_OF + asked.check, 0, asked.lang), "", action))
            dismissed = self.reviews.dismissed(asked.lang)
        except MyCookError as error:
            return JSONResponse({"error": f"{error}: {error.hint}"}, 507)
        self.worklists[asked.lang] = worklist.without(dismissed)
        return JSONResponse({"dismissed": sorted(dismissed)})

    async def _asked(self, request: "Request", kind: type[T]) -> "T | Response":
        """What our own page asks for, or the answer that refuses."""
        from starlette.responses import JSONResponse

        if not self._may_write(request) or not web.only_ours(request):
            return JSONResponse({"error": "open the address that the command printed"}, 403)
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > _BODY_BYTES:
                return JSONResponse({"error": "that is too long"}, 413)
        try:
            return parse_json(body, kind, "the action")
        except MyCookError:
            return JSONResponse({"error": "that is no action"}, 400)

    def _only(self, state: str, reviewer: str) -> Callable[[Key], bool] | None:
        """Which captions a state and a reviewer leave; ``None``: all."""
        of = self.outcomes
        states: dict[str, Callable[[Key], bool]] = {
            "open": lambda key: key not in of,
            "reviewed": lambda key: key in of,
            "disagree": lambda key: key in of and of[key].disagree,
            "stale": lambda key: key in of and of[key].stale,
        }
        wanted = states.get(state)
        if not reviewer:
            return wanted
        return lambda key: key in of and of[key].reviewer == reviewer and (wanted is None or wanted(key))

    def _others(self, row: Row) -> list[Row]:
        return [other for other in self.others[row.clip_id, row.caption_index, ""] if other.lang != row.lang]

    def _may_write(self, request: "Request") -> bool:
        return secrets.compare_digest(request.cookies.get(COOKIE, "").encode(), self.token.encode())


def make_app(page: Page) -> "Starlette":
    """The application, for a server or a test client."""
    web.require("starlette")
    from starlette.applications import Starlette
    from starlette.routing import Mount, Route
    from starlette.staticfiles import StaticFiles

    routes = [
        Route("/", page.row, methods=["GET"]),
        Route("/act", page.act, methods=["POST"]),
        Route("/dismiss", page.dismiss, methods=["POST"]),
        Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
    ]
    return Starlette(routes=routes, middleware=web.guards())


def serve(page: Page, *, port: int) -> None:
    """Serve at 127.0.0.1 until Ctrl-C; the address that is printed lets its browser write."""
    web.serve(make_app(page), port=port, path=f"/?{urlencode({'token': page.token})}")


def _state(outcome: Outcome | None) -> str:
    return outcome.action if outcome else "open"


def _names(worklists: Mapping[str, Worklist]) -> dict[str, str]:
    return {lang: LANGUAGES[lang].name if lang in LANGUAGES else lang for lang in worklists}


def _links(lang: str, asked: Mapping[str, str]) -> object:
    """A function that makes the address of a place in the list, filters kept."""

    def link(place: int) -> str:
        return "/?" + urlencode({"lang": lang, **{name: value for name, value in asked.items() if value}, "n": place})

    return link


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
