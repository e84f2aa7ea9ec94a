"""Celery's import package on top of Celeriac: `from celery import Celery` works, and every other name of the table."""

import os
import sys

from . import _importer, _loggers

if os.path.exists(os.path.join(os.path.dirname(__file__), "app", "base.py")):
    raise ImportError(
        "Celery and Celeriac's drop-in for it are installed into one folder. "
        "Remove both and install one: pip uninstall celery celeriac-drop-in; pip install celeriac-drop-in"
    )

_loggers.share()
_importer.install(sys.modules[__name__])
