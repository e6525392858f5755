"""Themes of a library of colored pictures, named by their files: found, stored, kept, joined."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from saccade.core.errors import (
    EncoderMismatchError,
    InputError,
    InvalidFilterError,
    InvalidQueryError,
    NoImagesError,
    NotFoundError,
)
from saccade.core.filters import Filter, parse_where
from saccade.core.types import Progress
from saccade.indexes.kmeans import SphericalKMeans
from saccade.usecases.clusters.flow import store as theme_store
from saccade.usecases.clusters.flow.comparing import theme_means
from saccade.usecases.clusters.flow.finding import Wanted, find_themes, update_themes
from saccade.usecases.clusters.rules.reports import Themes

KINDS = {"apple": (250, 20, 20), "meadow": (20, 250, 20), "ocean": (20, 20, 250)}


def fill(desk: Any, count: int = 12, *, start: int = 0, kinds: Sequence[str] = tuple(KINDS)) -> None:
    """Pictures such as apple_3.png, each a little different."""
    for kind in kinds:
        for number in range(start, start + count):
            red, green, blue = KINDS[kind]
            desk.picture(f"{kind}_{number}.png", (red, green, blue - number if blue > 99 else blue + number))
    desk.index()


def find(desk: Any, **asked: Any) -> Themes:
    """Three themes by k-means, stored as `theme`."""
    among = asked.pop("among", None)
    wanted = Wanted(**{"name": "theme", "k": 3, **asked})
    return find_themes(desk.catalog, desk.reader(), desk.encoder, SphericalKMeans(), wanted, among=among)


def update(desk: Any) -> Themes:
    """Only new images get a theme."""
    stored = theme_store.load(desk.catalog, "theme", desk.reader().space)
    assert stored is not None
    return update_themes(desk.catalog, desk.reader(), stored, "theme")


def of(desk: Any) -> dict[int, str]:
    """{image: theme} as the column says."""
    ids, names = desk.catalog.columns.texts("theme")
    return dict(zip(ids.tolist(), names, strict=True))


def test_themes_have_images_words_and_names(desk: Any) -> None:
    """Each kind is a theme, named by the word its files share; sizes and typical images fit."""
    fill(desk)
    found = find(desk)
    assert sorted(theme.words[0].word for theme in found.themes) == ["apple", "meadow", "ocean"]
    assert all(theme.words[0].source == "text" for theme in found.themes)
    assert [theme.size for theme in found.themes] == [12, 12, 12]
    assert (found.images, found.noise, found.version, found.method) == (36, 0, 1, "kmeans")
    for theme in found.themes:
        kind = theme.words[0].word
        assert theme.name.startswith(kind)
        shown = [*theme.representatives, *theme.outliers]
        assert all(kind in one.record.paths[0] for one in shown)
        assert len({one.record.id for one in shown}) == len(shown)
        assert theme.representatives[0].score >= max(one.score for one in shown)


def test_groups_hold_every_theme_once(desk: Any) -> None:
    """The level above; sizes add up."""
    fill(desk)
    found = find(desk)
    assert sorted(theme for group in found.groups for theme in group.themes) == [1, 2, 3]
    assert sum(group.size for group in found.groups) == 36
    assert all(
        theme.id in group.themes
        for theme in found.themes
        for group in found.groups
        if group.id == theme.group
    )


def test_the_column_answers_filters(desk: Any) -> None:
    """data.theme==NAME gives the theme's images, and so does what is stored."""
    fill(desk)
    for theme in find(desk).themes:
        wanted = Filter(conditions=parse_where([f"data.theme=={theme.name}"]))
        ids = desk.catalog.images.match(wanted)
        assert len(ids) == theme.size
        stored = theme_store.load(desk.catalog, "theme")
        assert stored is not None
        assert (theme_store.theme_ids(stored, ids) == theme.id).all()


def test_the_same_again_is_the_same(desk: Any) -> None:
    """Ids, names, sizes and members; only version and time differ."""
    fill(desk)
    first = find(desk)
    before = of(desk)
    second = find(desk)
    assert of(desk) == before
    assert second.kept == 3
    assert [(one.id, one.name, one.fresh) for one in second.themes] == [
        (one.id, one.name, 0) for one in first.themes
    ]


def test_a_theme_keeps_its_id_and_its_given_name_as_the_library_grows(desk: Any) -> None:
    """A person's name outlives clustering, whatever the words; what is new is counted."""
    fill(desk)
    apple = next(one for one in find(desk).themes if one.words[0].word == "apple")
    theme_store.rename(desk.catalog, "theme", apple.id, "  our\n harvest ")
    fill(desk, 4, start=12)
    again = next(one for one in find(desk, seed=5).themes if one.words[0].word == "apple")
    assert (again.id, again.name, again.size, again.fresh) == (apple.id, "our harvest", 16, 4)
    assert list(of(desk).values()).count("our harvest") == 16


def test_update_moves_nothing_and_joins_the_new(desk: Any) -> None:
    """New images join by likeness; one unlike all joins none; old ones stay where they were."""
    fill(desk)
    find(desk)
    before = of(desk)
    fill(desk, 2, start=12)
    desk.picture("gray.png", (128, 128, 128))
    desk.index()
    found = update(desk)
    now = of(desk)
    assert {image: now[image] for image in before} == before
    assert (found.assigned, found.ill_fitting, found.noise, found.version) == (6, 1, 1, 2)
    assert now[desk.image("apple_13.png")] == before[desk.image("apple_0.png")]
    assert now[desk.image("gray.png")] == theme_store.NO_THEME
    assert [one.record.paths[0].endswith("gray.png") for one in found.strangers] == [True]


def test_update_with_nothing_new_stores_nothing(desk: Any) -> None:
    """The version stays."""
    fill(desk)
    find(desk)
    assert update(desk).version == 1
    assert len(desk.catalog.results.versions("themes", "theme")) == 1


def test_images_that_are_gone_leave_and_come_back_to_their_theme(desk: Any) -> None:
    """A theme shrinks with its files; a file that returns is in its old theme."""
    fill(desk)
    find(desk)
    path = desk.home / "apple_0.png"
    content = path.read_bytes()
    image = desk.image("apple_0.png")
    path.unlink()
    desk.index()
    assert update(desk).images == 35
    path.write_bytes(content)
    desk.index()
    assert update(desk).assigned == 0
    assert of(desk)[image].startswith("apple")


def test_a_run_that_is_stopped_stores_nothing(desk: Any) -> None:
    """What was stored before stands."""
    fill(desk)
    find(desk)
    before = of(desk)
    fill(desk, 2, start=12)

    def stop(progress: Progress) -> None:
        if progress.stage == "naming":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        find_themes(
            desk.catalog,
            desk.reader(),
            desk.encoder,
            SphericalKMeans(),
            Wanted(name="theme", k=2),
            progress=stop,
        )
    assert of(desk) == before
    assert [one.version for one in desk.catalog.results.versions("themes", "theme")] == [1]


def test_a_part_is_clustered_alone(desk: Any) -> None:
    """Only the images among those given; nothing is stored without a name."""
    fill(desk)
    some = desk.catalog.images.match(Filter(conditions=parse_where(["name=apple"])))
    found = find(desk, among=some, name="", k=2)
    assert (found.images, found.version, found.name) == (12, 0, "")
    assert desk.catalog.columns.all() == []


def test_an_empty_library_and_an_empty_part(desk: Any) -> None:
    """Nothing to cluster is an answer with a hint."""
    with pytest.raises(NoImagesError, match="no image to cluster") as error:
        find(desk)
    assert "index" in error.value.hint
    fill(desk)
    with pytest.raises(NoImagesError, match="filters"):
        find(desk, among=np.zeros(0, np.int64))


def test_one_image_is_one_theme(desk: Any) -> None:
    """And identical ones too."""
    desk.picture("only.png")
    desk.index()
    assert [one.size for one in find(desk, k=None).themes] == [1]
    for number in range(9):
        desk.picture(f"copy_{number}.png", mark=str(number))
    desk.index()
    assert [one.size for one in find(desk, k=4).themes] == [10]


def test_a_column_of_somebody_else_is_left_alone(desk: Any) -> None:
    """Refused before any work, with what to do."""
    fill(desk, 2)
    desk.catalog.columns.write("theme", {desk.image("apple_0.png"): "mine"}, origin="import", replace=False)
    with pytest.raises(InputError, match="import") as error:
        find(desk)
    assert "--name" in error.value.hint
    assert of(desk) == {desk.image("apple_0.png"): "mine"}


def test_an_encoder_that_reads_no_text_still_names_by_what_is_written(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without captions either, themes are numbered."""
    fill(desk)
    for number, (kind, color) in enumerate(KINDS.items()):
        desk.picture(f"{number}.png", color, mark=kind)
    monkeypatch.setattr(desk.encoder, "encode_texts", None)
    monkeypatch.setattr(desk.encoder, "info", replace(desk.encoder.info, reads_text=False))
    assert sorted(theme.name for theme in find(desk).themes) == ["apple", "meadow", "ocean"]


def test_themes_of_another_encoder_are_not_updated(desk: Any) -> None:
    """Spaces never mix."""
    fill(desk)
    find(desk)
    with pytest.raises(EncoderMismatchError):
        theme_store.load(desk.catalog, "theme", replace(desk.reader().space, fingerprint="0" * 64))


@pytest.mark.parametrize(
    ("theme", "title", "error"),
    [(99, "x", NotFoundError), (1, "  ", InputError), (1, "none", InputError), (1, None, InputError)],
)
def test_names_that_cannot_be_given(desk: Any, theme: int, title: str | None, error: type[Exception]) -> None:
    """No such theme, nothing, the word for no theme, or another theme's name."""
    fill(desk)
    other = next(one.name for one in find(desk).themes if one.id == 2)
    with pytest.raises(error):
        theme_store.rename(desk.catalog, "theme", theme, other if title is None else title)


@pytest.fixture
def clicked(desk: Any) -> Callable[[], None]:
    """Clicks: apples 10 more than the rest, one meadow with luck, oceans without."""

    def write() -> None:
        rng = np.random.default_rng(0)
        values = {desk.image(f"apple_{n}.png"): 20 + float(rng.normal()) for n in range(12)}
        values |= {desk.image(f"meadow_{n}.png"): 10 + float(rng.normal()) for n in range(12)}
        values |= {desk.image("ocean_0.png"): 25.0}
        desk.catalog.columns.write("clicks", values, origin="import", replace=True)

    return write


def test_the_best_theme_is_told_with_intervals(desk: Any, clicked: Callable[[], None]) -> None:
    """Means as numpy's, intervals around them, n, the verdict; one lucky image has no interval."""
    fill(desk)
    find(desk)
    clicked()
    made = theme_means(desk.catalog, theme_store.load(desk.catalog, "theme"), "clicks")
    by_word = {one.name.split(",")[0]: one for one in made.themes}
    apple, meadow, ocean = (by_word[kind] for kind in KINDS)
    ids, values = desk.catalog.columns.numbers("clicks")
    mine = values[np.isin(ids, [desk.image(f"apple_{n}.png") for n in range(12)])]
    assert apple.mean == pytest.approx(mine.mean())
    assert apple.low is not None
    assert apple.high is not None
    assert apple.low < apple.mean < apple.high
    assert (apple.count, meadow.count, ocean.count) == (12, 12, 1)
    assert (apple.verdict, meadow.verdict, ocean.verdict) == ("above", "below", "unclear")
    assert (ocean.low, ocean.high, ocean.p_value) == (None, None, None)
    assert (made.count, made.without) == (25, 11)


def test_means_that_cannot_be_told(desk: Any) -> None:
    """No themes, no column, text, values on no theme's image, a confidence that is none."""
    fill(desk)
    with pytest.raises(NotFoundError):
        theme_means(desk.catalog, None, "clicks")
    find(desk)
    stored = theme_store.load(desk.catalog, "theme")
    with pytest.raises(InvalidFilterError):
        theme_means(desk.catalog, stored, "clicks")
    with pytest.raises(InvalidFilterError):
        theme_means(desk.catalog, stored, "theme")
    desk.picture("new.png", "orange")
    desk.index()
    desk.catalog.columns.write("clicks", {desk.image("new.png"): 3.0}, origin="import", replace=True)
    with pytest.raises(InvalidQueryError, match="clicks"):
        theme_means(desk.catalog, stored, "clicks")
    with pytest.raises(InvalidQueryError, match="confidence"):
        theme_means(desk.catalog, stored, "clicks", confidence=95)
