"""What forgetting must do in every catalog."""

import numpy as np
import pytest

from saccade.core.errors import ImageNotFoundError
from saccade.core.ports.erasing import Leaving
from saccade.core.ports.results import ImageRows
from saccade.core.ports.stores import Event
from tests.contracts.stores.shelf import Shelf

NONE = np.zeros(0, np.int64)


def test_a_plan_changes_nothing_and_is_kept(shelf: Shelf) -> None:
    """What `plan` says is what `forget` does."""
    erasing = shelf.catalog.erasing
    plan = erasing.plan(shelf.some(0, 3), [f"{shelf.home}/7.jpg"])
    assert plan == Leaving(images=3, files=3, folders=0)
    assert not len(erasing.pending())
    assert shelf.catalog.health.counts().images == 10
    assert erasing.forget(shelf.some(0, 3), [f"{shelf.home}/7.jpg"]) == plan
    assert erasing.pending().tolist() == sorted([*shelf.some(0, 3).tolist(), shelf.ids[7]])
    assert shelf.catalog.health.counts().images == 7


def test_everything_that_refers_to_an_image_goes_with_it(shelf: Shelf) -> None:
    """From every store; what says something of others stays."""
    catalog, (a, b, c) = shelf.catalog, shelf.ids[:3]
    shelf.tag("person", beach=[0, 1])
    catalog.columns.write("price", {a: 1.0, b: 2.0}, origin="import", replace=False)
    catalog.columns.write("look", {a: "old", b: "new"}, origin="import", replace=False)
    catalog.pairs.save("m", [shelf.pair(0, 1), shelf.pair(1, 2)])
    catalog.pairs.set_distinct([(a, b), (b, c)])
    catalog.feedback.add([Event(user="anna", image=one, kind="like", at=1.0) for one in (a, b)])
    catalog.feedback.add_sets({"alone": [a], "both": [a, b]})
    rows = ImageRows(ids=np.array([a, b, a], np.int64), arrays={"x": np.arange(3)})
    digest = catalog.images.get([a])[0].image_id
    catalog.results.save("map", "all", {"seen": [digest, "other"], "best": digest}, {}, rows=rows)
    catalog.erasing.forget(shelf.some(0), [])
    catalog.erasing.wipe()
    catalog.erasing.purged()
    shelf.reopen()
    catalog = shelf.catalog
    assert catalog.tags.labels() == {"beach": 1}
    assert catalog.columns.numbers("price")[0].tolist() == [b]
    assert catalog.columns.texts("look")[0].tolist() == [b]
    assert list(catalog.pairs.load("m")) == [shelf.pair(1, 2)]
    assert catalog.pairs.distinct().tolist() == [[b, c]]
    assert [event.image for event in catalog.feedback.events()] == [b]
    assert catalog.feedback.sets() == {"both": [b]}
    kept = catalog.results.load("map", "all")
    assert kept is not None
    assert (kept.rows.ids.tolist(), kept.rows.arrays["x"].tolist()) == ([b], [1])
    assert kept.facts == {"seen": ["other"], "best": ""}
    with pytest.raises(ImageNotFoundError):
        catalog.images.by_sha256(digest)
    assert catalog.health.problems() == []
    assert catalog.health.stale_images().tolist() == []


def test_an_image_that_lies_elsewhere_too_stays(shelf: Shelf) -> None:
    """Unless it is named itself."""
    shelf.copy(0, "elsewhere/0.jpg")
    erasing = shelf.catalog.erasing
    assert erasing.forget(NONE, [f"{shelf.home}/elsewhere"]) == Leaving(images=0, files=1, folders=0)
    assert not len(erasing.pending())
    shelf.copy(0, "elsewhere/0.jpg")
    assert erasing.forget(shelf.some(0), []) == Leaving(images=1, files=2, folders=0)


def test_a_folder_above_takes_whole_folders(shelf: Shelf) -> None:
    """And a name that only begins alike takes nothing."""
    erasing = shelf.catalog.erasing
    assert erasing.plan(NONE, [f"{shelf.home}/1"]) == Leaving(images=0, files=0, folders=0)
    assert erasing.plan(NONE, [shelf.home[:-1]]) == Leaving(images=0, files=0, folders=0)
    assert erasing.forget(NONE, [shelf.home]) == Leaving(images=10, files=10, folders=1)
    erasing.wipe()
    assert shelf.catalog.files.folders() == []
    assert shelf.catalog.health.counts().images == 0
    assert shelf.catalog.health.problems() == []


def test_wiping_again_does_nothing(shelf: Shelf) -> None:
    """So what was interrupted can be finished, however often."""
    erasing = shelf.catalog.erasing
    erasing.forget(shelf.some(4), [])
    for _ in range(2):
        erasing.wipe()
        assert erasing.pending().tolist() == [shelf.ids[4]]
    erasing.purged()
    assert not len(erasing.pending())
    assert shelf.catalog.health.counts().images == 9
