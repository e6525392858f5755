"""Results that can be read as a sequence of their items."""

from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar, overload

T = TypeVar("T")


class Listed(Sequence[T], Generic[T]):
    """A result that is also a sequence of its items: `for hit in result`, `result[0]`, `len(result)`.

    A subclass defines in `listed` which of its fields that is.
    """

    __slots__ = ()

    @property
    def listed(self) -> Sequence[T]:
        """The items."""
        raise NotImplementedError

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        return self.listed[index]

    def __len__(self) -> int:
        return len(self.listed)

    def __iter__(self) -> Iterator[T]:
        return iter(self.listed)
