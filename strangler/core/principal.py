"""Who the user is, as one side asserts it to the other."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A user, or a service that acts for itself.

    Args:
        id: primary key of the user in the monolith, as text; `service:<name>` for a service.
        username: name to show and to log.
        email: address, may be empty.
        is_staff: may use staff pages.
        is_superuser: has every permission.
    """

    id: str
    username: str = ""
    email: str = ""
    is_staff: bool = False
    is_superuser: bool = False

    @classmethod
    def for_service(cls, name: str) -> Principal:
        """Return the principal under which service *name* calls others on its own behalf."""
        return cls(id=f"service:{name}", username=name)

    @classmethod
    def from_claims(cls, claims: Mapping[str, Any]) -> Principal:
        """Return the principal that `claims()` described; raises TypeError on missing or unknown claims."""
        return cls(**claims)

    @property
    def is_service(self) -> bool:
        """Whether this is a service and not a person."""
        return self.id.startswith("service:")

    def claims(self) -> dict[str, Any]:
        """Return the principal as JSON values."""
        return asdict(self)
