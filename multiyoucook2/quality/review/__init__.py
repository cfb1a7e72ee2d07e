"""Review: people look at translations, accept, mend or reject them; what they said survives every later build."""
