"""The page about settings is what the declarations say."""

from pathlib import Path

import pytest

from celeriac.settings import ALL
from celeriac.settings.document import main, page

PAGE = Path(__file__).parents[3] / "docs" / "settings.md"


def test_the_page_in_the_repository_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m celeriac.settings.document docs/settings.md"


def test_every_setting_has_one_row_of_six_cells() -> None:
    for setting in ALL:
        rows = [row for row in page().splitlines() if row.startswith(f"| `{setting.name}` | ")]
        in_area = [row for row in rows if row.replace(r"\|", "").count("|") == 7]
        assert len(in_area) == 1, setting.name


def test_it_is_written_to_a_file_or_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(tmp_path / "page.md")])
    main([])
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == capsys.readouterr().out == page()
