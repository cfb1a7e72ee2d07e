"""What the page shows: a form and its hits, a video with its moments, files of videos, and errors in words."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response

from ....errors import DatasetError, MyCookError
from ....features.extract.files import VIDEO_ENDINGS, files_by_stem
from ....languages import LANGUAGES
from ..index import QUERY_CHARACTERS, Hit, SearchIndex, link_at
from ..moments import Moment, find_moments
from .curve import draw

CHOICES_K = (5, 10, 20, 50, 100)
_YOUTUBE_ID = re.compile(r"[\w-]{11}", re.ASCII)
_MOST_CHOICES = 200  # of a filter that is offered as a list


class Pages:
    """Answers of the application. Plain functions: the server runs them in threads, several at once."""

    def __init__(self, index: SearchIndex, videos: Path | None) -> None:
        self.index = index
        ids = dict.fromkeys(index.clips["video_id"].to_pylist())
        self.files = files_by_stem(videos, ids, VIDEO_ENDINGS) if videos else {}
        self.choices = {name: self._choices(name) for name in ("split", "recipe_type")}
        self.examples = self._examples()
        loader = jinja2.FileSystemLoader(Path(__file__).parent / "templates")
        self.templates = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
        self.templates.filters |= {"clock": clock, "language": _language_name}
        self.templates.globals |= {"about": index.about, "choices": self.choices, "k_choices": CHOICES_K,
                                   "longest": QUERY_CHARACTERS}  # fmt: skip

    def search(self, request: Request) -> Response:
        """``/``: the form, and the hits of ``q`` if there is one."""
        asked = self._asked(request)
        if not asked["q"].strip():
            return self._page("search.html", asked, hits=None, examples=self.examples)
        hits = self.index.search(
            asked["q"], asked["k"], split=asked["split"] or None, recipe_type=asked["recipe_type"] or None
        )
        return self._page("search.html", asked, hits=[self._shown(hit, asked["lang"]) for hit in hits], examples=[])

    def video(self, request: Request) -> Response:
        """``/video/ID``: the moments of ``q`` as a curve and a list."""
        asked, video_id = self._asked(request), request.path_params["video_id"]
        rows = self.index.rows_of(video_id=video_id)
        clips = self.index.hits(rows if rows is not None else [], [0.0] * (0 if rows is None else len(rows)))
        first = clips[0]
        moments: list[Moment] = []
        if asked["q"].strip():
            moments = find_moments(self.index, video_id, asked["q"], window_s=asked["window"])

        def link(moment: Moment) -> str:
            if video_id in self.files:
                return f"/media/{quote(video_id, safe='')}#t={moment.start_s:g},{moment.end_s:g}"
            return link_at(first.video_url, moment.start_s)

        best = sorted(moments, key=lambda moment: -moment.score)[:5]
        captions = {clip.clip_id: self._caption(clip, asked["lang"]) for clip in clips}
        return self._page(
            "video.html", asked, video_id=video_id, clips=clips, captions=captions, best=best, first=first,
            player=self._player(first, best[0] if best else first),
            link=link, curve=draw(moments, link) if moments else None,
        )  # fmt: skip

    def media(self, request: Request) -> Response:
        """``/media/ID``: the file of a video, in parts if asked so; only files that were found at the start."""
        path = self.files.get(request.path_params["video_id"])
        if path is None or not path.is_file():  # taken away since
            raise HTTPException(404, "There is no file of this video.")
        return FileResponse(path)

    def refused(self, request: Request, error: Exception) -> Response:
        """What was asked cannot be: the form again, with the reason."""
        hint = error.hint if isinstance(error, MyCookError) else ""
        asked = self._asked(request, lenient=True)
        return self._page(
            "error.html", asked, status=400, title="That cannot be searched for", said=str(error), hint=hint
        )

    def failed(self, request: Request, error: Exception) -> Response:
        """No such page, another method, or a mistake of ours."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        said = {404: "There is no such page.", 405: "Pages here can only be read."}.get(status, "A mistake of ours.")
        if isinstance(error, HTTPException) and status == 404 and error.detail != "Not Found":
            said = error.detail
        asked = self._asked(request, lenient=True)
        return self._page("error.html", asked, status=status, title=str(status), said=said, hint="")

    def _page(self, template: str, asked: dict[str, Any], *, status: int = 200, **values: Any) -> HTMLResponse:
        how = self.index.how(filtered=bool(asked["split"] or asked["recipe_type"] or template == "video.html"))
        text = self.templates.get_template(template).render(asked=asked, how=how, **values)
        return HTMLResponse(text, status_code=status)

    def _asked(self, request: Request, *, lenient: bool = False) -> dict[str, Any]:
        """The values of a form, of the types that they must have; what is unknown is refused unless ``lenient``."""
        given = request.query_params
        asked: dict[str, Any] = {
            "q": given.get("q", ""), "k": 10, "lang": given.get("lang") or "en", "window": None,
            "split": given.get("split", ""), "recipe_type": given.get("recipe_type", ""),
        }  # fmt: skip
        if lenient:
            return {**asked, "q": asked["q"][:QUERY_CHARACTERS]}
        try:
            asked["k"] = min(max(int(given.get("k") or 10), 1), CHOICES_K[-1])
            asked["window"] = float(given["window"]) if given.get("window") else None
        except ValueError:
            raise DatasetError("the number of clips, or the seconds of a window, are no number") from None
        if asked["lang"] not in self.index.about.languages:
            asked["lang"] = next(iter(self.index.about.languages), "en")
        return asked

    def _shown(self, hit: Hit, lang: str) -> dict[str, Any]:
        return {"hit": hit, "caption": self._caption(hit, lang), "player": self._player(hit, hit)}

    def _caption(self, hit: Hit, lang: str) -> tuple[str, str]:
        """A clip's caption and its language: the one asked for, else any."""
        if lang in hit.captions:
            return hit.captions[lang], lang
        return next(((text, other) for other, text in hit.captions.items()), ("", ""))

    def _player(self, hit: Hit, span: Hit | Moment) -> dict[str, Any]:
        """How a stretch of a clip's video can be played here: its file, else YouTube's player, else not."""
        if hit.video_id in self.files:
            return {"kind": "file", "start": span.start_s, "end": span.end_s}
        youtube = "youtu" in hit.video_url and _YOUTUBE_ID.fullmatch(hit.video_id)
        return {"kind": "youtube" if youtube else "", "start": span.start_s, "end": span.end_s}

    def _choices(self, column: str) -> list[str]:
        found = sorted(value for value in set(self.index.clips[column].to_pylist()) if value)
        return found if 1 < len(found) <= _MOST_CHOICES else []

    def _examples(self) -> list[tuple[str, str]]:
        """A caption in each of the first languages, from clips apart from one another."""
        size, found = len(self.index), []
        for number, lang in enumerate(self.index.about.languages[:6]):
            row = self.index.hits([number * size // 7], [0.0])[0]
            if lang in row.captions:
                found.append((row.captions[lang], lang))
        return found


def clock(seconds: float) -> str:
    """Seconds as a player shows them: ``0:07``, ``12:30``, ``1:02:03``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _language_name(code: str) -> str:
    return LANGUAGES[code].name if code in LANGUAGES else code
