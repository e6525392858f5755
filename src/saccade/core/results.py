"""Results that can be read as a sequence of their items."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import fields
from reprlib import repr as shortened
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")


class Listed(Sequence[T], Generic[T]):
    """A result that is also a sequence of its items: `for hit in result`, `result[0]`, `len(result)`.

    The result is a dataclass (`repr=False`, so that a million items are not printed) and says in `listed`
    which of its fields holds the items. Results compare by all fields.
    """

    __slots__ = ()

    @property
    @abstractmethod
    def listed(self) -> Sequence[T]:
        """The items."""

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

    def __repr__(self) -> str:
        """The number of items, and the fields that are one word or number."""
        values: list[tuple[str, Any]] = [
            (one.name, getattr(self, one.name)) for one in fields(cast("DataclassInstance", self))
        ]
        parts = [
            f"{name}={shortened(value)}" for name, value in values if isinstance(value, (str, int, float))
        ]
        return f"{type(self).__name__}({', '.join([f'{len(self)} items', *parts])})"
