"""What travels between a child and its parent, cut anywhere."""

import random

import pytest

from celeriac.core.message import Message, Post, Route
from celeriac.core.outcome import Ending, Outcome
from celeriac.core.record import Record
from celeriac.pools import reports

FULL = Outcome(
    Ending.RETRIED,
    Record("id", "RETRY", b"\x00payload", ttl=60.0),
    (Post(Message({"task": "t"}, {"priority": 0}, b"body"), Route("celery"), due=1.5),),
    requeue=True,
    reason="because",
    traceback="Traceback",
    result="'x'",
    runtime=0.25,
)


def test_an_outcome_survives_the_journey_whole():
    assert reports.ReportReader().feed(reports.ended(2**60, FULL)) == [(reports.ENDED, 2**60, FULL)]


def test_reports_are_cut_out_of_any_chunks():
    short = Outcome(Ending.RETURNED)
    sent = [(reports.UP, 0, None), (reports.BEGUN, 1, None), (reports.ENDED, 1, FULL), (reports.ENDED, 2, short)]
    sent = sent * 5 + [(reports.ENDED, 3, Outcome(Ending.RETURNED, result="x" * 10_000)), (reports.LEAVING, 0, None)]
    stream = b"".join(
        reports.note(kind, run) if outcome is None else reports.ended(run, outcome) for kind, run, outcome in sent
    )
    draw = random.Random(7)
    for longest in (1, 3, 14, 1000, len(stream)):
        reader, found, at = reports.ReportReader(), [], 0
        while at < len(stream):
            size = draw.randint(1, longest)
            found += reader.feed(stream[at : at + size])
            at += size
        assert found == sent


def test_asks_are_cut_out_of_any_chunks():
    sent = [(reports.SOFT, 0, 17), (reports.END, 9, 2**40), (reports.RETIRE, 0, 0)]
    stream = b"".join(reports.ask(kind, run, number) for kind, number, run in sent)
    reader = reports.AskReader()
    assert [ask for byte in stream for ask in reader.feed(bytes([byte]))] == sent
    assert reader.feed(stream) == sent


def test_a_run_that_left_nothing_behind_is_told_in_a_few_bytes():
    plain = Outcome(Ending.RETURNED, runtime=0.125)
    frame = reports.ended(2**60, plain)
    assert len(frame) < 24
    assert reports.ReportReader().feed(frame) == [(reports.ENDED, 2**60, plain)]


@pytest.mark.parametrize("text", ["None", "'\u00e9\u2014'", "x" * 1024])
def test_the_text_of_a_result_goes_with_it(text):
    told = Outcome(Ending.RETURNED, result=text, runtime=0.125)
    frame = reports.ended(7, told)
    assert len(frame) < 24 + len(text.encode())
    assert reports.ReportReader().feed(frame * 2) == [(reports.ENDED, 7, told)] * 2


def test_a_text_that_is_no_unicode_is_told_all_the_same():
    frame = reports.ended(7, Outcome(Ending.RETURNED, result="\ud800"))
    ((_, _, outcome),) = reports.ReportReader().feed(frame)
    assert outcome.result == r"\ud800"


@pytest.mark.parametrize(
    "left",
    [
        {"ending": Ending.IGNORED},
        {"record": Record("id", "SUCCESS", b"payload")},
        {"posts": FULL.posts},
        {"requeue": True},
        {"reason": "because"},
        {"traceback": ""},
        {"result": "None"},
    ],
    ids=lambda left: next(iter(left)),
)
def test_a_run_that_left_anything_behind_is_told_whole(left):
    outcome = Outcome(**{"ending": Ending.RETURNED, "runtime": 0.125, **left})
    assert reports.ReportReader().feed(reports.ended(7, outcome)) == [(reports.ENDED, 7, outcome)]
