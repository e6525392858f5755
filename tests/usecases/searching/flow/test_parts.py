"""Search among parts of images: the best item of an image wins, and k images come back."""

from typing import Any, TypeAlias

import numpy as np
import pytest

from saccade.core.items import WHOLE, Box, Item, ItemKind, Span

Desk: TypeAlias = Any
REGION = Item(kind=ItemKind.REGION, box=Box(left=0.5, top=0, width=0.5, height=1))
PAGE = Item(kind=ItemKind.PAGE, page=2)
SHOT = Item(kind=ItemKind.SHOT, span=Span(start_s=1, end_s=2))


def fill(desk: Desk, *colors: str) -> None:
    for color in colors:
        desk.picture(f"x{color}.png", color)
    desk.index()


def embed(desk: Desk, name: str, parts: dict[Item, str]) -> list[int]:
    """Give an image parts that show these colors."""
    image = desk.image(name)
    (items,) = desk.catalog.items.add({image: list(parts)}).values()
    rows = desk.encoder.encode_texts(list(parts.values()))
    desk.catalog.embeddings.save(desk.reader().space.id, np.array(items, np.int64), rows)
    return list(items)


@pytest.fixture(params=["newer", "indexed"])
def settled(request: pytest.FixtureRequest, desk: Desk) -> Any:
    """Call it when all is embedded: the rows stay newer than the index, or an index is built of them."""
    return lambda: desk.refresh(force=True) if request.param == "indexed" else None


def found(desk: Desk, text: str, **options: Any) -> list[tuple[str, Item]]:
    result = desk.ask(text, **options)
    return [(name, hit.item) for name, hit in zip(desk.names(result), result, strict=True)]


def test_an_image_is_found_by_its_best_part(desk: Desk, settled: Any) -> None:
    """With the part's score, and once; the others as before."""
    fill(desk, "blue", "yellow", "green")
    embed(desk, "xblue.png", {REGION: "red", PAGE: "orange"})
    settled()
    result = desk.ask("red")
    assert found(desk, "red") == [("xblue.png", REGION), ("xyellow.png", WHOLE), ("xgreen.png", WHOLE)]
    assert result[0].score == pytest.approx(1.0)
    assert result[0].parts[0].score == pytest.approx(1.0)
    assert found(desk, "blue")[0] == ("xblue.png", WHOLE)


def test_k_images_come_back_however_many_parts_rank_before(desk: Desk, settled: Any) -> None:
    """300 parts of one image do not push the others out."""
    fill(desk, "red", "orange", "yellow")
    pages = {Item(kind=ItemKind.PAGE, page=number): "red" for number in range(1, 301)}
    embed(desk, "xyellow.png", pages)
    settled()
    assert [name for name, _ in found(desk, "red", k=2)] == ["xred.png", "xyellow.png"]
    assert len(found(desk, "red", k=3)) == 3
    assert desk.reader().count() == 3
    query = desk.encoder.encode_texts(["red", "yellow"])
    ids, scores = desk.reader().each_nearest(query, 2)
    assert ids.tolist() == [
        [desk.image("xred.png"), desk.image("xyellow.png")],
        [desk.image("xyellow.png"), desk.image("xorange.png")],
    ]
    assert scores[0].tolist() == pytest.approx([1.0, 1.0])
    assert desk.reader().best_scores(query, 9).shape == (2, 3)


def test_filters_choose_images_and_their_parts_come_along(desk: Desk, settled: Any) -> None:
    """A filter knows nothing of parts."""
    fill(desk, "blue", "red")
    embed(desk, "xblue.png", {SHOT: "red"})
    settled()
    assert found(desk, "red", where=["name=xblue.png"]) == [("xblue.png", SHOT)]


def test_parts_of_images_without_a_file_are_not_found(desk: Desk, settled: Any) -> None:
    """They go with their image."""
    fill(desk, "blue", "green")
    embed(desk, "xblue.png", {PAGE: "red"})
    settled()
    desk.path("xblue.png").unlink()
    desk.index()
    assert found(desk, "red") == [("xgreen.png", WHOLE)]
    assert desk.reader().count() == 1


def test_a_removed_part_is_not_found_even_if_the_index_holds_it(desk: Desk, settled: Any) -> None:
    """Its image is found as a whole again, also when only the part's embedding is gone."""
    fill(desk, "blue", "green")
    part, page = embed(desk, "xblue.png", {SHOT: "red", PAGE: "orange"})
    settled()
    assert found(desk, "red")[0] == ("xblue.png", SHOT)
    desk.catalog.items.remove([part])
    assert found(desk, "red")[0] == ("xblue.png", PAGE)
    desk.catalog.embeddings.remove(desk.reader().space.id, [page])
    assert sorted(item.kind for _, item in found(desk, "red")) == ["image", "image"]
    desk.catalog.items.remove([page])
    desk.reopen()
    assert sorted(item.kind for _, item in found(desk, "red")) == ["image", "image"]
    assert len(found(desk, "red", k=1)) == 1


def test_whole_images_alone_are_clustered_tagged_and_compared(desk: Desk, settled: Any) -> None:
    """What reads all embeddings gets one row per image."""
    fill(desk, "blue", "green")
    embed(desk, "xblue.png", {SHOT: "red", PAGE: "orange"})
    settled()
    ids, rows = desk.reader().everything()
    assert ids.tolist() == sorted([desk.image("xblue.png"), desk.image("xgreen.png")])
    assert len(rows) == 2
