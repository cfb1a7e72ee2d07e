"""Training recipes: the published settings as METHOD's table has them, and what is refused."""

import pytest

from multiyoucook2.errors import RecipeError
from multiyoucook2.retrieval.recipe import TrainingRecipe, teacher_recipe, training_recipe
from multiyoucook2.settings import recipe_names, set_values

# data set -> t, d, w, reduce, epochs, lr, embedding size, training tokens
PUBLISHED = {
    "c2kd-youcook2": (0.05, 0.1, 0.1, "max", 10, 1e-4, 1024, 35),
    "c2kd-msrvtt": (0.1, 0.1, 0.5, "max", 20, 1e-4, 512, 35),
    "c2kd-vatex": (0.05, 0.1, 0.1, "min", 30, 1e-4, 512, 40),
    "c2kd-rudder": (0.05, 0.1, 0.1, "mean", 20, 5e-5, 512, 40),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_settings(name: str) -> None:
    recipe = training_recipe(name)
    found = (
        recipe.temperature, recipe.distillation_temperature, recipe.contrastive_weight, recipe.reduce, recipe.epochs,
        recipe.lr, recipe.embedding_dim, recipe.max_tokens,
    )  # fmt: skip
    assert found == PUBLISHED[name]
    assert (recipe.encoder, recipe.batch_size, recipe.lr_decay, recipe.max_tokens_eval) == ("labse", 64, 0.9, 40)
    assert [teacher.encoder for teacher in recipe.teachers] == ["xlm-r", "mbert", "distiluse"]
    assert not recipe.english_twice


# data set -> temperature of the baselines, training tokens of the teachers, their learning rates, words only
BASELINES = {
    "youcook2": (0.1, 35, [1e-4, 1e-4, 1e-4], True),
    "msrvtt": (0.1, 40, [1e-4, 1e-4, 1e-4], True),
    "vatex": (0.05, 40, [1e-4, 1e-4, 1e-4], True),
    "rudder": (0.05, 40, [5e-5, 5e-5, 1e-4], False),
}


@pytest.mark.parametrize("name", BASELINES)
def test_published_teachers_and_baselines(name: str) -> None:
    temperature, tokens, rates, words = BASELINES[name]
    student = training_recipe(f"c2kd-{name}")
    for objective in ("zero-shot", "translate-train"):
        baseline = training_recipe(f"{objective}-{name}")
        assert (baseline.objective, baseline.temperature) == (objective, temperature)
        for same in ("epochs", "lr", "embedding_dim", "max_tokens", "languages", "encoder", "precision"):
            assert getattr(baseline, same) == getattr(student, same), same
    teachers = [teacher_recipe(student, teacher) for teacher in student.teachers]
    assert [teacher.temperature for teacher in teachers] == [0.05] * 3
    assert [teacher.max_tokens for teacher in teachers] == [tokens] * 3
    assert [teacher.lr for teacher in teachers] == rates
    assert [teacher.epochs for teacher in teachers] == [student.epochs] * 3
    assert student.teacher_words is words
    assert (student.input_dropout, student.dropout, student.weight_decay) == (0, 0, 0)  # as published


@pytest.mark.parametrize("name", recipe_names("training"))
def test_every_recipe_loads_and_its_teachers_too(name: str) -> None:
    recipe = training_recipe(name)
    assert recipe.name == name
    for teacher in recipe.teachers:
        made = teacher_recipe(recipe, teacher)
        assert (made.objective, made.teachers, made.encoder) == ("translate-train", (), teacher.encoder)


def test_students_that_differ_in_distillation_share_their_teachers() -> None:
    one = training_recipe("c2kd-tiny")
    other = training_recipe("c2kd-tiny", {"reduce": "mean", "contrastive_weight": 0.7, "seed": 3, "patience": 2})
    for mine, theirs in zip(one.teachers, other.teachers, strict=True):
        assert teacher_recipe(one, mine).identity() == teacher_recipe(other, theirs).identity()


def test_languages_are_a_list_or_a_text() -> None:
    assert training_recipe("c2kd-tiny", {"languages": "en, cz,EN"}).languages == ("en", "cs")
    assert training_recipe("c2kd-tiny", {"languages": ["all"]}).languages == "all"
    assert training_recipe("c2kd-tiny", {"languages": "en,xx"}).languages == ("en", "xx")  # the data set decides


def test_an_objective_without_teachers_drops_them() -> None:
    assert training_recipe("c2kd-tiny", {"objective": "zero-shot"}).teachers == ()


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"reduc": "max"}, "unknown key 'reduc'"),
        ({"reduce": "median"}, "reduce: Input should be 'max', 'min' or 'mean'"),
        ({"contrastive_weight": 1.5}, "contrastive_weight"),
        ({"temperature": 0}, "temperature"),
        ({"teachers": []}, "needs teachers"),
        ({"hidden_dim": 10}, "not a multiple of heads"),
        ({"freeze_text": True}, "cannot be frozen"),
        ({"patience": 2, "evaluate_every": 0}, "patience needs evaluate_every"),
        ({"languages": " , "}, "no language given"),
        ({"teachers": [{"name": "a", "encoder": "tiny"}] * 2}, "same name"),
        ({"teachers": [{"name": "../a", "encoder": "tiny"}]}, r"teachers\.0\.name"),
    ],
)
def test_impossible_values_are_refused(overrides: dict[str, object], message: str) -> None:
    with pytest.raises(RecipeError, match=message) as caught:
        training_recipe("c2kd-tiny", overrides)
    assert "\n" not in str(caught.value)


def test_unknown_recipe_names_the_nearest() -> None:
    with pytest.raises(RecipeError, match="unknown recipe 'c2kd-youcok2'") as caught:
        training_recipe("c2kd-youcok2")
    assert "did you mean 'c2kd-youcook2'" in caught.value.hint


def test_assignments_become_overrides() -> None:
    assert set_values(["reduce=mean", "tiny.dim=64", "tiny.layers=1", "freeze_text=true", "gradient_chunk=null"]) == {
        "reduce": "mean",
        "tiny": {"dim": 64, "layers": 1},
        "freeze_text": True,
        "gradient_chunk": None,
    }
    for wrong in ("reduce", "=3", "a=[1"):
        with pytest.raises(RecipeError, match="--set"):
            set_values([wrong])


def test_what_only_changes_the_speed_is_no_part_of_a_runs_identity() -> None:
    plain = training_recipe("c2kd-tiny").identity()
    assert training_recipe("c2kd-tiny", {"compile": True, "checkpoint_steps": 7}).identity() == plain
    assert training_recipe("c2kd-tiny", {"lr": 0.5}).identity() != plain
    assert TrainingRecipe(**plain | {"name": "c2kd-tiny"}).identity() == plain
