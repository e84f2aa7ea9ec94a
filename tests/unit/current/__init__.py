"""Tests of the process globals."""
