"""Colors, sizes and directions come out as an independent calculation has them."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from saccade.sources.decode import ImageReader
from saccade.sources.files import identify
from saccade.sources.wire import Cut, Limits

Encode = Callable[..., bytes]
Cutter = Callable[..., NDArray[np.int16]]


@pytest.fixture
def cut() -> Cutter:
    """Pixels of encoded bytes, (h, w, 3), signed so that differences can be taken."""

    def cut_bytes(data: bytes, size: int = 16, fit: str = "squash", resize: int = 0) -> NDArray[np.int16]:
        recipe = Cut(size, fit, "bicubic", resize)  # type: ignore[arg-type]
        picture = ImageReader(Limits()).read(data, identify(data, "picture"), recipe)
        width, height = picture.size
        return np.frombuffer(picture.pixels, np.uint8).reshape(height, width, 3).astype(np.int16)

    return cut_bytes


def even(pixels: NDArray[np.int16]) -> tuple[int, ...]:
    """The one color of an even picture."""
    assert (pixels == pixels[0, 0]).all()
    return tuple(int(value) for value in pixels[0, 0])


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF", "WEBP", "GIF", "JPEG", "AVIF"])
def test_read_gives_an_even_color_back(encode: Encode, cut: Cutter, format: str) -> None:
    """A red picture is red in every format, within what lossy formats lose."""
    options = {"WEBP": {"lossless": True}, "JPEG": {"quality": 98}, "AVIF": {"quality": 95}}.get(format, {})
    pixels = cut(encode(Image.new("RGB", (40, 30), (250, 10, 20)), format, **options))
    assert np.abs(pixels - (250, 10, 20)).max() <= 3


def test_read_of_the_wanted_size_changes_nothing(
    encode: Encode, cut: Cutter, rng: np.random.Generator
) -> None:
    """A picture that already has the size comes out bit for bit."""
    pixels = rng.integers(0, 256, (16, 16, 3), np.uint8)
    assert (cut(encode(pixels)) == pixels).all()


def test_squash_is_pillows_antialiased_resize(encode: Encode, cut: Cutter, photo: Image.Image) -> None:
    """The squash fit is what Pillow's own resize gives."""
    expected = np.asarray(photo.resize((16, 16), Image.Resampling.BICUBIC), np.int16)
    assert np.abs(cut(encode(photo)) - expected).max() <= 1


@pytest.mark.parametrize("size", [(96, 64), (64, 96), (61, 133), (300, 31)])
def test_crop_is_resize_then_middle(encode: Encode, cut: Cutter, size: tuple[int, int]) -> None:
    """The crop fit equals resizing the shorter side and cutting out the middle square."""
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    waves = 127 + 120 * np.sin(np.stack([x / 17, y / 13, (x + y) / 29], axis=-1))
    image = Image.fromarray(waves.astype(np.uint8))
    short = min(size)
    resized = image.resize((int(20 * size[0] / short), int(20 * size[1] / short)), Image.Resampling.BICUBIC)
    left, top = round((resized.width - 16) / 2), round((resized.height - 16) / 2)
    expected = np.asarray(resized.crop((left, top, left + 16, top + 16)), np.int16)
    assert np.abs(cut(encode(image), fit="crop", resize=20) - expected).mean() < 1


def test_crop_of_a_very_long_picture_stays_small(encode: Encode, cut: Cutter) -> None:
    """A line of 60,000 pixels is cut without ever being resized as a whole."""
    assert even(cut(encode(Image.new("RGB", (60_000, 1), (1, 2, 3))), fit="crop", resize=20)) == (1, 2, 3)


@pytest.mark.parametrize(
    ("size", "shape"), [((96, 64), (11, 16)), ((64, 96), (16, 11)), ((9000, 2), (1, 16))]
)
def test_contain_keeps_proportions(
    encode: Encode, cut: Cutter, size: tuple[int, int], shape: tuple[int, int]
) -> None:
    """The longer side gets the size; no side vanishes."""
    assert cut(encode(Image.new("RGB", size)), fit="contain").shape == (*shape, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_read_turns_pictures_upright(
    encode: Encode, cut: Cutter, photo: Image.Image, format: str, orientation: int
) -> None:
    """Every EXIF orientation gives the picture that was stored turned, and the upright size."""
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the transpose whose inverse the orientation asks for
    stored = photo.transpose(Image.Transpose(undo[orientation])) if orientation > 1 else photo
    exif = Image.Exif()
    exif[0x0112] = orientation
    quality = {} if format in {"PNG", "TIFF"} else {"quality": 95}
    data = encode(stored, format, exif=exif, **quality)
    expected = np.asarray(photo.resize((16, 16), Image.Resampling.BICUBIC), np.int16)
    assert np.abs(cut(data) - expected).mean() < 4
    assert cut(data, fit="contain").shape == (11, 16, 3)


def test_orientation_photos_look_the_same(shared_data: Path, cut: Cutter) -> None:
    """The 18 photos of the reference data agree once upright."""
    files = sorted((shared_data / "decoder" / "exif_orientation").rglob("*.jpg"))
    assert len(files) == 18
    for shape in ("landscape", "portrait"):
        cuts = [cut(file.read_bytes(), size=64) for file in files if shape in file.name.lower()]
        assert len(cuts) == 9
        for pixels in cuts[1:]:
            assert np.abs(pixels - cuts[0]).mean() < 6


def test_alpha_goes_over_white(encode: Encode, cut: Cutter) -> None:
    """Half transparent red is pink, wherever the alpha stands."""
    assert even(cut(encode(Image.new("RGBA", (20, 20), (255, 0, 0, 128))))) == (255, 127, 127)
    assert even(cut(encode(Image.new("LA", (20, 20), (0, 51))))) == (204, 204, 204)
    assert even(cut(encode(Image.new("RGBA", (20, 20), (9, 9, 9, 0)), "WEBP", lossless=True))) == (255,) * 3


def test_transparent_pixels_do_not_bleed(encode: Encode, cut: Cutter) -> None:
    """The color of what cannot be seen plays no part in resizing."""
    image = Image.new("RGBA", (64, 64), (0, 255, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 32, 64))
    pixels = cut(encode(image))
    assert (pixels[:, :, 1] >= pixels[:, :, 2] - 1).all()
    assert (pixels[:, :, 1] <= pixels[:, :, 2] + 1).all()


def test_palettes_and_their_transparency(encode: Encode, cut: Cutter) -> None:
    """A palette picture has its palette's colors; its transparent entry is white."""
    image = Image.new("P", (20, 20), 1)
    image.putpalette([0, 0, 0, 10, 200, 30])
    assert even(cut(encode(image))) == (10, 200, 30)
    assert even(cut(encode(image, "GIF"))) == (10, 200, 30)
    assert even(cut(encode(image, transparency=1))) == (255, 255, 255)
    assert even(cut(encode(Image.new("RGB", (20, 20), (1, 2, 3)), transparency=(1, 2, 3)))) == (255,) * 3


@pytest.mark.parametrize(("value", "expected"), [(0, 0), (65535, 255), (32768, 128), (257 * 77, 77)])
def test_sixteen_bits_are_scaled(encode: Encode, cut: Cutter, value: int, expected: int) -> None:
    """16-bit gray spans 0 to 65535 and is divided by 257."""
    gray = np.full((20, 20), value, np.uint16)
    assert even(cut(encode(gray))) == (expected,) * 3
    assert even(cut(encode(gray, "TIFF"))) == (expected,) * 3


def test_one_bit_and_gray(encode: Encode, cut: Cutter) -> None:
    """White on 1 bit is white; gray stays gray."""
    assert even(cut(encode(Image.new("1", (20, 20), 1)))) == (255, 255, 255)
    assert even(cut(encode(Image.new("L", (20, 20), 99), "JPEG", quality=100))) == (99, 99, 99)


@pytest.mark.parametrize(
    ("low", "high", "expected"), [(0.0, 1.0, 255), (0.0, 255.0, 255), (-3.0, 5.0, 255), (0.25, 0.5, 128)]
)
def test_floats_are_brought_into_range(
    encode: Encode, cut: Cutter, low: float, high: float, expected: int
) -> None:
    """0 to 1 and 0 to 255 are taken at their word, other ranges are stretched."""
    values = np.full((16, 16), high, np.float32)
    values[:8] = low
    pixels = cut(encode(values, "TIFF"))
    assert tuple(pixels[15, 0]) == (expected,) * 3


def test_a_float_picture_of_no_numbers_is_still_a_picture(encode: Encode, cut: Cutter) -> None:
    """NaN and infinity give some gray, not an error."""
    for value in (np.nan, np.inf, -np.inf):
        assert cut(encode(np.full((20, 20), value, np.float32), "TIFF")).shape == (16, 16, 3)


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
def test_cmyk_without_a_profile(encode: Encode, cut: Cutter, format: str) -> None:
    """Ink covers paper: each channel is white less its ink, less black."""
    options = {"quality": 100} if format == "JPEG" else {}
    pixels = cut(encode(Image.new("CMYK", (32, 32), (0, 255, 255, 0)), format, **options))
    assert np.abs(pixels - (255, 0, 0)).max() <= 2
    black = cut(encode(Image.new("CMYK", (32, 32), (0, 0, 0, 255)), format, **options))
    assert black.max() <= 2


def test_icc_profiles_are_applied(encode: Encode, cut: Cutter) -> None:
    """A picture in a wide-gamut, linear space comes out as sRGB, by the textbook formula."""
    linear = np.float64(0.2140)  # of mid gray: the sRGB curve takes it to 0.5
    profile = _gray_gamma_profile(1.0)
    image = Image.new("L", (20, 20), round(linear * 255))
    assert abs(even(cut(encode(image, icc_profile=profile)))[0] - 127.5) <= 2
    plain = even(cut(encode(image)))
    assert plain == (55, 55, 55)


def test_a_profile_that_is_srgb_changes_nothing(encode: Encode, cut: Cutter, photo: Image.Image) -> None:
    """From sRGB to sRGB is no work and no rounding."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert (cut(encode(photo, icc_profile=profile)) == cut(encode(photo))).all()


@pytest.mark.parametrize("profile", [b"", b"nonsense", b"\0" * 200, b"\xff" * (5 << 20)])
def test_a_broken_profile_counts_as_srgb(
    encode: Encode, cut: Cutter, photo: Image.Image, profile: bytes
) -> None:
    """A profile that is broken or far too long never costs the picture."""
    data = encode(photo, "TIFF", icc_profile=profile)
    assert (cut(data) == cut(encode(photo, "TIFF"))).all()


def test_a_profile_of_another_color_model_is_ignored(encode: Encode, cut: Cutter) -> None:
    """A gray profile says nothing about an RGB picture."""
    image = Image.new("RGB", (20, 20), (55, 66, 77))
    assert even(cut(encode(image, icc_profile=_gray_gamma_profile(1.0)))) == (55, 66, 77)


def test_shrinking_while_decoding_changes_little(encode: Encode, cut: Cutter, shared_data: Path) -> None:
    """DCT-scaled decoding is near to decoding everything and resizing."""
    photos = sorted((shared_data / "imagenet_photos").glob("*.JPEG"))[:24]
    for path in photos:
        with Image.open(path) as image:
            full = image.convert("RGB")
        expected = np.asarray(full.resize((48, 48), Image.Resampling.BICUBIC), np.int16)
        assert np.abs(cut(path.read_bytes(), size=48) - expected).mean() < 2.5


def test_animations_show_their_first_frame(encode: Encode, cut: Cutter) -> None:
    """The first frame stands for an animation; frames are counted."""
    red, blue = (Image.new("RGB", (20, 20), color) for color in ((255, 0, 0), (0, 0, 255)))
    for kind in ("GIF", "PNG", "WEBP", "TIFF", "AVIF"):
        options = {"lossless": True} if kind == "WEBP" else {}
        data = encode(red, kind, save_all=True, append_images=[blue, red], **options)
        assert np.abs(cut(data) - (255, 0, 0)).max() <= 3
        picture = ImageReader(Limits()).read(data, identify(data, ""), Cut(8, "squash", "bicubic", 0))
        assert picture.facts["frames"] == 3


def _gray_gamma_profile(gamma: float) -> bytes:
    """A gray ICC profile with a plain power curve, written out by the specification (ICC.1:2001)."""
    curve = b"curv" + bytes(4) + (1).to_bytes(4, "big") + round(gamma * 256).to_bytes(2, "big") + bytes(2)
    white = b"XYZ " + bytes(4) + b"".join(round(v * 65536).to_bytes(4, "big") for v in (0.9642, 1.0, 0.8249))
    text = b"gray\0"
    description = b"desc" + bytes(4) + len(text).to_bytes(4, "big") + text + bytes(8 + 4 + 2 + 1 + 67)
    description += bytes(-len(description) % 4)
    tags = [(b"desc", description), (b"wtpt", white), (b"kTRC", curve)]
    offset = 128 + 4 + 12 * len(tags)
    table, body = len(tags).to_bytes(4, "big"), b""
    for name, data in tags:
        table += name + (offset + len(body)).to_bytes(4, "big") + len(data).to_bytes(4, "big")
        body += data
    total = offset + len(body)
    header = (
        total.to_bytes(4, "big")
        + bytes(4)
        + b"\x02\x40\0\0"
        + b"mntrGRAYXYZ "
        + bytes(12)
        + b"acsp"
        + bytes(28)
    )
    header += b"".join(round(v * 65536).to_bytes(4, "big") for v in (0.9642, 1.0, 0.8249))
    buffer = io.BytesIO(header.ljust(128, b"\0") + table + body)
    return buffer.getvalue()
