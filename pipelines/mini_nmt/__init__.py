"""Data, training, conversion and evaluation of the bundled translation model: prepare, train, convert, evaluate."""
