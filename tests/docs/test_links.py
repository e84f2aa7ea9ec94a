"""Links between the pages lead somewhere, every page can be reached, and what is generated is current."""

import pytest

from celeriac.settings import document

from .pages import PAGES, ROOT, anchors, links


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_a_file_and_a_heading(page):
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{link} leads to nothing"
        if anchor:
            assert anchor in anchors(target), f"{link}: {target.name} has no such heading"


def test_the_index_names_every_page():
    index = ROOT / "docs" / "index.md"
    named = {(index.parent / link.partition("#")[0]).resolve() for link in links(index)}
    assert [page.name for page in PAGES if page != index and page not in named] == []


def test_the_page_of_settings_is_what_the_declarations_say():
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == document.page()
