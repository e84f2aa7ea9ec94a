"""Crontab expressions: read as Celery 5.7 reads them, refused with a text that says what to write."""

from typing import Any

import pytest

from celeriac.schedules import ParseException, cronfield, crontab, crontab_parser

from .celery57 import RECORDED, REFUSED, TAKEN, error_of


def fields(made: crontab) -> list[list[int]]:
    sets = (made.minute, made.hour, made.day_of_week, made.day_of_month, made.month_of_year)
    return [sorted(map(int, numbers)) for numbers in sets]


@pytest.mark.parametrize(("text", "most", "least", "theirs"), RECORDED["texts"])
def test_the_parser_reads_what_celery_reads(text: str, most: int, least: int, theirs: Any) -> None:
    if "error" in theirs or text in REFUSED:
        error = error_of(lambda: crontab_parser(most, least).parse(text))
        assert "ValueError" in error
        assert "error" not in theirs or theirs["error"] in error
    else:
        assert sorted(crontab_parser(most, least).parse(text)) == theirs


@pytest.mark.parametrize(("text", "theirs"), RECORDED["crontabs"])
def test_crontab_takes_what_celery_takes(text: str, theirs: Any) -> None:
    arguments = eval(text)
    if "error" in theirs:
        assert theirs["error"] in error_of(lambda: crontab(**arguments))
    elif text in REFUSED:
        assert error_of(lambda: crontab(**arguments))
    else:
        assert fields(crontab(**arguments)) == theirs


@pytest.mark.parametrize(("line", "theirs"), RECORDED["lines"])
def test_a_line_is_read_as_celery_reads_it(line: str, theirs: Any) -> None:
    if line in TAKEN:
        assert fields(crontab.from_string(line))[: len(TAKEN[line])] == TAKEN[line]
    elif "error" in theirs:
        assert theirs["error"] in error_of(lambda: crontab.from_string(line))
    else:
        assert fields(crontab.from_string(line)) == theirs


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"minute": "60"}, r"crontab\(minute='60'\): '60' is out of range: 0 to 59 are valid"),
        ({"hour": 24}, r"crontab\(hour=24\): 24 is out of range: 0 to 23 are valid"),
        ({"day_of_week": 7}, r"0 to 6 are valid \(0 is Sunday, 6 is Saturday\)"),
        ({"minute": "0/5"}, r"'0/5': a step needs a range, such as '0-59/5' or '\*/5'"),
        ({"minute": "*/0"}, "the step cannot be zero"),
        ({"hour": "1-5/x"}, "the step must be a whole number, not 'x'"),
        ({"hour": "-5"}, "negative numbers not supported"),
        ({"day_of_month": "L"}, "'L' is no number: write "),
        ({"day_of_week": "fryday"}, "'fryday' is no number or a name such as sun, mon, tue: write "),
        ({"minute": "1,,2"}, "empty part in '1,,2'"),
        ({"minute": 0.5}, "must be a number, text or an iterable of numbers, not float"),
        ({"minute": ["5"]}, r"crontab\(minute=\['5'\]\): '5' must be a number, not str"),
        ({"minute": []}, "it would never be due"),
        ({"day_of_month": 31, "month_of_year": "feb"}, "day_of_month 31 never occurs in month_of_year 'feb'"),
        ({"minutes": 5}, r"crontab\(\) has no argument 'minutes': do you mean 'minute'\?"),
        ({"when": 5}, r"crontab\(\) has no argument 'when'; there are minute, hour, "),
        ({"tz": "Europe/Berln"}, "there is no such time zone: do you mean 'Europe/Berlin'?"),
        ({"tz": 1}, "must be the name of a time zone or a tzinfo, not int"),
    ],
)
def test_the_error_says_which_field_is_wrong_and_what_would_be_right(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises((ValueError, TypeError), match=said):
        crontab(**arguments)


def test_names_are_good_for_their_own_field_only() -> None:
    assert crontab(day_of_week="sat,sun", month_of_year="May").day_of_week == {0, 6}
    with pytest.raises(ParseException, match=r"crontab\(hour='mon'\)"):
        crontab(hour="mon")


def test_a_line_of_the_wrong_length_is_told_what_a_crontab_is() -> None:
    with pytest.raises(ValueError, match="4 fields; a crontab has five: minute, hour, day of month"):
        crontab.from_string("* * * *")


def test_a_line_may_have_a_zone_and_must_be_text() -> None:
    assert crontab.from_string("0 9 * * *", tz="Asia/Tokyo") == crontab(0, 9, tz="Asia/Tokyo")
    with pytest.raises(TypeError, match="must be text, not int"):
        crontab.from_string(5)  # type: ignore[arg-type]


def test_an_iterator_is_read_once_and_kept() -> None:
    made = crontab(minute=iter([1, 2]))
    assert made.minute == {1, 2}
    assert repr(made) == "<crontab: [1, 2] * * * * (m/h/dM/MY/d)>"


def test_no_field_is_shown_as_a_star() -> None:
    assert (cronfield(None), cronfield("5")) == ("*", "5")
