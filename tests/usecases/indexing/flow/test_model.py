"""Catalog, index and search together against a plain dict, whatever people do with their files in between."""

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.helpers.properties import examples

Desk: TypeAlias = Any
Png: TypeAlias = Callable[..., bytes]
COLORS = {"red": (255, 0, 0), "green": (0, 255, 0), "orange": (255, 128, 0), "cyan": (0, 255, 255)}
NAMES = st.sampled_from(["a1.png", "a2.png", "b1.png", "sub/a3.png", "sub/b2.png"])
ANCHOR = "b0.png"  # stays: a folder that holds nothing would be a disk not mounted

Content: TypeAlias = tuple[str, str]
"""Color and mark: same content, same image."""


class Library(RuleBasedStateMachine):
    """`disk` is what lies there now, `known` what lay there when it was last indexed."""

    make_desk: Callable[[Path], Desk]
    make_png: Png

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp())
        self.desk = type(self).make_desk(self.home)
        self.disk: dict[str, Content] = {}
        self.known: dict[str, Content] = {}
        self.bin: dict[str, tuple[Content, int]] = {}
        self.clock = itertools.count(10**18, 10**9)

    def put(self, name: str, content: Content, mtime: int) -> None:
        place = self.desk.write(name, type(self).make_png(*content))
        os.utime(place, ns=(mtime, mtime))
        self.disk[name] = content

    @initialize()
    def start(self) -> None:
        self.put(ANCHOR, ("green", "anchor"), next(self.clock))
        self.index()

    @rule(name=NAMES, color=st.sampled_from(sorted(COLORS)), mark=st.sampled_from(["", "x"]))
    def add(self, name: str, color: str, mark: str) -> None:
        """A new file, or a new content in its place."""
        self.put(name, (color, mark), next(self.clock))

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        if name in self.disk:
            self.bin[name] = (self.disk.pop(name), (self.home / name).stat().st_mtime_ns)
            (self.home / name).unlink()

    @rule(name=NAMES, same_time=st.booleans())
    def restore(self, name: str, *, same_time: bool) -> None:
        if name in self.bin:
            content, mtime = self.bin.pop(name)
            self.put(name, content, mtime if same_time else next(self.clock))

    @rule(old=NAMES, new=NAMES)
    def rename(self, old: str, new: str) -> None:
        if old in self.disk and old != new:
            self.desk.path(new)
            (self.home / old).rename(self.home / new)
            self.disk[new] = self.disk.pop(old)

    @rule()
    def index(self) -> None:
        """What it says it did adds up."""
        before, seen = len(self.known), self.desk.encoder.seen
        report = self.desk.index()
        assert not report.failed
        assert report.files == len(self.disk) == report.unchanged + report.added + report.moved
        replaced = before - report.removed - report.moved - report.unchanged
        assert replaced >= 0
        assert report.embedded == self.desk.encoder.seen - seen
        self.known = dict(self.disk)
        counts = self.desk.catalog.health.counts()
        assert (counts.files, counts.images) == (len(self.known), len(set(self.known.values())))

    @rule()
    def index_again(self) -> None:
        """Nothing is written when nothing changed."""
        self.index()
        version = self.desk.catalog.version()
        self.index()
        assert self.desk.catalog.version() == version

    @rule()
    def rebuild(self) -> None:
        self.desk.refresh(force=True)

    @rule()
    def lose_the_index(self) -> None:
        shutil.rmtree(self.home / ".saccade" / "indexes", ignore_errors=True)

    @rule()
    def reopen(self) -> None:
        self.desk.reopen()

    @rule(color=st.sampled_from(sorted(COLORS)), k=st.integers(1, 8), letter=st.sampled_from(["", "a", "b"]))
    @precondition(lambda self: self.known)
    def search(self, color: str, k: int, letter: str) -> None:
        """The k best of those that match, each with all its paths and its own score."""
        result = self.desk.ask(color, k=k, where=[f"name={letter}"] if letter else [])
        matching = {content for name, content in self.known.items() if letter in os.path.basename(name)}
        scores = sorted((self.score(color, content) for content in matching), reverse=True)[:k]
        assert [hit.score for hit in result] == pytest.approx(scores, abs=1e-6)
        self.check_hits(color, result)

    @invariant()
    def near_identical_images_are_one_hit(self) -> None:
        """One hit for each color."""
        if not self.known:
            return
        result = self.desk.ask("red", collapsed=True)
        assert len(result) == len({color for color, _ in self.known.values()})
        assert sum(1 + len(hit.similar) for hit in result) == len(set(self.known.values()))

    def check_hits(self, color: str, result: Any) -> None:
        seen: set[Content] = set()
        for hit in result:
            names = {os.path.relpath(path, self.home) for path in hit.paths}
            (content,) = {self.known[name] for name in names}
            assert names == {name for name, one in self.known.items() if one == content}
            assert hit.score == pytest.approx(self.score(color, content), abs=1e-6)
            assert content not in seen
            seen.add(content)

    def score(self, color: str, content: Content) -> float:
        one, other = (np.array(COLORS[name], float) for name in (color, content[0]))
        return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))

    def teardown(self) -> None:
        self.desk.close()
        shutil.rmtree(self.home)


@pytest.mark.slow
def test_a_library_is_what_a_plain_dict_says(make_desk: Callable[[Path], Desk], make_png: Png) -> None:
    """Add, overwrite, delete, restore, rename, index, rebuild, reopen: searches equal brute force."""

    class Bound(Library):
        pass

    Bound.make_desk, Bound.make_png = staticmethod(make_desk), staticmethod(make_png)
    chosen = examples(8, stateful_step_count=20)
    run_state_machine_as_test(Bound, settings=chosen)
