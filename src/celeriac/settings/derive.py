"""Fills in settings that follow from others where nobody set them."""

from typing import Any


def derive(view: dict[str, Any]) -> None:
    """Change the view of what is in force."""
    if view["broker_url"] is None and (view["broker_transport"] or view["broker_host"]):
        view["broker_url"] = _url("broker", view, scheme=view["broker_transport"] or "amqp", path="broker_vhost")
    if view["result_backend"] in ("redis", "rediss"):
        view["result_backend"] = _url("redis", view, scheme=view["result_backend"], path="redis_db")
    for side in ("broker_read_url", "broker_write_url"):
        if view[side] is None:
            view[side] = view["broker_url"]
    for name in ("task_default_exchange", "task_default_routing_key"):
        if view[name] is None:
            view[name] = view["task_default_queue"]


def _url(area: str, view: dict[str, Any], scheme: str, path: str) -> str:
    """The URL that host, port, user, password and path of the area make."""
    if "://" in scheme:
        return scheme
    user = view["broker_user"] if area == "broker" else view["redis_username"]
    password, port, tail = view[f"{area}_password"], view[f"{area}_port"], view[path]
    who = f"{_quoted(user or '')}{':' + _quoted(password) if password else ''}@"
    where = f"{view[f'{area}_host'] or 'localhost'}{':' + str(port) if port else ''}"
    return f"{scheme}://{who if who != '@' else ''}{where}/{'' if tail is None else tail}"


def _quoted(text: str) -> str:
    # urllib.parse does the same, but takes milliseconds to import, which every program would pay.
    return "".join(chr(c) if (chr(c).isalnum() and c < 128) or c in b"-._~" else f"%{c:02X}" for c in text.encode())
