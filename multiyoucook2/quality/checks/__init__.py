"""The checks, one file each: what it finds, registered in ``CHECKS``."""
