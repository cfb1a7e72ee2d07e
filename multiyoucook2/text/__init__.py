"""Knowledge of languages that translation and quality share: numbers, scripts, identification, repetition."""
