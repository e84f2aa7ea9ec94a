"""The tools of this project and of its tests."""
