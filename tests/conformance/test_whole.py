"""The class that has all suites in it has all suites in it."""

from celeriac.testing import conformance
from celeriac.testing.conformance import WholeContract

# What only some brokers have, and the part of BusContract for those whose results are elsewhere.
LEFT_OUT = {"AttendanceContract", "FanoutContract", "PatientJoinsContract", "TellingContract"}


def test_every_suite_is_in_the_whole_contract_but_those_of_what_only_some_brokers_have() -> None:
    inside = {suite.__bases__[0].__name__ for name, suite in vars(WholeContract).items() if name.startswith("Test")}
    suites = {name for name in conformance.__all__ if name.endswith("Contract")}
    assert inside == suites - LEFT_OUT - {"WholeContract"}
