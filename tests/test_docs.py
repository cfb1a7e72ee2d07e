"""Documents say what is so: commands parse, Python imports, links and paths exist, and the README runs."""

import ast
import importlib
import importlib.util
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pyarrow as pa
import pytest
import yaml
from documents import DOCUMENTS, ROOT, Block, blocks, check_command_line, inline, outline, renewed

from multiyoucook2.building.recipe import DatasetRecipe, Publication
from multiyoucook2.corpus.croissant import CROISSANT_FILE
from multiyoucook2.corpus.tables import ABOUT_FILE, ALL_CONFIG_COLUMNS, LANGUAGE_CONFIG
from multiyoucook2.files import MANIFEST
from multiyoucook2.settings import recipe_names, validate_recipe
from multiyoucook2.sources.cleaning import CLEANING_FLAGS
from multiyoucook2.translation.flags import FAILED, SEVERITY, UNTRANSLATABLE

README = ROOT / "README.md"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SHORTER = {"mycook train": ["--epochs", "1"]}  # what the test adds to a command of the README
TYPES = {"float": "float32", "double": "float64"}  # Arrow's names -> those that datasets shows
by_name = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


@by_name
def test_commands_are_there_and_take_what_they_are_given(document: Path) -> None:
    lines = [line for block in blocks(document) for line in block.commands()]
    lines += [f"{text} ..." for text in inline(document) if text.startswith("mycook ")]  # a sentence has a part only
    for line in lines:
        check_line(line)


def check_line(line: str) -> None:
    """Check a shell line as far as it calls what is ours."""
    words = shlex.split(line)
    if words[:1] == ["mycook"]:
        check_command_line(line)
    elif words[:4] == ["accelerate", "launch", "-m", "multiyoucook2"]:
        check_command_line(shlex.join(["mycook", *words[4:]]))
    elif words[:2] == ["python", "-m"]:
        assert importlib.util.find_spec(words[2]), line
    elif words[:1] == ["python"] and words[1].endswith(".py"):
        assert (ROOT / words[1]).is_file(), line
    elif words[:1] == ["make"]:
        assert f"\n{words[1]}:" in (ROOT / "Makefile").read_text(encoding="utf-8"), line
    for extra in re.findall(r"\.\[([\w,]+)\]", line):
        assert set(extra.split(",")) <= PROJECT["optional-dependencies"].keys(), line


@by_name
def test_python_compiles_and_its_imports_are_there(document: Path) -> None:
    for block in blocks(document):
        if block.kind != "python":
            continue
        for node in ast.walk(ast.parse(block.text)):
            if isinstance(node, ast.ImportFrom):
                module = importlib.import_module(str(node.module))
                for name in node.names:
                    assert hasattr(module, name.name), f"{document.name}: {node.module} has no {name.name}"


@by_name
def test_links_and_paths_are_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (document.parent / link).exists(), f"{document.name} links to {link}"
    for path in inline(document):
        if re.fullmatch(r"[a-z_0-9]+(/[a-z_0-9]+)*/[a-z_0-9-]+\.(py|md|yaml)", path) and "NAME" not in path:
            places = (ROOT / path, ROOT / "multiyoucook2" / path, ROOT / "multiyoucook2" / "retrieval" / path)
            assert any(place.exists() for place in places), f"{document.name} names {path}"


def test_the_format_is_described_whole() -> None:
    """Each column, with its type, and each flag; the check's flags are those of docs/quality.md."""
    text = (ROOT / "docs" / "dataset.md").read_text(encoding="utf-8")
    clips, captions = text.split("\n## Config ")[1:]
    for column in ALL_CONFIG_COLUMNS:
        assert f"`{column}`" in clips, column
    for field in LANGUAGE_CONFIG:
        shown = "list of string" if pa.types.is_list(field.type) else TYPES.get(str(field.type), str(field.type))
        assert f"\n| `{field.name}` | {shown} |" in captions, field
    for flag in (*CLEANING_FLAGS, *SEVERITY, UNTRANSLATABLE, FAILED, "source_cut"):
        assert f"`{flag}`" in captions, flag
    for name in (ABOUT_FILE, CROISSANT_FILE, MANIFEST):
        assert f"`{name}`" in captions, name


def test_the_recipe_is_described_whole() -> None:
    """Each key of a data set's recipe, and its default as the page shows it."""
    (shown,) = [yaml.safe_load(block.text) for block in blocks(ROOT / "docs" / "recipes.md") if "checks:" in block.text]
    recipe = validate_recipe(DatasetRecipe, {**shown, "name": "x"}, "docs/recipes.md")
    assert shown.keys() | {"name"} == DatasetRecipe.model_fields.keys()
    assert shown["publication"].keys() == Publication.model_fields.keys()
    for name in ("decoding", "checks"):
        section = getattr(recipe, name)
        assert shown[name].keys() == type(section).model_fields.keys(), name
        assert section == type(section)(), f"{name} is not shown with its defaults"
    for name in recipe_names("datasets"):
        assert f"\n| `{name}` |" in (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8"), name


def test_hints_install_what_is_there() -> None:
    """We install from a clone: a hint that names a package of PyPI would end in an error."""
    for source in [*(ROOT / "multiyoucook2").rglob("*.py"), *DOCUMENTS]:
        text = source.read_text(encoding="utf-8")
        assert "multiyoucook2[" not in text, source
        for extra in re.findall(r'install_hint\("(\w+)"\)', text):
            assert extra in PROJECT["optional-dependencies"], f"{source} names the extra {extra}"


def test_the_paper_is_cited() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]
    title = citation["preferred-citation"]["title"]
    for text in (README.read_text(encoding="utf-8"), citation["preferred-citation"]["identifiers"][0]["value"]):
        assert "arXiv:2210.03625" in text
    assert title.removeprefix("C2KD: ") in README.read_text(encoding="utf-8")


def test_the_demo_ends_with_the_next_line_to_type() -> None:
    """It is the README's next command, and the environment is activated before."""
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8")
    activate, command = re.search(r"echo 'next: (.*) && (mycook .*)'", recipe).groups()  # type: ignore[union-attr]
    readme = README.read_text(encoding="utf-8")
    assert readme.index("make demo") < readme.index(f"\n{activate} ") < readme.index(f"\n$ {command}\n")
    built = re.search(r"\$\(BIN\)/(mycook build .*)", recipe)[1]  # type: ignore[index]
    check_command_line(built)


@pytest.mark.timeout(900)
def test_the_marked_blocks_run_from_top_to_bottom(environment: dict[str, str], tmp_path: Path) -> None:
    """The README's and then the others', in one folder, by the bundled model; training is cut to an epoch."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    mycook = tmp_path / "bin" / "mycook"
    mycook.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m multiyoucook2 "$@"\n')
    mycook.chmod(0o755)
    settings = {**environment, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    marked = [block for document in DOCUMENTS for block in blocks(document) if block.run]
    assert {"python", "console"} <= {block.kind for block in marked}
    for block in marked:
        printed = ""
        for command in [[sys.executable, "-c", block.text]] if block.kind == "python" else shell_lines(block):
            done = subprocess.run(command, cwd=tmp_path, env=settings, capture_output=True, text=True)
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
            printed = done.stdout
        if block.kind == "console" and block.shown():
            renewed(block.shown(), printed)
    assert (tmp_path / "build" / "mini" / "dataset").is_dir()


def shell_lines(block: Block) -> list[list[str]]:
    """The commands of a block, cut to what a test has time for."""
    lines = [shlex.split(line) for line in block.commands()]
    return [line + SHORTER.get(" ".join(line[:2]), []) for line in lines]


def test_outlines_keep_what_matters() -> None:
    same = {
        " German   300   298   2   numbers 2": " German   300    297   3   numbers 2, copies 1",
        " Chinese   300   299   1   -   numbers 1": " Chinese   300   298   2   -   repetition 2, units 1",
        " Czech   300   299   1   98 %   numbers 1": " Czech   300   300   0   -",
        "  de  die Unze wenden": "  ja  お好み焼きを返す",
        "MINI0000007_3  refused by numbers: 25 is added": "MINI0000010_0  refused by units: g is lost",
        " en  0.8 [0.0, 2.4]": " en   12.8 [10.0, 22.4]",
    }
    for one, other in same.items():
        assert outline(one) == outline(other)
    assert outline("R@K|data:mini@38109df7|pool:126") != outline("R@K|data:mini@38109df7|feat:simulated")
    with pytest.raises(AssertionError, match="printed was"):
        renewed(["a 1", "b"], "a 2\nc\n")
    with pytest.raises(AssertionError):
        renewed(["a"], "a\nb\n")
    assert renewed(["a", "...", "z 1", "..."], "a\nb\nz 2\ny\n") == ["a", "...", "z 2", "..."]
