"""Where real Celery 5.7 and we differ on purpose: each with its reason. Whatever is not here is compared."""

from typing import Final

# Rules that hold for every workflow (see agreeing.py, which applies them):
#
# - The parent_id of a chord's body is that of the part which happened to end last: chance, on both sides.
# - The ids of groups are not compared, only who is in them: Celery gives `group | group` one id for both, and a body
#   its header's id, or none, depending on how it was built.
# - The result's parents where several chords come after each other in one chain(...): either side may name the first
#   header at once, or walk through the steps between, as the chain happens to be put together. Everywhere else they
#   are the same.
# - A part of a header that ends in a group: Celery counts the group's tasks one by one, as it happens to nest; we wait
#   for the list of their results by a celery.accumulate of its own, as both do where a task is replaced by a group.
# - Tasks that will never run because one before them failed: Celery stores a FAILURE for some of them, some without
#   the task's name, and for the ids of the signatures of groups and chords, which nobody waits for. We store one for
#   every task that somebody may wait for, with its name.
#
# - A group as the body of a chord whose header failed: Celery stores the part's own error for its tasks, but a
#   ChordError for a single task. We store ChordError for both.
# - The errbacks of the tasks of a chain that is a body, when its header failed: Celery calls none, we call those of
#   the first.
# - A workflow with a task that fails somewhere inside may never end in Celery: the failure of an inner chord is not
#   counted in the outer one, and that of a group is stored for the group's id, which nobody waits for. With us every
#   workflow ends, and nothing more is compared of these.
#
# Then, by name:

OTHERWISE: Final[dict[str, str]] = {
    "chord-into-group-then-chord": "Celery runs what follows a group that is a body once for each of its "
    "tasks, with that task's result; we run it once, with the list of them",
    "chord-of-groups": "Celery turns round the order of the tasks of a group within a header; we keep it",
}
