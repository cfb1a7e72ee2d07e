"""CTranslate2's loader of Gemma 3, repaired: as it is, the larger models convert wrongly, in silence.

Its loader leaves out the factor by which the positions of the global layers are divided (4B and up have 8), and the
scale of the queries where it is not that of the heads (27B). TranslateGemma and MiLMMT-46 are such models.
"""

from typing import Any


def repair_gemma3() -> None:
    """Has CTranslate2 use the repaired loader in this process."""
    import ctranslate2.specs.attention_spec as attention_spec
    import numpy as np
    from ctranslate2.converters.transformers import Gemma3Loader, register_loader
    from ctranslate2.specs import transformer_spec

    original = transformer_spec.TransformerDecoderModelSpec.from_config

    class Loader(Gemma3Loader):
        """Each layer gets the rotation and the scale of the queries that the configuration names."""

        def get_model_spec(self, model: Any) -> Any:
            config = getattr(model.config, "text_config", model.config)

            def with_scaling(*args: Any, **kwargs: Any) -> Any:
                linear = attention_spec.RotaryScalingType.Linear
                return original(*args, **kwargs | {"rotary_scaling_type": linear, "rotary_scaling_factor": 1})

            transformer_spec.TransformerDecoderModelSpec.from_config = with_scaling  # type: ignore[method-assign]
            try:
                spec = super().get_model_spec(model)  # type: ignore[no-untyped-call]
            finally:
                transformer_spec.TransformerDecoderModelSpec.from_config = original  # type: ignore[method-assign]
            for layer, kind in zip(spec.decoder.layer, config.layer_types, strict=True):
                rope, attention = config.rope_parameters[kind], layer.self_attention
                attention.rotary_base = np.float32(rope["rope_theta"])
                attention.rotary_scaling_factor = np.float32(rope.get("factor", 1))
                if config.query_pre_attn_scalar != config.head_dim:
                    attention.queries_scale = np.float32(config.query_pre_attn_scalar**-0.5)
            return spec

    for name in ("Gemma3TextConfig", "Gemma3Config"):
        register_loader(name)(Loader)
