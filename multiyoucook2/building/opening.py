"""A build that was made is opened again: its recipe, and what its stages wrote, without its source or its engines."""

from dataclasses import dataclass
from pathlib import Path

from ..errors import WorkspaceError
from ..files import cache_root
from ..languages import parse_languages
from ..progress import Listener
from ..settings import load_recipe
from .reading import CLIPS
from .recipe import DatasetRecipe
from .stage import Results, Tools, done_by, run_stages
from .stages import check_stages
from .translating import translations_of
from .workspace import RECIPE_FILE, Workspace


@dataclass(frozen=True)
class OpenBuild:
    """A build folder whose captions are translated. ``recipe`` is the one that it was last made by."""

    workspace: Workspace
    recipe: DatasetRecipe
    results: Results

    def languages(self, langs: str | None = None) -> tuple[str, ...]:
        """Those named (``"de,ja"``), or all that are translated into.

        Raises:
            WorkspaceError: the build lacks one of them.
        """
        targets = self.recipe.targets
        wanted = parse_languages(langs, targets) if langs else targets
        if lacking := next((lang for lang in wanted if lang not in targets), None):
            raise WorkspaceError(f"{self.workspace.root} lacks {lacking!r}", hint=f"it has {', '.join(targets)}")
        return wanted


def recipe_of(folder: Path) -> DatasetRecipe | None:
    """The recipe that a build was last made by; ``None``: the folder is no build, such as a published data set.

    Raises:
        RecipeError: its file is damaged.
    """
    path = folder / RECIPE_FILE
    if Workspace(folder).about() is None or not path.is_file():
        return None
    return load_recipe(DatasetRecipe, "datasets", str(path))


def open_build(folder: Path) -> OpenBuild:
    """Find what the stages of a build wrote; nothing is done again, and each file is checked against its hash.

    Raises:
        WorkspaceError: the folder is no build, its captions are not translated, or a file is damaged.
    """
    workspace, recipe = Workspace(folder), recipe_of(folder)
    if recipe is None:
        raise WorkspaceError(f"{folder} is not a build folder", hint="give one that mycook build made, e.g. build/mini")
    results = Results()
    for stage, manifest in workspace.manifests().items():
        if damage := workspace.damage(manifest["outputs"]):
            raise WorkspaceError(f"{folder}: {damage}", hint="run the same build again: it mends that")
        results.done[stage] = done_by(workspace, manifest)
    needed = [CLIPS, *(translations_of(lang) for lang in recipe.targets)]
    lacking = next((key.stage for key in needed if key.stage not in results.done), None)
    if lacking:
        raise WorkspaceError(f"{folder} has not finished the stage {lacking}", hint="run the same build again first")
    return OpenBuild(workspace, recipe, results)


def validate_again(folder: Path, listener: Listener) -> OpenBuild:
    """Check a build's translations anew where anything that a check depends on has changed, and renew the page.

    Raises:
        WorkspaceError: see :func:`open_build`; or another process works in the folder.
        ModelError, FetchError, DatasetError, RecipeError: see :func:`.stages.check_stages`.
    """
    build = open_build(folder)
    tools = Tools(cache_root(), build.workspace.memory, listener=listener)
    with build.workspace.lock():
        results = run_stages(check_stages(build.recipe, folder, tools), build.workspace, tools, build.results)
    return OpenBuild(build.workspace, build.recipe, results)
