"""Whole workers, started by the command users type and seen through the doors users have."""
