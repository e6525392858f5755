"""A retriever as one on another machine would be: it has the images' fields, and asks for no ids."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from saccade.core.errors import InvalidQueryError, StorageError
from saccade.core.filters import Condition
from saccade.core.ports.indexes import EVERYTHING, Selection
from saccade.core.types import Embeddings, Ids, Scores
from saccade.core.vectors import check_embeddings, exact_best

_OPS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le,
    ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


class RemoteRetriever:
    """Rows with numbers by field, {field: {id: number}}; evaluates conditions on numbers itself."""

    kind = "remote"

    def __init__(
        self, ids: Ids, rows: Embeddings, fields: dict[str, dict[int, float]], sequence: int
    ) -> None:
        order = np.argsort(ids)
        self._ids, self._rows = ids[order], rows[order]
        self._fields = fields
        self._open = True
        self.size, self.sequence = len(ids), sequence

    def mark(self, ids: Ids) -> Condition:
        """The condition that these ids satisfy, by a new field."""
        name = f"data.mark{len(self._fields)}"
        self._fields[name] = dict.fromkeys(ids.tolist(), 1.0)
        return Condition(field=name, op="=", value=1.0)

    def search(
        self,
        queries: Embeddings,
        k: int,
        *,
        within: Selection = EVERYTHING,
        exclude: Ids | None = None,
    ) -> tuple[Ids, Scores]:
        """See `saccade.core.ports.indexes.Retriever`."""
        if not self._open:
            raise StorageError("this retriever is closed")
        if k < 1:
            raise InvalidQueryError("no results were requested")
        check_embeddings(queries, self._rows.shape[1])
        if not len(queries):
            return np.zeros((0, 0), np.int64), np.zeros((0, 0), np.float32)
        keep = np.ones(self.size, np.bool_)
        if within.filter is None:
            keep &= np.isin(self._ids, within.resolve())
        else:
            for condition in within.filter.conditions:
                values = self._fields[condition.field]
                good = [one for one in values if _OPS[condition.op](values[one], condition.value)]
                keep &= np.isin(self._ids, good)
        if exclude is not None:
            keep &= ~np.isin(self._ids, exclude)
        return exact_best(queries, self._rows[keep], self._ids[keep], k)

    def close(self) -> None:
        """See `saccade.core.ports.indexes.Retriever`."""
        self._open = False
