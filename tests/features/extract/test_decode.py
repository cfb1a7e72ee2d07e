"""Frames at given times, from real small files: the number that a frame shows says whether it is the right one."""

import struct
from pathlib import Path

import pytest

from multiyoucook2.features.extract.decode import Decoding, UnreadableVideo, frames_at

from .making import make_silence, make_video, number_of, truncate


def numbers(path: Path, times_s: list[float]) -> tuple[list[int], Decoding]:
    seen = Decoding()
    found = [(position, number_of(image)) for position, image in frames_at(path, times_s, seen)]
    assert [position for position, _ in found] == list(range(len(found)))
    return [number for _, number in found], seen


@pytest.mark.parametrize("ending", ["mp4", "webm"])
@pytest.mark.parametrize("gop", [10, 25, 1000])
def test_first_frame_at_or_after(tmp_path: Path, ending: str, gop: int) -> None:
    """10 frames a second: the frame at t is number ceil(10 t), whatever the key frames; gaps are jumped over."""
    path = make_video(tmp_path / f"v.{ending}", frames=100, gop=gop)
    times = [0.0, 0.1, 0.11, 0.95, 1.0, 1.0, 3.3, 7.77, 9.0, 9.9]
    found, seen = numbers(path, times)
    assert found == [0, 1, 2, 10, 10, 10, 33, 78, 90, 99]
    assert (seen.errors, seen.ended, seen.short) == (0, False, False)


def test_every_start(tmp_path: Path) -> None:
    """A jump to any time is exact: the key frame before it is found, B-frames and all."""
    path = make_video(tmp_path / "v.mp4", frames=60, gop=12)
    for number in range(60):
        assert numbers(path, [number / 10])[0] == [number]


@pytest.mark.parametrize("ending", ["mp4", "mkv", "webm"])
def test_end_of_the_video(tmp_path: Path, ending: str) -> None:
    """The last frame stands for as long as any other, and no longer."""
    path = make_video(tmp_path / f"v.{ending}", frames=30)
    found, seen = numbers(path, [1.0, 2.9, 2.95, 2.99, 3.0, 7.0])
    assert found == [10, 29, 29, 29]
    assert seen.ended
    assert not seen.short
    assert (seen.last_s, seen.end_s) == (pytest.approx(2.9), pytest.approx(3.0))


def test_variable_rate(tmp_path: Path) -> None:
    """Dense, then sparse, then dense: an index by the average rate would be wrong everywhere but at the ends."""
    times_ms = [*range(0, 1000, 20), *range(1000, 9000, 500), *range(9000, 10000, 20)]
    path = make_video(tmp_path / "v.mp4", frames=len(times_ms), times_ms=times_ms, rate=50)
    wanted = [0.5, 1.2, 4.0, 4.01, 8.5, 9.5]
    expected = [next(i for i, time in enumerate(times_ms) if time >= round(t * 1000)) for t in wanted]
    assert numbers(path, wanted)[0] == expected


@pytest.mark.parametrize("gop", [1, 25])
def test_pictures_that_stand(tmp_path: Path, gop: int) -> None:
    """Slides: between two of them the earlier one is on the screen, but for the last second before the next."""
    path = make_video(tmp_path / "v.mp4", frames=4, times_ms=[0, 20000, 45000, 47000], gop=gop)
    wanted = [0.0, 5.0, 18.9, 19.2, 20.0, 30.0, 43.0, 44.5, 45.5, 46.5]
    assert numbers(path, wanted)[0] == [0, 0, 0, 1, 1, 1, 1, 2, 2, 3]
    assert numbers(path, [30.0])[0] == [1]


@pytest.mark.parametrize("gop", [1, 25])
@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_the_last_picture_stands_to_the_end(tmp_path: Path, ending: str, gop: int) -> None:
    """Three slides, the last one spoken over for ten seconds: the sound shows that the file is whole."""
    path = make_video(tmp_path / f"v.{ending}", frames=3, times_ms=[0, 10_000, 20_000], sound_s=30, gop=gop)
    found, seen = numbers(path, [5.0, 12.0, 18.0, 20.0, 22.0, 25.0, 28.0, 40.0])
    assert found == [0, 1, 1, 2, 2, 2, 2]
    assert (seen.ended, seen.short) == (True, False)
    assert seen.end_s == seen.duration_s == pytest.approx(30, abs=0.3)
    assert numbers(path, [28.0])[0] == [2]


def test_a_last_picture_of_a_cut_off_file_does_not_stand(tmp_path: Path) -> None:
    """Sound and pictures broke off together: nobody knows what came after the last picture."""
    path = make_video(tmp_path / "v.mkv", frames=30, times_ms=[1000 * k for k in range(30)], sound_s=30, gop=1)
    found, seen = numbers(truncate(path, 0.6), [float(k) for k in range(30)])
    assert 3 < len(found) < 25
    assert seen.short
    assert seen.end_s < seen.last_s + 1.1


def test_a_last_picture_with_more_to_come_does_not_stand(tmp_path: Path) -> None:
    """Sound first, then the pictures, of which the last are lost: that the sound is there proves nothing."""
    path = make_video(tmp_path / "v.mp4", frames=100, gop=10, sound_s=10, sound_first=True)
    found, seen = numbers(truncate(path, 0.8), [k / 10 for k in range(100)])
    assert 10 < len(found) < 95
    assert seen.short


@pytest.mark.parametrize("turned", [90, 180, -90])
def test_rotation_is_applied(tmp_path: Path, turned: int) -> None:
    path = make_video(tmp_path / "v.mp4", frames=12, turned=turned)
    assert numbers(path, [0.3, 1.0])[0] == [3, 10]


def test_rotation_as_phones_write_it(tmp_path: Path) -> None:
    """The matrix of a phone held upright, written into the file by hand: players turn the picture with the clock."""
    path = make_video(tmp_path / "v.mp4", frames=12, turned=90)  # stored turned with the clock once
    data = bytearray(path.read_bytes())
    place = data.index(b"tkhd") + 4 + 40
    counter_clockwise = struct.unpack(">9i", data[place : place + 36])
    assert counter_clockwise[:5] == (0, -65536, 0, 65536, 0)
    data[place : place + 36] = struct.pack(">9i", 0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    image = next(frames_at(path, [0.3], Decoding()))[1]
    assert number_of(image[::-1, ::-1]) == 3  # turned once too far with the clock: upside down


def test_truncated_is_short(tmp_path: Path) -> None:
    """A download that broke off: what is there is used, and the container's duration gives it away."""
    path = truncate(make_video(tmp_path / "v.webm", frames=100, gop=10), 0.6)
    found, seen = numbers(path, [1.0, 2.0, 9.0])
    assert found == [10, 20]
    assert seen.ended
    assert seen.short
    assert seen.duration_s == pytest.approx(10, abs=0.2)


def test_damaged_packets_cost_their_own_frames(tmp_path: Path) -> None:
    path = make_video(tmp_path / "v.mp4", frames=100, gop=10)
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    end = data.index(b"moov") - 4
    middle = start + (end - start) * 2 // 5
    data[middle : middle + 200] = b"\xff" * 200
    path.write_bytes(data)
    found, seen = numbers(path, [0.5, 9.0, 9.9])
    assert found == [5, 90, 99]
    found, seen = numbers(path, [k / 10 for k in range(100)])
    assert seen.errors
    assert found[:20] == list(range(20))
    assert found[-20:] == list(range(80, 100))


def test_sound_starts_earlier(tmp_path: Path) -> None:
    """Times count from the start of the file, as players count, where sound begins before the pictures."""
    path = make_video(tmp_path / "v.mp4", frames=30, times_ms=[500 + 100 * k for k in range(30)], sound_s=3.5)
    assert numbers(path, [0.0, 0.5, 1.0])[0] == [0, 0, 5]


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: make_silence(path), "no-video"),
        (lambda path: path.write_bytes(b"<html>Video unavailable</html>"), "broken"),
        (lambda path: path.write_bytes(b""), "broken"),
        (lambda path: truncate(make_video(path), 0.5), "broken"),  # the index lies at the end and is gone
    ],
)
def test_unreadable(tmp_path: Path, make, reason: str) -> None:  # type: ignore[no-untyped-def]
    make(tmp_path / "v.mp4")
    with pytest.raises(UnreadableVideo) as caught:
        numbers(tmp_path / "v.mp4", [0.0])
    assert caught.value.reason == reason
