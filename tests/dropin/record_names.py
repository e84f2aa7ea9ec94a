"""Writes celery_names.json: the public names of each module of the installed Celery. Run it with real Celery:

.venv-celery/bin/python tests/dropin/record_names.py
"""

import importlib
import json
import pkgutil
import warnings
from pathlib import Path
from types import ModuleType

import celery


def names_of(module: ModuleType) -> list[str]:
    """What __all__ says, else what the module itself defines."""
    said = getattr(module, "__all__", None)
    found = said if said is not None else [name for name, value in vars(module).items() if _own(module, value)]
    return sorted(str(name) for name in found if not str(name).startswith("_"))


def _own(module: ModuleType, value: object) -> bool:
    return not isinstance(value, ModuleType) and getattr(value, "__module__", None) in (None, module.__name__)


def main() -> None:
    """All modules that can be imported without further libraries."""
    warnings.simplefilter("ignore")
    found = {"celery": names_of(celery)}
    for module in pkgutil.walk_packages(celery.__path__, "celery."):
        try:
            found[module.name] = names_of(importlib.import_module(module.name))
        except ImportError as exc:
            print(f"{module.name}: {exc}")
    Path(__file__).with_name("celery_names.json").write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
