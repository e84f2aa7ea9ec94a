"""Writes the generated part of docs/migrating-from-celery.md: `python tests/dropin/pages.py` in .venv-dropin."""

import sys
from pathlib import Path

from celery._names import NOT_HERE

PAGE = Path(__file__).resolve().parents[2] / "docs" / "migrating-from-celery.md"
BEGIN, END = "<!-- generated: names -->\n", "<!-- end -->\n"


def absent_table() -> str:
    """Every name that is not here, and why."""
    lines = ["| name | why, or what to use |", "|---|---|"]
    lines += [f"| `{name.replace(':', '.')}` | {reason} |" for name, reason in sorted(NOT_HERE.items())]
    return "\n".join(lines) + "\n"


def written(page: str) -> str:
    """The page with the table as it should be."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{absent_table()}\n{END}{after}"


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    if "--check" in sys.argv:
        print("as it should be" if written(text) == text else "run .venv-dropin/bin/python tests/dropin/pages.py")
    else:
        PAGE.write_text(written(text), encoding="utf-8")
