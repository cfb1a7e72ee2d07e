"""The room of a Ray cluster, and clusters that are not there; where Ray runs, in a process of its own."""

import importlib.util
import json
import subprocess
import sys

import ctranslate2
import pytest

from multiyoucook2.errors import RecipeError
from multiyoucook2.runners.cluster import Room

PROGRAM = """
import json, logging, os
from multiyoucook2.engines.hardware import hardware
from multiyoucook2.errors import MyCookError
from multiyoucook2.runners import ray as runner_module
from multiyoucook2.runners.ray import Ray

def told(make):
    runner = make()
    try:
        return runner.ask(hardware, "cuda")
    except MyCookError as error:
        return [type(error).__name__, str(error), error.hint]
    finally:
        runner.close()

found = {}
for address in ("127.0.0.1:1", "nobody knows"):
    os.environ["RAY_ADDRESS"] = address
    found[address] = told(Ray)
del os.environ["RAY_ADDRESS"]

import ray
ray.init(num_cpus=2, num_gpus=1, log_to_driver=False, include_dashboard=False, logging_level="ERROR")
found["eight"] = told(lambda: Ray(8))
found["no cuda"] = told(Ray)

class Other:
    "Of somebody else, who uses the cluster's only GPU."
    def there(self):
        return True

other = ray.remote(num_gpus=1)(Other).remote()
ray.get(other.there.remote())
warnings = []

class Releases(logging.Handler):
    def emit(self, record):
        warnings.append(record.getMessage())
        ray.kill(other)

runner_module.log.addHandler(Releases())
runner_module.PATIENCE_S = 2.0
runner = Ray(1)
found["busy"] = [runner.ask(abs, -3), warnings[0]]
runner.close()
print(json.dumps(found))
"""


def test_room_is_counted() -> None:
    assert [Room(8, 3, 0).workers(wished) for wished in (None, 1, 8)] == [3, 1, 8]  # one a machine
    assert [Room(4, 3, 1).workers(wished) for wished in (None, 2)] == [4, 2]  # one a GPU
    with pytest.raises(RecipeError, match="9 workers: the cluster has room for 8, each with half a CPU") as caught:
        Room(8, 1, 0).workers(9)
    assert caught.value.hint == "--workers 8"
    with pytest.raises(RecipeError, match="no room for a worker"):
        Room(0, 0, 0).workers(None)


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed: the extra 'ray'")
def test_ray_never_waits_without_a_word() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    for address in ("127.0.0.1:1", "nobody knows"):
        kind, message, hint = found[address]
        assert (kind, "ray start --head" in hint) == ("WorkspaceError", True)
        assert message.startswith(f"no Ray cluster at RAY_ADDRESS={address}: ")
    message = "8 workers: the cluster has room for 1, each with a GPU and half a CPU"
    assert found["eight"] == ["RecipeError", message, "--workers 1"]
    if not ctranslate2.get_cuda_device_count():  # the GPU is Ray's word only: the worker finds none
        assert found["no cuda"][:2] == ["ModelError", "no CUDA device is visible"]
    assert found["busy"][0] == [3]
    assert "1 of 1 workers have not started yet: the cluster is in use by others" in found["busy"][1]
