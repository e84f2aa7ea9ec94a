"""Fault campaigns: whole workers are killed, stopped and cut off, and every task is counted."""
