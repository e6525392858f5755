"""Decodes bytes of a known format to a recipe's pixels and metadata. Runs in the worker.

Only the classes of the allowed formats are ever constructed: nothing else Pillow registers is reachable.
"""

import io
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

from PIL import AvifImagePlugin, Image, ImageFile, PngImagePlugin
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from saccade.sources.ends import ends_early
from saccade.sources.frames import count_frames
from saccade.sources.metadata import read_exif, read_facts
from saccade.sources.pixels import Box, ColorManager, cut_pixels, least_size
from saccade.sources.wire import Cut, Header, Limits, RefusedError

if TYPE_CHECKING:
    from PIL._imaging import PixelAccess

_BYTES_PER_PIXEL = {"JPEG": 5, "PNG": 10, "GIF": 10, "BMP": 8, "TIFF": 9, "WEBP": 16, "AVIF": 17, "HEIF": 15}
"""Maximum memory a format takes per pixel: the library's planes, Pillow's copy, the conversion."""

_PROGRESSIVE_BYTES_PER_PIXEL = 8
"""What a progressive JPEG takes in addition, at its full size (CMYK; RGB takes 6)."""

_COMPRESSION, _WEBP_IN_TIFF = 259, 50001

_BASE_BYTES = 96 << 20
"""Address space of a worker that has decoded nothing yet."""


class Picture:
    """The result of decoding.

    Attributes:
        facts: fields of ImageInfo without `format` and `size_bytes`.
        pixels: height x width x 3 bytes.   size: their (width, height).
    """

    __slots__ = ("facts", "pixels", "size")

    def __init__(self, facts: Header, pixels: Image.Image) -> None:
        self.facts = facts
        self.pixels = pixels.tobytes()
        self.size = pixels.size


class ImageReader:
    """Decodes one picture after another.

    Args:
        limits: resource limits for a picture.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._colors = ColorManager()
        # Check our own limits first, with readable messages.
        Image.MAX_IMAGE_PIXELS = None

    def read(self, data: bytes, format: str, cut: Cut) -> Picture:
        """Decode by the recipe `cut`.

        Raises:
            RefusedError: too_many_pixels, too_many_frames, truncated, corrupt or unsupported_format.
            MemoryError: it does not fit.
        """
        try:
            return self._read(data, format, cut)
        except (RefusedError, MemoryError):
            raise
        except Exception as error:  # decoders may raise anything on hostile bytes
            raise _explain(data, format, error) from error

    def _read(self, data: bytes, format: str, cut: Cut) -> Picture:
        if format == "WEBP":
            width, height = _webp_size(data)  # opening already allocates the canvas
            self._check_size(width, height, format, 2 * len(data), width * height)
        image, frames, apply_orientation = _OPENERS[format](data)
        width, height = image.size
        if format == "JPEG":
            box = self._shrink_on_load(image, cut)
            progressive = width * height * _PROGRESSIVE_BYTES_PER_PIXEL if "progressive" in image.info else 0
            self._check_size(width, height, format, 2 * len(data) + progressive, image.width * image.height)
        else:
            box = None
            self._check_size(width, height, format, 2 * len(data), width * height)
        if frames == 1:
            frames = count_frames(data, format, self._limits.max_frames)
        if frames > self._limits.max_frames:
            raise RefusedError(
                "too_many_frames", f"it has more than {self._limits.max_frames:,} frames, the limit"
            )
        exif = read_exif(image, format)
        facts = read_facts(image, format, exif)
        orientation = exif.orientation
        image.load()
        profile = image.info.get("icc_profile")
        pixels = cut_pixels(
            image,
            cut,
            box=box,
            orientation=orientation if apply_orientation else 1,
            profile=profile if isinstance(profile, bytes) else None,
            colors=self._colors,
        )
        if apply_orientation and orientation >= 5:
            width, height = height, width
        facts.update(width=width, height=height, frames=frames, orientation=orientation)
        return Picture(facts, pixels)

    def _shrink_on_load(self, image: Image.Image, cut: Cut) -> Box | None:
        """Let the JPEG decoder skip detail that resizing would discard; returns the box of the picture."""
        if not isinstance(image, ImageFile.ImageFile):
            return None
        drafted = image.draft(None, least_size(image.width, image.height, cut))
        if drafted is None:
            return None
        left, top, right, bottom = drafted[1]
        return (left, top, min(right, image.width), min(bottom, image.height))

    def _check_size(self, width: int, height: int, format: str, other_bytes: int, decoded: int) -> None:
        """Reject what cannot fit: `decoded` pixels, plus `other_bytes`."""
        if width < 1 or height < 1:
            raise RefusedError("corrupt", f"its header says {width} x {height} pixels")
        pixels, most = width * height, self._limits.max_pixels
        if pixels > most:
            raise RefusedError(
                "too_many_pixels", f"{width:,} x {height:,} pixels, over the limit of {most:,} pixels"
            )
        need = _BASE_BYTES + other_bytes + decoded * _BYTES_PER_PIXEL[format]
        if need > self._limits.memory_bytes:
            raise RefusedError(
                "too_many_pixels",
                f"{width:,} x {height:,} pixels of {format} take about {need >> 20:,} MB to decode, over the "
                f"limit of {self._limits.memory_bytes >> 20:,} MB",
            )


Opened = tuple[Image.Image, int, bool]
"""The picture, not decoded yet; its frames, 1 if unknown; whether EXIF orientation is still to be applied."""


def _open_jpeg(data: bytes) -> Opened:
    return JpegImageFile(io.BytesIO(data)), 1, True


def _open_png(data: bytes) -> Opened:
    PngImagePlugin.MAX_TEXT_CHUNK = 4 << 20  # the bound on an ICC profile too
    image = PngImagePlugin.PngImageFile(io.BytesIO(data))
    return image, image.n_frames, True


def _open_gif(data: bytes) -> Opened:
    return GifImageFile(io.BytesIO(data)), 1, True


def _open_bmp(data: bytes) -> Opened:
    return BmpImageFile(io.BytesIO(data)), 1, True


def _open_tiff(data: bytes) -> Opened:
    image = TiffImageFile(io.BytesIO(data))
    if image.tag_v2.get(_COMPRESSION) == _WEBP_IN_TIFF:
        raise RefusedError("unsupported_format", "TIFF pictures with WebP compression cannot be read")
    # Pillow rotates a TIFF upright when it loads it.
    return image, 1, False


def _open_webp(data: bytes) -> Opened:
    image = WebPImageFile(io.BytesIO(data))
    return image, image.n_frames, True


def _open_avif(data: bytes) -> Opened:
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    image = AvifImagePlugin.AvifImageFile(io.BytesIO(data))
    # Pillow reports the container's rotation as EXIF orientation and leaves it to us.
    return image, image.n_frames, True


def _open_heif(data: bytes) -> Opened:
    import pi_heif  # noqa: PLC0415 - a shared library that is rarely needed

    options = pi_heif.options
    options.DECODE_THREADS = 1
    options.THUMBNAILS = options.DEPTH_IMAGES = options.AUX_IMAGES = False
    container = pi_heif.open_heif(io.BytesIO(data))
    chosen = container[container.primary_index]
    lazy = _LazyHeif(chosen.size, chosen.to_pillow)
    lazy.info = dict(chosen.info)
    # libheif rotates the picture upright; the EXIF orientation is only informative.
    return lazy, len(container), False


class _LazyHeif(Image.Image):
    """A HEIF picture whose size is known and checked before `load` decodes it."""

    def __init__(self, size: tuple[int, int], decode: Callable[[], Image.Image]) -> None:
        super().__init__()
        self._size = size
        self._decode: Callable[[], Image.Image] | None = decode

    def load(self) -> "PixelAccess | None":
        if self._decode is not None:
            decoded = self._decode()
            self._decode = None
            self.im, self._mode, self._size = decoded.im, decoded.mode, decoded.size
        return super().load()


_OPENERS: dict[str, Callable[[bytes], Opened]] = {
    "JPEG": _open_jpeg,
    "PNG": _open_png,
    "GIF": _open_gif,
    "BMP": _open_bmp,
    "TIFF": _open_tiff,
    "WEBP": _open_webp,
    "AVIF": _open_avif,
    "HEIF": _open_heif,
}


def _webp_size(data: bytes) -> tuple[int, int]:
    """Canvas size from the first chunk's header."""
    kind, body = data[12:16], data[20:30]
    if len(body) < 10:
        raise RefusedError("truncated", _cut_off(data))
    if kind == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", body, 6)
        return width & 0x3FFF, height & 0x3FFF
    raise RefusedError("corrupt", f"the WebP data starts with an unknown part {kind!r}")


def _explain(data: bytes, format: str, error: Exception) -> RefusedError:
    """The problem with the file, from the decoder's message and where the data ends."""
    said = " ".join(str(error).split())[:200]
    lower = said.lower()
    if "memory" in lower:
        return RefusedError("decode_memory", f"there is not enough memory to decode it ({said})")
    if ends_early(data, format) or "truncated" in lower:
        return RefusedError("truncated", _cut_off(data))
    if any(word in lower for word in ("unsupported", "unknown pixel mode", "unknown data organization")):
        return RefusedError("unsupported_format", f"a kind of {format} that cannot be read ({said})")
    if "not identified by this driver" in lower:
        said = "its header is invalid"
    elif lower.startswith("decoder error"):
        said = "the decoder failed"
    return RefusedError("corrupt", f"the {format} data is damaged ({said or type(error).__name__})")


def _cut_off(data: bytes) -> str:
    return f"the file ends after {len(data):,} bytes, before its picture is complete"
