"""Real Celery on one side, us on the other, one Redis between them."""
