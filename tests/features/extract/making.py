"""Real small videos whose frames show their own number, and a data set of segments of them."""

import json
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

WIDTH, HEIGHT, BITS = 96, 64, 10
CODECS = {"mp4": "libx264", "mkv": "libx264", "webm": "libvpx-vp9"}


def picture(number: int) -> Any:
    """A frame that shows its number: two rows of five black or white fields; a grey strip marks the top."""
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[:8] = 128
    for bit in range(BITS):
        row, column = divmod(bit, 5)
        if number >> bit & 1:
            image[12 + 26 * row : 34 + 26 * row, 2 + 19 * column : 19 + 19 * column] = 255
    return image


def number_of(image: Any) -> int:
    """The number that a frame shows."""
    height, width = image.shape[:2]
    assert (width, height) == (WIDTH, HEIGHT), (width, height)
    assert 90 < image[1:6].mean() < 165, "the grey strip is not on top"
    fields = [
        image[16 + 26 * row : 30 + 26 * row, 6 + 19 * c : 15 + 19 * c].mean() for row in range(2) for c in range(5)
    ]
    return sum(1 << bit for bit, mean in enumerate(fields) if mean > 128)


def make_video(
    path: Path,
    *,
    frames: int = 100,
    rate: int = 10,
    times_ms: Sequence[int] | None = None,
    gop: int = 25,
    turned: int = 0,
    sound_s: float = 0.0,
    sound_first: bool = False,
) -> Path:
    """A video of ``frames`` numbered frames; ``times_ms`` gives each its own time (a variable rate).

    ``sound_first``: the file's index comes first, then all sound, then the pictures (MP4).

    ``turned``: degrees against the clock by which a player turns the stored pictures; they are stored turned back.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = [np.ascontiguousarray(np.rot90(picture(number), -turned // 90)) for number in range(frames)]
    options = {"movflags": "faststart", "max_interleave_delta": "1"} if sound_first else {}
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(CODECS[path.suffix[1:]], rate=rate)
        stream.height, stream.width = stored[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.gop_size = gop
        stream.codec_context.time_base = Fraction(1, 1000)
        if path.suffix == ".webm":
            stream.options = {"deadline": "realtime", "cpu-used": "8"}
        if turned:
            stream.set_display_rotation(turned)
        sound = container.add_stream("aac", rate=8000) if sound_s else None
        if sound is not None and sound_first:
            _silence(container, sound, sound_s)
        for number, image in enumerate(stored):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts = times_ms[number] if times_ms else number * 1000 // rate
            frame.time_base = Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if sound is not None and not sound_first:
            _silence(container, sound, sound_s)
    return path


def make_silence(path: Path, seconds: float = 3.0) -> Path:
    """A file with sound only."""
    with av.open(str(path), "w") as container:
        _silence(container, container.add_stream("aac", rate=8000), seconds)
    return path


def _silence(container: Any, stream: Any, seconds: float) -> None:
    for start in range(0, int(seconds * 8000), 1024):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 8000, start, Fraction(1, 8000)
        container.mux(stream.encode(frame))
    container.mux(stream.encode())


def truncate(path: Path, share: float) -> Path:
    """Keep the first part of a file; for MP4, its index must come first."""
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    return path


Row = tuple[str, str, float, float]  # clip id, video id, start, end


def make_clips_dataset(folder: Path, rows: Iterable[Row], *, split: str = "validation") -> Path:
    """The config ``all`` of a data set in the published format, without captions."""
    (folder / "all").mkdir(parents=True)
    columns = list(zip(*rows, strict=True))
    table = pa.table(
        {
            "clip_id": columns[0], "video_id": columns[1], "start_s": columns[2], "end_s": columns[3],
            "video_url": [f"https://www.youtube.com/watch?v={video}" for video in columns[1]],
            "recipe_type": ["soup"] * len(columns[0]),
        }
    )  # fmt: skip
    pq.write_table(table, folder / "all" / f"{split}.parquet")
    (folder / "README.md").write_text(
        f"---\nconfigs:\n- config_name: all\n  data_files:\n  - {{split: {split}, path: all/{split}.parquet}}\n---\n"
    )
    (folder / "multiyoucook2.json").write_text(json.dumps({"name": "small", "content_hash": "ab" * 32}))
    return folder


def make_clip_model(folder: Path, *, size: int = 32) -> Path:
    """A tiny random CLIP with its image processor, as transformers saves them."""
    import torch
    from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel

    torch.manual_seed(0)
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    config = CLIPConfig(
        vision_config={**shape, "image_size": size, "patch_size": size // 2},
        text_config={**shape, "vocab_size": 50, "bos_token_id": 1, "eos_token_id": 2},
        projection_dim=12,
    )
    CLIPModel(config).save_pretrained(folder)
    CLIPImageProcessorPil(size={"height": size, "width": size}, do_center_crop=False).save_pretrained(folder)
    return folder
