"""All that the tests of operating need, of both programs: one worker of each library answers and is monitored."""

from monitored import app, heard, tell
from remote import ended, inspected, refused, sleep, told

__all__ = ["app", "ended", "heard", "inspected", "refused", "sleep", "tell", "told"]
