"""Where every rupiah is: balanced transactions that are only ever added.

Amounts are whole rupiah, debit positive, credit negative; a transaction adds up to zero.

    account              what its balance means                                           normal sign
    settlement           with the payment provider or in the operator's bank              + (debit)
    member_credit        paid for a member, not yet given to a contribution month         − (credit)
    contributions_owed   given to contribution months, not yet sent to the institution    − (credit)
    remitted             sent to the institution; settlement plus this is still with us   − (credit)
    fees                 what the payment provider kept                                   + (debit)
    suspense             money nobody could place yet                                     − (credit)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ussd_app.errors import Unbalanced

SETTLEMENT = "settlement"
MEMBER_CREDIT = "member_credit"
CONTRIBUTIONS_OWED = "contributions_owed"
REMITTED = "remitted"
FEES = "fees"
SUSPENSE = "suspense"


@dataclass(frozen=True)
class Entry:
    """One line of a transaction: whole rupiah into an account (positive) or out of it (negative).

    `month` is a contribution month, the `date` of its first day, where the line is about one.
    """

    account: str
    amount: int
    member_id: int | None
    month: date | None


@dataclass(frozen=True)
class Transaction:
    """Entries that happen together or not at all; `key` makes posting it twice harmless.

    Raises Unbalanced when there is no entry, an entry moves nothing, or the sum is not zero.
    """

    key: str
    kind: str
    entries: tuple[Entry, ...]

    def __post_init__(self) -> None:
        if not self.entries:
            raise Unbalanced(f"{self.key}: no entries")
        if any(entry.amount == 0 for entry in self.entries):
            raise Unbalanced(f"{self.key}: an entry of zero rupiah")
        difference = sum(entry.amount for entry in self.entries)
        if difference:
            raise Unbalanced(f"{self.key}: off by {difference} rupiah")


def settlement(order_id: str, member_id: int, amount: int) -> Transaction:
    """Money for a member has arrived: debit settlement, credit the member."""
    return Transaction(f"{order_id}:settlement", "settlement", _settled(member_id, amount))


def allocation(order_id: str, member_id: int, allocate: Mapping[date, int]) -> Transaction:
    """A member's credit is given to contribution months: whole rupiah for each."""
    return Transaction(f"{order_id}:allocation", "allocation", _allocated(member_id, allocate))


def payment(order_id: str, member_id: int, amount: int, allocate: Mapping[date, int]) -> Transaction:
    """Money arrives and is given to contribution months at once; what is left over stays the member's credit.

    Its key is the settlement's, so that one order is posted once whichever way. ValueError when the months
    would take more than arrived.
    """
    wanted = sum(allocate.values())
    if wanted > amount:
        raise ValueError(f"{order_id}: {wanted} rupiah to allocate, only {amount} arrived")
    entries = _settled(member_id, amount) + _allocated(member_id, allocate)
    return Transaction(f"{order_id}:settlement", "settlement", entries)


def remittance(batch_key: str, months: Sequence[tuple[int, date, int]]) -> Transaction:
    """A batch goes to the institution: (member id, contribution month, whole rupiah) for each month sent."""
    if len({(member_id, month) for member_id, month, _ in months}) != len(months):
        raise ValueError(f"{batch_key}: a member's contribution month is in the batch twice")
    entries = tuple(
        entry
        for member_id, month, amount in months
        for entry in _moved(CONTRIBUTIONS_OWED, REMITTED, member_id, month, amount)
    )
    return Transaction(f"{batch_key}:remittance", "remittance", entries)


def _settled(member_id: int, amount: int) -> tuple[Entry, ...]:
    return _moved(SETTLEMENT, MEMBER_CREDIT, member_id, None, amount)


def _allocated(member_id: int, allocate: Mapping[date, int]) -> tuple[Entry, ...]:
    return tuple(
        entry
        for month, amount in sorted(allocate.items())
        for entry in _moved(MEMBER_CREDIT, CONTRIBUTIONS_OWED, member_id, month, amount)
    )


def _moved(debit: str, credit: str, member_id: int, month: date | None, amount: int) -> tuple[Entry, Entry]:
    if amount <= 0:
        raise ValueError(f"{amount} rupiah cannot be moved from {credit} to {debit}")
    if month is not None and month.day != 1:
        raise ValueError(f"{month} is not the first day of a contribution month")
    return Entry(debit, amount, member_id, month), Entry(credit, -amount, member_id, month)
