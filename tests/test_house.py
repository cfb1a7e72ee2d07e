"""The house as docs/architecture.md draws it: which folder may import which, and no circles, hidden ones included."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "multiyoucook2"
# An import goes to the left only. The package's own __init__, which re-exports a few names, stands above all.
FOLDERS = (
    "version errors allocators languages_table languages files settings progress registry web corpus sources text "
    "runners engines translation quality building features retrieval cli __main__ __init__"
).split()
RETRIEVAL = "device data model objectives recipe evaluation training search __init__".split()


def modules() -> dict[str, Path]:
    """Full name -> file, of all modules."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = ("multiyoucook2", *path.relative_to(PACKAGE).with_suffix("").parts)
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imports(name: str) -> Iterator[str]:
    """The modules of ours that a module imports, inside functions and for type checkers, too."""
    path = MODULES[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            home = package.rsplit(".", node.level - 1)[0] if node.level else ""
            source = ".".join(part for part in (home, node.module) if part)
            for alias in node.names:
                target = f"{source}.{alias.name}"
                yield target if target in MODULES else source


GRAPH = {name: {target for target in imports(name) if target in MODULES and target != name} for name in MODULES}


def folder(module: str) -> str:
    """The folder or file at the top of the package that a module is in."""
    return (*module.split("."), "__init__")[1]


@pytest.mark.parametrize(
    ("order", "depth"), [(FOLDERS, 1), (RETRIEVAL, 2)], ids=["the package", "the folder retrieval"]
)
def test_imports_follow_the_order_of_the_folders(order: list[str], depth: int) -> None:
    def place(module: str) -> str:
        return (*module.split("."), *["__init__"] * 3)[depth]

    upwards = [
        f"{name} imports {target}"
        for name, targets in GRAPH.items()
        for target in targets
        if depth == 1 or (name.startswith("multiyoucook2.retrieval.") and target.startswith("multiyoucook2.retrieval."))
        if place(name) != place(target)
        if order.index(place(target)) > order.index(place(name))
    ]
    assert upwards == []


def test_every_folder_has_its_place() -> None:
    assert {folder(name) for name in MODULES} <= set(FOLDERS)


def test_there_is_no_circle() -> None:
    """Modules are taken away that import none that is left; what cannot be taken away is in a circle or above one."""
    left = {name: set(targets) for name, targets in GRAPH.items()}
    while free := [name for name, targets in left.items() if not targets & left.keys()]:
        for name in free:
            del left[name]
    assert sorted(left) == []
