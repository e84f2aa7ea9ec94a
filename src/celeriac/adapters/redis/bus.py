"""The bus port on Redis: PUBLISH; the ears are in ears.py."""

from ...core.flow import Flow


class RedisBus:
    """Channels are used as they are: whoever names one adds the prefix it needs."""

    def tell(self, channel: str, payload: bytes) -> Flow[int]:
        (heard,) = yield (("PUBLISH", channel, payload),)
        return int(heard)
