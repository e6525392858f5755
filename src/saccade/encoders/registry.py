"""The catalogue of encoders: name -> encoder."""

from importlib.resources import files

from saccade.core.errors import EncoderUnavailableError
from saccade.core.ports import Encoder
from saccade.encoders.onnx import OnnxEncoder

BUILTIN = "builtin"


def known_encoders() -> tuple[str, ...]:
    """Names that `load` takes."""
    return (BUILTIN,)


def load(name: str, *, threads: int) -> Encoder:
    """The encoder of that name; its towers are read when first used.

    Raises:
        EncoderUnavailableError: no encoder has that name, or its files are missing or damaged.
    """
    if name != BUILTIN:
        raise EncoderUnavailableError(
            f"no encoder is called {name!r}", hint=f"known encoders: {', '.join(known_encoders())}"
        )
    return OnnxEncoder(files("saccade.encoders").joinpath("weights"), threads=threads)
