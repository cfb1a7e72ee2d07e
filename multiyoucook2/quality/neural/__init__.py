"""Neural metrics that cannot live in our environment: each has one of its own, and is spoken to line by line."""
