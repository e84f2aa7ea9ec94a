"""Where the real kombu is installed: serializers that programs register with it are known to Celeriac, too."""

import sys
from typing import Any

from celeriac.wire import serializers
from celeriac.wire.serializers import Serializer


def connect() -> None:
    """Look there for what is registered nowhere else."""
    serializers.look_elsewhere(_of_kombu)


def _of_kombu(name: str) -> Serializer | None:
    """A serializer of the real kombu, by its name or content type."""
    module: Any = sys.modules.get("kombu.serialization")
    registry: Any = getattr(module, "registry", None)
    encoders = getattr(registry, "_encoders", None)
    if encoders is None:
        return None
    by_type = {codec.content_type: found for found, codec in encoders.items()}
    found = name if name in encoders else by_type.get(name)
    if found is None:
        return None
    codec = encoders[found]
    decode = registry._decoders.get(codec.content_type)
    return Serializer(found, codec.content_type, codec.content_encoding, codec.encoder, decode)
