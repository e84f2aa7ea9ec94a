"""Programs as introductions to Celery print them, run by the drop-in's own command against real servers.

They are as printed but for the address of the server, and for Python 2's print.
"""
