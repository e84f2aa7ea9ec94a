"""Bytes as real Celery writes them: recorded vectors, and what must be true of any bytes."""
