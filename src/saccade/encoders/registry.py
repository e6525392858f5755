"""The registry of encoders: name -> encoder."""

from contextlib import AbstractContextManager
from importlib.resources import files

from saccade.core.errors import EncoderUnavailableError
from saccade.core.ports.encoders import Encoder
from saccade.encoders.onnx import OnnxEncoder

BUILTIN = "builtin"


def known_encoders() -> tuple[str, ...]:
    """Names that `load` takes."""
    return (BUILTIN,)


def load(name: str, *, threads: int, cores: AbstractContextManager[object] | None = None) -> Encoder:
    """Load an encoder by name; its towers are read on first use.

    Args:
        threads: batches encoded at the same time.
        cores: held while a batch of pictures is encoded.
    Raises:
        EncoderUnavailableError: unknown name, or its files are missing or damaged.
    """
    if name != BUILTIN:
        raise EncoderUnavailableError(
            f"unknown encoder {name!r}", hint=f"known encoders: {', '.join(known_encoders())}"
        )
    return OnnxEncoder(files("saccade.encoders").joinpath("weights"), threads=threads, cores=cores)
