"""Does a sentence engine translate a step better when it reads the video's steps before it? chrF on hand-written text.

    python benchmarks/context.py --langs de,ja --steps 0 1 2

The captions are the bundled corpus' validation clips, which were written for it with their translations into eight
languages, in videos of several steps. With ``N`` steps of context the model reads them in front of the caption, and its
output is made to start with their translations, so that what follows is the caption's own.
"""

import argparse
from pathlib import Path
from typing import Any

from multiyoucook2.engines.ctranslate2 import CTranslate2
from multiyoucook2.engines.decoding import Decoding
from multiyoucook2.engines.resolve import resolve
from multiyoucook2.files import cache_root
from multiyoucook2.languages import parse_languages
from multiyoucook2.sources.youcook2 import mini_annotations, read_clips

JOINTS = {".": ". ", ",": ", "}  # what stands between two steps, in the source; the output gets the language's own
OURS = {"zh": {".": "。", ",": "，"}, "ja": {".": "。", ",": "、"}}


def texts_with_context(clips: list[dict[str, Any]], steps: int) -> list[list[str]]:
    """Each clip's caption behind those of up to ``steps`` clips before it in its video."""
    found, before = [], list[dict[str, Any]]()
    for clip in clips:
        before = [row for row in before if row["video_id"] == clip["video_id"]]
        before.append(clip)
        found.append([row["caption"] for row in before[-steps - 1 :]])
    return found


def translate(engine: CTranslate2, chains: list[list[str]], alone: dict[str, str], joint: str, lang: str) -> list[str]:
    """The last caption of each chain, translated behind the others, which are translated already."""
    tokens, written = engine.tokenization, OURS.get(lang, {}).get(joint, JOINTS[joint])
    sources, prefixes = [], []
    for *before, caption in chains:
        (source,) = tokens.encode([JOINTS[joint].join([*before, caption])])
        said = "".join(f"{alone[text]}{written}" for text in before).strip()
        sources.append(list(source.tokens))
        prefixes.append([*tokens.target_prefix, *(tokens.target.split([said])[0] if said else [])])
    results = engine._translator.translate_batch(
        sources, prefixes, beam_size=4, max_batch_size=512, batch_type="tokens", max_decoding_length=200
    )
    outputs = [row.hypotheses[0][len(prefix) :] for row, prefix in zip(results, prefixes, strict=True)]
    return [tokens.decode(output).strip(" .,。，、") for output in outputs]


def main() -> None:
    """Parses the arguments, measures, prints."""
    from pipelines.mini_nmt.evaluate import REFERENCES
    from pipelines.mini_nmt.measures import reference_scores
    from pipelines.mini_nmt.real import read_translations

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", default="mini")
    parser.add_argument("--langs", default="all")
    parser.add_argument("--steps", type=int, nargs="+", default=[0, 1, 2])
    options = parser.parse_args()
    clips = [clip for clip in read_clips(mini_annotations()).to_pylist() if clip["split"] == "validation"]
    captions = [clip["caption"] for clip in clips]
    for lang in parse_languages(options.langs):
        if lang == "en":
            continue
        references = read_translations(Path(REFERENCES) / f"{lang}.tsv")
        wanted = [[references[clip["clip_id"]] for clip in clips]]
        prepared = resolve(options.engine, lang, cache_dir=cache_root(), offline=True).prepare("cpu")
        engine = prepared.open(Decoding(), 1)
        assert isinstance(engine, CTranslate2)
        alone = dict(zip(captions, translate(engine, [[text] for text in captions], {}, ".", lang), strict=True))
        for steps in options.steps:
            for joint in JOINTS if steps else ".":
                outputs = translate(engine, texts_with_context(clips, steps), alone, joint, lang)
                score = reference_scores(outputs, wanted, lang)
                print(f"{lang}, {steps} steps, joined by {joint!r}: chrF {score['chrf']} ± {score['chrf_interval']}")


if __name__ == "__main__":
    main()
