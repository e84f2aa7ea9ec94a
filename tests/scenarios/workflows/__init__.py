"""Workflows on real workers: what follows a run, in every way that runs end."""
