"""Encoders: images and text to embeddings."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from saccade.core.types import Embeddings, EncoderInfo, Pixels, Role


class Encoder(Protocol):
    """Images and text to embeddings. Thread-safe."""

    @property
    def info(self) -> EncoderInfo:
        """Its name, fingerprint, dimensions and license."""

    def encode_pixels(self, pixels: Pixels) -> Mapping[Role, Embeddings]:
        """(n, size, size, 3) by `info.recipe` -> (n, d) unit rows for each role, in one pass."""

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        """The n texts as (n, d) unit rows of the semantic space; InvalidQueryError if it reads no text."""
