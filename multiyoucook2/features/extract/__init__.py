"""Features from videos: which are needed, frames of the segments through a vision encoder, or arrays cut by segments.

- ``plan.plan_videos(clips, videos=DIR)``: the videos needed, those at hand and those known to be gone, hours and disk
- ``extract.extract_features(clips, videos, out, encoder=..., fps=1.0)``: videos -> store, resumable a video
- ``cut.cut_features(source, clips, out, fps=..., name=...)``: one array a video -> store
- ``decode.frames_at(path, times_s, seen)``: frames of one video at given times

A store made here has ``clips.csv`` beside its features: a row a clip, with the reason where a clip has none.
"""
