"""Converts an opened picture to a recipe's pixels: resizes first, then converts colors."""

import io
import math

from PIL import Image, ImageCms

from saccade.sources.wire import Cut

MAX_PROFILE_BYTES = 4 << 20
"""Longest ICC profile that is applied (a printer's CMYK profile takes 2 MB)."""

_FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
_REDUCING_GAP = 3.0  # Pillow's box filter may do the coarse reduction; at 3 the difference is below rounding
# A JPEG decoded at a fraction is averaged over blocks. With 50 % more pixels than needed, the
# result is within 1.8 gray levels of the full decode (mean of the worst of 60 photos; 6.5 without), and a
# photo of 5 megapixels takes 15 ms instead of 13.
_OVERSAMPLING = 1.5
_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SPACE_OF_MODE = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK", "LAB": "Lab"}
_WIDE_MODES = {"I", "F", "I;16", "I;16L", "I;16B", "I;16N"}
_KEPT_TRANSFORMS = 16

Box = tuple[float, float, float, float]


class ColorManager:
    """ICC profiles to sRGB. Caches the last few transforms: building one costs more than applying it."""

    def __init__(self) -> None:
        self._transforms: dict[tuple[bytes, str], ImageCms.ImageCmsTransform | None] = {}

    def to_srgb(self, image: Image.Image, profile: bytes | None) -> Image.Image:
        """The picture as RGB; an absent, broken or mismatched profile counts as sRGB.

        Args:
            image: mode L, RGB, CMYK or LAB.   profile: ICC bytes.
        """
        transform = self._transform(profile, image.mode) if profile else None
        if transform is None and profile and image.mode == "L":
            # A gray picture with an RGB profile: its grays are in that profile.
            transform = self._transform(profile, "RGB")
            image = image.convert("RGB") if transform else image
        if transform is None and image.mode == "LAB":
            transform = self._transform(b"", "LAB")
        if transform is None:
            return image.convert("RGB")
        converted = ImageCms.applyTransform(image, transform)
        return image.convert("RGB") if converted is None else converted

    def _transform(self, profile: bytes | None, mode: str) -> ImageCms.ImageCmsTransform | None:
        key = (profile or b"", mode)
        if key not in self._transforms:
            while len(self._transforms) >= _KEPT_TRANSFORMS:
                self._transforms.pop(next(iter(self._transforms)))
            self._transforms[key] = _build_transform(*key)
        return self._transforms[key]


def cut_pixels(
    image: Image.Image,
    cut: Cut,
    *,
    box: Box | None,
    orientation: int,
    profile: bytes | None,
    colors: ColorManager,
) -> Image.Image:
    """The picture by the recipe: small, mode RGB, upright, sRGB, alpha over white.

    Args:
        image: loaded, any Pillow mode.
        box: the part of it that is the picture (a draft decode leaves a fraction of a pixel over).
        orientation: EXIF orientation still to be applied, 1 to 8.
        profile: ICC bytes.
    """
    levels = _levels(image)
    image = _resizable(image)
    source = box or (0.0, 0.0, float(image.width), float(image.height))
    width, height = (cut.size, cut.size)
    if cut.fit == "crop":
        source = _middle(source, cut)
    elif cut.fit == "contain":
        width, height = contained(source[2] - source[0], source[3] - source[1], cut.size)
    if image.size != (width, height) or source != (0.0, 0.0, float(width), float(height)):
        resample = _FILTERS[cut.resample]
        image = image.resize((width, height), resample, box=source, reducing_gap=_REDUCING_GAP)
    if levels is not None:
        image = _eight_bit(image, *levels)
    if orientation in _TRANSPOSE:
        image = image.transpose(_TRANSPOSE[orientation])
    return _flatten(image, profile, colors)


def least_size(width: int, height: int, cut: Cut) -> tuple[int, int]:
    """Minimum size to decode, for a picture of this size, so that the recipe loses little."""
    if cut.fit == "contain":
        across, down = contained(width, height, cut.size)
    else:
        across = down = cut.resize if cut.fit == "crop" else cut.size
    return math.ceil(across * _OVERSAMPLING), math.ceil(down * _OVERSAMPLING)


def contained(width: float, height: float, side: int) -> tuple[int, int]:
    """The size with the same proportions whose longer side is `side`; at least 1 pixel each way."""
    longest = max(width, height)
    return max(1, round(side * width / longest)), max(1, round(side * height / longest))


def _resizable(image: Image.Image) -> Image.Image:
    """The picture in a mode whose values can be averaged."""
    mode = image.mode
    if mode in {"RGB", "L"}:
        # A single transparent color (PNG tRNS) becomes alpha before colors mix.
        return image.convert("RGBA") if "transparency" in image.info else image
    if mode in {"RGBA", "LA", "CMYK", "YCbCr", "LAB", "RGBa", "La"}:
        return image
    if mode == "1":
        return image.convert("RGBA" if "transparency" in image.info else "L")
    if mode in {"P", "PA"}:
        return image.convert("RGBA" if mode == "PA" or "transparency" in image.info else "RGB")
    if mode in _WIDE_MODES:
        return image if mode == "F" else image.convert("I" if mode.startswith("I;16") else "F")
    return image.convert("RGB")


def _levels(image: Image.Image) -> tuple[float, float] | None:
    """Return the values of black and white in a gray picture of more than 8 bits; None for any other.

    16-bit files span 0 to 65535 (12-bit TIFFs 0 to 4095). Other integers and floats have no declared range: 0
    to 1 and 0 to 255 are kept, anything else is stretched from its minimum to its maximum.
    """
    if image.mode not in _WIDE_MODES:
        return None
    if image.mode.startswith("I;16"):
        return 0.0, 4095.0 if _bits_per_sample(image) == 12 else 65535.0
    return _range(image)


def _eight_bit(image: Image.Image, low: float, high: float) -> Image.Image:
    """Mode I or F as mode L, `low` to 0 and `high` to 255."""
    scale = 255.0 / (high - low)
    # Add a half to round: Pillow truncates when it converts to 8 bits.
    return image.point(lambda v: v * scale + (0.5 - low * scale)).convert("L")


def _range(image: Image.Image) -> tuple[float, float]:
    extrema = image.getextrema()
    low, high = float(extrema[0]), float(extrema[1])  # type: ignore[arg-type]  # one band: a pair of numbers
    if not (abs(low) < float("inf") and abs(high) < float("inf")) or low > high:
        return 0.0, 1.0
    if low >= 0:
        for top in (1.0, 255.0):
            if high <= top:
                return 0.0, top
    return (low, high) if high > low else (low - 1.0, high)


def _bits_per_sample(image: Image.Image) -> int:
    bits = getattr(image, "tag_v2", {}).get(258, 0)
    first = bits[0] if isinstance(bits, tuple) and bits else bits
    return first if isinstance(first, int) else 0


def _middle(source: Box, cut: Cut) -> Box:
    """The part of the source that becomes the center square once the shorter side is `cut.resize`."""
    left, top, right, bottom = source
    width, height = right - left, bottom - top
    short = min(width, height)
    # Whole pixels, as in the encoders' preprocessing: the longer side is truncated to an integer.
    new_width = cut.resize if width <= height else int(cut.resize * width / short)
    new_height = cut.resize if height <= width else int(cut.resize * height / short)
    x, y = round((new_width - cut.size) / 2), round((new_height - cut.size) / 2)
    across, down = width / new_width, height / new_height
    return (
        left + x * across,
        top + y * down,
        min(right, left + (x + cut.size) * across),
        min(bottom, top + (y + cut.size) * down),
    )


def _flatten(image: Image.Image, profile: bytes | None, colors: ColorManager) -> Image.Image:
    """A small picture as RGB in sRGB, transparency over white."""
    if image.mode in {"La", "RGBa"}:
        image = image.convert(image.mode[:-1] + "A")
    alpha = image.getchannel("A") if image.mode in {"LA", "RGBA"} else None
    if alpha is not None:
        image = image.convert(image.mode[:-1])
    if image.mode not in _SPACE_OF_MODE:
        image = image.convert("RGB")
    image = colors.to_srgb(image, profile)
    if alpha is None:
        return image
    white = Image.new("RGB", image.size, (255, 255, 255))
    white.paste(image, mask=alpha)
    return white


def _build_transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """A transform from the profile to sRGB; None if unneeded or impossible."""
    if len(profile) > MAX_PROFILE_BYTES:
        return None
    try:
        if profile:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        else:
            source = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        if source.profile.xcolor_space.strip() != _SPACE_OF_MODE[mode]:
            return None
        if mode == "RGB" and (source.profile.profile_description or "").startswith(("sRGB", "c2")):
            return None
        srgb = ImageCms.createProfile("sRGB")
        return ImageCms.buildTransform(source, srgb, mode, "RGB", ImageCms.Intent.PERCEPTUAL)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
