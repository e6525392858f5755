"""Lessons: what is learned, what is refused, what is kept, and what is said about how good it is."""

from typing import Any

import numpy as np
import pytest

from saccade.core.errors import EncoderMismatchError, InputError, NotFoundError
from saccade.core.types import Role
from saccade.usecases.tags.flow.classifiers import load, model_of, use, used_version, versions
from saccade.usecases.tags.flow.fitting import TrainingSet, fit
from saccade.usecases.tags.flow.teaching import Lesson, teach
from saccade.usecases.tags.rules.classifying import calibration_error
from saccade.usecases.tags.rules.encoder_fit import EncoderFit


@pytest.fixture
def colored(desk: Any) -> Any:
    """Twelve red and twelve blue pictures, each a little different."""
    for step in range(12):
        desk.picture(f"red{step}.png", (250 - 5 * step, 3 * step, step))
        desk.picture(f"blue{step}.png", (step, 2 * step, 250 - 5 * step))
    desk.index()
    return desk


def lesson(
    desk: Any, name: str = "fire", *, words: str = "", forget: tuple[str, ...] = (), **given: Any
) -> Any:
    """Teach by names: yes="red0 red1"."""
    options = {key: given.pop(key) for key in ("dry_run", "min_confidence", "suggest") if key in given}
    ids = {
        group: np.array([desk.image(f"{one}.png") for one in names.split()], np.int64)
        for group, names in given.items()
    }
    spaces = [desk.reader(role).space for role in (Role.SEMANTIC, Role.COPY)]
    return teach(
        desk.catalog,
        desk.encoder,
        spaces,
        Lesson(
            name=name,
            given=ids,
            names={},
            forget=np.array([desk.image(f"{one}.png") for one in forget], np.int64),
            words={"yes": words} if words else {},
            suggest=options.get("suggest", 4),
            min_confidence=options.get("min_confidence"),
        ),
        EncoderFit(),
        same_picture=0.9999,
        among=None,
        seed=0,
        dry_run=options.get("dry_run", False),
        report=lambda _: None,
    )


REDS, BLUES = "red0 red1 red2 red3 red4 red5", "blue0 blue1 blue2 blue3 blue4 blue5"


def test_a_few_examples_find_the_rest(colored: Any) -> None:
    """All reds get the tag, no blue does; held-out examples are right; unlabeled images are suggested."""
    report = lesson(colored, yes=REDS, no=BLUES)
    ids, _ = colored.catalog.tags.with_label("fire", "taught:fire")
    assert set(ids.tolist()) == {colored.image(f"red{step}.png") for step in range(12)}
    assert report.tags == {"fire": 12}
    assert report.measured is not None
    assert report.measured.accuracy.value == 1.0
    assert report.measured.accuracy.low < 0.9  # twelve examples prove no more
    assert report.shares["yes"] == pytest.approx(0.5, abs=0.2)
    taught = {colored.image(f"{name}.png") for name in (*REDS.split(), *BLUES.split())}
    suggested = {colored.catalog.images.by_sha256(one.image_id).id for one in report.suggestions}
    assert len(suggested) == 4
    assert not suggested & taught


def test_the_same_lesson_gives_the_same_answer(colored: Any) -> None:
    """Nothing depends on chance but by the seed."""
    first = lesson(colored, yes=REDS, no=BLUES, dry_run=True)
    second = lesson(colored, yes=REDS, no=BLUES, dry_run=True)
    assert (first.tags, first.shares, first.suggestions) == (second.tags, second.shares, second.suggestions)


def test_examples_add_up_and_may_be_corrected(colored: Any) -> None:
    """A later lesson keeps earlier examples; the last word on an image counts; forgotten ones are gone."""
    lesson(colored, yes="red0 blue0", no="blue1")
    report = lesson(colored, yes="red1", no="blue0")
    assert report.examples == {"no": 2, "yes": 2}
    assert any("another class" in note for note in report.notes)
    assert lesson(colored, forget=("red1",)).examples == {"no": 2, "yes": 1}


def test_contradictions_are_refused(colored: Any) -> None:
    """The image is named; nothing is stored."""
    with pytest.raises(InputError, match="was given as"):
        lesson(colored, yes="red0", no="blue0 red0")
    assert versions(colored.catalog) == ()


def test_near_copies_of_opposite_kinds_are_reported(desk: Any) -> None:
    """Two files of the same pixels, one yes and one no: learned, with a warning that names both."""
    desk.picture("a.png", (200, 10, 10))
    desk.picture("b.png", (200, 10, 10), mark="other bytes")
    desk.picture("c.png", "blue")
    desk.index()
    notes = lesson(desk, yes="a", no="b c").notes
    assert any("a.png" in note and "b.png" in note for note in notes)


def test_one_example_is_learned_and_not_measured(colored: Any) -> None:
    """Random images stand in for "no", and it says what it cannot say."""
    report = lesson(colored, yes="red0")
    assert report.measured is None
    assert "cannot be measured" in report.why_not
    assert report.random_images > 0
    assert any("random images" in note for note in report.notes)


def test_nothing_to_tell_apart(desk: Any) -> None:
    """Every image of the library is a "yes"; or there is none at all."""
    desk.picture("a.png")
    desk.index()
    with pytest.raises(InputError, match="nothing to distinguish it from"):
        lesson(desk, yes="a")
    with pytest.raises(InputError, match="no positive examples"):
        lesson(desk, no="a")


def test_several_classes(colored: Any) -> None:
    """Each image gets the class it is most like, if any."""
    report = lesson(colored, "kind", warm="red0 red1 red2 red3 red4", cold="blue0 blue1 blue2 blue3 blue4")
    assert report.tags == {"kind/cold": 12, "kind/warm": 12}
    assert report.measured is not None
    assert set(report.measured.recall) == {"cold", "warm"}
    with pytest.raises(InputError, match="nothing to distinguish"):
        lesson(colored, "single", warm="red0")


def test_versions_and_the_way_back(colored: Any) -> None:
    """Each lesson is a version; the one chosen stays in use until the next lesson."""
    lesson(colored, yes=REDS, no=BLUES)
    lesson(colored, yes="red6")
    assert used_version(colored.catalog, "fire") == 2
    use(colored.catalog, "fire", 1)
    assert used_version(colored.catalog, "fire") == 1
    assert [(one.version, one.active) for one in versions(colored.catalog, "fire")] == [(2, False), (1, True)]
    assert lesson(colored, yes="red7").examples == {"no": 6, "yes": 7}  # from version 1's examples
    assert used_version(colored.catalog, "fire") == 3
    with pytest.raises(NotFoundError, match="no version 9"):
        use(colored.catalog, "fire", 9)
    with pytest.raises(NotFoundError, match="no classifier is called"):
        use(colored.catalog, "water", 1)


def test_what_is_stored_is_what_was_learned(colored: Any) -> None:
    """The model comes back from numbers alone; another encoder's spaces are refused."""
    lesson(colored, yes=REDS, no=BLUES)
    spaces = {role: colored.reader(role).space for role in (Role.SEMANTIC, Role.COPY)}
    model = model_of(load(colored.catalog, "fire"), spaces)
    rows = np.hstack(
        [
            colored.catalog.embeddings.get(space.id, np.array([colored.image("red9.png")]))
            for space in spaces.values()
        ]
    )
    assert model.probabilities(rows)[0, 1] > 0.9
    with pytest.raises(EncoderMismatchError):
        model_of(load(colored.catalog, "fire"), {})


def test_a_dry_run_keeps_nothing(colored: Any) -> None:
    """No version, no tag."""
    report = lesson(colored, yes=REDS, no=BLUES, dry_run=True)
    assert (report.version, report.written) == (0, False)
    assert versions(colored.catalog) == ()
    assert colored.catalog.tags.labels() == {}


def _blobs(count: int, seed: int, apart: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """Two classes of unit variance in 10 dimensions, `apart` from each other."""
    rng = np.random.default_rng(seed)
    targets = rng.integers(0, 2, count)
    rows = rng.normal(size=(count, 10))
    rows[:, 0] += apart * (targets - 0.5)
    return rows, targets


def test_held_out_probabilities_are_calibrated() -> None:
    """On two overlapping classes the confidence is right as often as it says, on fresh data too."""
    rows, targets = _blobs(300, 0)
    fitted = fit(
        TrainingSet(
            rows=rows,
            targets=targets,
            trust=np.ones(300),
            names=np.zeros((300, 2)),
            classes=2,
            lone_factor=4.2,
        ),
        0,
    )
    held = fitted.held_out
    assert calibration_error(held.max(axis=1), held.argmax(axis=1) == targets, 10) < 0.08
    fresh, truth = _blobs(4000, 1)
    odds = (
        fitted.temperature * (fresh @ (fitted.weights[1] - fitted.weights[0]))
        + fitted.temperature * (fitted.biases[1] - fitted.biases[0])
        + fitted.shift
    )
    likely = 1 / (1 + np.exp(-odds))
    assert calibration_error(np.maximum(likely, 1 - likely), (likely > 0.5) == truth, 10) < 0.05


def test_names_decide_while_there_are_no_examples_to_speak_of() -> None:
    """With one example a class the names' logits carry over to what was never seen."""
    rows = np.array([[0.1, 0.0], [0.0, 0.1]])
    names = np.array([[3.0, 0.0], [0.0, 3.0]])
    fitted = fit(
        TrainingSet(
            rows=rows, targets=np.array([0, 1]), trust=np.ones(2), names=names, classes=2, lone_factor=4.2
        ),
        0,
    )
    assert fitted.name_share == 1.0
    assert np.abs(fitted.weights).max() < 1.0
