"""The command line: help, examples, errors in words, machine-readable output."""

import json
import os
import pty
import re
import select
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from conftest import FAST, MyCook
from documents import COMMANDS, DOCUMENTS, TOP, check_command_line

ENDLESS = {"serve"}  # commands that give no result
PLAIN = {"help", "epochs", "seed", "batch_size", "lr"}  # options that their name explains


def help_of(name: str) -> str:
    command = COMMANDS[name]
    return str(command.get_help(typer.Context(command, info_name=name)))


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_with_an_example_that_works(name: str) -> None:
    text = help_of(name)
    examples = re.findall(rf"^ +(mycook {name}\b.*)$", text, re.MULTILINE)
    assert examples, text
    for line in examples:
        check_command_line(line)
    names = {parameter.name for parameter in COMMANDS[name].params}
    assert "json" in names or name in ENDLESS, f"{name} has no --json"
    for parameter in COMMANDS[name].params:
        assert parameter.name in PLAIN or getattr(parameter, "help", ""), f"{name}: {parameter.name} has no help"


def test_every_command_is_documented() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    for name in COMMANDS:
        assert f"mycook {name}" in text, f"mycook {name} is in no document"


def test_help_loads_nothing_heavy(environment: dict[str, str]) -> None:
    code = """
import sys, multiyoucook2.cli.app
from typer.testing import CliRunner
assert CliRunner().invoke(multiyoucook2.cli.app.app, ["--help"]).exit_code == 0
heavy = {"torch", "ctranslate2", "datasets", "transformers", "pyarrow", "pydantic", "numpy", "httpx", "yaml"}
print(sorted(heavy & set(sys.modules)))
"""
    found = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_top_level(mycook: MyCook) -> None:
    for group in ("", *(name for name, command in TOP.items() if hasattr(command, "commands"))):
        listed = mycook(*group.split(), "--help").stdout.partition("\nCommands:\n")[2]
        for name in TOP[group].commands if group else TOP:
            (line,) = [line for line in listed.splitlines() if line.startswith(f"  {name} ")]
            assert not line.endswith("..."), f"the first sentence of {group} {name} is too long for the list"
    assert mycook("--version").stdout == "mycook 0.1.0\n"
    assert "No such command 'biuld'" in mycook("biuld", code=2).stderr


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (("build", "--recipe", "minny"), "unknown recipe 'minny'", "did you mean 'mini'"),
        (("build", "--langs", "germn"), "unknown language 'germn'", "did you mean 'de' (German)"),
        (("build", "--recipe", "mini", "--engine", "opus-nt"), "unknown engine 'opus-nt'", "did you mean 'opus-mt'"),
        (("build", "--engine", "m2m100-418M", "--langs", "te"), "does not translate into 'te'", "nllb-200"),
        (("build", "--annotations", "no.json", "--engine", "mini"), "no.json does not exist", "--annotations"),
        (("fetch", "--offline"), "--offline forbids downloads", "mycook fetch"),
        (("status", "nowhere"), "nowhere is not a build folder", "mycook status"),
        (("publish", "nowhere", "--repo", "a/b"), "nowhere holds no data set of ours", "mycook build"),
        (("build", "--recipe", "bad.yaml"), "bad.yaml: unknown key 'enginee'", "did you mean 'engine'"),
        (("build", "--limit", "0"), "--limit 0 leaves no clips", "from 1"),
        (("build", "--device", "gpu"), "unknown device 'gpu'", "Known: auto, cpu, cuda"),
        (("build", "--recipe", "absent.yaml"), "the recipe absent.yaml does not exist", "multi-youcook2"),
        (("build", "--recipe", "engines.yaml"), "unknown language 'japanse'", "did you mean 'ja'"),
        (("translate", "--recipe", "mini", "--column", "text"), "--column says nothing about a recipe", "leave it out"),
        (("build", "--recipe", "mini", "--runner", "slurm"), "unknown runner 'slurm'", "Known: local, ray"),
        (("translate", "a.jsonl", "b.jsonl", "--limit", "3"), "--limit says nothing about IN OUT", "leave it out"),
    ],
)
def test_errors_are_a_line_and_a_hint(
    arguments: tuple[str, ...], error: str, hint: str, mycook: MyCook, tmp_path: Path
) -> None:
    (tmp_path / "bad.yaml").write_text("source: mini\nenginee: mini\n")
    (tmp_path / "engines.yaml").write_text(f"{FAST.read_text()}engines: {{japanse: mini}}\n")
    done = mycook(*arguments, code=1)
    lines = done.stderr.splitlines()
    assert lines[0].startswith("error: ")
    assert error in lines[0]
    assert lines[1].startswith("hint: ")
    assert hint in lines[1]
    assert len(lines) == 2
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("languages: 5\nengine: mini", "languages: Input should be 'all'"),
        ("languages: [de, 5]\nengine: mini", "languages: Input should be 'all'"),
        ("languages: [", "not readable YAML: line 4, column 1: "),
        ("- languages", "not a mapping of keys to values"),
        ("engine: \x07", "not readable YAML: "),
        ("engine: 2020-99-99", "not readable YAML: month must be in 1..12"),
    ],
)
def test_recipes_that_say_nonsense(text: str, error: str, mycook: MyCook, tmp_path: Path) -> None:
    rest = "" if text.startswith("-") else "source: mini\npublication: {pretty_name: x, license: mit}\n"
    (tmp_path / "bad.yaml").write_text(f"{rest}{text}\n")
    (line,) = mycook("build", "--recipe", "bad.yaml", code=1).stderr.splitlines()
    assert line.startswith("error: bad.yaml")
    assert error in line


def test_a_system_without_unicode_or_without_rights_gets_words(mycook: MyCook, tiny_model: Path) -> None:
    small = ("--recipe", FAST, "--offline", "--limit", "2", "--engine", tiny_model, "--langs", "ja", "--out", "out")
    plain = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    text = mycook("build", *small, "--show", 1, **plain).stdout
    assert "en  peel the green papaya" in text
    assert text.isascii()
    found = mycook("build", *small, "--show", 1, "--json", **plain).stdout
    assert found.isascii()
    assert json.loads(found) == json.loads(mycook("build", *small, "--show", 1, "--json").stdout)
    cache = {"MULTIYOUCOOK2_CACHE": "/dev/null/cache"}
    for command in (("fetch", "--out", "o"), ("vocabulary-map", "mini", "de", "--limit", "60")):
        error, hint = mycook(*command, code=1, **cache).stderr.splitlines()
        assert error.startswith("error: /dev/null/cache")
        assert error.endswith(": Not a directory")
        assert hint.startswith("hint: mend that")


def test_debug_shows_the_traceback(mycook: MyCook) -> None:
    assert "Traceback" in mycook("build", "--recipe", "minny", "--debug", code=1).stderr


def test_json_is_one_document(mycook: MyCook, tiny_model: Path, tmp_path: Path) -> None:
    small = ("--recipe", FAST, "--offline", "--limit", "6", "--engine", tiny_model, "--langs", "de", "--out", "out")
    calls: list[tuple[object, ...]] = [
        ("fetch", "--recipe", "mini", "--out", "fetched"), ("translate", *small), ("validate", *small),
        ("build", *small, "--show", 2), ("status", "out"), ("languages",), ("models",),
        ("vocabulary-map", tiny_model, "de", "--limit", 45),
    ]  # fmt: skip
    found = {}
    for arguments in calls:
        done = mycook(*arguments, "--json")
        assert "error" not in done.stderr
        found[arguments[0]] = json.loads(done.stdout)
    assert found["fetch"]["clips"]["clips"] == 300
    assert found["translate"]["done"] == ["clips", "translate-de"]
    assert found["validate"]["unchanged"] == ["clips", "translate-de"]
    assert found["validate"]["report"]["languages"]["de"]["rows"] == 6
    assert found["build"]["done"] == ["publish"]
    first = found["build"]["rows"][0]
    assert first["captions"]["en"] == "peel the green papaya and shred into thin strips"
    assert (found["status"]["holder"], found["status"]["damaged"]) == (None, {})
    assert set(found["status"]["stages"]) == {"clips", "translate-de", "validate-de", "report", "publish"}
    assert {row["code"] for row in found["languages"]} >= {"de", "ja"}
    assert "mini" in {row["name"] for row in found["models"]}
    assert found["vocabulary-map"]["texts"] > 10


def test_tables_for_people(mycook: MyCook, tiny_model: Path) -> None:
    small = ("--recipe", FAST, "--offline", "--limit", "6", "--engine", tiny_model, "--langs", "de", "--out", "out")
    text = mycook("build", *small, "--show", 1, NO_COLOR="1").stdout
    assert re.search(r"German +6 +\d+ +\d+", text)
    assert "en  peel the green papaya and shred into thin strips" in text
    assert re.search(r"data set: out/dataset \(6 clips in 2 languages, [0-9a-f]{12}\)", text)
    assert "\x1b" not in text
    assert re.search(r"translate-de +done", mycook("status", "out").stdout)
    assert "the engine reports" in mycook("validate", *small, "--show", 1).stdout
    assert "unchanged: clips, translate-de" in mycook("translate", *small).stdout
    assert "300 clips of 60 videos" in mycook("fetch", "--recipe", "mini", "--out", "fetched").stdout
    assert "opus-mt" in mycook("models").stdout
    assert "Vietnamese" in mycook("languages").stdout


def test_the_printed_command_reads_the_data_set(
    mycook: MyCook, tiny_model: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    """Whatever the folder is called, the line is pasted into a shell as it was printed.

    But not brackets and $HOME, which ``datasets`` takes for a pattern and a variable.
    """
    out = 'it\'s a "folder" $5 \\ 塩'
    small = ("--recipe", FAST, "--offline", "--limit", 2, "--engine", tiny_model, "--langs", "de", "--out", out)
    line = mycook("build", *small, "--quiet").stdout.splitlines()[-1].removeprefix("read it: python ")
    shell = ["bash", "-c", f"{shlex.quote(sys.executable)} {line}"]
    done = subprocess.run(shell, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert "num_rows: 2" in done.stdout, done.stderr


def test_a_terminal_sees_stages_and_progress(tiny_model: Path, environment: dict[str, str], tmp_path: Path) -> None:
    """stderr is a pseudo-terminal; stdout is a pipe, and has the result only."""
    master, terminal = pty.openpty()
    small = ["--recipe", str(FAST), "--offline", "--engine", str(tiny_model), "--langs", "de", "--out", "out", "--json"]
    settings = environment | {"TERM": "xterm", "COLUMNS": "100"}
    for arguments, wanted in [(small, ["clips", "300 clips", "translate-de", "/s", "publish"]), (small, ["unchanged"])]:
        done = subprocess.Popen(
            [sys.executable, "-m", "multiyoucook2", "build", *arguments],
            cwd=tmp_path, env=settings, stdout=subprocess.PIPE, stderr=terminal, text=True,
        )  # fmt: skip
        seen = b""
        while done.poll() is None or select.select([master], [], [], 0)[0]:
            if select.select([master], [], [], 0.1)[0]:
                seen += os.read(master, 65536)
        assert json.loads(done.communicate()[0])["out"] == "out"
        for words in wanted:
            assert words in seen.decode(), seen.decode()
    os.close(master)
    os.close(terminal)


def test_doctor(mycook: MyCook) -> None:
    found = json.loads(subprocess_output(mycook, "doctor", "--offline", "--json"))
    assert {row["name"] for row in found} >= {"python", "packages", "disk", "gpu", "bundled model"}
    assert all(row["ok"] or row["advice"] for row in found)
    network = json.loads(subprocess_output(mycook, "doctor", "--json", HF_ENDPOINT="http://127.0.0.1:9"))[-1]
    assert (network["name"], network["ok"]) == ("network", False)


def subprocess_output(mycook: MyCook, *arguments: str, **settings: str) -> str:
    """The output, whether the doctor is content or not."""
    try:
        return mycook(*arguments, **settings).stdout
    except AssertionError:
        return mycook(*arguments, code=1, **settings).stdout


def test_recipes_are_found_from_any_folder(mycook: MyCook, tmp_path: Path) -> None:
    from multiyoucook2.building.recipe import DatasetRecipe
    from multiyoucook2.settings import load_recipe, recipe_names

    languages = {"mini": 9, "multi-youcook2": 9, "multi-msrvtt": 9, "multi-vatex": 9, "rudder": 7, "released": 16}
    assert set(recipe_names("datasets")) == {*languages, "custom"}
    for name, count in languages.items():
        recipe = load_recipe(DatasetRecipe, "datasets", name)
        assert (recipe.name, len(recipe.languages)) == (name, count)
