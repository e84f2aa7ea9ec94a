"""A program that speaks in every way there is, under a worker of either library; LOGGED says how it wants its log.

Every line that is compared has SAID in it.
"""

import importlib
import logging
import os
import signal
import sys
from typing import Any

from either import SIDE, make_app

signals = importlib.import_module(f"{SIDE}.signals")
get_task_logger = importlib.import_module("celery.utils.log" if SIDE == "celery" else "celeriac.log").get_task_logger

HOW = os.environ["LOGGED"]
SETTINGS: dict[str, dict[str, Any]] = {
    "formats": {
        "worker_log_format": "by %(name)s %(levelname)s/%(processName)s %(message)s",
        "worker_task_log_format": "in %(task_name)s[%(task_id)s] %(asctime)s %(levelname)s %(message)s",
        "worker_task_log_datefmt": "(%Y)",
        "worker_redirect_stdouts_level": "ERROR",
    },
    "kept": {"worker_hijack_root_logger": False, "worker_redirect_stdouts": False},
    "added": {"worker_log_color": True},  # without a terminal
}
app = make_app("logged", **SETTINGS.get(HOW, {}))

above = logging.getLogger("above")
above.addHandler(logging.NullHandler())
own = get_task_logger(__name__)
below = get_task_logger("above.below")


def said(**given: Any) -> str:
    """What a receiver was given, as text; the name of the library is neither's."""
    shown = {name: getattr(value, "name", value) for name, value in given.items() if name not in ("signal", "sender")}
    return " ".join(f"{name}={shown[name]!r}" for name in sorted(shown)).replace(SIDE, "LIBRARY")


def stream(fmt: str) -> logging.Handler:
    handler = logging.StreamHandler(sys.__stdout__)
    handler.setFormatter(logging.Formatter(fmt))
    return handler


if HOW == "kept":
    logging.getLogger().addHandler(stream("through my own handler: %(name)s %(levelname)s %(message)s"))

if HOW == "mine":

    @signals.setup_logging.connect
    def set_up(**given: Any) -> None:
        print("SAID setup_logging", said(**given), flush=True)
        logging.basicConfig(level=logging.INFO, handlers=[stream("in my own log: %(name)s %(message)s")])


@signals.after_setup_logger.connect
def after(logger: logging.Logger, **given: Any) -> None:
    print("SAID after_setup_logger", said(logger=logger, **given), flush=True)
    if HOW == "added":
        logger.addHandler(stream("through one more: %(name)s %(levelname)s %(message)s"))


@signals.after_setup_task_logger.connect
def after_tasks(logger: logging.Logger, **given: Any) -> None:
    print("SAID after_setup_task_logger", said(logger=logger, **given), flush=True)
    if HOW == "added":
        logger.addHandler(stream("of tasks, through one more: %(name)s %(levelname)s %(message)s"))


@app.task(name="logged.all")
def everything() -> None:
    own.debug("SAID too softly")
    own.info("SAID by its own logger")
    own.error("SAID as an error")
    below.warning("SAID by a logger below another")
    above.warning("SAID by the one above")
    logging.getLogger("plain").info("SAID by a plain logger")
    logging.getLogger("plain").critical("SAID with %s", "arguments")
    print("SAID on standard output")
    print("SAID on standard error", file=sys.stderr)
    logging.getLogger("plain").error("That was all")
    os.killpg(0, signal.SIGKILL)  # the whole worker: to leave gently takes Celery's some seconds


@signals.worker_ready.connect
def begin(**given: Any) -> None:
    everything.apply_async(task_id="the-id")
