"""The text-video model: towers, text encoders, its folder."""
