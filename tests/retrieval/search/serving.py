"""The page's application in a thread of the tests, at a free port."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from multiyoucook2.retrieval.search.app.server import make_app
from multiyoucook2.retrieval.search.index import SearchIndex
from multiyoucook2.web import HOST, _listen


@contextmanager
def served(index: SearchIndex, videos: Path | None = None) -> Iterator[str]:
    """The address of a running page."""
    server = uvicorn.Server(uvicorn.Config(make_app(index, videos=videos), log_level="warning"))
    with _listen(0) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield f"http://{HOST}:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
