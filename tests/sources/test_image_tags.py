"""Keywords in JPEG files: only the XMP segment changes."""

import io

import numpy as np
import pytest
from PIL import Image

from saccade.sources.image_tags import NotWritableError, picture_data, tagged_jpeg
from saccade.sources.xmp import read_xmp


def _jpeg(**options: object) -> bytes:
    buffer = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    Image.fromarray(pixels).save(buffer, "JPEG", quality=80, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def _pixels(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


def _xmp(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as image:
        packet = image.info["xmp"]
    assert isinstance(packet, bytes)
    return packet


@pytest.mark.parametrize(
    "options", [{}, {"exif": Image.Exif().tobytes()}, {"progressive": True}, {"comment": b"x"}]
)
def test_keywords_go_in_and_no_pixel_changes(options: dict[str, object]) -> None:
    """Pillow reads the keywords back and decodes the very same pixels."""
    data = _jpeg(**options)
    tagged = tagged_jpeg(data, ["animal/dog", "beach"])
    assert read_xmp(_xmp(tagged))["keywords"] == ["animal", "dog", "beach"]
    assert np.array_equal(_pixels(tagged), _pixels(data))
    assert picture_data(tagged) == picture_data(data) == data


def test_keywords_join_those_that_are_there() -> None:
    """An existing packet is added to; the same labels again change nothing."""
    once = tagged_jpeg(_jpeg(), ["beach"])
    twice = tagged_jpeg(once, ["beach", "sea"])
    assert read_xmp(_xmp(twice))["keywords"] == ["beach", "sea"]
    assert tagged_jpeg(twice, ["sea"]) is twice


def _png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "only JPEG"),
        (_png(), "only JPEG"),
        (_jpeg()[:100], "damaged|ends before"),
        (b"\xff\xd8\xff\xe0\x00\x01", "damaged"),
        (b"\xff\xd8garbage that is long enough", "damaged"),
    ],
)
def test_what_is_no_whole_jpeg_is_refused(data: bytes, said: str) -> None:
    """With a line that says why."""
    with pytest.raises(NotWritableError, match=said):
        tagged_jpeg(data, ["beach"])


def test_keywords_that_do_not_fit_are_refused() -> None:
    """A segment holds 64 kB."""
    with pytest.raises(NotWritableError, match="would not fit"):
        tagged_jpeg(_jpeg(), [f"{number:0200d}" for number in range(400)])


def test_a_file_of_several_pictures_keeps_its_places() -> None:
    """Places count from the MPF segment: XMP may go before it, and never between it and what it points at."""
    data = _jpeg()
    mpf = b"\xff\xe2\x00\x08MPF\0zz"[:10]
    mpf = b"\xff\xe2" + (2 + 6).to_bytes(2, "big") + b"MPF\0zz"
    behind = data[:20] + mpf + data[20:]  # after the JFIF segment
    assert tagged_jpeg(behind, ["beach"]).index(b"http://ns.adobe.com") < tagged_jpeg(
        behind, ["beach"]
    ).index(b"MPF\0")
    tagged = tagged_jpeg(data, ["beach"])
    before = tagged[:20] + mpf + tagged[20:]
    with pytest.raises(NotWritableError, match="several pictures"):
        tagged_jpeg(before, ["sea"])
