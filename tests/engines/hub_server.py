"""A loopback Hub for the tests: the few endpoints that downloading a model repository needs."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@contextmanager
def serve(repositories: dict[str, Path], gated: tuple[str, ...] = ()) -> Iterator[tuple[str, list[str]]]:
    """Serves local folders as model repositories; yields the endpoint and the growing list of requests.

    Files of the ``gated`` ones are refused, as to somebody who has not accepted their terms.
    """
    requests: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            requests.append(f"{self.command} {path}")
            for name, folder in repositories.items():
                if path in (f"/api/models/{name}", f"/api/models/{name}/revision/{COMMIT}"):
                    return self._send(json.dumps(_describe(name, folder)).encode(), "application/json")
                if path.startswith(f"/api/models/{name}/tree/{COMMIT}"):
                    return self._send(json.dumps(_tree(folder)).encode(), "application/json")
                if name in gated and path.startswith(f"/{name}/resolve/"):
                    return self._refuse(403, "GatedRepo")
                file = folder / path.removeprefix(f"/{name}/resolve/{COMMIT}/")
                if path.startswith(f"/{name}/resolve/{COMMIT}/") and file.is_file():
                    return self._send(file.read_bytes(), "application/octet-stream")
            return self._refuse(404, "RepoNotFound")

        def _refuse(self, status: int, code: str) -> None:
            self.send_response(status)
            self.send_header("X-Error-Code", code)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _send(self, content: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("ETag", f'"{hashlib.sha1(content).hexdigest()}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", requests
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _describe(name: str, folder: Path) -> dict[str, object]:
    files = [{"rfilename": path.name, "size": path.stat().st_size} for path in sorted(folder.iterdir())]
    return {"id": name, "modelId": name, "sha": COMMIT, "private": False, "tags": [], "siblings": files}


def _tree(folder: Path) -> list[dict[str, object]]:
    return [
        {"type": "file", "path": path.name, "size": path.stat().st_size, "oid": "0" * 40}
        for path in sorted(folder.iterdir())
    ]
