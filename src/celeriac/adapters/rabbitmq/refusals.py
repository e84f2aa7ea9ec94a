"""What can go wrong with a connection, and one OperationalError of it that says where, what and what to do."""

import asyncio
import ssl
from collections.abc import Mapping, Sequence

from ...core.errors import OperationalError


class Lost(Exception):
    """The connection broke, or was never one."""


class Refused(Exception):
    """The server closed a channel or the connection, and said why."""

    def __init__(self, code: int, text: str, connection: bool = False) -> None:
        self.code = code
        self.text = text
        self.connection = connection
        super().__init__(f"{code} {text}")


class Halted(Refused):
    """The server closed the channel in the middle of a publish; what is known of the messages, by place."""

    def __init__(self, refused: Refused, undone: Sequence[int], failures: Mapping[int, str]) -> None:
        super().__init__(refused.code, refused.text, refused.connection)
        self.undone = undone  # nobody knows of them; all others were taken, or
        self.failures = failures  # were not, and why


class Returned(Exception):
    """A message reached no queue, or the queue did not take it."""


class Blocked(Exception):
    """The server takes no messages at the moment: it is short of memory or disk."""


# Everything that means "the operation did not happen, or nobody knows".
FAILURES = (Lost, Refused, Returned, Blocked, OSError, EOFError, asyncio.TimeoutError)

_BY_CODE = {
    311: "refused a message because it is too large: raise max_message_size there, or send a reference instead",
    320: "closed the connection on purpose: was it shut down, or the connection closed by an operator?",
    402: "refused the user name or password: check them in broker_url",
    403: "refused access: check the user name, the password and the user's permissions on this virtual host",
    404: "does not have what was asked for",
    405: "says that it belongs to another connection (it is exclusive)",
    406: "refused, because it was asked for with other properties than it has",
    501: "could not read what was sent",
    503: "does not know what was asked for: is its version too old, or a plugin missing?",
    504: "lost track of the channel",
    505: "could not read what was sent",
    530: "does not let this user in: does the virtual host in broker_url exist, and may the user use it?",
    540: "can't do that: is its version too old, or a plugin missing?",
    541: "had an internal error",
}
_ALARM = "takes no messages at the moment, because it is short of memory or disk: see `rabbitmqctl status`"


def failure(where: object, error: BaseException) -> OperationalError:
    """The error to raise for a broken exchange with the server at `where` (which masks its password)."""
    if isinstance(error, OperationalError):
        return error
    made = OperationalError(f"RabbitMQ at {where} {_advice(error)}" + (f" ({error})" if str(error) else ""))
    made.__cause__ = error
    return made


def _advice(error: BaseException) -> str:
    if isinstance(error, Refused):
        if is_too_large(error):
            return _BY_CODE[311]
        if error.code == 406 and "inequivalent arg" in error.text:
            return inequivalent(error.text)
        if error.code == 406 and "timed out" in error.text:
            return (
                "took back what this worker had in hand, because it was not acknowledged within consumer_timeout: "
                "raise consumer_timeout there for tasks that run so long"
            )
        return _BY_CODE.get(error.code, "refused the operation")
    if isinstance(error, Blocked):
        return _ALARM
    if isinstance(error, Returned):
        return "could not deliver a message"
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            "showed a certificate that can't be trusted: name its authority in broker_use_ssl={'ca_certs': ...}, "
            "and use the host name that is in it"
        )
    if isinstance(error, ssl.SSLError):
        return "could not be reached by TLS: is this its TLS port?"
    if isinstance(error, (TimeoutError, asyncio.TimeoutError)):
        return "did not answer in time: is it overloaded, or is a firewall dropping packets?"
    return "can't be reached: is it running, and is the address right?"


def is_too_large(refused: Refused) -> bool:
    """For max_message_size."""
    return refused.code == 311 or (refused.code == 406 and "larger than" in refused.text)


def inequivalent(text: str) -> str:
    """The server says: inequivalent arg 'x' for queue 'q' in vhost '/': received ... but current is ..."""
    return (
        "already has this queue or exchange with other properties: declare it with the same ones, or delete it "
        "there first (`rabbitmqctl delete_queue NAME`; its messages go with it)"
    )
