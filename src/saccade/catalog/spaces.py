"""`SqlSpaces`: the spaces of a library."""

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select

from saccade.catalog.session import Transactions
from saccade.catalog.tables import spaces
from saccade.core.errors import InputError
from saccade.core.types import EncoderInfo, Role, SpaceInfo


class SqlSpaces:
    """See `core.ports.catalog.Spaces`."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def all(self) -> list[SpaceInfo]:
        """Every space, active or not."""
        with self._transactions.reading() as connection:
            return _spaces(connection)

    def ensure(self, encoder: EncoderInfo, role: Role) -> SpaceInfo:
        """The space of this encoder and role; made, and active if its role has none active.

        Raises:
            InputError: the encoder has no such role.
        """
        found = _space(self.all(), encoder, role)
        if found is not None:
            return found
        if role not in encoder.dims:
            raise InputError(f"encoder {encoder.name} makes no {role} embeddings")
        with self._transactions.storing() as connection:
            present = _spaces(connection)
            if _space(present, encoder, role) is None:
                row = {
                    "role": role.value,
                    "encoder": encoder.name,
                    "fingerprint": encoder.fingerprint,
                    "dim": encoder.dims[role],
                    "active": int(not any(space.active for space in present if space.role is role)),
                }
                connection.execute(insert(spaces).values(row))
            made = _space(_spaces(connection), encoder, role)
            assert made is not None
            return made


def _spaces(connection: Connection) -> list[SpaceInfo]:
    rows = connection.execute(select(spaces).order_by(spaces.c.id))
    return [
        SpaceInfo(
            id=row.id,
            role=Role(row.role),
            encoder=row.encoder,
            fingerprint=row.fingerprint,
            dim=row.dim,
            active=bool(row.active),
        )
        for row in rows
    ]


def _space(known: Sequence[SpaceInfo], encoder: EncoderInfo, role: Role) -> SpaceInfo | None:
    """The newest space of the role that holds this encoder's embeddings, the active one first."""
    fitting = [space for space in known if space.role is role and encoder.makes(space.fingerprint)]
    return max(fitting, key=lambda space: (space.active, space.id), default=None)
