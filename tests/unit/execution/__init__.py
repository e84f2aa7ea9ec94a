"""Tests of one attempt at one task."""
