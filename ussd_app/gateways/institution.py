"""What we need of the institution that insures: it takes registrations and paid contributions, and answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol


@dataclass(frozen=True)
class Application:
    """One person to be registered: what the institution's form asks for."""

    reference: str
    nik: str
    name: str
    born: date
    phone: str
    sector: str
    workplace: str
    package: str
    wage: int


@dataclass(frozen=True)
class Filing:
    """The institution's answer: `accepted` with the member number, `refused` with a reason, or `waiting`.

    `gathered`: it waits to be put into a numbered file, and is not to be asked about again.
    """

    state: Literal["accepted", "refused", "waiting", "gathered"]
    member_number: str | None = None
    reason: str = ""


@dataclass(frozen=True)
class PaidMonth:
    """One contribution month to be handed over: whose, which, how much (whole rupiah)."""

    nik: str
    month: date
    amount: int


class Institution(Protocol):
    """Takes registrations and contributions; both calls may be repeated with the same reference."""

    @property
    def name(self) -> str:
        """Stands beside what was handed over."""
        ...

    @property
    def by_file(self) -> bool:
        """Whether somebody in the office carries numbered files there and back."""
        ...

    def file(self, application: Application) -> Filing:
        """Hand a registration over. Raises GatewayTemporary when it must be tried again."""
        ...

    def remit(self, reference: str, months: Sequence[PaidMonth]) -> Literal["confirmed", "waiting"]:
        """Hand paid months over as one batch. `confirmed`: the institution has them, protection follows."""
        ...
