"""The drop-in: programs written for Celery, run with the drop-in installed in an environment of its own."""
