"""Where every rupiah is: balanced transactions that are only ever added.

Amounts are whole rupiah, debit positive, credit negative; a transaction adds up to zero.

    account              what its balance means                                           normal sign
    settlement           with the payment provider or in the operator's bank              + (debit)
    fees                 what the payment provider kept, less what payers gave for it     + (debit)
    member_credit        paid for a member, not yet given to a contribution month         − (credit)
    sponsor_credit       paid by a sponsor, not yet given to anybody's contribution month − (credit)
    contributions_owed   given to contribution months, not yet sent to the institution    − (credit)
    remitted             sent to the institution and not sent back, as the bank confirms  − (credit)
    refunds_owed         approved to go back to whoever paid, not yet paid out            − (credit)
    suspense             money nobody could place yet                                     − (credit)
    losses               taken back by the provider when neither credit nor months stood  + (debit)
                         for it any more, or as the fee that the payer had given

`remitted` is not set against `settlement`: settlement plus remitted is what is still with us.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from ussd_app.errors import Unbalanced

SETTLEMENT = "settlement"
FEES = "fees"
MEMBER_CREDIT = "member_credit"
SPONSOR_CREDIT = "sponsor_credit"
CONTRIBUTIONS_OWED = "contributions_owed"
REMITTED = "remitted"
REFUNDS_OWED = "refunds_owed"
SUSPENSE = "suspense"
LOSSES = "losses"


@dataclass(frozen=True)
class Payer:
    """Whose money it is: a member's or a sponsor's, exactly one of the two."""

    member_id: int | None = None
    sponsor_id: int | None = None

    def __post_init__(self) -> None:
        if (self.member_id is None) == (self.sponsor_id is None):
            raise ValueError("a payer is either a member or a sponsor")

    @property
    def credit(self) -> str:
        """The account on which this payer's unspent money stands."""
        return MEMBER_CREDIT if self.sponsor_id is None else SPONSOR_CREDIT


@dataclass(frozen=True)
class PaidFor:
    """A member's contribution month (the `date` of its first day) and the whole rupiah given to it."""

    member_id: int
    month: date
    amount: int


@dataclass(frozen=True)
class Entry:
    """One line of a transaction: whole rupiah into an account (positive) or out of it (negative).

    `month` is a contribution month, the `date` of its first day, where the line is about one.
    """

    account: str
    amount: int
    member_id: int | None = None
    month: date | None = None
    sponsor_id: int | None = None


@dataclass(frozen=True)
class Transaction:
    """Entries that happen together or not at all; `key` makes posting it twice harmless.

    `order_id` is the payment it belongs to, where there is one. Raises Unbalanced when there is no entry, an entry
    moves nothing, or the sum is not zero.
    """

    key: str
    kind: str
    entries: tuple[Entry, ...]
    order_id: str | None = None

    def __post_init__(self) -> None:
        if not self.entries:
            raise Unbalanced(f"{self.key}: no entries")
        if any(entry.amount == 0 for entry in self.entries):
            raise Unbalanced(f"{self.key}: an entry of zero rupiah")
        difference = sum(entry.amount for entry in self.entries)
        if difference:
            raise Unbalanced(f"{self.key}: off by {difference} rupiah")


def settlement(order_id: str, payer: Payer, amount: int, fee: int = 0) -> Transaction:
    """Money has arrived: the payer's credit, less what the payer gave towards the provider's fee."""
    fee = min(fee, amount)
    entries = _moved(_at(SETTLEMENT), _of(payer), amount - fee) + _moved(_at(SETTLEMENT), _at(FEES), fee)
    return Transaction(f"{order_id}:settlement", "settlement", entries, order_id)


def provider_fee(order_id: str, amount: int) -> Transaction:
    """What the provider keeps of a payment."""
    return Transaction(f"{order_id}:fee", "fee", _moved(_at(FEES), _at(SETTLEMENT), amount), order_id)


def allocation(key: str, payer: Payer, paid: Sequence[PaidFor], order_id: str | None = None) -> Transaction:
    """A payer's credit is given to contribution months."""
    return Transaction(f"{key}:allocation", "allocation", _bought(payer, paid, 1), order_id)


def given_back(key: str, payer: Payer, paid: Sequence[PaidFor], order_id: str | None = None) -> Transaction:
    """Contribution months that will not go to the institution become the payer's credit again."""
    return Transaction(f"{key}:given_back", "given_back", _bought(payer, paid, -1), order_id)


def passed_on(key: str, payer: Payer, member_id: int, amount: int, order_id: str) -> Transaction:
    """What a sponsor paid for somebody's months that were paid already is that member's credit."""
    entries = _moved(_of(payer), _of(Payer(member_id)), amount)
    return Transaction(f"{key}:passed_on", "passed_on", entries, order_id)


def taken_back(order_id: str, key: str, payer: Payer | None, amount: int, lost: int) -> Transaction:
    """The provider took money back (refund, chargeback): from the payer's credit, and the part `lost` from us.

    Money that nobody could place yet has no payer.
    """
    whose = _of(payer) if payer else _at(SUSPENSE)
    entries = _moved(whose, _at(SETTLEMENT), amount - lost) + _moved(_at(LOSSES), _at(SETTLEMENT), lost)
    return Transaction(f"{order_id}:refund:{key}", "taken_back", entries, order_id)


def unplaced(order_id: str, amount: int) -> Transaction:
    """Money has arrived and nobody knows whose it is."""
    return Transaction(f"{order_id}:settlement", "settlement", _moved(_at(SETTLEMENT), _at(SUSPENSE), amount), order_id)


def assigned(order_id: str, payer: Payer, amount: int) -> Transaction:
    """Somebody found out whose money it is."""
    return Transaction(f"{order_id}:assigned", "assigned", _moved(_at(SUSPENSE), _of(payer), amount), order_id)


def refund_approved(refund_id: int, payer: Payer, amount: int) -> Transaction:
    """Two people agreed that credit goes back to its payer."""
    entries = _moved(_of(payer), _of(payer, REFUNDS_OWED), amount)
    return Transaction(f"refund:{refund_id}:approved", "refund_approved", entries)


def refund_paid(refund_id: int, payer: Payer, amount: int) -> Transaction:
    """The bank has paid a refund out."""
    entries = _moved(_of(payer, REFUNDS_OWED), _at(SETTLEMENT), amount)
    return Transaction(f"refund:{refund_id}:paid", "refund_paid", entries)


def remittance(batch_key: str, paid: Sequence[PaidFor]) -> Transaction:
    """A batch goes to the institution. ValueError when a member's month is in it twice."""
    if len({(piece.member_id, piece.month) for piece in paid}) != len(paid):
        raise ValueError(f"{batch_key}: a member's contribution month is in the batch twice")
    entries = tuple(entry for piece in paid for entry in _moved(_owed(piece), _owed(piece, REMITTED), piece.amount))
    return Transaction(f"{batch_key}:remittance", "remittance", entries)


def sent_back(batch_key: str, piece: PaidFor, order_id: str) -> Transaction:
    """The institution has sent the money of a contribution month back: it is with us again.

    `order_id` is the payment that had bought the month.
    """
    key = f"{batch_key}:{piece.member_id}-{piece.month:%Y%m}:sent_back"
    return Transaction(key, "sent_back", _moved(_owed(piece, REMITTED), _owed(piece), piece.amount), order_id)


def recovered(key: str, payer: Payer, amount: int, order_id: str) -> Transaction:
    """Credit that came back to a payer whom the provider has paid back already makes up for what that had cost us."""
    return Transaction(f"{key}:recovered", "recovered", _moved(_of(payer), _at(LOSSES), amount), order_id)


# An entry without its amount yet.
_Side = tuple[str, int | None, date | None, int | None]


def _at(account: str) -> _Side:
    return account, None, None, None


def _of(payer: Payer, account: str | None = None) -> _Side:
    return account or payer.credit, payer.member_id, None, payer.sponsor_id


def _owed(piece: PaidFor, account: str = CONTRIBUTIONS_OWED) -> _Side:
    if piece.month.day != 1:
        raise ValueError(f"{piece.month} is not the first day of a contribution month")
    return account, piece.member_id, piece.month, None


def _bought(payer: Payer, paid: Sequence[PaidFor], sign: int) -> tuple[Entry, ...]:
    """One entry on the payer's credit, one for each contribution month; the other way round with `sign` -1."""
    if any(piece.amount <= 0 for piece in paid):
        raise ValueError("a contribution month costs more than 0 rupiah")
    if not paid:
        return ()
    given = [(_of(payer), sum(piece.amount for piece in paid)), *((_owed(piece), -piece.amount) for piece in paid)]
    return tuple(
        Entry(account, sign * amount, member, month, sponsor) for (account, member, month, sponsor), amount in given
    )


def _moved(debit: _Side, credit: _Side, amount: int) -> tuple[Entry, ...]:
    """Two entries, or none when nothing moves."""
    if amount < 0:
        raise ValueError(f"{amount} rupiah cannot be moved from {credit[0]} to {debit[0]}")
    if amount == 0:
        return ()
    account, member, month, sponsor = debit
    to = Entry(account, amount, member, month, sponsor)
    account, member, month, sponsor = credit
    return to, Entry(account, -amount, member, month, sponsor)
