"""Writes docs/settings.md from the declarations: `python -m celeriac.settings.document [file]`."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .catalogue import ALL, AREAS, differences
from .declare import AVAILABLE, INERT, PLANNED, SAME, Setting

INTRODUCTION = """\
# Settings

This page is generated from the declarations in `celeriac/settings/tables`; change those, then run
`python -m celeriac.settings.document docs/settings.md`.

Settings are named as in Celery. They can be written in the style of today (`task_serializer`), in the capitals of
Celery 3 (`CELERY_TASK_SERIALIZER`, column "Old name"), or in capitals after a namespace: with
`app.config_from_object("django.conf:settings", namespace="CELERY")` every setting is `CELERY_` and its name in
capitals, such as `CELERY_BROKER_URL`. One place can't mix small letters and
capitals. Wherever Celery's names hold
`CELERY`, `CELERIAC` does as well.

A name that looks like a setting and is none is refused, with the name that was probably meant. Names of the
program's own that begin like a setting are let through when they are listed in `extra_settings`.

`CELERIAC_BROKER_URL`, `CELERIAC_BROKER_READ_URL`, `CELERIAC_BROKER_WRITE_URL` and `CELERIAC_RESULT_BACKEND` in the
environment (or the same with `CELERY_`) go before everything the program says. After them come changes made on
`app.conf` and in the app's constructor, then the configuration, then `add_defaults`, then the defaults below.

Durations are seconds; a `timedelta` and text such as `"5"` are understood too. What the column "Here" says:
"yes", it works; "no effect", it may be set, which gives a warning as long as nothing reads it; "later", only its
default is accepted in this release.
"""

HERE = {AVAILABLE: "yes", INERT: "no effect", PLANNED: "later"}


def page() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield INTRODUCTION
    yield "## Defaults that are not Celery's\n"
    yield from _row("Setting", "Celeriac", "Celery 5.7", "Why")
    yield _rule(4)
    for setting in (*differences(), *(one for one in ALL if one.why and one.celery is SAME)):
        yield from _row(_code(setting.name), _value(setting.default), _value(setting.celery_default), setting.why)
    yield "\n## Settings that only Celeriac has\n"
    yield ", ".join(_code(setting.name) for setting in ALL if setting.own) + "."
    for title, settings in AREAS:
        yield f"\n## {title}\n"
        yield from _row("Setting", "Old name", "Type", "Default", "Here", "Meaning")
        yield _rule(6)
        for setting in settings:
            yield from _row(*_cells(setting))


def _cells(setting: Setting) -> tuple[str, ...]:
    default = _value(setting.default)
    if setting.celery is not SAME and not setting.own:
        default += f" (Celery: {_value(setting.celery)})"
    old = _code(setting.old_name) if setting.old_name else "–"
    return _code(setting.name), old, setting.kind.name, default, HERE[setting.feature], setting.doc


def _row(*cells: str) -> Iterator[str]:
    yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _rule(columns: int) -> str:
    return f"|{'---|' * columns}"


def _code(text: str) -> str:
    return f"`{text}`"


def _value(value: Any) -> str:
    return _code(repr(value))


def main(arguments: list[str]) -> None:
    """Write the page to the file named, or print it."""
    if arguments:
        Path(arguments[0]).write_text(page(), encoding="utf-8")
    else:
        sys.stdout.write(page())


if __name__ == "__main__":
    main(sys.argv[1:])
