"""`SqlSpaces`: the spaces of a library."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, insert, select, update

from saccade.catalog.session import Transactions
from saccade.catalog.tables import spaces
from saccade.catalog.text import AlteredError
from saccade.core.errors import InputError, InvalidQueryError
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
            raise InputError(f"encoder {encoder.name} does not make {role} embeddings")
        with self._transactions.storing() as connection:
            present = _spaces(connection)
            if _space(present, encoder, role) is None:
                row = {
                    "role": str(role),
                    "encoder": encoder.name,
                    "fingerprint": encoder.fingerprint,
                    "dim": encoder.dims[role],
                    "active": int(not any(space.active for space in present if space.role == role)),
                }
                connection.execute(insert(spaces).values(row))
            made = _space(_spaces(connection), encoder, role)
            assert made is not None
            return made

    def activate(self, space: int) -> SpaceInfo:
        """Let a space answer for its role, in the place of the one that does; one transaction.

        Raises:
            InputError: no such space.
        """
        with self._transactions.storing() as connection:
            chosen = next((one for one in _spaces(connection) if one.id == space), None)
            if chosen is None:
                raise InputError(f"the library has no space {space}")
            if not chosen.active:
                # In this order: a role never has two active spaces, not even within the transaction.
                others = update(spaces).where(spaces.c.role == str(chosen.role), spaces.c.active == 1)
                connection.execute(others.values(active=0))
                connection.execute(update(spaces).where(spaces.c.id == space).values(active=1))
            return replace(chosen, active=True)


def _spaces(connection: Connection) -> list[SpaceInfo]:
    rows = connection.execute(select(spaces).order_by(spaces.c.id))
    return [
        SpaceInfo(
            id=row.id,
            role=_role(row.role),
            encoder=row.encoder,
            fingerprint=row.fingerprint,
            dim=row.dim,
            active=bool(row.active),
        )
        for row in rows
    ]


def _role(name: str) -> Role:
    """The role of a stored space. Raises AlteredError: it is not one, so a bit flipped."""
    try:
        return Role(name)
    except (InvalidQueryError, TypeError) as error:
        raise AlteredError("a stored role is not a role") from error


def _space(known: Sequence[SpaceInfo], encoder: EncoderInfo, role: Role) -> SpaceInfo | None:
    """The newest space of the role that holds this encoder's embeddings, the active one first."""
    fitting = [space for space in known if space.role == role and encoder.makes(space.fingerprint)]
    return max(fitting, key=lambda space: (space.active, space.id), default=None)
