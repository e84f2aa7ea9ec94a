"""The benchmark: Celeriac, Celery and a floor program, measured in turns on one machine in one run."""
