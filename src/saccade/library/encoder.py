"""`load_encoder`: embeddings without a library."""

import weakref
from collections.abc import Sequence
from contextlib import AbstractContextManager

from saccade.core.errors import InputError, InvalidQueryError
from saccade.core.pictures import Picture
from saccade.core.ports.encoders import Encoder
from saccade.core.settings import Settings
from saccade.core.types import Embeddings, EncoderInfo, Role
from saccade.encoders.registry import BUILTIN, load
from saccade.engine.embed import embed_pictures
from saccade.engine.inputs import picture_task
from saccade.library.decoding import Workers
from saccade.library.settings import cores, load_settings, threads
from saccade.library.tools import LazyTools


class ImageEncoder:
    """An encoder with its own guarded decoder: takes pictures in any form, returns embeddings.

    The decoding workers start with the first picture and end with the object (or on `close`).
    """

    def __init__(self, encoder: Encoder, settings: Settings, held: AbstractContextManager[object]) -> None:
        self._encoder = encoder
        self._pool = Workers(settings, held)
        self._decoder = self._pool.decoder(encoder.info.recipe)
        self._ended = weakref.finalize(self, self._pool.close)
        self._codec = LazyTools()

    @property
    def info(self) -> EncoderInfo:
        """Its name, fingerprint, dimensions and license."""
        return self._encoder.info

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        """The n texts as (n, d) float32 unit rows of the semantic space."""
        if isinstance(texts, str):
            raise InvalidQueryError("expected a list of texts, got one text", hint=f"write [{texts!r}]")
        odd = next((text for text in texts if not isinstance(text, str)), None)
        if odd is not None:
            raise InvalidQueryError(
                f"expected texts, got a {type(odd).__name__}", hint="pictures: encode_images"
            )
        return self._encoder.encode_texts(texts)

    def encode_images(self, images: Sequence[Picture], *, role: str = Role.SEMANTIC) -> Embeddings:
        """The n pictures as (n, d) float32 unit rows.

        Args:
            images: paths, encoded bytes, PIL images, or (H, W, 3) uint8 pixels, in any combination.
            role: "semantic" (what it shows; comparable with texts) or "copy" (is it the same picture).
        Raises:
            PathNotFoundError, UnreadableImageError: for the first picture that cannot be read.
            InputError: the encoder is closed.
        """
        if not self._ended.alive:
            raise InputError("this encoder is closed", hint="load it again: saccade.load_encoder()")
        if isinstance(images, (str, bytes)) or not isinstance(images, Sequence):
            raise InvalidQueryError("expected a list of pictures, got one", hint="write [picture]")
        wanted = Role(role)
        if wanted not in self.info.dims:
            raise InvalidQueryError(f"encoder {self.info.name!r} does not make {wanted} embeddings")
        tasks = [picture_task(image, self._codec.pictures) for image in images]
        return embed_pictures(self._encoder, self._decoder, tasks, wanted)

    def close(self) -> None:
        """End the decoding workers; texts can still be encoded, pictures no longer."""
        self._ended()


def load_encoder(name: str = BUILTIN) -> ImageEncoder:
    """Load an encoder by name.

    Raises:
        EncoderUnavailableError: unknown name; the hint lists the known ones.
    """
    settings = load_settings()
    held = cores(settings)
    return ImageEncoder(load(name, threads=threads(settings), cores=held), settings, held)
