"""How anything of ours reaches Temporal: an address that we were given, or the SDK's own environment
configuration (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS…, or its TOML file)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from temporalio.client import Client
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultPayloadConverter,
    JSONPlainPayloadConverter,
)
from temporalio.envconfig import ClientConfig

_JSON = PydanticJSONPlainPayloadConverter()


class SharedPydanticConverter(CompositePayloadConverter):
    """temporalio.contrib.pydantic's payload converter, with one cache of types for the whole process.

    The SDK makes a converter for each workflow run. Building the checks of our types anew takes 4 ms, and
    after a kill hundreds of runs are replayed.
    """

    def __init__(self) -> None:
        encodings = DefaultPayloadConverter.default_encoding_payload_converters
        super().__init__(*(_JSON if isinstance(one, JSONPlainPayloadConverter) else one for one in encodings))


DATA_CONVERTER = DataConverter(payload_converter_class=SharedPydanticConverter)
"""Writes the same JSON as the SDK's own. What it reads has the types that the code names, or there is a
pydantic.ValidationError."""


@dataclass(frozen=True)
class Target:
    """Which Temporal to use. `address` None: whatever the environment configures."""

    address: str | None = None
    namespace: str = "default"

    def settings(self) -> dict[str, Any]:
        """Keyword arguments for Client.connect.

        An address that we were given ignores the environment: a developer's cloud profile must not turn
        a booth's local server into a remote one.
        """
        if self.address is not None:
            return {"target_host": self.address, "namespace": self.namespace}
        found = dict(ClientConfig.load_client_connect_config())
        return {"target_host": "localhost:7233", "namespace": self.namespace, **found}


async def connect(target: Target, identity: str, *, lazy: bool = False) -> Client:
    """A client under this identity; `lazy` connects at the first call instead of now.

    Raises RuntimeError when nothing answers there.
    """
    return await Client.connect(
        **target.settings(), identity=identity, lazy=lazy, data_converter=DATA_CONVERTER
    )
