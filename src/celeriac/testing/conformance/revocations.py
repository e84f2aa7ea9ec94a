"""What a store of revocations promises: entries in order, with an end, and a version that every claim tells."""

from celeriac.core.ports.revocations import Revocations, revocations_of
from celeriac.core.revocation import Revoked

from .harness import Harness, present

MOST = 1000


def store(harness: Harness) -> Revocations:
    return present(revocations_of(harness.peer.transport))


def revoke(harness: Harness, *marks: str, ttl: float = 60.0, most: int = MOST) -> None:
    harness.run(store(harness).revoke(marks, ttl, most))


def since(harness: Harness, version: int = 0, limit: int = 10_000) -> Revoked:
    return harness.run(store(harness).since(version, limit))


def marks(found: Revoked) -> list[str]:
    return [entry.mark for entry in found.entries]


class RevocationsContract:
    def test_an_empty_store_has_nothing(self, harness: Harness) -> None:
        found = since(harness)
        assert (found.version, found.entries, found.more) == (0, (), False)

    def test_what_was_revoked_is_found_in_order(self, harness: Harness) -> None:
        revoke(harness, "task:b", "task:a")
        revoke(harness, "group:g")
        assert marks(since(harness)) == ["task:b", "task:a", "group:g"]

    def test_an_entry_says_how_long_it_counts(self, harness: Harness) -> None:
        revoke(harness, "task:a", ttl=60.0)
        (entry,) = since(harness).entries
        assert 30.0 < entry.left <= 60.0

    def test_only_what_is_new_is_read(self, harness: Harness) -> None:
        revoke(harness, "task:a")
        known = since(harness).version
        revoke(harness, "task:b")
        found = since(harness, known)
        assert marks(found) == ["task:b"]
        assert found.version > known
        assert since(harness, found.version).entries == ()

    def test_a_mark_that_comes_again_is_new_and_there_once(self, harness: Harness) -> None:
        revoke(harness, "task:a")
        known = since(harness).version
        revoke(harness, "task:a")
        assert marks(since(harness, known)) == ["task:a"]
        assert marks(since(harness)) == ["task:a"]

    def test_what_has_run_out_is_found_no_more(self, harness: Harness) -> None:
        revoke(harness, "task:short", ttl=harness.tick)
        revoke(harness, "task:long")
        harness.pass_time(2 * harness.tick)
        assert marks(since(harness)) == ["task:long"]

    def test_beyond_the_bound_the_oldest_are_forgotten(self, harness: Harness) -> None:
        revoke(harness, *(f"task:{number}" for number in range(5)), most=3)
        assert marks(since(harness)) == ["task:2", "task:3", "task:4"]
        revoke(harness, "task:5", most=3)
        assert marks(since(harness)) == ["task:3", "task:4", "task:5"]

    def test_much_is_read_in_pages(self, harness: Harness) -> None:
        wanted = [f"task:{number}" for number in range(25)]
        revoke(harness, *wanted)
        found: list[str] = []
        version, more = 0, True
        while more:
            page = since(harness, version, 10)
            assert page.version > version or not page.more
            found += marks(page)
            version, more = page.version, page.more
        assert found == wanted
        assert version == since(harness).version

    def test_ten_thousand_at_once_are_kept(self, harness: Harness) -> None:
        wanted = [f"task:{number}" for number in range(10_000)]
        revoke(harness, *wanted, most=20_000)
        assert marks(since(harness, limit=20_000)) == wanted

    def test_a_claim_tells_the_version(self, harness: Harness) -> None:
        owner = harness.worker()
        assert harness.claim(owner).revoked == 0
        revoke(harness, "task:a", "task:b")
        assert harness.claim(owner).revoked == since(harness).version > 0

    def test_a_claim_tells_the_version_with_messages_in_it(self, harness: Harness) -> None:
        harness.publish("a", "b")
        revoke(harness, "task:a")
        claim = harness.claim(harness.worker())
        assert len(claim.deliveries) == 2
        assert claim.revoked == since(harness).version

    def test_the_version_outlives_what_it_counted(self, harness: Harness) -> None:
        revoke(harness, "task:a", ttl=harness.tick)
        version = since(harness).version
        harness.pass_time(2 * harness.tick)
        assert since(harness).version == version
        revoke(harness, "task:b")
        assert marks(since(harness, version)) == ["task:b"]
