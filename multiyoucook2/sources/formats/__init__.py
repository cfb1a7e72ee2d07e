"""Files of captions in any usual format -> rows by name. A format is one file here."""
