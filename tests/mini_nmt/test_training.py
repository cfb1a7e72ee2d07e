"""The trainer: its loss against PyTorch's, resumed runs, and the conversion to CTranslate2."""

import argparse
import random
from datetime import datetime
from pathlib import Path

import ctranslate2
import pytest
import sentencepiece
import torch
from torch.nn import functional as F

from multiyoucook2.sources.youcook2 import mini_annotations
from pipelines.mini_nmt import convert, prepare, schedule, text, train
from pipelines.mini_nmt.model import Shape, SmoothedCrossEntropy, TranslationModel
from pipelines.mini_nmt.restore import model_weights


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small training folder: German and Japanese captions, 1,500 pieces."""
    out = tmp_path_factory.mktemp("nmt")
    options = ["--out", str(out), "--langs", "de,ja", "--grammar", "5200", "--lists", "300", "--vocabulary", "2500"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["prepare", *options])
        prepare.main()
    return out


def run(data: Path, steps: int, patch: pytest.MonkeyPatch, *options: str) -> dict[str, torch.Tensor]:
    common = ["--steps", str(steps), "--batch-tokens", "600", "--log-every", "1", "--save-every", "1"]
    patch.setattr("sys.argv", ["train", "--data", str(data), *common, *options])
    train.main()
    state: dict[str, torch.Tensor] = torch.load(data / "checkpoint.pt", weights_only=True)["model"]
    return state


def test_loss_is_pytorchs() -> None:
    torch.manual_seed(0)
    states, weight = torch.randn(7, 5, requires_grad=True), torch.randn(11, 5, requires_grad=True)
    target = torch.randint(0, 11, (7,))
    ours = SmoothedCrossEntropy.apply(states, weight, target, 0.1)
    theirs = F.cross_entropy(states @ weight.T, target, label_smoothing=0.1)
    torch.testing.assert_close(ours, theirs)
    for mine, other in zip(
        torch.autograd.grad(3 * ours, (states, weight)), torch.autograd.grad(3 * theirs, (states, weight)), strict=True
    ):
        torch.testing.assert_close(mine, other)


def test_padding_changes_nothing() -> None:
    torch.manual_seed(0)
    model = TranslationModel(Shape(vocabulary=50, width=32, heads=2, inner=64, encoder_layers=1, decoder_layers=2))
    source, target = torch.randint(3, 50, (2, 6)), torch.randint(3, 50, (2, 5))
    inputs, outputs = target[:, :-1], target[:, 1:].clone()
    plain = model.loss(source, inputs, outputs, smoothing=0.1)
    padded = model.loss(source, F.pad(inputs, (0, 3)), F.pad(outputs, (0, 3), value=-1), smoothing=0.1)
    torch.testing.assert_close(plain, padded)


def seen_in_part(pairs: train.Pairs, seen: list[int], part: str) -> float:
    """How often a pair of the part is seen, on average."""
    of_part = pairs.part == text.PARTS.index(part)
    return float(of_part[seen].sum() / of_part.sum())


def test_batches_hold_the_parts_as_often_as_said_and_one_source_length(data: Path) -> None:
    pairs = train.Pairs(
        data, batch_tokens=600, seed=1, seen=train.SEEN | train.seen_from("grammar=0.25,handwritten=1.5")
    )
    batches = pairs.epoch(0)
    seen = sorted(int(i) for batch in batches for i in batch)
    written = {int(i) for i in (pairs.part == text.PARTS.index("handwritten")).nonzero()[0]}
    assert written <= set(seen)
    times = {part: seen_in_part(pairs, seen, part) for part in ("grammar", "handwritten")}
    assert times["handwritten"] == pytest.approx(1.5, abs=0.05)
    assert times["grammar"] == pytest.approx(0.25, abs=0.05)
    for index in batches[:50]:
        source, target_in, target_out = pairs.batch(index)
        assert len({int(n) for n in (pairs.source_end - pairs.source_start)[index]}) == 1
        assert source.shape[0] == target_in.shape[0] == len(index)
        # The output is the input moved by one, ended by </s>.
        assert ((target_in[:, 1:] == target_out[:, :-1]) | (target_out[:, :-1] < 0) | (target_out[:, :-1] == 2)).all()


def test_a_usual_number_is_one_piece_on_both_sides(data: Path) -> None:
    """With a space before it or without; others are digits, and nothing is lost."""
    vocabulary = sentencepiece.SentencePieceProcessor(model_file=str(data / "sentencepiece.model"))
    texts = ["heat to 350 degrees", "350度に熱する", "97 g add"]
    pieces = [vocabulary.encode(one, out_type=str) for one in texts]
    assert all("350" in of_one for of_one in pieces[:2])
    assert pieces[2][:3] == ["▁", "9", "7"]
    assert vocabulary.decode(pieces) == texts


def test_an_unknown_part_is_refused() -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="no such part: reel; there are grammar"):
        train.seen_from("reel=8")


def test_resumed_is_straight(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = data / "checkpoint.pt"
    straight = run(data, 4, monkeypatch)
    checkpoint.unlink()
    # Two steps, then the other two: the schedule depends on the number of steps, so it is told the same in both.
    monkeypatch.setattr(train, "learning_rate", lambda step, done, peak: peak / 10)
    run(data, 2, monkeypatch)
    resumed = run(data, 4, monkeypatch)
    checkpoint.unlink()
    constant = run(data, 4, monkeypatch)
    assert all(torch.equal(resumed[name], constant[name]) for name in constant)
    assert any(not torch.equal(straight[name], constant[name]) for name in constant)


def test_warm_start_finds_pieces_by_their_text(data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run(data, 1, monkeypatch)
    state = torch.load(data / "checkpoint.pt", weights_only=True)["average"]
    with pytest.MonkeyPatch.context() as patch:
        options = [
            "--out",
            str(tmp_path),
            "--langs",
            "de",
            "--grammar",
            "5200",
            "--lists",
            "300",
            "--vocabulary",
            "1500",
        ]
        patch.setattr("sys.argv", ["prepare", *options])
        prepare.main()
    old, new = (
        sentencepiece.SentencePieceProcessor(model_file=str(folder / "sentencepiece.model"))
        for folder in (data, tmp_path)
    )
    model = TranslationModel(Shape(vocabulary=new.get_piece_size()))
    train.warm_start(model, data, tmp_path)
    known = {old.id_to_piece(i): i for i in range(old.get_piece_size())}
    shared = [i for i in range(new.get_piece_size()) if new.id_to_piece(i) in known]
    assert len(shared) > 500
    assert any(known[new.id_to_piece(i)] != i for i in shared)
    for i in shared:
        assert torch.equal(model.embedding.weight[i], state["embedding.weight"][known[new.id_to_piece(i)]])
    weights = model.state_dict()
    assert all(torch.equal(weights[name], state[name]) for name in state if name != "embedding.weight")


@pytest.mark.parametrize(
    ("english", "target", "kept"),
    [
        ("bake at 350 f for 8-10 minutes", "bei 350 °F 8-10 Minuten lang backen", ()),
        ("add 2 eggs and 1/4 cup milk", "2 Eier und 1/4 Tasse Milch zugeben", ("2",)),
        ("wait 20 minutes then 20 more", "20 Minuten warten, dann noch 20", ("20", "20")),
        ("add five eggs", "5 Eier zugeben", ("5",)),
    ],
)
def test_renumbered_captions_have_the_same_numbers_on_both_sides(
    english: str, target: str, kept: tuple[str, ...]
) -> None:
    rng, changed = random.Random(1), 0
    before = text.NUMBER.findall(target)
    for _ in range(50):
        left, right = text.renumber(english, target, rng)
        found = text.NUMBER.findall(right)
        assert text.NUMBER.sub("", right) == text.NUMBER.sub("", target)
        assert set(text.NUMBER.findall(left)) <= set(found)
        assert [len(number) for number in found] == [len(number) for number in before]
        assert all(found.count(number) >= kept.count(number) for number in kept)
        changed += found != before
    assert (changed > 30) == (len(kept) < len(before))


@pytest.mark.parametrize(
    ("code", "targets", "expected"),
    [
        ("de", ["Salz hinzufügen", "umrühren", "servieren"], "Salz hinzufügen, umrühren und servieren"),
        ("es", ["añade sal", "incorpora el aceite"], "añade sal e incorpora el aceite"),
        ("ja", ["塩を加える", "卵を割って混ぜる"], "塩を加えて卵を割って混ぜる"),
        ("ja", ["小麦粉1 1/2カップを加える", "混ぜる"], "小麦粉1 1/2カップを加えて混ぜる"),
    ],
)
def test_joined_captions_are_those_of_the_language(code: str, targets: list[str], expected: str) -> None:
    language = text.load_language(code)
    assert language.finish(language.clauses(targets)) == expected


def test_joined_captions_say_all_that_their_parts_say() -> None:
    written = [(f"add {number} eggs now", f"{number} Eier zugeben") for number in range(100, 160)]
    pairs = text.joined(written, text.load_language("de"), random.Random(1))
    assert {english.count("eggs") for english, _ in pairs} == {2, 3}
    for english, target in pairs:
        assert text.NUMBER.findall(english) == text.NUMBER.findall(target)
    assert text.joined([("cut the ham", "ハム2枚")] * 9, text.load_language("ja"), random.Random(1)) == []


def test_a_stop_at_a_bad_loss_names_the_step(data: Path) -> None:
    trainer = train.Trainer(data.parent / "nowhere", Shape(vocabulary=50, width=32, heads=2, inner=64), 1e-3, "x")
    torch.nn.init.constant_(trainer.model.embedding.weight, float("nan"))
    batch = tuple(torch.ones(1, length, dtype=torch.long) for length in (3, 2, 2))
    with pytest.raises(FloatingPointError, match="at step 0"):
        trainer.update(batch, done=0.1)


def greedy(model: TranslationModel, source: list[int], longest: int) -> list[int]:
    """The likeliest piece after piece, up to </s>."""
    output = [1]
    while len(output) <= longest and output[-1] != 2:
        states = model(torch.tensor([source]), torch.tensor([output]))[0, -1]
        output.append(int((model.embedding.weight @ states).argmax()))
    return [piece for piece in output[1:] if piece != 2]


def same_greedy_outputs(folder: Path, model: TranslationModel, langs: list[str]) -> int:
    """Checks that a converted model and its PyTorch twin translate captions alike; returns the number of pieces."""
    processor = sentencepiece.SentencePieceProcessor(model_file=str(folder / "sentencepiece.model"))
    translator = ctranslate2.Translator(str(folder), compute_type="float32")
    pieces = 0
    for lang in langs:
        for caption in ("add the onions to the pan and stir", "cut 2 carrots into thin slices"):
            source = [processor.piece_to_id(f"<2{lang}>"), *processor.encode(caption), processor.eos_id()]
            tokens = [processor.id_to_piece(i) for i in source]
            ours = translator.translate_batch([tokens], beam_size=1, max_decoding_length=30)[0].hypotheses[0]
            assert ours == [processor.id_to_piece(i) for i in greedy(model, source, 30)]
            pieces += len(ours)
    return pieces


def test_conversion_decodes_like_pytorch(data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run(data, 3, monkeypatch)
    convert.convert(data, tmp_path / "model", quantization="float32")
    state = torch.load(data / "checkpoint.pt", weights_only=True)
    model = TranslationModel(Shape(vocabulary=len(state["average"]["embedding.weight"]))).eval()
    model.load_state_dict(state["average"])
    assert same_greedy_outputs(tmp_path / "model", model, ["de"]) > 5


def test_the_shipped_model_can_be_trained_on() -> None:
    folder = mini_annotations().parent / "model"
    model = TranslationModel(Shape(vocabulary=8000)).eval()
    train.warm_start(model, folder, folder)
    assert same_greedy_outputs(folder, model, ["de", "ja", "ru"]) > 30


def test_conversion_and_back_loses_only_the_rounding(
    data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run(data, 3, monkeypatch)
    weights = torch.load(data / "checkpoint.pt", weights_only=True)["average"]
    for quantization, tolerance in (("float32", 0.0), ("int8", 0.5 / 127)):
        convert.convert(data, tmp_path / quantization, quantization=quantization)
        back = model_weights(tmp_path / quantization, list(weights))
        for name, value in weights.items():
            largest = value.abs().amax(-1, keepdim=True)
            assert ((back[name] - value).abs() <= tolerance * largest * 1.001).all(), name


def test_another_version_of_the_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"\x07\0\0\0")
    with pytest.raises(ValueError, match="version 7"):
        model_weights(tmp_path, ["embedding.weight"])


def test_a_run_by_the_clock_ends_at_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert schedule.seconds_until("19:05", datetime(2026, 1, 5, 18, 0)) == 65 * 60
    assert schedule.seconds_until("01:00", datetime(2026, 1, 5, 23, 30)) == 90 * 60
    moment = 100.0
    monkeypatch.setattr(schedule, "monotonic", lambda: moment)
    monkeypatch.setattr(schedule, "seconds_until", lambda *_: 3000.0)
    budget = schedule.Budget(steps=1, until="19:05", before=1000.0)  # 1,000 s of 4,000 are over
    assert budget.done(step=77) == 0.25
    moment += 1000
    assert budget.done(step=78) == 0.5
    assert schedule.learning_rate(5000, 0.5, 1.0) == 0.75
    moment += 2000
    assert budget.done(step=79) == 1
