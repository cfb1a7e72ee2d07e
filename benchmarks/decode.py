"""How much faster than real time videos are decoded to one frame a second: ours beside OpenCV, CPU and wall seconds.

    python benchmarks/decode.py                    # ten minutes of 640 x 360 H.264, as video sites serve it
    python benchmarks/decode.py --minutes 4 --encoder PATH_OF_A_CLIP      # with a vision encoder behind it

"All" takes a frame of every second; "10%" takes those of a segment of 12 s in each two minutes. The peer grabs every
frame in order and retrieves those whose time has come, as feature scripts do; it needs
``pip install opencv-python-headless``, and is left out where that is absent. The video is made here: noise and shapes
that move, a key frame every 5 s.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from multiyoucook2.features.extract.decode import Decoding, frames_at

RATE, SIZE = 30, (360, 640)
Reader = Callable[[Path, Sequence[float]], int]  # how many of the frames it found


def make_video(path: Path, seconds: int) -> None:
    """Shapes that move over a noisy ground: neither as easy as a still nor as hard as noise."""
    random = np.random.default_rng(0)
    height, width = SIZE
    ground = random.integers(60, 190, (height * 2, width * 2, 3), dtype=np.uint8)
    ground = (ground // 2 + np.roll(ground, 1, 0) // 4 + np.roll(ground, 1, 1) // 4).astype(np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "crf": "26"})
        stream.height, stream.width, stream.pix_fmt, stream.gop_size = height, width, "yuv420p", RATE * 5
        for number in range(seconds * RATE):
            y, x = number // 6 % height, number // 3 % width
            image = ground[y : y + height, x : x + width].copy()
            image[number % 300 : number % 300 + 50, 40 + number % 500 : 90 + number % 500] = number % 256
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def ours(path: Path, times_s: Sequence[float]) -> int:
    return sum(1 for _ in frames_at(path, times_s, Decoding()))


def opencv(path: Path, times_s: Sequence[float]) -> int:
    import cv2

    video, wanted, found = cv2.VideoCapture(str(path)), iter(times_s), 0
    time_s = next(wanted, None)
    while time_s is not None and video.grab():
        if video.get(cv2.CAP_PROP_POS_MSEC) / 1000 + 1e-6 >= time_s:
            video.retrieve()
            found += 1
            time_s = next(wanted, None)
    video.release()
    return found


def encoded(path: Path, seconds: int, encoder: str) -> tuple[str, float, float]:
    """The whole extraction with a vision encoder."""
    from multiyoucook2.corpus.clips import Clip
    from multiyoucook2.features.extract.encoders import load_vision_encoder
    from multiyoucook2.features.extract.extract import extract_features

    model = load_vision_encoder(encoder, offline=True)
    clips = [
        Clip(f"v_{number}", path.stem, 12.0 * number, 12.0 * number + 12, "train") for number in range(seconds // 12)
    ]
    wall, cpu = time.perf_counter(), time.process_time()
    extract_features(clips, path.parent, path.parent / "store", encoder=model)
    return f"extraction, {Path(encoder).name}", time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--encoder", help="a folder of a vision model")
    arguments = parser.parse_args()
    seconds = arguments.minutes * 60
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "video.mp4"
        make_video(path, seconds)
        cases = {
            "all": [float(second) for second in range(seconds)],
            "10%": [float(second) for second in range(seconds) if 50 <= second % 120 < 62],
        }
        readers: dict[str, Reader] = {"ours, PyAV": ours, "OpenCV, grab": opencv}
        size = f"{SIZE[1]} x {SIZE[0]}, {path.stat().st_size / 1e6:.0f} MB"
        print(f"{arguments.minutes} min of {size}; best of {arguments.repeats}; load {os.getloadavg()[0]:.1f}")
        print(f"{'':28}{'frames':>8}{'wall':>9}{'CPU':>9}{'x real time':>13}{'by CPU':>8}")
        for case, times_s in cases.items():
            for name, read in readers.items():
                try:
                    figures = [timed(read, path, times_s) for _ in range(arguments.repeats)]
                except ImportError:
                    continue
                line(f"{name}, {case}", *min(figures, key=lambda row: row[2]), seconds)
        if arguments.encoder:
            name, wall, cpu = encoded(path, seconds, arguments.encoder)
            line(name, seconds, wall, cpu, seconds)


def timed(
    read: Callable[[Path, Sequence[float]], int], path: Path, times_s: Sequence[float]
) -> tuple[int, float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    found = read(path, times_s)
    if found != len(times_s):
        raise SystemExit(f"{found} of {len(times_s)} frames")
    return found, time.perf_counter() - wall, time.process_time() - cpu


def line(name: str, frames: int, wall: float, cpu: float, seconds: int) -> None:
    print(f"{name:28}{frames:>8}{wall:>7.1f} s{cpu:>7.1f} s{seconds / wall:>13.0f}{seconds / cpu:>8.0f}")


if __name__ == "__main__":
    main()
