"""Tasks: what the decorator makes, how they are named, bound and called directly."""

import inspect
import json
import pickle
import warnings

import pytest

from celeriac import Celeriac, Task, current_task, shared_task
from celeriac.core.errors import DuplicateTaskNameWarning, ImproperlyConfigured, NotRegistered


def test_a_task_is_called_like_its_function(app) -> None:
    @app.task
    def add(x: int, y: int = 1) -> int:
        """Adds."""
        return x + y

    assert add(2) == 3
    assert add(2, y=5) == 7
    assert (add.__name__, add.__doc__, add.__module__) == ("add", "Adds.", __name__)
    assert add.name == f"{__name__}.add"
    assert app.tasks[add.name] is add
    assert isinstance(add, Task)
    assert inspect.signature(add.run) == inspect.signature(add.__wrapped__)


def test_a_bound_task_gets_itself(app) -> None:
    @app.task(bind=True)
    def who(self, x):
        return self.name, x, self.request.called_directly, self.request.args, current_task == self

    assert who(3) == (who.name, 3, True, (3,), True)
    assert who.request.id is None


def test_tasks_of_a_script_are_named_after_the_app() -> None:
    app = Celeriac("proj", set_as_current=False)
    assert app.gen_task_name("add", "__main__") == "proj.add"
    assert app.gen_task_name("add", "a.b") == "a.b.add"


def test_options_become_attributes(app) -> None:
    @app.task(name="n", acks_late=False, max_retries=9, anything="goes", throws=(KeyError,))
    def task(): ...

    assert (task.name, task.acks_late, task.max_retries, task.anything, task.throws) == (
        "n",
        False,
        9,
        "goes",
        (KeyError,),
    )


def test_settings_give_what_the_task_does_not_say(app) -> None:
    app.conf.task_time_limit = 7
    app.conf.task_default_priority = 3

    @app.task
    def plain(): ...

    @app.task(time_limit=1)
    def own(): ...

    assert (plain.time_limit, own.time_limit, plain.priority) == (7, 1, 3)
    app.finalize()
    assert (plain.time_limit, own.time_limit, plain.serializer) == (7, 1, "json")


def test_task_classes_share_options_and_handlers(app) -> None:
    bound = []

    class Base(Task):
        max_retries = 11

        @classmethod
        def on_bound(cls, app):
            bound.append((cls.__name__, app))

    @app.task(base=Base)
    def one(): ...

    app.finalize()
    assert one.max_retries == 11
    assert isinstance(one, Base)
    assert bound == [("one", app)]


def test_a_class_is_registered_as_a_task(app) -> None:
    class Add(app.Task):
        def run(self, x):
            return x + 1

    add = app.register_task(Add())
    assert add.name == f"{__name__}.Add"
    assert add(1) == 2
    assert add.app is app


def test_a_name_that_is_taken_keeps_its_first_task(app) -> None:
    @app.task(name="same")
    def first():
        return 1

    with pytest.warns(DuplicateTaskNameWarning, match=r"'same' is taken by .*first.*second") as caught:

        @app.task(name="same")
        def second():
            return 2

    assert second is first
    assert caught[0].filename == __file__


def test_the_same_function_may_be_decorated_again(app) -> None:
    def function(): ...

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert app.task(function) is app.task(function)


def test_tasks_of_one_app_are_known_to_the_others(app) -> None:
    @app.task(name="everywhere")
    def shared():
        return "shared"

    @app.task(name="only-here", shared=False)
    def alone(): ...

    other = Celeriac("other", set_as_current=False)
    assert other.tasks["everywhere"]() == "shared"
    assert other.tasks["everywhere"].app is other
    assert "only-here" not in other.tasks


def test_a_shared_task_belongs_to_whatever_app_is_current(app) -> None:
    @shared_task(name="reusable")
    def reusable(x):
        return x

    assert reusable.app is app
    other = Celeriac("other", set_as_current=False)
    assert other.tasks["reusable"].app is other
    assert reusable(4) == 4
    assert reusable.name == "reusable"


def test_a_shared_task_reaches_apps_that_were_finalized_before(app) -> None:
    app.finalize()

    @shared_task(name="late")
    def late(): ...

    assert app.tasks["late"].name == "late"


def test_an_app_without_autofinalize_says_so() -> None:
    app = Celeriac("strict", autofinalize=False, set_as_current=False)
    with pytest.raises(RuntimeError, match="Contract breach: app not finalized"):
        app.tasks  # noqa: B018
    app.finalize()
    assert isinstance(app.tasks, dict)


def test_an_unknown_task_is_named(app) -> None:
    with pytest.raises(NotRegistered, match=r"nope.*registered"):
        app.tasks["nope"]


def test_a_task_is_pickled_by_its_name(app) -> None:
    @app.task(name="pickled")
    def task(): ...

    assert pickle.loads(pickle.dumps(task)) is task


def test_annotations_rewrite_tasks(app) -> None:
    class Mine:
        def annotate(self, task):
            return {"priority": 5} if task.name == "a" else None

    app.conf.task_annotations = [
        {"*": {"rate_limit": "1/m"}, "a": {"rate_limit": "9/s", "@run": lambda run: lambda *args: run(*args) * 2}},
        Mine,
    ]

    @app.task(name="a")
    def a(x):
        return x

    @app.task(name="b")
    def b(x):
        return x

    app.finalize()
    assert (a.rate_limit, a.priority, a(3)) == ("9/s", 5, 6)
    assert (b.rate_limit, b.priority, b(3)) == ("1/m", None, 3)


def test_a_filter_sees_the_task(app) -> None:
    @app.task(filter=lambda task: (task, "filtered"))
    def task(): ...

    assert task[1] == "filtered"


def test_positional_options_are_refused(app) -> None:
    with pytest.raises(TypeError, match="keyword options"):
        app.task("name")


@pytest.mark.parametrize(
    ("option", "field"), [("link", "callbacks"), ("link_error", "errbacks"), ("chain", "chain"), ("chord", "chord")]
)
def test_what_is_to_follow_a_call_travels_in_its_body(app, option, field) -> None:
    @app.task
    def task(): ...

    given = {"task": "next"} if option == "chord" else [{"task": "next"}]
    post = app.sender.post(task, (), {}, {option: given})
    assert json.loads(post.message.body)[2][field] == given


def test_signing_without_its_settings_says_which_are_needed(app) -> None:
    with pytest.raises(ImproperlyConfigured, match='task_serializer = "auth"'):
        app.setup_security()
    app.conf.update(task_serializer="auth", accept_content=["auth"], security_key="/nowhere")
    with pytest.raises(ImproperlyConfigured, match="security_certificate, security_cert_store"):
        app.setup_security()


async def test_a_way_of_calling_of_ones_own_is_taken_by_delay_and_signatures_too(app) -> None:
    called = []

    class Counting(app.Task):
        def apply_async(self, args=None, kwargs=None, **options):
            called.append((tuple(args or ()), dict(kwargs or {})))
            return "counted"

        async def aapply_async(self, args=None, kwargs=None, **options):
            return self.apply_async(args, kwargs, **options)

    @app.task(base=Counting)
    def task(*args, **kwargs): ...

    assert task.delay(1, two=2) == "counted"
    assert await task.adelay(3) == "counted"
    assert task.s(4).delay() == "counted"
    assert called == [((1,), {"two": 2}), ((3,), {}), ((4,), {})]
    assert task._get_app() is app


def test_who_watches_calls_of_a_task_sees_those_by_delay(app, monkeypatch) -> None:
    @app.task
    def task(): ...

    monkeypatch.setattr(task, "apply_async", lambda *args, **options: ("watched", args))
    assert task.delay(1) == ("watched", ((1,), {}))


def test_calls_are_seen_where_the_class_of_all_tasks_is_changed(app, monkeypatch) -> None:
    """As tracers do."""

    @app.task
    def task(): ...

    monkeypatch.setattr(Task, "apply_async", lambda self, *args, **options: (self.name, args))
    assert task.delay(1) == (task.name, ((1,), {}))
