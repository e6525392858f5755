"""Tagging a catalog: who gets a label, what parents get, what is stored, what people said."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from saccade.core.errors import InputError, InvalidQueryError
from saccade.core.types import Ids
from saccade.usecases.tags.flow import zero_shot as tagging
from saccade.usecases.tags.flow.taxonomy import labels_of
from saccade.usecases.tags.flow.texts import Words, embed_words
from saccade.usecases.tags.flow.zero_shot import tag_block, zero_shot
from saccade.usecases.tags.rules.encoder_fit import EncoderFit
from saccade.usecases.tags.rules.reports import PERSON, ZERO_SHOT, TaggingReport
from saccade.usecases.tags.rules.zero_shot import calibrate_labels, evidence

COLORS = ("red", "green", "blue")


@pytest.fixture
def colored(desk: Any) -> Any:
    """Four pictures of each of three colors, slightly different, and four black ones."""
    for step in range(4):
        desk.picture(f"red{step}.png", (250 - 9 * step, step, 0))
        desk.picture(f"green{step}.png", (0, 250 - 9 * step, step))
        desk.picture(f"blue{step}.png", (step, 0, 250 - 9 * step))
        desk.picture(f"black{step}.png", "black", mark=str(step))
    desk.index()
    return desk


def tag(desk: Any, *labels: str, among: Ids | None = None, **options: Any) -> TaggingReport:
    settings = {
        "min_confidence": None,
        "max_labels": 10,
        "replace_others": True,
        "truth": None,
        "dry_run": False,
        **options,
    }
    return zero_shot(
        desk.catalog,
        desk.encoder,
        desk.reader().space,
        labels_of(labels, None),
        EncoderFit(),
        among=among,
        report=lambda _: None,
        **settings,
    )


def bearing(desk: Any, label: str) -> set[str]:
    """Colors of the pictures that have it."""
    ids, _ = desk.catalog.tags.with_label(label)
    return {Path(record.paths[0]).stem.rstrip("0123") for record in desk.catalog.images.get(ids.tolist())}


def test_images_get_the_label_they_show(colored: Any) -> None:
    """Each color's pictures and no others; the report says what is stored."""
    report = tag(colored, "red", "blue", min_confidence=0.5)
    assert bearing(colored, "red") == {"red"}
    assert bearing(colored, "blue") == {"blue"}
    assert (report.images, report.tagged, report.written) == (16, 8, True)
    assert colored.catalog.tags.labels(ZERO_SHOT) == {"blue": 4, "red": 4}
    assert [summary.images for summary in report.labels] == [4, 4]
    assert report.labels[0].best[0].confidence >= report.labels[0].borderline[0].confidence


def test_a_dry_run_stores_nothing(colored: Any) -> None:
    """It says the same and writes nothing."""
    dry = tag(colored, "red", dry_run=True)
    assert colored.catalog.tags.labels() == {}
    wet = tag(colored, "red")
    assert (dry.tags, wet.tags) == (wet.tags, sum(colored.catalog.tags.labels().values()))


def test_parents_are_implied(colored: Any) -> None:
    """What is red is colored, at least as surely; a parent of two kinds is there once."""
    tag(colored, "colored/red", "colored/blue", min_confidence=0.5)
    assert bearing(colored, "colored") == {"red", "blue"}
    ids, sure = colored.catalog.tags.with_label("colored")
    red_ids, red_sure = colored.catalog.tags.with_label("colored/red")
    assert len(ids) == 8
    assert (sure[np.searchsorted(ids, red_ids)] >= red_sure).all()


def test_a_synonym_finds_what_its_label_means(colored: Any) -> None:
    """A word the encoder does not know, with one that it knows."""
    tag(colored, "crimson: red", min_confidence=0.5)
    assert bearing(colored, "crimson") == {"red"}


def test_only_the_images_asked_for_are_tagged(colored: Any) -> None:
    """Others keep what they have."""
    tag(colored, "red", min_confidence=0.5)
    some = np.array([colored.image("red0.png"), colored.image("blue0.png")])
    report = tag(colored, "blue", min_confidence=0.5, among=np.sort(some))
    assert report.images == 2
    assert len(colored.catalog.tags.with_label("red")[0]) == 3
    assert len(colored.catalog.tags.with_label("blue")[0]) == 1


def test_keep_leaves_other_labels(colored: Any) -> None:
    """Without it the earlier labels are replaced; a person's stay either way."""
    ids = np.array([colored.image("blue0.png")])
    colored.catalog.tags.write(PERSON, {"mine": (ids, np.ones(1))}, replace=False)
    tag(colored, "red", min_confidence=0.5)
    tag(colored, "blue", min_confidence=0.5, replace_others=False)
    assert set(colored.catalog.tags.labels()) == {"red", "blue", "mine"}
    tag(colored, "green", min_confidence=0.5)
    assert set(colored.catalog.tags.labels()) == {"green", "mine"}


def test_at_most_so_many_labels_on_an_image(colored: Any) -> None:
    """The surest are kept."""
    report = tag(colored, "red", "orange", min_confidence=0.05, max_labels=1)
    assert report.tags == report.tagged
    assert bearing(colored, "red") == {"red"}


def test_what_people_tagged_fits_the_label(colored: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With examples of both kinds the note says so; with few it does not."""
    monkeypatch.setattr(tagging, "_ENOUGH_TRUTH", 3)
    reds = np.array(sorted(colored.image(f"red{step}.png") for step in range(4)))
    blues = np.array(sorted(colored.image(f"blue{step}.png") for step in range(4)))
    ones = np.ones(4)
    colored.catalog.tags.write(PERSON, {"red": (reds, ones), "blue": (blues, ones)}, replace=False)
    report = tag(colored, "red", "blue", "green")
    assert report.notes == ("fitted to known labels of images: blue, red",)
    assert bearing(colored, "red") == {"red"}


def test_a_column_may_hold_the_truth(colored: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values separated by ";" name labels."""
    monkeypatch.setattr(tagging, "_ENOUGH_TRUTH", 3)
    values = {colored.image(f"{name}{step}.png"): f"{name}; thing" for name in COLORS for step in range(4)}
    colored.catalog.columns.write("seen", values, origin="import", replace=True)
    assert tag(colored, "red", "blue", truth="seen").notes[0].endswith("blue, red")


def test_bad_requests(colored: Any) -> None:
    """A threshold outside (0, 1), no label at all on an image."""
    with pytest.raises(InputError, match="between 0 and 1"):
        tag(colored, "red", min_confidence=1.0)
    with pytest.raises(InputError, match="is too few"):
        tag(colored, "red", max_labels=0)


def test_an_empty_library_is_reported(desk: Any) -> None:
    """There is nothing to tag."""
    with pytest.raises(InputError, match="has no images"):
        tag(desk, "red")


def test_one_image_is_enough(desk: Any) -> None:
    """A library of one is tagged, or not, without an error."""
    desk.picture("red.png")
    desk.index()
    assert tag(desk, "red", "blue").images == 1


def test_an_encoder_without_text_is_reported(colored: Any) -> None:
    """It says that examples are another way."""

    class Blind:
        info = type("Info", (), {"reads_text": False, "name": "blind"})()

    with pytest.raises(InvalidQueryError, match="reads no text") as caught:
        embed_words(Blind(), ["red"], EncoderFit())  # type: ignore[arg-type]
    assert "teach" in caught.value.hint


@pytest.mark.parametrize("seed", range(5))
def test_one_product_decides_as_the_formulas_do(seed: int, make_unit: Callable[..., Any]) -> None:
    """`tag_block` tags exactly where the confidence by the rules reaches the least, with that confidence."""
    rng = np.random.default_rng(seed)
    rows, texts, background = (make_unit(rng, count) for count in (300, 7, 20))
    label_of = np.array([0, 0, 1, 2, 2, 2, 3])
    known = calibrate_labels(rows @ texts.T, rows @ background.T, label_of, EncoderFit())
    sure = known.confidence(evidence(known, rows @ texts.T, rows @ background.T), slice(None))
    place, label, confidence = tag_block(
        rows, Words(texts=texts, label_of=label_of, background=background), known, top=4
    )
    expected = np.argwhere(sure >= known.thresholds + 1e-4)
    found = set(zip(place.tolist(), label.tolist(), strict=True))
    assert {(int(a), int(b)) for a, b in expected} <= found
    assert len(found) <= int((sure >= known.thresholds - 1e-4).sum())
    assert confidence == pytest.approx(sure[place, label], abs=1e-3)


@pytest.fixture
def make_unit() -> Callable[..., Any]:
    """Random unit rows of 8 dimensions."""

    def made(rng: np.random.Generator, count: int) -> Any:
        rows = rng.normal(size=(count, 8))
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    return made
