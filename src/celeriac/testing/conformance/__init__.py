"""Conformance suites: what every adapter of a port must do, to subclass in the adapter's own tests.

    @pytest.fixture(params=COLOURS)
    def harness(request):
        with Harness(lambda: MyTransport(["mine://..."], TransportOptions()), request.param) as harness:
            yield harness

    class TestBroker(BrokerContract): ...

A transport that offers every port subclasses `WholeContract`: all suites but those of what only some brokers have,
which are `AttendanceContract`, `FanoutContract` and `PatientJoinsContract`.

Every test starts on an empty store and runs once through the sync link and once through the async one.
"""

from .attendance import AttendanceContract
from .bell import BellContract
from .broker import BrokerContract
from .bus import BusContract, TellingContract
from .chains import ChainsContract, ChainsSettledContract
from .dead_letters import DeadLettersContract
from .delayed import DelayedContract
from .harness import COLOURS, Harness
from .joins import JoinsContract, PatientJoinsContract, SequelsContract
from .lease import LeaseContract
from .newswire import NewswireContract
from .peer import Peer
from .pidbox import PidboxContract
from .plans import PlansContract
from .recovery import RecoveryContract
from .results import ResultsContract
from .revocations import RevocationsContract
from .routing import FanoutContract, RoutingContract
from .seeker import SeekerContract
from .settling import SettlingContract
from .whole import WholeContract

__all__ = [
    "COLOURS",
    "AttendanceContract",
    "BellContract",
    "BrokerContract",
    "BusContract",
    "ChainsContract",
    "ChainsSettledContract",
    "DeadLettersContract",
    "DelayedContract",
    "FanoutContract",
    "Harness",
    "JoinsContract",
    "LeaseContract",
    "NewswireContract",
    "PatientJoinsContract",
    "Peer",
    "PidboxContract",
    "PlansContract",
    "RecoveryContract",
    "ResultsContract",
    "RevocationsContract",
    "RoutingContract",
    "SeekerContract",
    "SequelsContract",
    "SettlingContract",
    "TellingContract",
    "WholeContract",
]
