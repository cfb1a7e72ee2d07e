"""Runners: where work that is cut into pieces is done, in this process or on a cluster. One file each."""
