"""Workflows that are recorded from real Celery and then asked of us: Python text that means the same in both."""

# Only what such a text may use: add, total (tasks), s, chain, group, chord, signature.

# name -> text of a signature; recorded is its JSON form
FORMS = {
    "task": "add.s(1)",
    "immutable": "add.si(1)",
    "options": "add.s(1).set(immutable=True, queue='x', countdown=3)",
    "signature": "signature('foo', args=(1,), kwargs={'a': 1}, options={'queue': 'q'}, countdown=1, immutable=True)",
    "task.signature": "add.signature((1,), {'y': 2}, queue='x')",
    "clone": "add.s(1, 2).clone((3,), {'y': 4}, queue='x')",
    "clone of an immutable one": "add.si(1, 2).clone((3,), {'y': 4}, queue='x')",
    "replace": "add.s(1).replace((9,), {'a': 1}, {'queue': 'r'})",
    "from its dict": "signature(dict(add.s(1) | group(add.s(2), add.s(3)) | add.s(1)))",
    "links": "linked(add.s(1), [add.s(2), add.s(2)], [add.s(3)])",
    "links of a chain": "linked(add.s(1) | add.s(2), [add.s(3)], [add.s(4)])",
    "links of a group": "linked(group(add.s(1), add.s(2)), [add.s(3)], [add.s(4)])",
    "links of a chord": "linked(chord([add.s(1)], total.s()), [add.s(3)], [add.s(4)])",
    "on_error": "(add.s(1) | add.s(2)).on_error(add.s(3))",
    "immutable group": "group(add.s(1)).set(queue='x', immutable=True)",
    "immutable chain": "(add.s(1) | add.s(2)).set(queue='x', immutable=True)",
    "immutable chord": "chord([add.s(1)], total.s()).set(queue='x', immutable=True)",
    "map": "total.map([[1], [2]])",
    "starmap": "add.starmap([(1, 2)])",
    "chunks": "add.chunks([(1, 2), (3, 4), (5, 6)], 2)",
    "chunks as a group": "add.chunks([(1, 2), (3, 4), (5, 6)], 2).group()",
    "skew": "group(add.s(i) for i in range(5)).skew(start=1, stop=3)",
    "skew without end": "group(add.s(i) for i in range(3)).skew(step=2)",
    "a group of a list": "group([add.s(1), add.s(2)])",
    "a group of a group": "group(group(add.s(1), add.s(2)))",
    "a group in a group": "group(add.s(1), group(add.s(2)))",
    "a group of dicts": "group([dict(add.s(1))])",
    "a group of a generator": "group(add.s(i) for i in range(2))",
    "a group with options": "group(add.s(1), add.s(2), queue='x')",
    "an empty group": "group()",
    "a chord with options": "chord([add.s(1)], total.s(), queue='q')",
    "a chord without body": "chord([add.s(1)])",
    "a chord of a group": "chord(group(add.s(1), add.s(2)), total.s(), args=(1,), kwargs={'z': 2})",
    "a chord of one": "chord(add.s(1), total.s())",
    "a chord of a generator": "chord((add.s(i) for i in range(2)), total.s())",
    "a chord of a chain": "chord(add.s(1) | add.s(2), total.s())",
    "a chord's clone": "chord([add.s(1)], total.s()).clone((5,), {'y': 1}, queue='x')",
    "a chain of one": "chain(add.s(1))",
    "an empty chain": "chain()",
    "a chain of a list": "chain([add.s(1), add.s(2)])",
    "a chain of a generator": "chain(add.s(i) for i in range(2))",
    "a chain of chains": "chain(chain(add.s(1), add.s(2)), chain(add.s(3), add.s(4)))",
    "a chain of an empty group and a task": "chain(group(), add.s(1))",
    "a chain of groups, one of them empty": "chain(group(add.s(1), add.s(2)), group(), add.s(3))",
    "a chain of a group and tasks": "chain(group(add.s(1), add.s(2)), add.s(3), add.s(4))",
    "a chain of a chord and a task": "chain(chord([add.s(1)], total.s()), add.s(3))",
    "a chain with options": "chain(add.s(1), add.s(2), task_id='X', countdown=3)",
    "stamps": "add.s(1).stamp(a=1, b=[2, 3])",
    "stamps again": "add.s(1).stamp(a=1).stamp(a=2, b=3)",
    "stamps appended": "add.s(1).stamp(a=1).stamp(append_stamps=True, a=2, b=3)",
    "stamps on links": "stamped(linked(add.s(1), [add.s(2)], [add.s(3) | add.s(4)]), a=1)",
    "stamps on a group": "stamped(group(add.s(1), group(add.s(2))), a=1)",
    "stamps on a chord": "stamped(chord([add.s(1)], total.s()), a=1)",
    "stamps of a visitor": "stamped(add.s(1) | group(add.s(2), add.s(3)) | total.s(), visitor(), kw=1)",
    "a visitor that names its stamps": "add.s(1).stamp(visitor(stamped_headers=['v']), mid=7, z=8)",
}

# What stands on either side of `|`.
SIDES = {
    "task": "add.s(1)",
    "map": "add.starmap([(1, 2)])",
    "empty group": "group()",
    "group of one": "group(add.s(2))",
    "group": "group(add.s(3), add.s(4))",
    "chord": "chord([add.s(5)], add.s(6))",
    "chain of one": "chain(add.s(7))",
    "chain": "chain(add.s(8), add.s(9))",
    "chain with links": "linked(chain(add.s(8), add.s(9)), [add.s(20)], [add.s(21)])",
    "chain to a group": "chain(add.s(10), group(add.s(11), add.s(12)))",
    "chain to a chord": "chain(add.s(13), chord([add.s(14)], add.s(15)))",
    "chain of chord and group": "chain(chord([add.s(16)], add.s(17)), group(add.s(18), add.s(19)))",
}
FORMS |= {f"{left} | {right}": f"({SIDES[left]}) | ({SIDES[right]})" for left in SIDES for right in SIDES}

# name -> text of a call; recorded is what it publishes, opens and returns
CALLS = {
    "task with links": "add.apply_async((1, 1), link=[add.s(2)], link_error=add.s(3))",
    "partial": "add.s(2).apply_async((1,), priority=3)",
    "chain": "chain(add.s(1, 2), add.s(3), add.s(4)).apply_async()",
    "chain of one": "chain(add.s(1, 1)).apply_async(task_id='T', link=add.s(9))",
    "chain with options": (
        "chain(add.s(1, 2), add.s(3), add.s(4)).apply_async("
        "link=add.s(9), link_error=add.s(8), task_id='T', priority=3)"
    ),
    "chain with options of its own": "chain(add.s(1, 2), add.s(3)).set(priority=4, task_id='T', link=[add.s(7)])()",
    "chain with arguments": "chain(add.s(2), add.s(3)).apply_async((1,))",
    "immutable chain": "(add.s(1, 1) | add.si(2, 2)).set(immutable=True).apply_async((5,))",
    "group": "group(add.s(1, 2), add.s(3, 4)).apply_async()",
    "group with arguments": "group(add.s(2), chain(add.s(6), add.s(7))).apply_async((1,), priority=5, task_id='G')",
    "group with links": "linked(group(add.s(0, 0), add.s(1, 1)), [add.s(5)], [add.s(6)]).apply_async()",
    "nested groups": "group(add.s(0, 0), group(add.s(1, 1), add.s(2, 2)), add.s(3, 3)).apply_async()",
    "empty group": "group().apply_async()",
    "chord": "chord([add.s(1, 2), add.s(3, 4)])(total.s())",
    "chord with arguments": "chord([add.s(2)], total.s()).apply_async((7,))",
    "chord with options": (
        "chord([add.s(1, 2), add.s(3, 4)], total.s()).apply_async("
        "task_id='B', link=add.s(1), link_error=add.s(5), priority=2)"
    ),
    "empty chord": "chord([], total.s()).apply_async()",
    "chord in a chord": "(group(add.s(1, 2), chord([add.s(3, 4), add.s(5, 6)], total.s())) | total.s()).apply_async()",
    "nested group in a header": (
        "chord([add.s(0, 0), group(add.s(1, 1), add.s(2, 2)), add.s(3, 3)], total.s()).apply_async()"
    ),
    "chain in a header": "chord([chain(add.s(1, 1), add.s(2)), add.s(9, 9)], total.s()).apply_async()",
    "chain to a group in a header": (
        "(group(chain(add.s(1, 1), group(add.s(1), add.s(2))), add.s(9, 9)) | total.s()).apply_async()"
    ),
    "task, group, tasks": "(add.s(1, 2) | group(add.s(1), add.s(2)) | total.s() | add.s(3)).apply_async()",
    "group, tasks": "chain(group(add.s(1, 1), add.s(2, 2)), total.s(), add.s(3)).apply_async()",
    "task, group": "chain(add.s(1, 1), group(add.s(1), add.s(2))).apply_async()",
    "task, group with errbacks": (
        "chain(add.s(1, 1), group(add.s(1), add.s(2)), total.s(), add.s(1)).on_error(add.s(8)).apply_async()"
    ),
    "chord, group, task": "(chord([add.s(1, 2), add.s(3, 4)], total.s()) | group(add.s(1), add.s(2)) | total.s())()",
    "task, chord, chord": (
        "chain(add.s(1, 1), chord([add.s(1), add.s(2)], total.s()), chord([add.s(3), add.s(4)], total.s()))()"
    ),
    "chord to a group": "chord([add.s(1, 2), add.s(3, 4)], group(total.s(), total.s())).apply_async()",
    "chord to a chain": "chord([add.s(0, 0)], chain(total.s(), group(add.s(1), add.s(2)), total.s())).apply_async()",
    "map": "total.map([[1], [2]]).apply_async()",
    "chunks": "add.chunks([(0, 0), (1, 1), (2, 2)], 2).apply_async()",
    "stamped chain": "stamped(chain(add.s(1, 1), add.s(2)), a=1).apply_async()",
    "stamped group": "stamped(group(add.s(1, 1), add.s(2, 2)), a=1).apply_async()",
    "stamped chord": "stamped(chord([add.s(1, 1), add.s(2, 2)], total.s()), a=1).apply_async()",
    "stamped call": "add.s(1, 1).stamp(a=1).apply_async(stamped_headers=['q'], q=3)",
}


def names(canvas, add, total):
    """What the texts may use, of Celery or of us."""

    def linked(sig, links, errbacks):
        for link in links:
            sig.link(link)
        for errback in errbacks:
            sig.link_error(errback)
        return sig

    def stamped(sig, *args, **stamps):
        sig.stamp(*args, **stamps)
        return sig

    def visitor(**said):
        class Visitor(canvas.StampingVisitor):
            def on_signature(self, sig, **headers):
                return {"v": "x", "w": 1, **said}

        return Visitor()

    given = {name: getattr(canvas, name) for name in ("chain", "group", "chord", "signature")}
    return {**given, "add": add, "total": total, "linked": linked, "stamped": stamped, "visitor": visitor}
