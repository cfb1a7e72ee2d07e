"""The command ``mycook``, put together from its groups of commands, which parse, call the library and print."""

from typing import Annotated

import typer

from ..version import __version__
from .about import add_about_commands
from .analysis import add_analysis_commands
from .building import add_build_commands
from .engines import add_engine_commands
from .export import add_export_commands
from .features import add_feature_commands
from .importing import add_import_commands
from .quality import add_quality_commands
from .repair import add_repair_commands
from .review import add_review_commands
from .score import add_score_commands
from .search import add_search_commands
from .significance import add_significance_commands
from .studies import add_study_commands
from .training import add_training_commands
from .validating import add_validate_commands
from .videos import add_video_commands

app = typer.Typer(
    name="mycook",
    help="Rebuild Multi-YouCook2, captions of cooking videos in nine languages, and train retrieval models on it.",
    epilog="Any command takes --debug: the traceback of an error.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"mycook {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


add_build_commands(app)
add_validate_commands(app)
add_significance_commands(app)
add_quality_commands(app)
add_repair_commands(app)
add_feature_commands(app)
add_import_commands(app)
add_engine_commands(app)
add_training_commands(app)
add_analysis_commands(app)
add_study_commands(app)
add_review_commands(app)
add_score_commands(app)
add_export_commands(app)
add_video_commands(app)
add_search_commands(app)
add_about_commands(app)
