"""The facade's themes, on six real pictures."""

import numpy as np
import pytest

import saccade
from saccade.core.errors import InvalidFilterError, InvalidQueryError, NotFoundError


def test_clusters_are_stored_and_shown_again(library: saccade.Library) -> None:
    """A version for each clustering; an update of nothing new keeps the version and the themes."""
    first = library.clusters(k=2)
    again = library.clusters(update=True)
    assert (first.version, again.version) == (1, 1)
    assert [(one.id, one.size) for one in first.themes] == [(one.id, one.size) for one in again.themes]
    assert sum(one.size for one in first.themes) + first.noise == 6


def test_an_update_without_themes_finds_them(library: saccade.Library) -> None:
    """So that a job may always say update."""
    assert library.clusters(update=True).version == 1


def test_a_part_needs_a_name_to_be_stored(library: saccade.Library) -> None:
    """Else the rest of the library would lose its themes."""
    library.clusters(k=2)
    part = library.clusters(k=1, where=["name=0", "width>1"])
    assert (part.images, part.version) == (1, 0)
    named = library.clusters(k=1, where=["name!=0"], name="others")
    assert (named.images, named.version, named.name) == (5, 1, "others")
    assert len(library.search("a picture", where=[f"data.others=={named.themes[0].name}"])) > 0


def test_nothing_is_stored_when_told_so(library: saccade.Library) -> None:
    """A dry run, and means of themes that are not there."""
    assert library.clusters(k=2, store=False).version == 0
    with pytest.raises(NotFoundError):
        library.theme_means("clicks")


def test_a_theme_can_be_renamed(library: saccade.Library) -> None:
    """And keeps that name."""
    theme = library.clusters(k=2).themes[0]
    library.rename_theme(theme.id, "mine")
    assert "mine" in {one.name for one in library.clusters(k=2, seed=1).themes}


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"k": 0}, InvalidQueryError),
        ({"k": 7}, InvalidQueryError),
        ({"min_size": 0}, InvalidQueryError),
        ({"where": ["sharpness>2"]}, InvalidFilterError),
        ({"where": ["data.nothing>2"]}, InvalidFilterError),
    ],
)
def test_bad_input_is_refused(library: saccade.Library, asked: dict, error: type[Exception]) -> None:
    """With the library as it was."""
    with pytest.raises(error):
        library.clusters(**asked)
    assert library.clusters(k=2).version == 1


def test_the_map_says_places_and_themes(library: saccade.Library) -> None:
    """A place for each image; the theme's id beside it once there are themes."""
    assert library.map().themes.tolist() == [0] * 6
    found = library.clusters(k=2)
    drawn = library.map()
    assert drawn.places.shape == (6, 2)
    assert drawn.added == 0
    assert np.bincount(drawn.themes)[found.themes[0].id] == found.themes[0].size
