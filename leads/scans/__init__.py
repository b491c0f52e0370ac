"""Scans of which nobody can tell yet whose they are."""
