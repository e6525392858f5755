"""Encodes pictures that are already in memory."""

import io

import numpy as np
from PIL import Image

from saccade.core.errors import InvalidQueryError
from saccade.core.types import Pixels

_JPEG_QUALITY = 85
_GIVE = "give a path, the file's bytes, a PIL image, or (H, W, 3) uint8 pixels"


def to_png(picture: object) -> bytes:
    """A PIL image, or (H, W), (H, W, 3) or (H, W, 4) uint8 pixels, as PNG (lossless, hardly compressed). It
    is then handled like a file: one decoder, one preprocessing.

    Raises:
        InvalidQueryError: it is neither.
    """
    if isinstance(picture, np.ndarray):
        if picture.dtype != np.uint8 or picture.shape[2:] not in {(), (3,), (4,)} or picture.ndim < 2:
            raise InvalidQueryError(
                f"expected (H, W, 3) uint8 pixels, got {picture.shape} {picture.dtype}",
                hint="convert to RGB with values 0 to 255 and dtype uint8",
            )
        if picture.size == 0:
            raise InvalidQueryError(f"the picture has no pixels: its shape is {picture.shape}", hint=_GIVE)
        picture = Image.fromarray(picture)
    if not isinstance(picture, Image.Image):
        raise InvalidQueryError(
            f"a {type(picture).__name__} is not a picture",
            hint=_GIVE,
        )
    if 0 in picture.size:
        raise InvalidQueryError(f"the picture has no pixels: its size is {picture.size}", hint=_GIVE)
    try:
        return _png(picture)
    except (OSError, ValueError) as error:  # closed, cut off, or of a mode that cannot be converted
        raise InvalidQueryError(f"the picture cannot be read: {error}", hint=_GIVE) from error


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    kept = {"1", "L", "LA", "P", "RGB", "RGBA", "I;16"}
    shown = {"La": "LA", "RGBa": "RGBA"}.get(picture.mode, "RGB")
    plain = picture if picture.mode in kept else picture.convert(shown)
    profile = picture.info.get("icc_profile")
    plain.save(buffer, "PNG", compress_level=1, exif=picture.getexif(), icc_profile=profile)
    return buffer.getvalue()


def to_jpeg(pixels: Pixels) -> bytes:
    """(H, W, 3) uint8 pixels as a JPEG without any metadata."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=_JPEG_QUALITY)
    return buffer.getvalue()
