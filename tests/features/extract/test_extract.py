"""Videos to a store: which frames go where, rows for what is missing or broken, a real model, a kill and a resume."""

import csv
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import ROOT, MyCook

from multiyoucook2.cli.videos import plan as print_plan
from multiyoucook2.corpus.clips import load_clips
from multiyoucook2.errors import DatasetError, FeatureError, ModelError, WorkspaceError
from multiyoucook2.features.extract.encoders import load_vision_encoder
from multiyoucook2.features.extract.extract import Extraction, extract_features, feature_name
from multiyoucook2.features.extract.plan import plan_videos
from multiyoucook2.features.extract.workers import Workers
from multiyoucook2.features.store import FeatureStore

from .making import (
    make_clip_model,
    make_clips_dataset,
    make_silence,
    make_video,
    truncate,
)
from .numbers import Numbers, clip, kill_clips


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    make_video(folder / "train" / "long.mp4", frames=100)
    make_video(folder / "train" / "other.webm", frames=40)
    truncate(make_video(folder / "cut.webm", frames=100, gop=10), 0.6)
    make_silence(folder / "silent.mp4")
    (folder / "broken.mp4").write_bytes(b"no video")
    (folder / "long.txt").write_text("a note beside it")
    return folder


CLIPS = [
    clip("long_0", 1, 4), clip("long_1", 2.5, 4.9), clip("long_2", 9.5, 9.6), clip("long_3", 9, 12),
    clip("long_4", 11, 12), clip("other_0", 0, 2), clip("cut_0", 0, 2), clip("cut_1", 8, 9), clip("silent_0", 0, 1),
    clip("broken_0", 0, 1), clip("../away_0", 0, 1),
]  # fmt: skip


def test_frames_of_each_clip(videos: Path, tmp_path: Path) -> None:
    """Overlapping clips, a clip of a tenth of a second, clips past the end: a row each, with its reason."""
    encoder = Numbers()
    found = extract_features(CLIPS, videos, tmp_path / "f", encoder=encoder, fps=2, batch=4, dataset="small@ab")
    store = found.store
    assert store["long_0"][:, 0].tolist() == [10, 15, 20, 25, 30, 35]
    assert store["long_1"][:, 0].tolist() == [25, 30, 35, 40, 45]
    assert store["long_2"][:, 0].tolist() == [95]
    assert store["long_3"][:, 0].tolist() == [90, 95]
    assert store["other_0"][:, 0].tolist() == [0, 5, 10, 15]
    assert store["cut_0"][:, 0].tolist() == [0, 5, 10, 15]
    rows = {row.clip_id: (row.status, row.vectors) for row in found.rows}
    assert rows == {
        "long_0": ("ok", 6), "long_1": ("ok", 5), "long_2": ("ok", 1), "long_3": ("short", 2), "long_4": ("ended", 0),
        "other_0": ("ok", 4), "cut_0": ("ok", 4), "cut_1": ("ended", 0), "silent_0": ("no-video", 0),
        "broken_0": ("broken", 0), "../away_0": ("missing", 0),
    }  # fmt: skip
    assert set(store.clip_ids) == {name for name, (_, vectors) in rows.items() if vectors}
    with (tmp_path / "f" / "clips.csv").open() as file:
        written = {row["clip_id"]: row for row in csv.DictReader(file)}
    assert list(written) == [wanted.clip_id for wanted in CLIPS]
    assert "cut off: frames end at" in written["cut_1"]["detail"]
    assert store.name == "the-numbers"
    assert store.meta["fps"] == 2
    assert (store.meta["encoder"], store.meta["revision"], store.meta["precision"], store.meta["dataset"]) == (
        "folder/the numbers", "1", "float32", "small@ab",
    )  # fmt: skip
    assert max(encoder.batches) == 4  # batches go across clips and videos
    assert not (tmp_path / "f.parts").exists()


def test_windows_of_a_video_encoder(videos: Path, tmp_path: Path) -> None:
    """Three frames a vector; the last window of a clip is what is left, also where clips overlap."""
    store = extract_features(CLIPS, videos, tmp_path / "f", encoder=Numbers(window=3), fps=2).store
    assert store["long_0"].tolist() == [[10, 15, 20], [25, 30, 35]]
    assert store["long_1"].tolist() == [[25, 30, 35], [40, 45, -1]]
    assert store["long_3"].tolist() == [[90, 95, -1]]


def test_no_frame_at_all(videos: Path, tmp_path: Path) -> None:
    with pytest.raises(FeatureError, match="none of the 1 clips has a frame; 'silent_0' is no-video"):
        extract_features([clip("silent_0", 0, 1)], videos, tmp_path / "f", encoder=Numbers())
    assert not (tmp_path / "f").exists()


def test_a_strangers_folder_is_refused_before_anything_is_decoded(videos: Path, tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "notes.txt").write_text("precious")
    encoder = Numbers()
    with pytest.raises(WorkspaceError, match=r"notes\.txt in it is not of a feature store"):
        extract_features(CLIPS, videos, tmp_path / "f", encoder=encoder)
    assert not encoder.batches
    assert not (tmp_path / "f.parts").exists()


def test_two_files_of_one_video(tmp_path: Path) -> None:
    for ending in ("mp4", "webm"):
        make_video(tmp_path / f"v.{ending}", frames=2)
    with pytest.raises(FeatureError, match=r"two files of one video: .*v\.mp4 and .*v\.webm"):
        extract_features([clip("v_0", 0, 1)], tmp_path, tmp_path / "f", encoder=Numbers())


def test_parts_of_other_settings_are_refused(videos: Path, tmp_path: Path) -> None:
    class Fails(Numbers):
        def encode(self, pixels: Sequence[Any]) -> Any:
            raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        extract_features(CLIPS, videos, tmp_path / "f", encoder=Fails(), fps=2)
    with pytest.raises(FeatureError, match=r"was begun with fps 2, not 1\.0"):
        extract_features(CLIPS, videos, tmp_path / "f", encoder=Numbers())


def test_a_video_that_came_later(tmp_path: Path) -> None:
    """A run that was stopped is gone on with, and a file that was missing then is looked for again."""

    class Stops(Numbers):
        def encode(self, pixels: Sequence[Any]) -> Any:
            raise KeyboardInterrupt

    make_video(tmp_path / "v" / "b.mp4", frames=20)
    clips = [clip("a_0", 0, 1), clip("b_0", 0, 1)]
    with pytest.raises(KeyboardInterrupt):
        extract_features(clips, tmp_path / "v", tmp_path / "f", encoder=Stops(), batch=1, threads=1)
    make_video(tmp_path / "v" / "a.mp4", frames=20)
    assert set(extract_features(clips, tmp_path / "v", tmp_path / "f", encoder=Numbers()).store.clip_ids) == {
        "a_0", "b_0",
    }  # fmt: skip


def test_over_a_finished_store(tmp_path: Path) -> None:
    """Only what came since is decoded, and what was cut off before; other settings do everything anew."""
    for name in ("a", "c"):
        make_video(tmp_path / "v" / f"{name}.mp4", frames=20)
    truncate(make_video(tmp_path / "v" / "cut.webm", frames=40, gop=5), 0.5)
    clips = [clip("a_0", 0, 2), clip("b_0", 0, 1), clip("c_0", 1, 2), clip("cut_0", 0, 4)]
    first = extract_features(clips, tmp_path / "v", tmp_path / "f", encoder=Numbers(), fps=5)
    assert [row.status for row in first.rows] == ["ok", "missing", "ok", "short"]
    make_video(tmp_path / "v" / "b.mp4", frames=20)
    make_video(tmp_path / "v" / "cut.webm", frames=40)
    encoder = Numbers()
    second = extract_features(clips, tmp_path / "v", tmp_path / "f", encoder=encoder, fps=5)
    assert sum(encoder.batches) == 5 + 20
    assert {row.status for row in second.rows} == {"ok"}
    anew = extract_features(clips, tmp_path / "v", tmp_path / "g", encoder=Numbers(), fps=5)
    assert second.store.content_hash == anew.store.content_hash
    assert second.rows == anew.rows
    other = Numbers()
    extract_features(clips, tmp_path / "v", tmp_path / "f", encoder=other, fps=1)
    assert sum(other.batches) == 2 + 1 + 1 + 4


def test_a_picture_that_stands_to_the_end_is_said(tmp_path: Path) -> None:
    make_video(tmp_path / "v" / "a.mkv", frames=3, times_ms=[0, 1000, 2000], sound_s=6)
    found = extract_features([clip("a_0", 1, 6)], tmp_path / "v", tmp_path / "f", encoder=Numbers())
    assert found.store["a_0"][:, 0].tolist() == [1, 2, 2, 2, 2]
    assert [row.status for row in found.rows] == ["ok"]
    assert re.fullmatch(r"the last picture stands from 2\.0 to 6\.\d s", found.rows[0].detail)


def test_workers_bound_what_waits_and_pass_errors_on() -> None:
    made: list[int] = []

    def work(job: int):  # type: ignore[no-untyped-def]
        for number in range(100):
            made.append(number)
            yield job, number

    with Workers(range(2), work, threads=2, ahead=5) as items:
        first = next(iter(items))
        time.sleep(0.3)
        assert len(made) <= 5 + 2 + 1  # waiting, in each thread's hands, and read
    assert first[1] == 0

    def fails(job: int):  # type: ignore[no-untyped-def]
        yield job
        raise ValueError("a bad job")

    with pytest.raises(ValueError, match="a bad job"), Workers([1], fails, threads=1, ahead=1) as items:
        list(items)


def test_names_of_features() -> None:
    assert feature_name("openai/clip-vit-base-patch32") == "clip-vit-base-patch32"
    assert feature_name("models/my clip (v2)") == "my-clip-v2"


def test_plan(videos: Path) -> None:
    plan = plan_videos(CLIPS, videos=videos, gone={"../away", "long"}, fps=2)
    states = {video.video_id: video.state for video in plan.videos}
    assert states["long"] == "here"  # a file at hand beats the list
    assert states["../away"] == "gone"
    assert plan.frames == 6 + 5 + 1 + 6 + 2 + 4 + 4 + 2 + 2 + 2
    nothing_here = plan_videos([clip("a_0", 0, 60), clip("a_1", 30, 120)])
    assert nothing_here.hours == pytest.approx(120 / 3600)
    assert nothing_here.segment_hours == pytest.approx(150 / 3600)
    assert nothing_here.download_gb == pytest.approx(0.01)
    for fps in (0, -1, float("nan"), float("inf")):
        with pytest.raises(FeatureError, match=r"cannot take (0|-1|nan|inf) frames"):
            plan_videos([clip("a_0", 0, 60)], fps=fps)


def test_no_id_is_no_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What reads the ids line by line would take an empty one for a video."""
    data = make_clips_dataset(tmp_path / "data", [("v_0", "v", 0.0, 1.0)])
    print_plan(str(data), ids=True)
    (tmp_path / "v.mp4").touch()
    print_plan(str(data), videos=tmp_path, ids=True)
    assert capsys.readouterr().out == "v\n"


def test_the_commands(mycook: MyCook, videos: Path, tmp_path: Path) -> None:
    """A real CLIP, tiny and random: the vectors are those that transformers gives for the very frames."""
    from PIL import Image
    from transformers import CLIPImageProcessorPil, CLIPModel

    model = make_clip_model(tmp_path / "tiny-clip")
    data = make_clips_dataset(tmp_path / "data", [(c.clip_id, c.video_id, c.start_s, c.end_s) for c in CLIPS])
    plan = mycook("videos", "plan", data, "--videos", videos, "--ids").stdout
    assert plan.split() == ["../away"]
    said = mycook(
        "features", "extract", "--videos", videos, "--dataset", data, "--encoder", model, "--fps", 2, "--out", "f",
        "--offline", "--device", "cpu",
    )  # fmt: skip
    assert "f: 6 clips of tiny-clip, 12 dimensions" in said.stdout
    assert "1 no-video  the file has sound only" in said.stdout
    store = FeatureStore.open(tmp_path / "f")
    assert store.meta["dataset"] == "small@abababab"
    from multiyoucook2.features.extract.decode import Decoding, frames_at

    images = [image for _, image in frames_at(videos / "train" / "long.mp4", [9.0, 9.5], Decoding())]
    pixels = CLIPImageProcessorPil.from_pretrained(model)([Image.fromarray(i) for i in images], return_tensors="pt")
    expected = CLIPModel.from_pretrained(model).eval().get_image_features(**pixels).pooler_output
    assert np.allclose(store["long_3"], expected.detach().numpy(), atol=2e-3)
    assert np.abs(expected.detach().numpy()).max() > 0.05
    pickles = tmp_path / "pickles"
    make_clip_model(pickles)
    weights = pickles / "model.safetensors"
    torch.save({}, pickles / "pytorch_model.bin")
    weights.unlink()
    with pytest.raises(ModelError, match="cannot load the vision encoder"):
        load_vision_encoder(str(pickles), device="cpu", offline=True)


PROGRAM = """
import sys
from pathlib import Path
import numpy as np
sys.path.insert(0, str(Path(sys.argv[3]) / "tests"))
from features.extract.numbers import Numbers, kill_clips
from multiyoucook2.features.extract.extract import extract_features
import time
class Slow(Numbers):
    def encode(self, pixels):
        time.sleep(0.02)
        return super().encode(pixels)
extract_features(kill_clips(), Path(sys.argv[1]), Path(sys.argv[2]), encoder=Slow(), fps=5, batch=2)
"""


def test_killed_and_resumed(tmp_path: Path) -> None:
    """Killed three times, each time after more videos: what was done stays done, and the store is that of one run."""
    for number in range(12):
        make_video(tmp_path / "v" / f"v{number}.mp4", frames=30)
    straight: Extraction = extract_features(kill_clips(), tmp_path / "v", tmp_path / "one", encoder=Numbers(), fps=5)
    parts, command = tmp_path / "two.parts", [sys.executable, "-c", PROGRAM, str(tmp_path / "v")]
    for wanted in (2, 5, 8):
        with subprocess.Popen(
            [*command, str(tmp_path / "two"), str(ROOT)], env={**os.environ, "PYTHONPATH": str(ROOT)}
        ) as process:
            deadline = time.monotonic() + 200
            while len(list(parts.glob("[!.]*.safetensors"))) < wanted and time.monotonic() < deadline:
                assert process.poll() is None
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
        assert len(list(parts.glob("[!.]*.safetensors"))) >= wanted
        assert not (tmp_path / "two").exists()
    first = {path: path.stat().st_mtime_ns for path in parts.glob("[!.]*.safetensors")}
    damaged = next(iter(first))
    damaged.write_bytes(damaged.read_bytes()[:100])
    encoder = Numbers()
    resumed = extract_features(kill_clips(), tmp_path / "v", tmp_path / "two", encoder=encoder, fps=5)
    assert resumed.store.content_hash == straight.store.content_hash
    assert resumed.rows == straight.rows
    assert sum(encoder.batches) == (12 - len(first) + 1) * 20  # the rest, and the damaged one


def test_segments_that_are_none(tmp_path: Path) -> None:
    data = make_clips_dataset(tmp_path / "data", [("a_0", "a", 5.0, 2.0)])
    with pytest.raises(DatasetError, match="the segment of clip 'a_0' is no segment"):
        load_clips(data)
