"""Workflows: calls that are not made yet, joined to chains, groups and chords; planning them is pure."""

from . import replacing, unlocking
from .chain import _chain, chain
from .chord import _chord, chord
from .group import group
from .mapping import _basemap, chunks, xmap, xstarmap
from .signature import Signature, maybe_signature, maybe_subtask, signature, subtask
from .stamping import StampingVisitor

__all__ = [
    "Signature",
    "StampingVisitor",
    "_basemap",
    "_chain",
    "_chord",
    "chain",
    "chord",
    "chunks",
    "group",
    "maybe_signature",
    "maybe_subtask",
    "replacing",
    "signature",
    "subtask",
    "unlocking",
    "xmap",
    "xstarmap",
]
