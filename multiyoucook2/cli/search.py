"""The search commands of ``mycook``: index, search, moments, serve. Heavy imports are in functions."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import DatasetOption, DeviceOption, FeaturesOption, JsonOption, QuietOption

if TYPE_CHECKING:
    from ..retrieval.search.index import Hit

IndexArgument = Annotated[Path, typer.Argument(help="An index that mycook index made.", metavar="INDEX")]
WindowOption = Annotated[
    float | None, typer.Option("--window", help="Seconds of a window over the frames.", show_default="a point a clip")
]
_BAR = 24


def add_search_commands(app: typer.Typer) -> None:
    """Mount the commands of this module."""
    for command in (index, search, moments, serve):
        app.command()(command)


def index(
    run: Annotated[Path, typer.Argument(help="A finished run.")],
    out: Annotated[Path, typer.Option("--out", help="The new index.")],
    features: FeaturesOption = None,
    dataset: DatasetOption = None,
    approximate: Annotated[
        bool, typer.Option("--approximate", help="For tens of millions of clips: faster, and some are missed.")
    ] = False,
    device: DeviceOption = "auto",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Embed all clips with a trained model, to be searched.

    \b
    Examples:
      mycook index runs/c2kd-tiny --out index/mini
      mycook index runs/c2kd-tiny --features features/all --dataset USER/NAME --approximate --out index/all
    """
    from ..retrieval.search.build import build_index
    from .tables import print_json
    from .terminal import Terminal

    with Terminal(quiet=quiet) as listener:
        made = build_index(
            run, out, features=features, dataset=dataset, approximate=approximate, device=device, listener=listener
        )
    about = made.about
    if json:
        print_json({"folder": str(out), **about.model_dump()})
    else:
        what = f"{about.clips:,} clips of {about.data.name}, {about.dim} dimensions"
        print(f"{out}: {what}, {len(about.languages)} languages")
        if about.approximate:
            print(made.how())


def search(
    index: IndexArgument,
    query: Annotated[str | None, typer.Argument(help="What happens in the clip, in any language.")] = None,
    k: Annotated[int, typer.Option("-k", help="Clips to find.", min=1)] = 10,
    file: Annotated[Path | None, typer.Option("--file", help="Many queries, one a line.")] = None,
    video: Annotated[str | None, typer.Option("--video", help="Only clips of this video.")] = None,
    recipe_type: Annotated[str | None, typer.Option("--recipe-type", help="Only clips of this kind of recipe.")] = None,
    split: Annotated[str | None, typer.Option("--split", help="Only clips of train or validation.")] = None,
    device: DeviceOption = "auto",
    json: JsonOption = False,
) -> None:
    """Find clips by text, in any language.

    \b
    Examples:
      mycook search index/mini "ajouter les oignons" -k 5
      mycook search index/mini --file queries.txt --json
    """
    from ..errors import RecipeError
    from ..retrieval.search import open_index
    from .tables import print_json

    if (query is None) == (file is None):
        raise RecipeError("give a query or --file, one of the two", hint='mycook search INDEX "add the onions"')
    queries = [query] if query is not None else _lines(file)
    opened = open_index(index, device=device)
    found = opened.search_many(queries, k, video_id=video, recipe_type=recipe_type, split=split)
    how = opened.how(filtered=any((video, recipe_type, split)))
    if json and file is None:
        print_json({"query": queries[0], "search": how, "results": _results(found[0])})
    elif json:
        print_json({"search": how, "queries": [{"query": text, "results": _results(hits)}
                                               for text, hits in zip(queries, found, strict=True)]})  # fmt: skip
    else:
        for text, hits in zip(queries, found, strict=True):
            _print_hits(text, hits, several=len(queries) > 1)
        if how != "exact":
            print(how)


def moments(
    index: IndexArgument,
    video: Annotated[str, typer.Argument(help="A video id.", metavar="VIDEO")],
    query: Annotated[str, typer.Argument(help="What happens, in any language.")],
    window: WindowOption = None,
    stride: Annotated[
        float | None, typer.Option("--stride", help="Seconds between windows.", show_default="half a window")
    ] = None,
    device: DeviceOption = "auto",
    json: JsonOption = False,
) -> None:
    """Find when something happens in a video.

    A text's score over the video's time.

    \b
    Examples:
      mycook moments index/mini VIDEO_ID "wann kommen die Eier dazu"
      mycook moments index/mini VIDEO_ID "add the eggs" --window 4 --json
    """
    from ..retrieval.search import open_index
    from ..retrieval.search.moments import find_moments
    from .tables import print_json, print_table

    found = find_moments(open_index(index, device=device), video, query, window_s=window, stride_s=stride)
    if json:
        print_json({"video_id": video, "query": query, "moments": [asdict(moment) for moment in found]})
        return
    low, high = min((moment.score for moment in found), default=0), max((moment.score for moment in found), default=1)
    rows = [
        [f"{moment.start_s:.1f}", f"{moment.end_s:.1f}", f"{moment.score:.3f}",
         "#" * round(_BAR * (moment.score - low) / ((high - low) or 1)), moment.clip_id]
        for moment in found
    ]  # fmt: skip
    print_table(["from", "to", "score", "", "clip"], rows, numbers=["from", "to", "score"])


def serve(
    index: IndexArgument,
    port: Annotated[int, typer.Option("--port", help="0 takes any free one.", min=0, max=65535)] = 8000,
    videos: Annotated[Path | None, typer.Option("--videos", help="Play files of this folder.")] = None,
    device: DeviceOption = "auto",
) -> None:
    """Serve a local page to search with.

    At 127.0.0.1, for this machine alone (needs the extra `web`).

    \b
    Example:
      mycook serve index/mini --videos videos
    """
    from ..retrieval.search import open_index
    from ..retrieval.search.app.server import serve as serve_page

    serve_page(open_index(index, device=device), port=port, videos=videos)


def _lines(file: Path | None) -> list[str]:
    from ..errors import DatasetError
    from ..files import read_text

    assert file is not None
    lines = [line for line in read_text(file, error=DatasetError).splitlines() if line.strip()]
    if not lines:
        raise DatasetError(f"{file} holds no query", hint="one a line")
    return lines


def _results(hits: "list[Hit]") -> list[dict[str, object]]:
    return [{**asdict(hit), "captions": dict(hit.captions), "link": hit.link} for hit in hits]


def _print_hits(query: str, hits: "list[Hit]", *, several: bool) -> None:
    from .tables import print_table

    if several:
        print(query)
    rows = [
        [hit.clip_id, f"{hit.score:.3f}", f"{hit.start_s:.0f}-{hit.end_s:.0f} s", hit.captions.get("en", ""), hit.link]
        for hit in hits
    ]
    head = ["clip", "score", "time", "caption", "link"]
    if not any(hit.link for hit in hits):  # videos of one's own
        head, rows = head[:-1], [row[:-1] for row in rows]
    print_table(head, rows, numbers=["score", "time"])
