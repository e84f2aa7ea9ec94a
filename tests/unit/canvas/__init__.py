"""Unit tests of workflows."""
