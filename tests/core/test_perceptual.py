"""What the perceptual hash promises."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.fft import dctn

from saccade.core.errors import InvalidVectorError
from saccade.core.perceptual import NO_HASH, hamming, hash_pairs, phash
from saccade.core.types import Pixels


def scene(seed: int, height: int = 224, width: int = 224) -> Pixels:
    """(height, width, 3) soft colored waves, the same shapes at every size."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    y, x = (y + 0.5) / height, (x + 0.5) / width
    picture = np.zeros((height, width, 3))
    for _ in range(12):
        fy, fx = rng.uniform(-12, 12, 2)
        picture += rng.uniform(0.2, 1, 3) * np.cos(fy * y + fx * x + rng.uniform(0, 6))[..., None]
    picture -= picture.min()
    return (picture / picture.max() * 255).astype(np.uint8)


def bits(value: int) -> list[int]:
    return [value >> place & 1 for place in range(64)]


def test_the_hash_is_the_low_frequencies_against_their_median() -> None:
    """The definition, done slowly: 7 x 7 means, gray, cosine transform, median."""
    for seed in range(10):
        picture = scene(seed)
        small = picture.reshape(32, 7, 32, 7, 3).mean((1, 3)) @ [0.299, 0.587, 0.114]
        low = dctn(small, norm="ortho")[:8, :8] * np.where(np.arange(8) == 0, 1, 0.5**0.5)
        low *= np.where(np.arange(8) == 0, 1, 0.5**0.5)[:, None]
        wanted = (low > np.median(low)).ravel()
        got = np.array(bits(int(phash(picture[None])[0])))[::-1].astype(bool)
        assert (got != wanted).sum() <= 1  # a frequency may lie at the median to the last digit


def test_a_hash_does_not_depend_on_the_batch() -> None:
    pictures = np.stack([scene(seed) for seed in range(5)])
    assert phash(pictures).tolist() == [int(phash(one[None])[0]) for one in pictures]
    assert phash(pictures[:0]).shape == (0,)


@pytest.mark.parametrize("size", [(448, 448), (100, 300), (31, 40), (8, 8)])
def test_size_and_proportions_hardly_matter(size: tuple[int, int]) -> None:
    for seed in range(10):
        assert hamming(phash(scene(seed)[None]), phash(scene(seed, *size)[None]))[0] <= 8


def test_gray_brightness_and_noise_hardly_matter() -> None:
    rng = np.random.default_rng(0)
    for seed in range(10):
        picture = scene(seed)
        luma = (picture @ [0.299, 0.587, 0.114]).round().astype(np.uint8)
        edits = (
            np.repeat(luma[..., None], 3, axis=2),
            (picture * 0.7).astype(np.uint8),
            np.clip(picture + rng.normal(0, 10, picture.shape), 0, 255).astype(np.uint8),
        )
        for edit in edits:
            assert hamming(phash(picture[None]), phash(edit[None]))[0] <= 6


def test_different_pictures_differ_in_many_bits() -> None:
    hashes = phash(np.stack([scene(seed, 64, 64) for seed in range(40)]))
    apart = hamming(hashes[:, None], hashes[None, :])
    assert apart[~np.eye(40, dtype=bool)].min() > 8


def test_half_of_the_bits_are_set_unless_the_picture_is_flat() -> None:
    """So the hash of a picture that shows nothing belongs to no other picture."""
    hashes = phash(np.stack([scene(seed, 50, 70) for seed in range(20)]))
    assert set(np.bitwise_count(hashes).tolist()) == {32}
    flat = np.full((3, 50, 70, 3), np.array([0, 128, 255], np.uint8)[:, None, None, None], np.uint8)
    assert phash(flat).tolist() == [int(NO_HASH)] * 3


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((2, 8, 8), np.uint8),
        np.zeros((2, 8, 8, 4), np.uint8),
        np.zeros((2, 0, 8, 3), np.uint8),
        np.zeros((2, 8, 8, 3), np.float32),
    ],
)
def test_other_arrays_are_refused(pixels: Pixels) -> None:
    with pytest.raises(InvalidVectorError, match="expected"):
        phash(pixels)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_hamming_counts_the_bits_that_differ(a: int, b: int) -> None:
    wanted = sum(x != y for x, y in zip(bits(a), bits(b), strict=True))
    assert hamming(np.array([a], np.uint64), np.array([b], np.uint64))[0] == wanted


@given(
    hashes=st.lists(
        st.one_of(st.integers(0, 2**64 - 1), st.sampled_from([0, 2**64 - 1, 7, 0xFFFF << 16])), max_size=25
    ),
    flips=st.lists(st.tuples(st.integers(0, 24), st.integers(0, 63)), max_size=30),
    most=st.integers(0, 3),
)
def test_hash_pairs_are_all_that_differ_in_few_bits(
    hashes: list[int], flips: list[tuple[int, int]], most: int
) -> None:
    """The same as comparing each with each; a picture that shows nothing is in no pair."""
    values = [*hashes]
    values += [hashes[place] ^ (1 << bit) for place, bit in flips if place < len(hashes)]
    expected = [
        [i, j]
        for i in range(len(values))
        for j in range(i + 1, len(values))
        if values[i] and values[j] and (values[i] ^ values[j]).bit_count() <= most
    ]
    assert hash_pairs(np.array(values, np.uint64), most).tolist() == expected


def test_a_crowd_of_equal_hashes_stays_linear() -> None:
    """Each is paired with the next 64 at most, not with all."""
    pairs = hash_pairs(np.full(1000, 12345, np.uint64))
    assert 999 <= len(pairs) <= 64 * 1000


def test_more_bits_than_the_bands_promise_are_refused() -> None:
    """Pairs would be missed without a word."""
    with pytest.raises(ValueError, match="up to 3"):
        hash_pairs(np.zeros(2, np.uint64), 4)
