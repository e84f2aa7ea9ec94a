"""Bytes to values and back: serializers, task messages, envelopes and results; pure, without I/O."""
