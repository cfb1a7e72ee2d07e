"""How long a page and an action of the review take, at YouCook2's size: 13,829 captions in eight languages.

python benchmarks/review.py
"""

import json
import random
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

from multiyoucook2.quality.review.app import Page, make_app
from multiyoucook2.quality.review.overlay import Reviews, said_now, text_hash
from multiyoucook2.quality.review.worklist import Flag, Row, Worklist, ordered

ROWS, LANGS, REVIEWED, TIMES = 13_829, "de fr cs zh ru vi es ja".split(), 5_000, 15
WORDS = "chop the onion add salt and pepper to a pan stir mix flour water boil egg".split()
ADDRESS = "http://127.0.0.1:8001"


def worklist(lang: str) -> Worklist:
    """Made-up rows, seven to a video; a third has a finding, one in eleven is refused."""
    rng, rows = random.Random(lang), []
    for n in range(ROWS):
        text = " ".join(rng.choices(WORDS, k=9))
        row = Row(
            clip_id=f"v{n // 7}_{n % 7}", video_id=f"v{n // 7}", caption_index=0, lang=lang, caption=text,
            text=text[::-1],
            video_url="https://www.youtube.com/watch?v=a", start_s=1.0, end_s=2.0, recipe_type=str(n % 89),
            flags=(Flag("coverage", "no counterpart of onion", rng.random(), n % 11 == 0),) if n % 3 == 0 else (),
        )  # fmt: skip
        rows.append(row)
    return ordered(lang, rows)


def timed(what: str, ask: Callable[[int], Any]) -> None:
    """Median and worst of some requests, in milliseconds."""
    found = []
    for n in range(TIMES):
        began = time.perf_counter()
        answer = ask(n)
        found.append(1000 * (time.perf_counter() - began))
        assert answer.status_code == 200, answer.text
    print(f"{what:34} median {statistics.median(found):6.1f} ms, worst {max(found):6.1f} ms")


def main() -> None:
    """Print a line a kind of request."""
    warnings.simplefilter("ignore")  # of the test client, about its HTTP library
    from starlette.testclient import TestClient

    with tempfile.TemporaryDirectory() as folder:
        reviews, lists = Reviews(Path(folder)), {lang: worklist(lang) for lang in LANGS}
        rows = lists["ja"].rows
        said = [said_now(row.key, text_hash(row.text), "accept") for row in rows[:REVIEWED]]
        reviews.folder.mkdir()
        (reviews.folder / "me.jsonl").write_text("".join(json.dumps(one.model_dump()) + "\n" for one in said))
        texts: dict[tuple[str, int], dict[str, str]] = {}
        for row in chain.from_iterable(list_.rows for list_ in lists.values()):
            texts.setdefault((row.clip_id, row.caption_index), {})[row.lang] = row.text
        page = Page(lists, reviews, "me", texts)
        client = TestClient(make_app(page), base_url=ADDRESS)
        client.get(f"/?token={page.token}")

        def act(n: int) -> Any:
            row = rows[REVIEWED + n]
            asked = {"clip_id": row.clip_id, "caption_index": 0, "lang": "ja", "seen": text_hash(row.text)}
            asked |= {"action": "accept", "text": ""}
            return client.post("/act", json=asked, headers={"Sec-Fetch-Site": "same-origin", "Origin": ADDRESS})

        print(f"{ROWS * len(LANGS):,} rows, {REVIEWED:,} of them reviewed")
        for what, query in {"": "", " not reviewed": "&state=open", " with a finding": "&check=coverage",
                            " found by a search": "&text=onion"}.items():  # fmt: skip
            timed(f"a row{what}", lambda n, query=query: client.get(f"/?lang=ja&n={50 * n}{query}"))
        timed("accept", act)
        kind = {"lang": "ja", "check": "coverage"}
        timed("dismiss a kind, and show it again", lambda n: client.post(
            "/dismiss", json={**kind, "dismiss": n % 2 == 0}, headers={"Sec-Fetch-Site": "same-origin"}
        ))  # fmt: skip


if __name__ == "__main__":
    main()
