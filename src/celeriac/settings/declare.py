"""What the declaration of one setting says; every table of settings is made of these."""

from typing import Any, Final, Literal

import msgspec

from ..core.errors import ImproperlyConfigured
from .censor import shown
from .kinds import Kind

AVAILABLE: Final = "available"  # works
PLANNED: Final = "planned"  # known, but any value except the default is refused: it would promise what is not there
INERT: Final = "inert"  # known; another value than the default is kept and warned of, so that old modules load

Feature = Literal["available", "planned", "inert"]


class Same:
    """The type of SAME: Celery's default is ours."""

    def __repr__(self) -> str:
        return "SAME"


SAME: Final = Same()


class Setting(msgspec.Struct, frozen=True):
    """One setting, declared once: documentation, old names, defaults and checks all come from here."""

    name: str
    kind: Kind
    default: Any
    doc: str  # one sentence, or a few short ones
    old: str = ""  # the upper-case name of Celery 3; empty: the name in capitals
    celery: Any = SAME  # Celery's default, where it is another one
    feature: Feature = AVAILABLE
    none: bool = False  # None is allowed although it is not the default
    own: bool = False  # Celery does not know it
    declared: bool = True  # False: Celery reads it but declares no default and no old name
    secret: bool = False  # never shown
    why: str = ""  # why the default differs from Celery's

    @property
    def old_name(self) -> str:
        """The upper-case name of Celery 3; empty where there never was one."""
        if self.own or not self.declared:
            return ""
        return self.old or self.name.upper()

    @property
    def celery_default(self) -> Any:
        return self.default if self.celery is SAME else self.celery

    def check(self, value: Any, key: str = "") -> Any:
        """The value to keep; `key` is the name it was given under."""
        if value is None and self.default == {}:
            return {}
        if value is None:
            if self.none or self.default is None or self.celery is None:
                return None
            raise ImproperlyConfigured(f"{key or self.name} is None: expected {self.kind.expects}.")
        try:
            return self.kind.check(value)
        except (ValueError, TypeError, OverflowError):
            raise ImproperlyConfigured(self._misfit(value, key)) from None

    def parse(self, text: str, key: str = "") -> Any:
        """The value that a command line or an environment variable spells."""
        if text in ("None", "null") and (self.none or self.default is None):
            return None
        try:
            return self.kind.parse(text)
        except (ValueError, TypeError, OverflowError):
            raise ImproperlyConfigured(self._misfit(text, key)) from None

    def is_default(self, value: Any) -> bool:
        """True for a value that asks for nothing: our default or Celery's."""
        return bool(value == self.default or value == self.celery_default)

    def _misfit(self, value: Any, key: str) -> str:
        kind = type(value).__name__
        what = f"of type {kind}" if self.secret else f"{shown(self.name, value)} ({kind})"
        return f"{key or self.name} is {what}: expected {self.kind.expects}."
