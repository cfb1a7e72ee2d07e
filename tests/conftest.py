"""What the tests of the whole command share: a tiny model, a cache of their own, and the command as a real process."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest
from tiny_model import make_tiny_model

ROOT = Path(__file__).parent.parent
FAST = ROOT / "tests" / "recipes" / "mini.yaml"
MyCook = Callable[..., subprocess.CompletedProcess[str]]
hypothesis.settings.register_profile("busy", deadline=None)  # the machine may do other things too
hypothesis.settings.load_profile("busy")


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny random model that serves all languages. Never write into it."""
    from multiyoucook2.sources.youcook2 import mini_annotations, read_clips

    captions = read_clips(mini_annotations()).column("caption").to_pylist()
    return make_tiny_model(tmp_path_factory.mktemp("tiny") / "tiny", captions)


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of the command's processes: our package, a cache of their own, warnings as errors, no colours."""
    folder = tmp_path_factory.mktemp("home")
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("HF_", "FORCE_COLOR"))},
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "error",
        "MULTIYOUCOOK2_CACHE": str(folder / "cache"),
        "HF_HOME": str(folder / "hf"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }


@pytest.fixture
def mycook(environment: dict[str, str], tmp_path: Path) -> MyCook:
    """Run ``mycook ARGUMENTS`` in an empty folder; ``code`` is the exit status that is expected."""

    def call(*arguments: object, code: int = 0, **settings: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "multiyoucook2", *map(str, arguments)],
            cwd=tmp_path,
            env={**environment, **settings},
            capture_output=True,
            text=True,
            timeout=float(os.environ.get("MYCOOK_TIMEOUT", "300")),
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    return call
