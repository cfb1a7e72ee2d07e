"""The objectives, a file each."""
