"""Reads the pages: their code blocks, links and headings."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "bench").glob("*.md")])

_BLOCK = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"# (\w+\.py)\n")
_PRINTS = re.compile(r"^\s*print\(.*\)  # (.+)$", re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Code:
    """A block of Python. One that begins with `# NAME.py` is a program; another is a fragment."""

    name: str | None
    line: int
    text: str

    @property
    def prints(self) -> list[str]:
        """What the comments behind its prints promise."""
        return _PRINTS.findall(self.text)


def code(page: Path) -> list[Code]:
    text = page.read_text(encoding="utf-8")
    found = []
    for block in _BLOCK.finditer(text):
        if block[1] == "python":
            name = _NAME.match(block[2])
            found.append(Code(name and name[1], text.count("\n", 0, block.start()) + 1, block[2]))
    return found


def links(page: Path) -> Iterator[str]:
    """Where the links lead that stay in the house."""
    for target in _LINK.findall(_prose(page)):
        if "://" not in target and not target.startswith("mailto:"):
            yield target


def anchors(page: Path) -> set[str]:
    """What a link to a heading of this page may say behind its #."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in _HEADING.findall(_prose(page))}


def _prose(page: Path) -> str:
    return _BLOCK.sub("", page.read_text(encoding="utf-8"))
