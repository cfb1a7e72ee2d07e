"""A loopback Hub that keeps data set repositories in memory: create, validate, preupload, commit, tree, resolve."""

import base64
import hashlib
import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass
class Repository:
    """One data set repository: its files, and what was committed, oldest first."""

    private: bool
    files: dict[str, bytes] = field(default_factory=dict)
    commits: list[dict[str, Any]] = field(default_factory=list)
    pull_requests: list[dict[str, Any]] = field(default_factory=list)

    @property
    def sha(self) -> str:
        return hashlib.sha1(f"commit {len(self.commits)}".encode()).hexdigest()


class Hub(ThreadingHTTPServer):
    """``repositories`` by name; a request without the token is refused."""

    daemon_threads = True
    token = "hf_test"

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.repositories: dict[str, Repository] = {}
        self.unknown: list[str] = []
        # (part of an address, what goes wrong), each once: a status, "drop" (in the middle of the body), or "deaf" (it
        # is done, and the answer gets lost)
        self.faults: list[tuple[str, int | str]] = []
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    deaf = False
    server: Hub

    def log_message(self, *_: object) -> None:
        pass

    def fault(self) -> int | str | None:
        self.server.asked.append(f"{self.command} {urlsplit(self.path).path}")
        for place, (part, what) in enumerate(self.server.faults):
            if part in self.path:
                del self.server.faults[place]
                return what
        return None

    def hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def answer(self, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        if self.deaf:
            return self.hang_up()
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        for name, text in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_POST(self) -> None:
        what, size = self.fault(), int(self.headers.get("Content-Length", 0))
        if what == "drop":
            self.rfile.read(size // 2)
            return self.hang_up()
        body = self.rfile.read(size)
        if isinstance(what, int):
            return self.answer({"error": "not now"}, what, {"Retry-After": "0"})
        self.deaf = what == "deaf"
        if self.headers.get("Authorization") != f"Bearer {self.server.token}":
            return self.answer({"error": "Invalid username or password."}, 401)
        path = urlsplit(self.path).path
        if path == "/api/validate-yaml":
            return self.answer({"errors": [], "warnings": []})
        if path == "/api/repos/create":
            return self.create(json.loads(body))
        if match := re.fullmatch(r"/api/datasets/([^/]+/[^/]+)/(preupload|commit|paths-info)/([^/]+)", path):
            name, action, _ = match.groups()
            return {"preupload": self.preupload, "commit": self.commit, "paths-info": self.paths}[action](name, body)
        return self.nothing()

    def create(self, wanted: dict[str, Any]) -> None:
        name = f"{wanted['organization']}/{wanted['name']}" if wanted.get("organization") else f"me/{wanted['name']}"
        if name in self.server.repositories:
            known = {"error": "You already created this dataset repo", "url": f"{self.server.url}/datasets/{name}"}
            return self.answer(known, 409)
        self.server.repositories[name] = Repository(private=wanted.get("visibility") == "private")
        return self.answer({"url": f"{self.server.url}/datasets/{name}", "name": name})

    def preupload(self, name: str, body: bytes) -> None:
        there = {path: blob_id(data) for path, data in self.server.repositories[name].files.items()}
        modes = [
            {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False, "oid": there.get(file["path"])}
            for file in json.loads(body)["files"]
        ]
        self.answer({"files": modes})

    def commit(self, name: str, body: bytes) -> None:
        repository = self.server.repositories[name]
        lines = [json.loads(line) for line in body.splitlines()]
        if lines[0]["value"].get("parentCommit", repository.sha) != repository.sha:
            return self.answer({"error": "A commit has happened since. Please refresh and try again."}, 412)
        made = {"summary": lines[0]["value"]["summary"], "added": {}, "deleted": []}
        for line in lines[1:]:
            if line["key"] == "file":
                made["added"][line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            elif line["key"] == "deletedFile":
                made["deleted"].append(line["value"]["path"])
        if "create_pr" in parse_qs(urlsplit(self.path).query):
            repository.pull_requests.append(made)
        else:
            repository.commits.append(made)
            repository.files |= made["added"]
            for path in made["deleted"]:
                del repository.files[path]
        page = f"{self.server.url}/datasets/{name}"
        number = len(repository.pull_requests)
        self.answer(
            {"commitUrl": f"{page}/commit/{repository.sha}", "commitOid": repository.sha, "success": True}
            | ({"pullRequestUrl": f"{page}/discussions/{number}"} if "create_pr" in self.path else {})
        )

    def paths(self, name: str, body: bytes) -> None:
        fields = parse_qs(body.decode()) if not body.startswith(b"{") else json.loads(body)
        repository = self.server.repositories[name]
        self.answer([row for row in entries(repository) if row["path"] in fields["paths"]])

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        what = self.fault()
        if isinstance(what, int):
            return self.answer({"error": "not now"}, what, {"Retry-After": "0"})
        if what == "drop":
            return self.hang_up()
        path = unquote(urlsplit(self.path).path)
        if match := re.fullmatch(r"/api/datasets/([^/]+/[^/]+)(/revision/[^/]+)?", path):
            return self.describe(match[1])
        if match := re.fullmatch(r"/api/datasets/([^/]+/[^/]+)/tree/([^/]+)(/.*)?", path):
            return self.tree(match[1], (match[3] or "").strip("/"))
        if match := re.fullmatch(r"/datasets/([^/]+/[^/]+)/resolve/([^/]+)/(.*)", path):
            return self.resolve(match[1], match[3])
        return self.nothing()

    def describe(self, name: str) -> None:
        repository = self.server.repositories.get(name)
        if repository is None:
            return self.answer({"error": "Repository not found"}, 404, {"X-Error-Code": "RepoNotFound"})
        siblings = [{"rfilename": path, "size": len(data)} for path, data in sorted(repository.files.items())]
        return self.answer(
            {"id": name, "sha": repository.sha, "private": repository.private, "siblings": siblings, "tags": []}
        )

    def tree(self, name: str, folder: str) -> None:
        rows = [
            row for row in entries(self.server.repositories[name]) if not folder or row["path"].startswith(f"{folder}/")
        ]
        if "recursive" not in self.path or "recursive=False" in self.path or "recursive=false" in self.path:
            depth = folder.count("/") + 1 if folder else 0
            rows = [row for row in rows if row["path"].count("/") == depth]
        self.answer(rows)

    def resolve(self, name: str, path: str) -> None:
        repository = self.server.repositories[name]
        if path not in repository.files:
            return self.answer({"error": "Entry not found"}, 404, {"X-Error-Code": "EntryNotFound"})
        data = repository.files[path]
        about = {"ETag": f'"{blob_id(data)}"', "X-Repo-Commit": repository.sha, "Accept-Ranges": "bytes"}
        if match := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")):
            end = min(int(match[2]) if match[2] else len(data) - 1, len(data) - 1)
            part = {"Content-Range": f"bytes {match[1]}-{end}/{len(data)}"}
            return self.answer(data[int(match[1]) : end + 1], 206, about | part)
        return self.answer(data, 200, about)

    def nothing(self) -> None:
        self.server.unknown.append(f"{self.command} {self.path}")
        self.answer({"error": "not here"}, 404)


def blob_id(data: bytes) -> str:
    """Git's name of a file's content."""
    return hashlib.sha1(f"blob {len(data)}\0".encode() + data).hexdigest()


def entries(repository: Repository) -> list[dict[str, Any]]:
    """Folders and files as the tree endpoint lists them."""
    folders = {path.rpartition("/")[0] for path in repository.files} - {""}
    files = [
        {"type": "file", "path": path, "size": len(data), "oid": blob_id(data)}
        for path, data in sorted(repository.files.items())
    ]
    return [{"type": "directory", "path": path, "size": 0, "oid": "0" * 40} for path in sorted(folders)] + files


@contextmanager
def hub() -> Iterator[Hub]:
    """A running hub."""
    with Hub() as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        try:
            yield running
        finally:  # a test that fails must not leave a thread that keeps the process
            running.shutdown()
            thread.join()
