"""What tests of searches share: a filled desk, and the answer by brute force."""

from typing import Any, TypeAlias

import numpy as np

from saccade.core.vectors import top_k

Desk: TypeAlias = Any


def fill(desk: Desk, *colors: str) -> None:
    """One picture of each color, all indexed; "xred.png" is red, and no word of a query."""
    for color in colors:
        desk.picture(f"x{color}.png", color)
    desk.index()


def many(desk: Desk, count: int, prefix: str = "m") -> None:
    """Pictures from red to yellow, `count` of them, each a color of its own."""
    for number in range(count):
        desk.picture(f"{prefix}{number:03}.png", (255, 255 * number // count, 7))
    desk.index()


def brute_force(desk: Desk, query: np.ndarray, k: int) -> list[tuple[int, float]]:
    """Present images by exact score, from the catalog alone."""
    ids, rows = desk.reader().everything()
    found, scores = top_k(query, rows, k, ids)
    return list(zip(found[0].tolist(), scores[0].tolist(), strict=True))


def answer(desk: Desk, *parts: str, k: int = 100) -> list[tuple[str, float]]:
    return [(hit.image_id, hit.score) for hit in desk.ask(*parts, k=k)]
