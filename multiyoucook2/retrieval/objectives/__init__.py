"""What a training step minimises: losses, the registry of objectives, and what teachers say together."""
