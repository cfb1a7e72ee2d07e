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
from multiyoucook2.runners.cluster import Room
from multiyoucook2.runners.ray import Ray

class Twice:
    "A task."
    workers = 1
    def __call__(self, work):
        return 2 * work
    def __eq__(self, other):
        return type(self) is type(other)

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
found["cpu"] = told(lambda: Ray(8, device="cpu"))

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

def end(actor):
    "Ray kills in its own time: before that, an actor still answers."
    ray.kill(actor)
    try:
        while True:
            ray.get(actor.answer.remote(abs, -3))
    except ray.exceptions.RayActorError:
        return

# the rooms of a cluster that loses a machine; the one that there is has one GPU
true_room, gone = runner_module.room, []
runner_module.room = lambda gpus: Room(2 - len(gone), 2 - len(gone), 1)
runner = Ray()
runner._open()
gone.append("a machine whose worker waits for a GPU that is gone")
found["waits in vain"] = runner.ask(abs, -3)
runner.close()
gone.clear()
runner_module.room = lambda gpus: Room(2 - len(gone), 2 - len(gone), 0)
runner = Ray(2, device="cpu")
pids = runner.ask(os.getpid)
gone.append("a machine, with its worker")
end(runner._slots[0].actor)
found["went down"] = [runner.ask(os.getpid) == pids[1:], dict(runner.map(Twice(), [1, 2, 3]))]
gone.append("the other, too")
end(runner._slots[0].actor)
found["all gone"] = told(lambda: runner)
print(json.dumps(found))
"""


def test_room_is_counted() -> None:
    assert [Room(8, 3, 0).workers(wished) for wished in (None, 1, 8)] == [3, 1, 8]  # one a machine
    assert [Room(8, 3, 0).most(wished) for wished in (None, 8)] == [3, 8]
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
    message = "8 workers: the cluster has room for 4, each with half a CPU"  # and takes none of its GPUs
    assert found["cpu"] == ["RecipeError", message, "--workers 4"]
    assert found["waits in vain"] == [3]
    assert found["went down"] == [True, {"0": 2, "1": 4, "2": 6}]
    assert found["all gone"][:2] == ["WorkspaceError", "the cluster has lost its machines"]
    assert "1 of 1 workers have not started yet: the cluster is in use by others" in found["busy"][1]
