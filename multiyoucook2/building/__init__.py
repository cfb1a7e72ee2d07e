"""Builds: from captions to a data set, stage by stage, in a folder that survives being killed."""
