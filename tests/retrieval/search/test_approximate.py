"""The approximate index: what it finds, what it says of itself, and that filters and named backends stay exact."""

import json
from pathlib import Path

import httpx
import numpy as np
import pytest
from conftest import MyCook

from multiyoucook2.errors import DatasetError, RecipeError
from multiyoucook2.progress import Silent
from multiyoucook2.retrieval.search import approximate, open_index
from multiyoucook2.retrieval.search.approximate import Graph, build_graph, recall_of
from multiyoucook2.retrieval.search.build import build_index
from multiyoucook2.retrieval.search.exact import top_k

from .serving import served
from .test_exact import unit_rows


def test_recall_by_hand() -> None:
    assert recall_of(np.array([[1, 2, 3], [4, 5, 6]]), np.array([[3, 2, 9], [7, 8, 9]])) == 2 / 6


def test_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it says of its recall holds for the graph that is opened again, and the scores are the exact ones."""
    vectors, queries = unit_rows(3000, 48, 0), unit_rows(60, 48, 1)
    about = build_graph(tmp_path, vectors, queries, Silent())
    assert about.recall >= approximate.GOOD
    rows, scores = Graph.open(tmp_path, vectors, about).top_k(queries, 10)
    true_rows, true_scores = top_k(vectors, queries, 10, backend="numpy")
    assert recall_of(rows, true_rows) == about.recall
    assert scores[rows == true_rows].tolist() == true_scores[rows == true_rows].tolist()
    assert Graph.open(tmp_path, vectors, about).top_k(queries, 5000)[0].shape == (60, 3000)
    monkeypatch.setattr(approximate, "EXPANSIONS", (1, 2))  # too few to see much: this is said, not hidden
    monkeypatch.setattr(approximate, "_MORE", 0)
    poor = build_graph(tmp_path, vectors, queries, Silent())
    assert poor.expansion == 2
    assert poor.recall < 0.9


@pytest.mark.parametrize("queries", [1, 20])
def test_clips_that_are_alike_are_all_found(tmp_path: Path, queries: int) -> None:
    """Among copies of one vector a graph leads nowhere: what it does not find is not made up."""
    vectors, asked = np.repeat(unit_rows(1, 32, 0), 2000, axis=0), unit_rows(queries, 32, 1)
    about = build_graph(tmp_path, vectors, asked, Silent())
    rows, scores = Graph.open(tmp_path, vectors, about).top_k(asked, 1500)
    assert [len(set(found)) for found in rows.tolist()] == [1500] * queries
    assert rows.min() >= 0
    assert rows.max() < len(vectors)
    assert scores.tolist() == top_k(vectors, asked, 1500, backend="numpy")[1].tolist()


def test_a_machine_without_usearch_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is read, not when all clips are embedded."""
    monkeypatch.setattr(approximate.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(RecipeError, match="an approximate index needs usearch"):
        build_index(tmp_path / "run", tmp_path / "index", approximate=True, device="cpu")


def test_with_every_answer(mycook: MyCook, made: Path, tmp_path: Path) -> None:
    said = mycook("index", made / "run", "--approximate", "--out", "index", "--device", "cpu").stdout.splitlines()
    index = open_index(tmp_path / "index", device="cpu")
    assert said[1] == index.how()
    assert said[1].startswith("approximate: recall@10 was ")
    assert said[1].endswith(" over 127 captions when it was built")
    command = ("search", "index", "fry the onion", "--device", "cpu")
    assert mycook(*command).stdout.splitlines()[-1] == said[1]
    found = json.loads(mycook(*command, "--json").stdout)
    assert found["search"] == said[1]
    assert len(found["results"]) == 10
    exact = open_index(made / "index", device="cpu")
    assert json.loads(mycook(*command, "--json", "--split", "train").stdout)["search"] == "exact"
    for filters in ({"split": "train"}, {"recipe_type": "soup"}):
        assert index.search("fry the onion", 5, **filters) == exact.search("fry the onion", 5, **filters)
    assert index.search("fry the onion", 5, backend="numpy") == exact.search("fry the onion", 5)
    with served(index) as address:
        assert said[1] in httpx.get(address, params={"q": "rice"}).text
        assert "; exact." in httpx.get(address, params={"q": "rice", "split": "train"}).text
    with served(exact) as address:
        assert "; exact." in httpx.get(address, params={"q": "rice"}).text


def test_half_written(made: Path, tmp_path: Path) -> None:
    build_index(made / "run", tmp_path / "index", approximate=True, device="cpu")
    graph = tmp_path / "index" / approximate.GRAPH
    whole = graph.read_bytes()
    graph.write_bytes(whole[:5000] + bytes([whole[5000] ^ 255]) + whole[5001:])  # a graph that leads out of itself
    with pytest.raises(DatasetError, match=r"graph\.usearch has another hash"):
        open_index(tmp_path / "index").search("rice")
    graph.write_bytes(whole[:-9])
    with pytest.raises(DatasetError, match="is cut off"):
        open_index(tmp_path / "index")
    graph.unlink()
    with pytest.raises(DatasetError, match="is no search index"):
        open_index(tmp_path / "index")
