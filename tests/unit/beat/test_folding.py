"""The journal of a book: whatever was written in whatever order, it is the book that all of it makes."""

from hypothesis import given
from hypothesis import strategies as st

from celeriac.beat import folding
from celeriac.core.ports.plans import Change, Firing, Mark, Plan, changed

NAMES = st.sampled_from(["a", "b", "c"])
CHANGES = st.builds(
    Change,
    NAMES,
    remove=st.booleans(),
    definition=st.none() | st.binary(max_size=3),
    paused=st.none() | st.booleans(),
    start=st.none() | st.integers(0, 9),
    restart=st.none() | st.integers(0, 9),
)
FIRINGS = st.builds(Firing, NAMES, st.integers(0, 9), st.builds(Mark, st.integers(0, 9), ran=st.integers(0, 9)))
ENTRIES = st.lists(
    st.lists(CHANGES, min_size=1, max_size=3) | st.lists(FIRINGS, min_size=1, max_size=3).map(tuple), max_size=12
)


def written(entry: list[Change] | tuple[Firing, ...]) -> bytes:
    return folding.ticks(entry) if isinstance(entry, tuple) else folding.changes(entry)


def applied(entries: list[list[Change] | tuple[Firing, ...]]) -> dict[str, Plan]:
    """The book after all that, one after the other."""
    plans: dict[str, Plan] = {}
    for entry in entries:
        for one in entry:
            plan = plans.get(one.name)
            if isinstance(one, Firing):
                if plan is not None and plan.mark is not None and plan.mark.last == one.after:
                    plans[one.name] = Plan(plan.name, plan.definition, plan.paused, one.mark)
                continue
            after = changed(plan, one)
            plans.pop(one.name, None)
            if after is not None:
                plans[one.name] = after
    return plans


@given(ENTRIES)
def test_the_book_is_what_its_entries_make_of_it_one_after_the_other(entries) -> None:
    book = folding.folded(map(written, entries))
    assert book.plans == applied(entries)
    assert book.revision == sum(isinstance(entry, list) for entry in entries)


@given(ENTRIES, st.lists(CHANGES, max_size=3), ENTRIES)
def test_a_journal_written_anew_says_the_same_wherever_what_came_meanwhile_lies(before, meanwhile, after) -> None:
    old = folding.folded(map(written, before))
    late = [written([change]) for change in meanwhile]
    new = [*late, *folding.pages(old), *map(written, after)]
    assert folding.folded(new).plans == applied([*before, *([change] for change in meanwhile), *after])


@given(st.lists(st.lists(CHANGES, min_size=1, max_size=3), max_size=8), st.data())
def test_changes_that_a_broker_gave_back_after_it_had_taken_the_new_pages_count_once(entries, data) -> None:
    old = [written(entry) for entry in entries]
    pages = folding.pages(folding.folded(old))
    left = data.draw(st.integers(0, len(old)))  # so many of the old ones it had not dropped
    again = folding.folded([*old[left:], *pages])
    assert again.plans == applied(entries)
    assert again.revision == len(entries)
    # And once more, should the same happen to the next ones.
    assert folding.folded([*old[left:], *folding.pages(again)]).plans == applied(entries)


def test_pages_that_are_not_complete_are_none() -> None:
    many = [written([Change(f"{number:04}", definition=b"x", start=number)]) for number in range(1200)]
    book = folding.folded(many)
    first, *others = folding.pages(book)
    assert len(others) == 2
    assert folding.folded([*many, first]).plans == book.plans
    assert folding.folded([first, *others]).plans == book.plans
    newer = folding.pages(folding.folded([first, *others, written([Change("0007", remove=True)])]))
    assert "0007" not in folding.folded([first, *others, *newer]).plans
    assert "0007" in folding.folded([first, *others, *newer[1:]]).plans


def test_what_nobody_can_read_is_passed_over_and_named() -> None:
    book = folding.folded([b"{", written([Change("a", definition=b"1")]), b"\x93\x01"])
    assert set(book.plans) == {"a"}
    assert len(book.unreadable) == 2
