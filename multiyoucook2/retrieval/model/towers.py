"""The text-video model of C2KD; student and teachers differ in the text encoder only."""

from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...errors import ModelError
from ..data.tokens import TextInput
from .encoders import TextEncoder
from .folder import Saved, push_model, read_model, write_model
from .layers import NORM_EPS, GatedEmbeddingUnit, TransformerBlock


@dataclass(frozen=True)
class ModelConfig:
    """Shape of the model besides its text encoder.

    ``video_dim``: D of the features. ``embedding_dim``: E of both outputs (512 with CLIP, 1024 with S3D features).
    ``features``: name of the features that it is trained on, for the signature, e.g. ``"s3d"``. ``input_dropout``: of
    frame features and pooled text vectors; ``dropout``: before the video tower's last layer; as published, none.
    """

    video_dim: int
    embedding_dim: int = 512
    hidden_dim: int = 512
    max_frames: int = 30
    blocks: int = 2
    heads: int = 4
    mlp_ratio: float = 1
    features: str = ""
    input_dropout: float = 0.0
    dropout: float = 0.0

    def __post_init__(self) -> None:
        """A damaged file must not ask for a model that no machine holds."""
        sizes = (self.video_dim, self.embedding_dim, self.hidden_dim, self.max_frames, self.heads)
        whole = all(isinstance(size, int) and 1 <= size <= 100_000 for size in sizes)
        if not (whole and 1 <= self.blocks <= 1000 and 1 <= self.hidden_dim * self.mlp_ratio <= 1_000_000):
            raise ValueError(f"no model has such a shape: {self}")

    def to_dict(self) -> dict[str, object]:
        """For JSON; ``ModelConfig(**value)`` is the way back."""
        return asdict(self)


class VideoTower(nn.Module):
    """Frame features [B, T, D] -> video embeddings [B, E]."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.max_frames = config.max_frames
        self.input_dropout, self.dropout = nn.Dropout(config.input_dropout), nn.Dropout(config.dropout)
        self.project = GatedEmbeddingUnit(config.video_dim, config.hidden_dim)
        self.norm = nn.LayerNorm(config.hidden_dim, eps=NORM_EPS)
        self.cls_token = nn.Parameter(torch.zeros(config.hidden_dim))
        self.masking_token = nn.Parameter(torch.zeros(config.hidden_dim))
        self.blocks = nn.ModuleList(
            TransformerBlock(config.hidden_dim, config.heads, config.mlp_ratio) for _ in range(config.blocks)
        )
        self.embed = GatedEmbeddingUnit(config.hidden_dim, config.embedding_dim)
        nn.init.trunc_normal_(self.cls_token, std=0.02)
        nn.init.trunc_normal_(self.masking_token, std=0.02)

    def forward(self, video_BTD: Tensor, mask_BT: Tensor) -> Tensor:
        video_BTD = F.normalize(video_BTD[:, : self.max_frames].to(self.cls_token.dtype), dim=-1)
        mask_BT = mask_BT[:, : self.max_frames].bool()
        x_BTH: Tensor = self.norm(self.project(self.input_dropout(video_BTD)))
        empty_B = ~mask_BT.any(1)
        first_T = torch.arange(mask_BT.shape[1], device=mask_BT.device) == 0
        stand_in_BT = empty_B[:, None] & first_T
        x_BTH = torch.where(stand_in_BT[..., None], self.masking_token.to(x_BTH.dtype), x_BTH)
        cls_B1H = self.cls_token.to(x_BTH.dtype).expand(len(x_BTH), 1, -1)
        x_BTH = torch.cat([cls_B1H, x_BTH], dim=1)
        mask_BT = F.pad(mask_BT | stand_in_BT, (1, 0), value=True)
        for block in self.blocks[:-1]:
            x_BTH = block(x_BTH, mask_BT)
        for block in self.blocks[-1:]:  # the only position that is read
            x_BTH = block(x_BTH, mask_BT, first_only=True)
        embedded: Tensor = self.embed(self.dropout(x_BTH[:, 0]))
        return embedded


class TextTower(nn.Module):
    """A text encoder's pooled vectors, normalised and gated: -> [N, E]."""

    def __init__(self, encoder: TextEncoder, config: ModelConfig) -> None:
        super().__init__()
        self.encoder = encoder
        self.input_dropout = nn.Dropout(config.input_dropout)
        self.norm = nn.LayerNorm(encoder.dim, eps=NORM_EPS)
        self.embed = GatedEmbeddingUnit(encoder.dim, config.embedding_dim)

    def forward(self, texts: TextInput) -> Tensor:
        pooled_ND: Tensor = self.encoder(texts)
        embedded: Tensor = self.embed(self.input_dropout(self.norm(pooled_ND.to(self.norm.weight.dtype))))
        return embedded


class TextVideoModel(nn.Module):
    """Texts and videos in one space; compare them with ``similarity.cosine_similarity(text_QE, video_CE)``.

    Example::

        model = TextVideoModel(ModelConfig(video_dim=512), load_encoder("labse"))
        text_NE = model.encode_text(model.tokenize(["mix the eggs", "die Eier verrühren"]))
        video_BE = model.encode_video(video_BTD, mask_BT)
        model.save_pretrained("runs/x/model"); TextVideoModel.from_pretrained("runs/x/model")
    """

    def __init__(self, config: ModelConfig, encoder: TextEncoder) -> None:
        super().__init__()
        self.config = config
        self.video = VideoTower(config)
        self.text = TextTower(encoder, config)

    @property
    def encoder(self) -> TextEncoder:
        """The text encoder with its tokenizer."""
        return self.text.encoder

    def tokenize(self, texts: list[str], *, max_length: int | None = None) -> TextInput:
        """Texts -> what :meth:`encode_text` takes, on the model's device."""
        return self.encoder.buckets(texts, max_length=max_length).to(self.text.norm.weight.device)

    def encode_text(self, texts: TextInput) -> Tensor:
        """Tokens, buckets of tokens, or sentence vectors [N, D] of the encoder -> embeddings [N, E], not normalised."""
        embedded: Tensor = self.text(texts)
        return embedded

    def encode_video(self, video_BTD: Tensor, mask_BT: Tensor) -> Tensor:
        """Raw frame features and their mask (True where there is a frame) -> embeddings [B, E], not normalised.

        Frames are L2-normalised here and cut to ``config.max_frames``; a clip without a frame gets a learned token. T
        must be 1 at least.

        Raises:
            ValueError: another D than the model was made for, or a mask of another shape.
        """
        if video_BTD.ndim != 3 or video_BTD.shape[2] != self.config.video_dim or video_BTD.shape[:2] != mask_BT.shape:
            raise ValueError(
                f"features must be [B, T, {self.config.video_dim}] with a mask [B, T], "
                f"not {list(video_BTD.shape)} and {list(mask_BT.shape)}"
            )
        embedded: Tensor = self.video(video_BTD, mask_BT)
        return embedded

    def forward(self, texts: TextInput, video_BTD: Tensor, mask_BT: Tensor) -> tuple[Tensor, Tensor]:
        """Both at once (what data-parallel wrappers call): text embeddings [N, E], video embeddings [B, E]."""
        return self.encode_text(texts), self.encode_video(video_BTD, mask_BT)

    def save_pretrained(self, folder: str | Path, *, card: str | None = None) -> None:
        """Write weights (safetensors), config (JSON), tokenizer and model card into ``folder``, whole or not at all."""
        write_model(self._saved(), Path(folder), card=card)

    @classmethod
    def from_pretrained(
        cls, source: str | Path, *, revision: str | None = None, offline: bool = False
    ) -> "TextVideoModel":
        """A saved model from a folder or a hub id, in eval mode; the weights must fit exactly.

        Raises:
            ModelError: not found, damaged, or weights that do not fit the config.
        """
        saved = read_model(source, revision=revision, offline=offline)
        try:
            model = cls(ModelConfig(**saved.config), saved.encoder)
            model.load_state_dict(dict(saved.weights), strict=True)
        except (RuntimeError, TypeError, ValueError, MemoryError, ArithmeticError) as error:
            reason = " ".join(str(error).split())
            raise ModelError(f"the weights of {source} do not fit its config: {reason[:300]}") from None
        return model.eval()

    def push_to_hub(self, repo_id: str, *, private: bool = False, card: str | None = None) -> str:
        """Upload what :meth:`save_pretrained` writes, in one commit; returns the commit's URL."""
        return push_model(self._saved(), repo_id, private=private, card=card)

    def _saved(self) -> Saved:
        return Saved(self.config.to_dict(), self.encoder, self.state_dict())
