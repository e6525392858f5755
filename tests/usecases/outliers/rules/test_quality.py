"""Scores of what is technically wrong: each issue is found where it was made, and not in a plain photo."""

import numpy as np
import pytest

from saccade.core.types import ImageInfo
from saccade.usecases.outliers.rules.quality import ISSUES, THRESHOLD, measure, reason, sharpness


def info(width: int = 1600, height: int = 1200, **told: object) -> ImageInfo:
    """Facts of a JPEG."""
    facts: dict[str, object] = {"format": "JPEG", "size_bytes": 1000}
    return ImageInfo(width=width, height=height, **(facts | told))  # type: ignore[arg-type]


def photo(seed: int = 1) -> np.ndarray:
    """Smooth shading, hard edges and a little noise, as photos have."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:384, :512]
    shade = 90 + 60 * np.sin(x / 90) + 40 * np.cos(y / 70)
    blocks = np.kron(rng.integers(0, 2, (16, 16)) * 70, np.ones((24, 32)))
    noise = rng.normal(0, 4, (384, 512))
    return np.clip(np.stack([shade + blocks + noise + c for c in (0, 8, -8)], axis=2), 0, 255).astype(
        np.uint8
    )


def blurred(pixels: np.ndarray, width: int) -> np.ndarray:
    """Box means, three times over along both axes."""
    values = pixels.astype(np.float64)
    kernel = np.ones(width) / width
    for axis in (0, 1, 0, 1, 0, 1):
        values = np.apply_along_axis(lambda row: np.convolve(row, kernel, mode="same"), axis, values)
    return values[3 * width : -3 * width, 3 * width : -3 * width].astype(np.uint8)


def issues(pixels: np.ndarray, facts: ImageInfo | None = None) -> set[str]:
    """What is found."""
    return {issue for issue, score in measure(pixels, facts or info()).items() if score >= THRESHOLD}


def test_a_plain_photo_has_no_issue() -> None:
    """Every issue is measured, every score lies in [0, 1]."""
    scores = measure(photo(), info())
    assert set(scores) == set(ISSUES)
    assert all(0 <= score <= 1 for score in scores.values())
    assert issues(photo()) == set()


def test_blur_is_found_and_is_the_less_sharp_the_more_it_is() -> None:
    """Whatever the contrast."""
    values = [sharpness(one.mean(axis=2)) for one in (photo(), blurred(photo(), 5), blurred(photo(), 11))]
    assert values == sorted(values, reverse=True)
    assert issues(blurred(photo(), 7)) == {"blur"}
    assert sharpness(photo().mean(axis=2) / 4) == pytest.approx(values[0], abs=0.01)


def test_a_sharp_subject_on_a_soft_background_is_sharp() -> None:
    """A quarter of the picture is enough."""
    soft = blurred(photo(), 7)
    assert "blur" in issues(soft)
    soft[:160, :220] = photo()[:160, :220]
    assert "blur" not in issues(soft)


@pytest.mark.parametrize(
    ("change", "issue"),
    [
        (lambda one: (one * 0.1).astype(np.uint8), "dark"),
        (lambda one: np.clip(one * 3.0, 0, 255).astype(np.uint8), "overexposed"),
        (lambda one: (120 + one * 0.08).astype(np.uint8), "low_contrast"),
        (lambda one: np.full_like(one, 130), "near_empty"),
    ],
)
def test_light_and_emptiness(change: object, issue: str) -> None:
    """Each is found in a photo that was changed so."""
    assert issue in issues(change(photo()))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("facts", "issue"), [(info(150, 120), "tiny"), (info(4000, 500), "odd_aspect"), (info(200, 200), "tiny")]
)
def test_shape_comes_from_the_file_not_from_the_copy(facts: ImageInfo, issue: str) -> None:
    """Thresholds are inclusive."""
    assert issue in issues(photo(), facts)
    assert issues(photo(), info(201, 600)) == set()


def screen() -> np.ndarray:
    """A window: flat areas of a few colors, and rows of text."""
    pixels = np.full((384, 512, 3), 250, np.uint8)
    pixels[:30] = (40, 60, 90)
    pixels[:, :90] = (230, 230, 235)
    for row in range(60, 360, 24):
        pixels[row : row + 6, 110:480:7] = 20
    return pixels


def test_screenshots_are_flat_and_have_no_camera() -> None:
    """The exact size of a screen and PNG speak for one; a camera against it."""
    assert "screenshot" in issues(screen(), info(1920, 1080, format="PNG"))
    assert "screenshot" in issues(screen(), info(1920, 1080))
    assert "screenshot" not in issues(screen(), info(1000, 700))
    assert "screenshot" not in issues(screen(), info(1920, 1080, camera="Canon"))
    assert "screenshot" not in issues(photo(), info(1920, 1080, format="PNG"))


@pytest.mark.parametrize("shape", [(1, 1), (1, 512), (512, 1), (2, 2), (31, 40)])
def test_any_shape_has_scores(shape: tuple[int, int]) -> None:
    """A single pixel too."""
    scores = measure(np.zeros((*shape, 3), np.uint8), info(shape[1], shape[0]))
    assert all(np.isfinite(score) for score in scores.values())


@pytest.mark.parametrize("issue", ISSUES)
def test_every_issue_has_a_reason(issue: str) -> None:
    """In words."""
    assert ISSUES[issue] in reason(issue, 0.7, info())
