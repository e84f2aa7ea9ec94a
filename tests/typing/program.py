"""What type checkers say of a program: each `# wrong` line must be an error, and no other may be."""

from typing import Any, assert_type

from celeriac import Celeriac, Signature, Task, chain, chord, group, shared_task
from celeriac.result import AsyncResult, EagerResult

app = Celeriac("typed")


@app.task
def add(x: int, y: int = 0) -> int:
    return x + y


@app.task(name="named", max_retries=5)
def named(text: str, *, loud: bool = False) -> str:
    return text


@app.task(bind=True)
def bound(self: Task[..., Any], x: int) -> str:
    assert_type(self.request.retries, int)
    raise self.retry(countdown=1)


@app.task
async def fetch(url: str) -> bytes:
    return b""


@shared_task
def shared(x: int) -> list[int]:
    return [x]


@shared_task(bind=True, autoretry_for=(OSError,))
def shared_bound(self: Task[..., Any], x: int) -> float:
    return x


assert_type(add.delay(1, 2), AsyncResult[int])
assert_type(add.delay(1).get(), int)
assert_type(add(1, y=2), int)
assert_type(named.delay("a", loud=True).get(timeout=3), str)
assert_type(bound.delay(3).get(), str)
assert_type(fetch.delay("u").get(), bytes)
assert_type(add.apply((1,)), EagerResult[int])
assert_type(add.apply_async((1,), countdown=3), AsyncResult[int])
assert_type(shared.delay(1).get(), list[int])
assert_type(shared_bound.delay(1).get(), float)
assert_type(add.AsyncResult("id").get(), int)

assert_type(add.s(1), Signature)
assert_type(add.si(1).set(queue="fast"), Signature)
(add.s(1) | group(add.s(2), add.s(3)) | add.s(4)).delay().get()
chain(add.s(1), add.s(2))().get()
group(add.s(number) for number in range(3)).skew(step=2).apply_async(countdown=1)
chord([add.s(1)], add.s(2)).on_error(named.s()).link(add.s())
add.starmap([(1, 2)]).delay()
add.chunks([(1, 2)], 1)()

add.delay("1")  # wrong
add.delay()  # wrong
add.delay(1, z=2)  # wrong
named.delay("a", True)  # wrong
bound.delay("x")  # wrong
bound.delay(app, 3)  # wrong
fetch.delay(5)  # wrong
shared.delay("x")  # wrong
shared_bound.delay("x")  # wrong


async def main() -> None:
    assert_type(await add.delay(1), int)
    assert_type(await add.adelay(1), AsyncResult[int])
    assert_type(await (await fetch.adelay("u")), bytes)
    assert_type(await fetch("u"), bytes)
    assert_type(await add.delay(1).aget(timeout=5), int)
    await add.adelay("1")  # wrong
    await fetch.adelay(1)  # wrong
