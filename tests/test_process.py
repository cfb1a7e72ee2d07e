"""The command as a process: signals at any moment, closed streams, full disks, no home, little memory."""

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import MyCook

from multiyoucook2.cli.process import main


def run(line: str, environment: dict[str, str], folder: Path, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", line.replace("mycook", f"'{sys.executable}' -m multiyoucook2")],
        **{"cwd": folder, "env": environment, "capture_output": True, "text": True, "timeout": 60, **options},
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("after_s", [0.0, 0.1, 0.3, 0.6])
def test_an_interrupt_in_the_first_second_is_answered_at_once(
    number: int, after_s: float, environment: dict[str, str], tmp_path: Path
) -> None:
    """Counted from the moment in which the process is ours: before that, it is Python that answers."""
    hello = "import sys, multiyoucook2.cli.process as p; print('here', flush=True); p.main()"
    command = [sys.executable, "-c", hello, "build", "--recipe", "mini", "--offline", "--out", "a b"]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment | {"PYTHONWARNINGS": ""},  # an interrupted import may leave an open file behind
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "here\n"
        time.sleep(after_s + 0.02)
        running.send_signal(number)
        sent = time.monotonic()
        _, errors = running.communicate(timeout=30)
    assert running.returncode == 128 + number, errors
    assert errors.endswith("\n  mycook build --recipe mini --offline --out 'a b'\n")
    assert "Error" not in errors
    assert time.monotonic() - sent < 5


def test_an_interrupt_does_not_wait_for_native_code(environment: dict[str, str], tmp_path: Path) -> None:
    """The main thread sleeps in C where no Python handler is run."""
    busy = (
        "import ctypes, multiyoucook2.cli.app as app, multiyoucook2.cli.process as process\n"
        "def sleep(*_, **__):\n"
        "    print('here', flush=True)\n"
        "    [ctypes.CDLL(None).sleep(30) for _ in range(9)]\n"
        "app.app = sleep\n"
        "process.main()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", busy, "build"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "here\n"
        sent = time.monotonic()
        running.send_signal(signal.SIGTERM)
        assert running.stderr is not None
        assert running.stderr.readline() == "\n"
        assert time.monotonic() - sent < 2
        assert running.stderr.readline().startswith("stopped; finished work is kept")
        assert running.wait(timeout=20) == 143


@pytest.mark.parametrize("streams", [">&-", ">&- 2>&-", "<&- >&-"])
def test_a_closed_output_is_no_success(streams: str, environment: dict[str, str], tmp_path: Path) -> None:
    done = run(f"mycook languages {streams}", environment, tmp_path)
    assert done.returncode == 1
    if "2>" not in streams:
        assert done.stderr.startswith("error: the standard output is closed\nhint: ")


def test_a_closed_standard_error_loses_nothing_of_the_output(environment: dict[str, str], tmp_path: Path) -> None:
    whole = run("mycook languages --json", environment, tmp_path).stdout
    done = run("mycook languages --json 2>&- <&-", environment, tmp_path)
    assert (done.returncode, done.stdout) == (0, whole)
    failed = run("mycook status nowhere 2>&-", environment, tmp_path)
    assert (failed.returncode, failed.stdout) == (1, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_full_output_is_no_success(environment: dict[str, str], tmp_path: Path) -> None:
    done = run("mycook languages --json > /dev/full", environment, tmp_path)
    assert (done.returncode, done.stderr.splitlines()[0]) == (1, "error: no space left")


def test_a_reader_who_has_enough_hears_no_complaint(environment: dict[str, str], tmp_path: Path) -> None:
    done = run("mycook models --json | true; exit ${PIPESTATUS[0]}", environment, tmp_path)
    assert (done.returncode, done.stderr) == (1, "")


def test_no_home_directory_is_one_line(environment: dict[str, str], tmp_path: Path) -> None:
    code = "import os; os.environ.pop('HOME', None); from multiyoucook2.files import cache_root; cache_root()"
    nobody = {name: value for name, value in environment.items() if name not in ("HOME", "MULTIYOUCOOK2_CACHE")}
    patched = f"import pwd; pwd.getpwuid = lambda uid: {{}}[uid]; {code}"
    done = subprocess.run([sys.executable, "-c", patched], env=nobody, capture_output=True, text=True)
    assert done.stderr.splitlines()[-1].endswith("WorkspaceError: there is no home directory for the cache")


def test_little_memory_is_one_line(environment: dict[str, str], tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (300_000_000, 300_000_000))

    settings = environment | {"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": ""}
    done = run("mycook build --recipe mini --offline --out out", settings, tmp_path, preexec_fn=limit)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-2:-1] == ["error: there is not enough memory"], done.stderr


def test_a_mistake_of_ours_is_one_line_without_control_characters(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import multiyoucook2.cli.app

    def fail(*_: object, **__: object) -> None:
        raise OSError(9, "Bad\x1b[2J file descriptor")

    monkeypatch.setattr(multiyoucook2.cli.app, "app", fail)
    monkeypatch.setattr(sys, "argv", ["mycook", "doctor"])
    with pytest.raises(SystemExit, match="1"):
        main()
    said = capsys.readouterr().err.splitlines()
    assert said[0] == r"error: unexpected OSError: [Errno 9] Bad\x1b[2J file descriptor"
    assert "mistake of ours" in said[1]


def test_an_argument_that_is_not_utf8_is_named_where_it_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a Latin-1 terminal passes it on: where something fails then, it is that, and no mistake of ours."""
    import multiyoucook2.cli.app

    monkeypatch.setattr(multiyoucook2.cli.app, "app", lambda arguments, **_: arguments[1].encode())
    monkeypatch.setattr(sys, "argv", ["mycook", "doctor", "caf\udce9"])
    with pytest.raises(SystemExit, match="1"):
        main()
    said = capsys.readouterr().err.splitlines()
    assert said == [
        r"error: the argument 'caf\udce9' is not UTF-8", "hint: set your terminal or script to UTF-8",
    ]  # fmt: skip


def test_names_of_files_forge_no_line(mycook: MyCook) -> None:
    done = mycook("status", "x\nerror: forged\x1b[2J", code=1)
    assert len(done.stderr.splitlines()) == 2
    assert "\x1b" not in done.stderr
