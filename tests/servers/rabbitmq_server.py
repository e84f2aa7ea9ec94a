"""A RabbitMQ node of the tests' own: its own name, cookie, files and ports, and an epmd of its own beside it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from telling import remember, tail

from .certificates import self_signed
from .ports import free_port, wait_until

# The package's scripts of the same names change to its own user; these run as whoever runs the tests.
_PROGRAMS = Path("/usr/lib/rabbitmq/bin")
VHOSTS = 12
LARGEST = 8 << 20  # bytes that a message may have


class RabbitServer:
    """`with RabbitServer() as server: server.url()`; everything it writes goes away with it."""

    def __init__(self, *lines: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="celeriac-rabbitmq-"))
        self.port = free_port()
        self.tls_port = free_port()
        self.node = f"celeriac{self.port}@localhost"
        ports = {"RABBITMQ_DIST_PORT": str(free_port()), "ERL_EPMD_PORT": str(free_port())}
        files = {
            "RABBITMQ_MNESIA_BASE": self.folder / "mnesia",
            "RABBITMQ_LOG_BASE": self.folder / "log",
            "RABBITMQ_ENABLED_PLUGINS_FILE": self.folder / "plugins",
            "RABBITMQ_CONFIG_FILE": self.folder / "rabbitmq",
            "RABBITMQ_CONF_ENV_FILE": Path("/dev/null"),
        }
        self._environ = {
            **os.environ,
            **ports,
            **{name: str(path) for name, path in files.items()},
            "HOME": str(self.folder),
            "RABBITMQ_NODENAME": self.node,
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_RELAXED_COMMAND_CHECK": "1",  # lets us end this epmd though its node was killed a moment ago
            # Two schedulers that do not spin: the tests share the machine with it. Channels look at their
            # unacknowledged messages every half second, not every minute.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none "
            "-rabbit channel_tick_interval 500",
        }
        self._lines = (
            *("loopback_users = none", "log.console = true", "log.console.level = warning"),
            f"max_message_size = {LARGEST}",
            *lines,
        )
        self._process: subprocess.Popen[bytes] | None = None
        self._last_words: Sequence[str] = ()
        self.prepare()
        remember(self)

    @property
    def lives(self) -> bool:
        return self.folder.exists()  # also when somebody else ends it

    def last_words(self) -> tuple[str, Sequence[str]]:
        return self.node, tail(self.folder / "output") or self._last_words

    def prepare(self) -> None:
        cookie = self.folder / ".erlang.cookie"
        cookie.write_text("celeriac")
        cookie.chmod(0o400)
        (self.folder / "plugins").write_text("[].")
        (self.folder / "definitions.json").write_text(json.dumps(_definitions()))
        tls = self_signed(self.folder)
        lines = (
            *self._lines,
            f"listeners.ssl.default = 127.0.0.1:{self.tls_port}",
            f"ssl_options.cacertfile = {tls.certificate}",
            f"ssl_options.certfile = {tls.certificate}",
            f"ssl_options.keyfile = {tls.key}",
            "ssl_options.verify = verify_none",
            "ssl_options.fail_if_no_peer_cert = false",
            f"load_definitions = {self.folder / 'definitions.json'}",
        )
        (self.folder / "rabbitmq.conf").write_text("\n".join(lines) + "\n")

    def url(self, vhost: str = "/", user: str = "guest", password: str = "guest") -> str:
        return f"amqp://{user}:{password}@127.0.0.1:{self.port}/{quote(vhost, safe='')}"

    def traces(self) -> dict[str, str]:
        """What whoever ends it must know beside its process."""
        return {
            "epmd": self._environ["ERL_EPMD_PORT"],
            "folder": str(self.folder),
            "tls_port": str(self.tls_port),
            "certificate": str(self.folder / "cert.pem"),
        }

    def vhost(self, number: int = 0) -> str:
        """One of the virtual hosts that are there from the beginning: one for each process that runs tests."""
        return f"tests-{number}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def control(self, *words: str, seconds: float = 60.0) -> str:
        """rabbitmqctl, which takes a second or two to start."""
        done = subprocess.run(
            [str(_PROGRAMS / "rabbitmqctl"), "--node", self.node, "--quiet", *words],
            env=self._environ,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"rabbitmqctl {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    def start(self) -> Self:
        if not _PROGRAMS.is_dir():
            raise RuntimeError("rabbitmq-server is not installed: tools/debian.sh rabbitmq-server")
        with (self.folder / "output").open("ab") as output:
            self._process = subprocess.Popen(
                [str(_PROGRAMS / "rabbitmq-server")],
                env=self._environ,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            wait_until(self._answers, self._process, 120.0)
        except RuntimeError as error:
            told = (self.folder / "output").read_text()[-3000:]
            self.clear()
            raise RuntimeError(f"{error}\n{told}") from None
        return self

    def stop(self) -> None:
        """At once, as if its machine had lost power."""
        if self._process is not None:
            with suppress(ProcessLookupError):  # it may have ended by itself, and its whole group with it
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def hand_over(self) -> None:
        """From now on somebody else ends it."""
        if self._process is not None:
            self._process.returncode = 0  # else Python complains of a process that nobody waited for
            self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.clear()

    def clear(self) -> None:
        self.stop()
        subprocess.run(
            ["epmd", "-port", self._environ["ERL_EPMD_PORT"], "-kill"], capture_output=True, check=False, timeout=20
        )
        self._last_words = tail(self.folder / "output")[-20:]
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        """The node accepts connections some time before it lets anybody in."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5.0) as probe:
                probe.sendall(b"AMQP\x00\x00\x09\x01")
                probe.settimeout(5.0)
                return probe.recv(1) == b"\x01"
        except OSError:
            return False


def _definitions() -> dict[str, object]:
    """Users and virtual hosts: making them when the node starts takes no time, rabbitmqctl takes seconds."""
    vhosts = ["/", *(f"tests-{number}" for number in range(VHOSTS))]
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    return {
        "vhosts": [{"name": name} for name in vhosts],
        "users": [_user("guest", "guest", "administrator"), _user("stranger", "secret", "")],
        "permissions": [{"user": "guest", "vhost": name, **everything} for name in vhosts],
    }


def _user(name: str, password: str, tags: str) -> dict[str, str]:
    salt = b"salt"
    digest = base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()
    return {
        "name": name,
        "password_hash": digest,
        "hashing_algorithm": "rabbit_password_hashing_sha256",
        "tags": tags,
    }
