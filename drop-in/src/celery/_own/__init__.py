"""What Celery's modules offer to programs and Celeriac itself has no use for: small tools, written for the drop-in."""
