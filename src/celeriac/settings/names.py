"""Finds out which setting a name means, in which style it is written, and which name was meant instead."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final

import msgspec

from celeriac.core.near import near

from .catalogue import ALL, BY_NAME, BY_OLD
from .declare import PLANNED, Setting
from .mistakes import COMPANIONS, MEANT, RETIRED

NEW: Final = "new"  # task_serializer
OLD: Final = "old"  # CELERY_TASK_SERIALIZER
FOREIGN: Final = "foreign"  # another package's name that we heed

# Names that begin so are judged: they are meant for us or misspelt.
_OURS_LOWER = ("task_", "worker_", "result_", "broker_", "beat_", "event_", "control_", "security_", "accept_")
_OURS_UPPER = ("CELERY_", "CELERYD_", "CELERYBEAT_", "BROKER_")
# What we call CELERIAC_X is Celery's CELERY_X: `sed s/celery/celeriac/` is a migration.
_RENAMED = "CELERIAC"


class Meaning(msgspec.Struct, frozen=True):
    """What a name says: the setting, and the style it is written in."""

    setting: Setting
    style: str
    weight: int = 0  # of two names for one setting the lighter counts


def celery_spelling(name: str) -> str:
    """CELERIAC_X, CELERIACD_X and CELERIACBEAT_X as Celery writes them."""
    return f"CELERY{name[len(_RENAMED) :]}" if name.startswith(_RENAMED) else name


def find(name: str) -> Meaning | None:
    """The setting that a name means where no namespace is in use."""
    if setting := BY_NAME.get(name):
        return Meaning(setting, NEW)
    if setting := BY_OLD.get(celery_spelling(name)):
        return Meaning(setting, OLD)
    return _namespaced(name)


def find_in_source(name: str) -> Meaning | None:
    """The same for a name that may as well be about something else."""
    meaning = find(name)
    return None if meaning and meaning.style == OLD and _shared(name, meaning.setting) else meaning


def find_in(name: str, namespace: str) -> Meaning | None:
    """The same in a namespace: NAMESPACE_TASK_SERIALIZER; old names count too, but come second."""
    stem = stem_of(name, namespace)
    if stem is None:
        bare = find_in_source(name)
        return Meaning(bare.setting, bare.style, bare.weight + 2) if bare else None
    if setting := BY_NAME.get(stem):
        return Meaning(setting, NEW)
    if setting := BY_OLD.get(celery_spelling(name.upper())):
        return Meaning(setting, OLD, 1)
    return None


def _namespaced(name: str) -> Meaning | None:
    """CELERY_BROKER_URL where no namespace was given: Flask programs hand all their settings over so."""
    spelling = celery_spelling(name)
    setting = BY_NAME.get(spelling[7:].lower()) if spelling.startswith("CELERY_") and name.isupper() else None
    return Meaning(setting, FOREIGN, 1) if setting else None


def stem_of(name: str, namespace: str) -> str | None:
    """The name without its namespace, in lower case; None if it is not in it."""
    prefix = f"{namespace.upper().rstrip('_')}_"
    return name[len(prefix) :].lower() if name.upper().startswith(prefix) and len(name) > len(prefix) else None


def claims_to_be_ours(name: str) -> bool:
    """True for a name that must be a setting or a mistake, by how it begins or what it resembles."""
    if name.startswith(_OURS_LOWER) or celery_spelling(name).startswith(_OURS_UPPER):
        return True
    if name.startswith(("celery_", "celeriac_")):  # an app object may be named so, a setting's name is none
        return name.split("_", 1)[1] in _STEMS
    if name.isupper():  # WORKER_CONCURRENCY: a new name in the old case
        return name.startswith(("TASK_", "WORKER_", "RESULT_", "BEAT_")) and name.lower() in BY_NAME
    if name in _WITHOUT_AREA:
        return True
    return near(name, BY_NAME, 0.88) is not None if len(name) > 5 else False


def is_let_through(name: str, stem: str, patterns: Iterable[str]) -> bool:
    """True for names of companions, and those the program lists in extra_settings."""
    lower = stem.lower()
    if any(fnmatchcase(lower, pattern) for pattern in COMPANIONS):
        return True
    return any(fnmatchcase(word, pattern) for pattern in patterns for word in (name, stem, lower))


def is_retired(name: str) -> bool:
    """True for a setting of Celery 3 that does nothing since Celery 4."""
    return celery_spelling(name.upper()) in RETIRED


def stem_without_namespace(name: str) -> str:
    """A name in lower case without the prefixes of the old style."""
    lower = celery_spelling(name).lower()
    for prefix in ("celery_", "celeryd_", "celerybeat_"):
        if lower.startswith(prefix):
            return lower[len(prefix) :]
    return lower


@lru_cache(maxsize=256)
def nearest(stem: str) -> Setting | None:
    """The setting that was probably meant by a lower-case name without prefix."""
    if meant := MEANT.get(stem):
        return BY_NAME[meant]
    if setting := BY_NAME.get(stem) or _BY_OLD_STEM.get(stem):
        return setting
    ends = [setting for setting in ALL if setting.name.endswith(f"_{stem}")]
    if len(ends) == 1 or (ends and _area_first(ends)):
        return _area_first(ends) or ends[0]
    if close := near(stem, _STEMS):
        return _STEMS[close]
    return None


def _area_first(settings: list[Setting]) -> Setting | None:
    """Of several, the one of a task or a worker: what people mean when they leave the area out."""
    for area in ("task_", "worker_", "result_", "broker_", "beat_"):
        for setting in settings:
            if setting.name.startswith(area):
                return setting
    return None


def spelt(setting: Setting, style: str, namespace: str | None = None) -> str:
    """The setting's name as this style and namespace write it."""
    if namespace:
        prefix = namespace.rstrip("_")
        return f"{prefix}_{setting.name if prefix.islower() else setting.name.upper()}"
    return setting.old_name or setting.name if style == OLD else setting.name


def _shared(name: str, setting: Setting) -> bool:
    """S3_BUCKET and its like are any program's own names too: they say nothing about us while we can't use them."""
    return setting.feature == PLANNED and not celery_spelling(name).startswith(_OURS_UPPER)


_BY_OLD_STEM = {stem_without_namespace(setting.old_name): setting for setting in ALL if setting.old_name}
# acks_late, prefetch_multiplier: settings whose area was forgotten. One word alone, such as "pool", may be anything.
_WITHOUT_AREA = {
    stem
    for setting in ALL
    for area, _, stem in [setting.name.partition("_")]
    if area in ("task", "worker") and "_" in stem and not stem.startswith("log_")
}
_STEMS = {**_BY_OLD_STEM, **BY_NAME}
