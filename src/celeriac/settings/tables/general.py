"""Settings about content, time and modules, and those only Celeriac has that belong to no area."""

from ..declare import INERT, Setting
from ..kinds import BOOL, DICT, MODULES, NAMES, SECONDS, TIMEZONE

TITLE = "General"

SETTINGS = (
    Setting(
        "accept_content",
        NAMES,
        ("json",),
        "Serializers and content types that may be decoded; a message of any other kind is refused unread.",
        old="CELERY_ACCEPT_CONTENT",
    ),
    Setting(
        "result_accept_content",
        NAMES,
        None,
        "The same for results; None means `accept_content` holds for them too.",
    ),
    Setting("enable_utc", BOOL, True, "Write the times in messages in UTC."),
    Setting("imports", MODULES, (), "Modules that a worker imports when it starts.", old="CELERY_IMPORTS"),
    Setting(
        "include",
        MODULES,
        (),
        "More modules to import, added to `imports`; the `include` argument of the app and `worker -I` set it.",
        old="CELERY_INCLUDE",
    ),
    Setting(
        "timezone",
        TIMEZONE,
        None,
        "The time zone of schedules and of times shown to people; None is UTC, or local time if `enable_utc` is off.",
        old="CELERY_TIMEZONE",
    ),
    Setting(
        "override_backends",
        DICT,
        {},
        "Classes to use for result backends, by alias; Celeriac finds its stores by entry point.",
        feature=INERT,
        declared=False,
    ),
    Setting(
        "publish_timeout",
        SECONDS,
        5.0,
        "How long sending a message may take, with all its retries, before it raises OperationalError.",
        own=True,
    ),
    Setting(
        "result_timeout",
        SECONDS,
        5.0,
        "How long one read or write of the result store may take before it raises OperationalError.",
        own=True,
    ),
    Setting(
        "dead_letter_ttl",
        SECONDS,
        None,
        "How long a dead letter is kept; None keeps it until it is replayed or discarded.",
        own=True,
    ),
    Setting(
        "extra_settings",
        NAMES,
        (),
        "Names of the program's own that look like settings and are to be let through; `*` stands for any letters.",
        own=True,
        celery=("*",),
        why="A misspelt setting that is silently ignored does harm months later.",
    ),
)
