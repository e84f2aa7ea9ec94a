"""Settings: declared once, read from anywhere Celery programs keep them, checked, and fast to read."""

from .catalogue import ALL, BY_NAME, BY_OLD, celery_defaults, defaults, differences
from .censor import censored, mask_url
from .declare import AVAILABLE, INERT, PLANNED, Setting
from .settings import Settings
from .sources import load, read_cmdline, read_environ, read_envvar, read_object

__all__ = [
    "ALL",
    "AVAILABLE",
    "BY_NAME",
    "BY_OLD",
    "INERT",
    "PLANNED",
    "Setting",
    "Settings",
    "celery_defaults",
    "censored",
    "defaults",
    "differences",
    "load",
    "mask_url",
    "read_cmdline",
    "read_environ",
    "read_envvar",
    "read_object",
]
