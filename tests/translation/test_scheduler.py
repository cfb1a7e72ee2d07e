"""The scheduler with translators made for the purpose: what it retries, halves, keeps and resumes."""

import hashlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny_families import made_up_lines

from multiyoucook2.engines.base import Candidate, OutOfMemory, Search, Source
from multiyoucook2.engines.decoding import Decoding
from multiyoucook2.errors import ModelError
from multiyoucook2.runners.local import Local
from multiyoucook2.translation.engine_task import EngineTask
from multiyoucook2.translation.ladder import Job, Outcome, as_sentence, translate_texts
from multiyoucook2.translation.memory import SpaceKey, TranslationMemory

KEY = SpaceKey("de", "double", "1", "2")
POSITIONS = 64
Rule = Callable[[tuple[str, ...], Search], Candidate]


class Double:
    """An engine whose pieces are words and that follows a rule. It notes its batches.

    ``room`` is how many rows fit into its memory, ``fails_at`` the batch at which it is killed.
    """

    def __init__(self, rule: Rule, workers: int = 2, room: int = 10_000, fails_at: int | None = None) -> None:
        self.rule, self.workers, self.room, self.fails_at = rule, workers, room, fails_at
        self.batches: list[tuple[tuple[str, ...], ...]] = []
        self.searches: list[Search] = []
        self._lock = threading.Lock()

    def read(self, texts: Sequence[str]) -> list[Source]:
        rows = [text.split() for text in texts]
        room = POSITIONS - 1
        return [Source((*row[:room], "</s>"), after=1, cut=len(row) >= room) for row in rows]

    def translate(self, batch: Sequence[Source], search: Search) -> list[tuple[Candidate, ...]]:
        rows = tuple(source.tokens for source in batch)
        with self._lock:
            if len(rows) > self.room:
                raise OutOfMemory("no room")
            if len(self.batches) == self.fails_at:
                raise RuntimeError("killed")
            self.batches.append(rows)
            self.searches.append(search)
        return [self.candidates(row, search) for row in rows]

    def candidates(self, row: tuple[str, ...], search: Search) -> tuple[Candidate, ...]:
        return (self.rule(row, search),)


def say(*words: str, finished: bool = True, score: float = -0.5) -> Candidate:
    return Candidate(" ".join(words), score, finished, words)


def german(tokens: tuple[str, ...], search: Search) -> Candidate:
    return say(*(f"{word}en" for word in tokens[:-1]))


def run(
    folder: Path,
    texts: list[str],
    double: Double,
    progress: Callable[[int, int], None] | None = None,
    **decoding: object,
) -> dict[str, Outcome]:
    with TranslationMemory(folder).space(KEY) as space:
        job = Job("de", EngineTask(lambda: double), Decoding(**decoding), space, Local())  # type: ignore[arg-type]
        return translate_texts(texts, job, progress)


def test_each_distinct_text_is_translated_once(tmp_path: Path) -> None:
    double = Double(german)
    outcomes = run(tmp_path, ["add salt", "heat oil", "add salt"], double)
    assert outcomes == {
        "add salt": Outcome("adden salten", -0.5, (), 0),
        "heat oil": Outcome("heaten oilen", -0.5, (), 0),
    }
    assert sum(map(len, double.batches)) == 2


def test_what_is_remembered_is_not_translated_again(tmp_path: Path) -> None:
    first = run(tmp_path, ["add salt", "heat oil"], Double(german))
    double = Double(german)
    assert run(tmp_path, ["heat oil", "add salt"], double) == first
    assert double.batches == []


def test_progress_counts_distinct_texts_and_ends_at_the_total(tmp_path: Path) -> None:
    texts = made_up_lines(90)
    calls: list[tuple[int, int]] = []
    run(tmp_path, texts[:30], Double(german), batch_tokens=64)
    run(tmp_path, texts + texts, Double(german), lambda done, total: calls.append((done, total)), batch_tokens=64)
    assert {total for _, total in calls} == {90}
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)
    assert calls[-1] == (90, 90)


def test_no_clips_at_all(tmp_path: Path) -> None:
    assert run(tmp_path, [], Double(german)) == {}


def test_error_in_a_batch_keeps_what_was_finished(tmp_path: Path) -> None:
    texts = made_up_lines(60)
    failing = Double(german, workers=1, fails_at=4)
    with pytest.raises(RuntimeError, match="killed"):
        run(tmp_path, texts, failing, batch_tokens=64)
    again = Double(german)
    run(tmp_path, texts, again, batch_tokens=64)
    kept = set(failing.batches[:2])  # the last ones may have run beside the one that failed
    assert kept.isdisjoint(again.batches)


def test_ladder_stops_where_a_rung_mends(tmp_path: Path) -> None:
    def rule(tokens: tuple[str, ...], search: Search) -> Candidate:
        if tokens[0] == "loop" and not search.no_repeat_ngram:
            return say("ja", "ja", "ja", "ja", finished=False)
        if tokens[0] == "copy":
            return say(*tokens[:-1])  # as a sentence its first token is "Copy"
        return german(tokens, search) if tokens[0] != "Copy" else say("Kopie", "gut.")

    outcomes = run(tmp_path, ["loop now", "copy that", "add salt"], Double(rule))
    assert outcomes["loop now"] == Outcome("loopen nowen", -0.5, (), 2)
    assert outcomes["copy that"] == Outcome("Kopie gut", -0.5, (), 3)  # and our full stop is gone
    assert outcomes["add salt"].retries == 0


def test_first_sound_candidate_is_taken(tmp_path: Path) -> None:
    class Several(Double):
        def candidates(self, row: tuple[str, ...], search: Search) -> tuple[Candidate, ...]:
            all_ = (say("Eier", score=-0.125), say("da", "da", "da", "da"), say("2", "Eier"), say("zwei", "Eier"))
            return all_[: search.candidates]

    double = Several(german)
    outcomes = run(tmp_path, ["add eggs", "add 2 eggs", "add 3 eggs"], double)
    assert outcomes["add eggs"] == Outcome("Eier", -0.125, (), 0)
    assert outcomes["add 2 eggs"] == Outcome("2 Eier", -0.5, (), 1)
    assert outcomes["add 3 eggs"] == Outcome("Eier", -0.125, ("number",), 3)  # none is sound: the best-scored one


def test_row_that_still_fails_is_kept_and_flagged(tmp_path: Path) -> None:
    double = Double(
        lambda tokens, search: say("da", "da", "da", "da") if not search.no_repeat_ngram else say("add", "salt")
    )
    assert run(tmp_path, ["add salt"], double) == {"add salt": Outcome("add salt", -0.5, ("copy",), 3)}
    nothing = Double(lambda tokens, search: say())
    assert run(tmp_path / "b", ["add salt"], nothing) == {"add salt": Outcome("", -0.5, ("empty",), 3)}


def test_rare_number_comes_through_as_a_common_one(tmp_path: Path) -> None:
    def rule(tokens: tuple[str, ...], search: Search) -> Candidate:
        return german(tuple(token for token in tokens if token != "365"), search)

    double = Double(rule)
    outcomes = run(tmp_path, ["heat to 365 degrees", "heat it"], double)
    assert outcomes["heat to 365 degrees"] == Outcome("heaten toen 365en degreesen", -0.5, (), 2)
    assert ("heat", "to", "350", "degrees", "</s>") in double.batches[-1]


def test_caption_is_mended_part_by_part(tmp_path: Path) -> None:
    def rule(tokens: tuple[str, ...], search: Search) -> Candidate:
        words = german(tokens[:4] + tokens[-1:], search).pieces  # forgets what comes after the fourth word
        return say(*words, score=-0.02 if words[0] == "boilen" else -0.37)

    double = Double(rule)
    texts = ["boil 2 large eggs and cook all of them for 9 minutes", "cook all of them for 9 minutes"]
    outcomes = run(tmp_path, texts, double)
    assert outcomes[texts[0]].flags == ("number",)  # its second part loses its 9 by itself too
    assert outcomes[texts[0]].retries == 4
    mended = run(tmp_path / "b", ["boil 2 large eggs and fry 3 in oil then salt"], Double(rule))
    (outcome,) = mended.values()
    assert outcome.text == "boilen 2en largeen eggsen, fryen 3en inen oilen"
    assert outcome.score == pytest.approx(-0.195)
    assert (outcome.flags, outcome.retries) == ((), 4)
    again = Double(rule)
    assert run(tmp_path / "b", ["boil 2 large eggs and fry 3 in oil then salt"], again) == mended
    assert again.batches == []  # the parts are remembered, and the scores as exactly


def test_no_retry_when_the_recipe_says_so(tmp_path: Path) -> None:
    double = Double(lambda tokens, search: say())
    assert run(tmp_path, ["add salt"], double, retry=False) == {"add salt": Outcome("", -0.5, ("empty",), 0)}
    assert len(double.batches) == 1


def test_sentence_rung_is_left_out_where_it_changes_nothing(tmp_path: Path) -> None:
    double = Double(lambda tokens, search: say())
    assert run(tmp_path, ["Add salt."], double)["Add salt."].retries == 2
    assert len(double.batches) == 3


@pytest.mark.parametrize("room", [1, 3, 7])
def test_batch_that_does_not_fit_is_halved(tmp_path: Path, room: int) -> None:
    texts = made_up_lines(40)
    double = Double(german, room=room)
    assert run(tmp_path, texts, double) == run(tmp_path / "roomy", texts, Double(german))
    assert max(map(len, double.batches)) <= room


def test_single_text_that_does_not_fit_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="does not fit into memory") as caught:
        run(tmp_path, ["add salt", "heat oil"], Double(german, room=0))
    assert "beam_size" in caught.value.hint


def test_source_beyond_the_positions_is_cut_and_flagged_but_not_retried(tmp_path: Path) -> None:
    double = Double(lambda tokens, search: say("gut"))
    text = " ".join(made_up_lines(30))
    assert run(tmp_path, [text], double) == {text: Outcome("gut", -0.5, ("source_cut",), 0)}
    assert len(double.batches[0][0]) == 64


def test_source_beyond_the_positions_is_translated_part_by_part_where_it_has_parts(tmp_path: Path) -> None:
    text = ", then ".join(made_up_lines(30))
    outcome = run(tmp_path, [text], Double(german))[text]
    assert outcome.flags == ()
    assert outcome.text == ", ".join(" ".join(f"{word}en" for word in line.split()) for line in made_up_lines(30))


def test_batches_keep_to_the_recipe(tmp_path: Path) -> None:
    double = Double(german)
    run(tmp_path, made_up_lines(200), double, batch_tokens=64)
    assert all(len(batch) * len(max(batch, key=len)) <= 64 for batch in double.batches)


class ByBatch(Double):
    """Its scores depend on all that shares the batch, as 8-bit models' do, and it is often silent."""

    def __init__(self, fails_at: int | None = None) -> None:
        super().__init__(german, fails_at=fails_at)

    def translate(self, batch: Sequence[Source], search: Search) -> list[tuple[Candidate, ...]]:
        rows = [source.tokens for source in batch]
        super().translate(batch, search)
        score = -hashlib.sha256(repr((rows, search)).encode()).digest()[0] / 256
        silent = [hashlib.sha256(repr((row, search.no_repeat_ngram)).encode()).digest()[0] % 3 == 0 for row in rows]
        return [(say(*([] if nothing else ["so"]), score=score),) for nothing in silent]


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stops=st.lists(st.integers(0, 12), max_size=3))
def test_resumed_is_straight(tmp_path_factory: pytest.TempPathFactory, stops: list[int]) -> None:
    texts = made_up_lines(60)
    straight = run(tmp_path_factory.mktemp("straight"), texts, ByBatch(), batch_tokens=64)
    folder = tmp_path_factory.mktemp("resumed")
    for stop in stops:
        try:
            run(folder, texts, ByBatch(fails_at=stop), batch_tokens=64)
        except RuntimeError as error:
            if str(error) != "killed":
                raise
    assert run(folder, texts, ByBatch(), batch_tokens=64) == straight


def test_a_shorter_list_before_changes_nothing(tmp_path: Path) -> None:
    """What was translated for the first 30 texts shared other batches: it must not be taken for the whole list."""
    texts = made_up_lines(90)
    straight = run(tmp_path / "straight", texts, ByBatch(), batch_tokens=64)
    run(tmp_path / "limited", texts[:30], ByBatch(), batch_tokens=64)
    assert run(tmp_path / "limited", texts, ByBatch(), batch_tokens=64) == straight


def test_damaged_shard_redoes_its_whole_batch(tmp_path: Path) -> None:
    texts = made_up_lines(120)
    straight = run(tmp_path, texts, ByBatch(), batch_tokens=64)
    shard = sorted(tmp_path.rglob("*.parquet"))[3]
    shard.write_bytes(shard.read_bytes()[:-1])
    again = ByBatch()
    assert run(tmp_path, texts, again, batch_tokens=64) == straight
    assert len(again.batches) == 1


def test_as_sentence() -> None:
    assert [as_sentence(text) for text in ("add salt", "Add salt.", "öl!", "")] == [
        "Add salt.",
        "Add salt.",
        "Öl!",
        ".",
    ]


def test_unknown_piece_is_tried_again_and_a_word_that_stays_lost_is_not_mended(tmp_path: Path) -> None:
    def rule(tokens: tuple[str, ...], search: Search) -> Candidate:
        if search.disable_unk:
            words = ("die", "Henne", "schneiden") if "hen" in tokens else ("das", "schneiden")
            return say(*words)
        return Candidate("das schneiden", -0.5, True, ("das", "<unk>", "schneiden"), ("unknown",))

    outcomes = run(tmp_path, ["cut a hen", "cut a quail"], Double(rule))
    assert outcomes["cut a hen"] == Outcome("die Henne schneiden", -0.5, (), 2)
    assert outcomes["cut a quail"].flags == ("unknown",)


@pytest.mark.parametrize(
    "noise", ["Salz \ufffd dazu", "Salz <unk>", "Salz ⁇", "__de__ Salz", ">>deu<< Salz", "<2de> Salz"]
)
def test_artefact_is_no_sound_output(tmp_path: Path, noise: str) -> None:
    outcomes = run(tmp_path, ["add salt"], Double(lambda tokens, search: say(*noise.split())))
    assert "artefact" in outcomes["add salt"].flags
    assert outcomes["add salt"].retries == 3


def test_caption_without_a_word_is_kept_and_never_translated(tmp_path: Path) -> None:
    double = Double(german)
    texts = ["-", "...", "https://example.org/x", "[music]", "add salt"]
    outcomes = run(tmp_path, texts, double)
    assert [outcomes[text] for text in texts[:4]] == [Outcome(text, None, ("untranslatable",), 0) for text in texts[:4]]
    assert double.batches == [(("add", "salt", "</s>"),)]


def test_model_reads_plain_characters(tmp_path: Path) -> None:
    double = Double(german)
    outcomes = run(tmp_path, ["bake ½ at 350°F &amp; serve"], double)
    assert double.batches[0][0] == ("bake", "1/2", "at", "350", "degrees", "F", "&", "serve", "</s>")
    assert list(outcomes) == ["bake ½ at 350°F &amp; serve"]
