"""`load_encoder`: embeddings without a library."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import saccade
from saccade.core.errors import (
    EncoderUnavailableError,
    InputError,
    InvalidQueryError,
    PathNotFoundError,
    UnreadableImageError,
)


def test_every_form_of_a_picture_gives_the_same_embedding(
    encoder: saccade.ImageEncoder, pictures: Path
) -> None:
    """Path, text, bytes, pixels and PIL image of one file: cosine >= 0.9999, in both roles."""
    file = pictures / "3.png"
    picture = Image.open(file)
    forms = [file, str(file), file.read_bytes(), np.asarray(picture), picture]
    for role in ("semantic", "copy"):
        rows = encoder.encode_images(forms, role=role)
        assert (rows.shape, rows.dtype) == ((5, encoder.info.dims[saccade_role(role)]), np.float32)
        assert (rows @ rows.T).min() >= 0.9999


def saccade_role(name: str) -> object:
    from saccade.core.types import Role  # noqa: PLC0415

    return Role(name)


def test_different_pictures_differ_and_keep_their_order(
    encoder: saccade.ImageEncoder, pictures: Path
) -> None:
    """More than one batch; each row is its picture's."""
    files = sorted(pictures.glob("*.png")) * 8
    rows = encoder.encode_images(files)
    single = encoder.encode_images([files[3]])[0]
    near = rows @ single
    assert [number % 5 for number in np.flatnonzero(near >= 0.9999)] == [3] * 8


def test_transparent_gray_and_palette_pictures_are_taken(encoder: saccade.ImageEncoder) -> None:
    """Alpha over white, gray as gray: the same as the RGB picture they show."""
    red = Image.new("RGB", (64, 64), (255, 0, 0))
    clear = Image.new("RGBA", (64, 64), (9, 9, 9, 0))
    forms = [red, red.convert("P"), clear, Image.new("RGB", (64, 64), (255, 255, 255)),
             Image.new("L", (64, 64), 90), Image.new("RGB", (64, 64), (90, 90, 90))]  # fmt: skip
    rows = encoder.encode_images(forms)
    assert (rows[::2] * rows[1::2]).sum(axis=1).min() >= 0.9999


def test_texts_and_pictures_share_a_space(encoder: saccade.ImageEncoder, pictures: Path) -> None:
    """(n, 384) both; no text and no picture give no row."""
    texts = encoder.encode_texts(["a cat", "two dogs"])
    assert texts.shape == (2, 384)
    assert (encoder.encode_texts([]).shape, encoder.encode_images([]).shape) == ((0, 384), (0, 384))
    assert encoder.encode_images([], role="copy").shape == (0, 256)


@pytest.mark.parametrize(
    ("images", "error"),
    [
        ("photo.jpg", InvalidQueryError),
        (b"bytes", InvalidQueryError),
        (7, InvalidQueryError),
        (["missing.jpg"], PathNotFoundError),
        ([b"no picture"], UnreadableImageError),
        ([None], InvalidQueryError),
        ([np.zeros((4, 4, 3), np.float32)], InvalidQueryError),
        ([np.zeros(4, np.uint8)], InvalidQueryError),
        ([b"path"[:0]], UnreadableImageError),
    ],
)
def test_bad_pictures_are_told(
    encoder: saccade.ImageEncoder, images: object, error: type[saccade.SaccadeError]
) -> None:
    """Each in one line, with a hint."""
    with pytest.raises(error) as caught:
        encoder.encode_images(images)  # type: ignore[arg-type]
    assert caught.value.hint


def test_bad_roles_and_texts_are_told(encoder: saccade.ImageEncoder, pictures: Path) -> None:
    """One text is not a list of texts; a number is no text; a role must exist."""
    with pytest.raises(InvalidQueryError, match="a list"):
        encoder.encode_texts("a cat")
    with pytest.raises(InvalidQueryError, match="expected texts"):
        encoder.encode_texts(["a cat", 7])  # type: ignore[list-item]
    with pytest.raises(InvalidQueryError, match="smell"):
        encoder.encode_images([pictures / "0.png"], role="smell")


def test_an_unknown_encoder_is_told_with_the_known_ones() -> None:
    """The hint lists them."""
    with pytest.raises(EncoderUnavailableError, match="'clip'") as caught:
        saccade.load_encoder("clip")
    assert "builtin" in caught.value.hint


def test_a_closed_encoder_can_be_closed_again() -> None:
    """And an encoder that never decoded has nothing to end."""
    made = saccade.load_encoder()
    made.close()
    made.close()


def test_a_closed_encoder_takes_no_pictures(pictures: Path) -> None:
    """Texts need no workers."""
    made = saccade.load_encoder()
    made.close()
    with pytest.raises(InputError, match="this encoder is closed") as caught:
        made.encode_images([pictures / "0.png"])
    assert caught.value.hint
    assert len(made.encode_texts(["a dog"])) == 1
