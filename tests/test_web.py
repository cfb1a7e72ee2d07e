"""What all pages share: who may ask, and what a browser is told with every answer, mistakes of ours included."""

import pytest

from multiyoucook2 import web

starlette = pytest.importorskip("starlette", reason="the extra web is not installed")


def wrong(request: object) -> None:
    raise RuntimeError("a mistake")


@pytest.mark.parametrize("handled", [False, True])
def test_every_answer_has_the_headers(handled: bool) -> None:
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route
    from starlette.testclient import TestClient

    routes = [Route("/", lambda request: PlainTextResponse("well")), Route("/wrong", wrong)]
    handlers = {500: lambda request, error: PlainTextResponse("ours", 500)} if handled else None
    client = TestClient(web.guarded(routes, handlers), "http://127.0.0.1:8000", raise_server_exceptions=False)
    answers = [
        client.get("/"), client.get("/nowhere"), client.post("/"), client.get("/wrong"),
        client.get("/", headers={"Host": "evil.example"}),
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [200, 404, 405, 500, 400]
    for answer in answers:
        for name, value in web.HEADERS.items():
            assert answer.headers.get_list(name) == [value]
