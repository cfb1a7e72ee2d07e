"""Training recipes: the pydantic models of ``pipelines/training/*.yaml``. Every value can be overridden by a flag."""

from collections.abc import Mapping, Sequence
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from ..errors import RecipeError
from ..languages import language_codes
from ..settings import NAME, Strict, load_recipe, validate_recipe
from .model.encoders import encoder_kind
from .objectives.base import OBJECTIVES, LossSettings, Objective, Reduce
from .objectives.loss import ObjectiveLoss

# what only distillation or freezing reads; a teacher has the defaults
_OF_THE_STUDENT = {
    "teachers",
    "freeze_text",
    "patience",
    "distillation_temperature",
    "contrastive_weight",
    "reduce",
    "english_twice",
    "teacher_words",
    "learned_lr",
}
_ONLY_SPEED = ("compile", "checkpoint_steps", "gradient_chunk")


class TinyShape(Strict):
    """Shape of the text encoder ``tiny``, which is trained from scratch with a tokenizer of its own."""

    vocab_size: int = Field(8000, ge=300, le=10_000_000)
    dim: int = Field(96, ge=8, le=65536)
    layers: int = Field(2, ge=1, le=1000)
    heads: int = Field(4, ge=1)


class Teacher(Strict):
    """One teacher: its text encoder, and where its training differs from the student's (``None``: as the student)."""

    name: str = Field(pattern=NAME, description="folder name of its run")
    encoder: str
    tiny: TinyShape | None = None
    temperature: float | None = Field(None, gt=0)
    lr: float | None = Field(None, gt=0)
    epochs: int | None = Field(None, ge=1)
    max_tokens: int | None = Field(None, ge=3)
    seed: int | None = Field(None, ge=0, description="its own seed, so that runs of several seeds share the teacher")


class TrainingRecipe(Strict):
    """One training run. Temperatures divide cosines; ``lr`` is Adam's, multiplied by ``lr_decay`` after each epoch."""

    name: str = Field(pattern=NAME, description="folder name of its run, unless another is given")
    objective: str = Field(description="a row of objectives.base.OBJECTIVES")
    languages: tuple[str, ...] | Literal["all"] = "all"

    encoder: str = Field("tiny", description="tiny, a registry name, a hub id, a folder, or vectors:FOLDER")
    tiny: TinyShape = TinyShape()  # pyright: ignore
    freeze_text: bool = Field(
        False, description="train only what lies above the text encoder; its vectors are computed once"
    )
    embedding_dim: int = Field(512, ge=1, le=65536)
    hidden_dim: int = Field(512, ge=1, le=65536)
    blocks: int = Field(2, ge=1, le=1000)
    heads: int = Field(4, ge=1)
    max_frames: int = Field(30, ge=1, le=100_000)
    input_dropout: float = Field(0.0, ge=0, lt=1, description="of frame features and of pooled text vectors")
    dropout: float = Field(0.0, ge=0, lt=1, description="before the video tower's last layer")

    teachers: tuple[Teacher, ...] = ()
    temperature: float = Field(0.05, gt=0, description="of the contrastive loss")
    distillation_temperature: float = Field(0.1, gt=0)
    contrastive_weight: float = Field(0.1, ge=0, le=1, description="w; the distillation has 1 - w")
    reduce: Reduce = Field("max", description="elementwise, over the teachers' similarities")
    english_twice: bool = Field(False, description="add w * NCE of English a second time, as the published code does")
    teacher_words: bool = Field(
        False, description="teachers read the words of an English caption without its marks, as in the published code"
    )
    learned_lr: float = Field(1e-2, gt=0, description="of the teachers' weights in `learned`; decays as lr does")

    epochs: int = Field(10, ge=1, le=1_000_000)
    lr: float = Field(1e-4, gt=0)
    lr_decay: float = Field(0.9, gt=0, le=1)
    weight_decay: float = Field(0.0, ge=0, description="of matrices, decoupled (AdamW)")
    batch_size: int = Field(
        64, ge=2, description="clips a step, over all processes; the last part of an epoch is dropped"
    )
    gradient_chunk: int | None = Field(
        None,
        ge=1,
        description="clips whose activations are held at once in a process; with dropout, other units are dropped",
    )
    max_tokens: int = Field(35, ge=3, description="of a text in training")
    max_tokens_eval: int = Field(40, ge=3)
    accepted_only: bool = Field(True, description="train without the translations that the validation refused")

    evaluate_every: int = Field(
        1, ge=0, description="epochs between evaluations on the validation split; 0: at the end only"
    )
    patience: int | None = Field(
        None,
        ge=1,
        description="stop after so many evaluations without a better one, and keep the best; None: last epoch",
    )
    checkpoint_steps: int | None = Field(
        None, ge=1, description="steps between checkpoints; one is written every epoch anyway"
    )
    seed: int = Field(0, ge=0)
    precision: Literal["float32", "bf16"] = "float32"
    compile: bool = Field(False, description="torch.compile of the two towers")

    @field_validator("languages", mode="before")
    @classmethod
    def _language_codes(cls, value: object) -> object:
        """A list, or a text such as ``"en,de"``; any code is admitted here, as the data set decides what there is."""
        if not isinstance(value, str | list | tuple):
            return value
        return language_codes(value if isinstance(value, str) else ",".join(str(part) for part in value)) or "all"

    @field_validator("objective")
    @classmethod
    def _known_objective(cls, value: str) -> str:
        return OBJECTIVES.find(value).name

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        needs_teachers = self.row.needs_teachers
        if self.teachers and not needs_teachers:
            raise RecipeError(f"the objective {self.objective} has no teachers")
        if needs_teachers and not self.teachers:
            raise RecipeError(f"the objective {self.objective} needs teachers")
        names = [teacher.name for teacher in self.teachers]
        if len(set(names)) != len(names):
            raise RecipeError(f"two teachers have the same name: {', '.join(names)}")
        if self.hidden_dim % self.heads:
            raise RecipeError(f"hidden_dim {self.hidden_dim} is not a multiple of heads {self.heads}")
        if self.freeze_text and not encoder_kind(self.encoder)[0].pretrained:
            raise RecipeError(
                f"the encoder {self.encoder!r} starts untrained, so it cannot be frozen", hint="choose a pretrained one"
            )
        if self.patience is not None and self.evaluate_every == 0:
            raise RecipeError("patience needs evaluate_every of 1 or more")
        return self

    @property
    def row(self) -> Objective:
        """The objective that the name stands for."""
        return OBJECTIVES.find(self.objective)

    @property
    def loss_settings(self) -> LossSettings:
        """What its losses read."""
        return LossSettings(
            temperature=self.temperature,
            distillation_temperature=self.distillation_temperature,
            contrastive_weight=self.contrastive_weight,
            reduce=self.reduce,
            english_twice=self.english_twice,
        )

    def loss(self, languages: Sequence[str], source: str = "en") -> ObjectiveLoss:
        """The loss of a batch in these languages, with fresh weights if the objective learns any."""
        return ObjectiveLoss(self.row, self.loss_settings, languages, teachers=len(self.teachers), source=source)

    def identity(self) -> dict[str, object]:
        """What a checkpoint must share with the run that resumes it: all but where and how fast it runs."""
        return self.model_dump(mode="json", exclude=set(_ONLY_SPEED))


def training_recipe(name: str, overrides: Mapping[str, object] | None = None) -> TrainingRecipe:
    """A training recipe by name or ``.yaml`` path, with overrides that reach into its sections.

    Choosing an objective without teachers drops them.

    Raises:
        RecipeError: unknown recipe, key or value, in one line.
    """
    return load_recipe(TrainingRecipe, "training", name, _without_idle_teachers(overrides))


def override(recipe: TrainingRecipe, overrides: Mapping[str, object] | None) -> TrainingRecipe:
    """The recipe with other values, as :func:`training_recipe` takes them."""
    given = _without_idle_teachers(overrides)
    return validate_recipe(TrainingRecipe, recipe.model_dump(), f"recipe {recipe.name}", given) if given else recipe


def _without_idle_teachers(overrides: Mapping[str, object] | None) -> dict[str, object]:
    given = dict(overrides or {})
    objective = given.get("objective")
    if objective in OBJECTIVES and not OBJECTIVES.find(str(objective)).needs_teachers:
        given.setdefault("teachers", ())
    return given


def teacher_recipe(student: TrainingRecipe, teacher: Teacher) -> TrainingRecipe:
    """The recipe of a teacher's own training: translate-train with its encoder, else as the student."""
    # what only distillation reads stays at its default, so that students that differ in it can share the teacher
    values = student.model_dump(exclude=_OF_THE_STUDENT) | {
        "name": f"teacher-{teacher.name}",
        "objective": "translate-train",
        "encoder": teacher.encoder,
    }
    own = teacher.model_dump(exclude={"name", "encoder"}, exclude_none=True)
    return validate_recipe(TrainingRecipe, values | own, f"teacher {teacher.name}")
