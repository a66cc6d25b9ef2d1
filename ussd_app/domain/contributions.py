"""What a contribution month costs somebody, and why.

The price of a month is a function of the contribution month, the sector and the payer; several months are
summed month by month. Rates, brackets and discounts are data (menus/rates.yaml), each in force for stated
months.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby, pairwise
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter

Ordered = TypeVar("Ordered", int, date)

_WHOLE = 10_000  # basis points in the whole

_EXACT = ConfigDict(extra="forbid")  # a misspelt key is an error, not a remark nobody reads


def _month(value: object) -> object:
    """`2026-04` as YAML leaves it, text, as the first day of that month."""
    return date.fromisoformat(f"{value}-01") if isinstance(value, str) else value


def _first_day(value: date) -> date:
    if value.day != 1:
        raise ValueError("a contribution month is written YYYY-MM")
    return value


Month = Annotated[date, BeforeValidator(_month), Field(strict=True), AfterValidator(_first_day)]
Count = Annotated[int, Field(strict=True, gt=0)]


@dataclass(frozen=True)
class Bracket:
    """Who earns at most `up_to` rupiah a month (None: or more) is insured for `wage` rupiah a month."""

    __pydantic_config__ = _EXACT

    up_to: Count | None
    wage: Count


@dataclass(frozen=True)
class Programme:
    """What a programme costs a month: basis points of the declared wage (100 is 1 %), or flat rupiah."""

    __pydantic_config__ = _EXACT

    basis_points: Annotated[int, Field(strict=True, gt=0, le=_WHOLE)] | None = None
    flat: Count | None = None


@dataclass(frozen=True)
class RateTable:
    """The rates in force from a contribution month on, until a later table takes over."""

    __pydantic_config__ = _EXACT

    begins: Annotated[Month, Field(alias="from")]
    programmes: dict[str, Programme]
    wages: Annotated[tuple[Bracket, ...], Field(min_length=1)]


@dataclass(frozen=True)
class Discount:
    """Percent off some programmes, for one kind of sector, in the months `begins` to `ends` inclusive."""

    __pydantic_config__ = _EXACT

    programmes: tuple[str, ...]
    sectors: Literal["transport", "other"]
    begins: Annotated[Month, Field(alias="from")]
    ends: Annotated[Month, Field(alias="to")]
    percent: Annotated[int, Field(strict=True, gt=0, le=100)]
    not_for_payers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sector:
    """A kind of work; `transport` decides which discount applies."""

    __pydantic_config__ = _EXACT

    transport: Annotated[bool, Field(strict=True)]


@dataclass(frozen=True)
class Rates:
    """Everything menus/rates.yaml says; made by `rates_from`, which checks it.

    `allowed_months` are the numbers of months that can be paid in one go; `min_age` and `max_age` are
    completed years at registration, both included.
    """

    __pydantic_config__ = _EXACT

    version: Annotated[str, Field(min_length=1)]
    allowed_months: Annotated[tuple[Count, ...], Field(min_length=1)]
    min_age: Count
    max_age: Count
    sectors: dict[str, Sector]
    packages: dict[str, tuple[str, ...]]
    tables: Annotated[tuple[RateTable, ...], Field(min_length=1)]
    discounts: tuple[Discount, ...] = ()


@dataclass(frozen=True)
class Line:
    """One programme in one contribution month, in whole rupiah: `amount` is `normal` less `discount`."""

    month: date
    programme: str
    normal: int
    discount: int
    amount: int


@dataclass(frozen=True)
class Plan:
    """What somebody is insured for: sector and package of the rates, and the declared wage in rupiah a month."""

    sector: str
    package: str
    wage: int


# By the contribution month from which each counts, in ascending order.
Plans = Mapping[date, Plan]


@dataclass(frozen=True)
class Quote:
    """What somebody is asked to pay, in whole rupiah, and what it is made of."""

    lines: tuple[Line, ...]
    total: int

    def by_month(self) -> dict[date, int]:
        """Whole rupiah for each contribution month, earliest first."""
        sums: dict[date, int] = {}
        for line in sorted(self.lines, key=lambda line: line.month):
            sums[line.month] = sums.get(line.month, 0) + line.amount
        return sums

    def stretches(self) -> tuple[Stretch, ...]:
        """The same lines, earliest month first, months that follow each other and cost alike taken together."""
        by_month: dict[date, list[Line]] = {}
        for line in sorted(self.lines, key=lambda line: line.month):
            by_month.setdefault(line.month, []).append(line)
        alike = groupby(by_month.values(), key=lambda lines: [replace(line, month=date.min) for line in lines])
        runs = [list(run) for _, run in alike]
        return tuple(Stretch(tuple(lines[0].month for lines in run), tuple(run[0])) for run in runs)


@dataclass(frozen=True)
class Stretch:
    """Contribution months that cost the same, programme by programme: `lines` are those of its first month.

    Sums are whole rupiah for one month.
    """

    months: tuple[date, ...]
    lines: tuple[Line, ...]

    @property
    def normal(self) -> int:
        """What a month would cost without any discount."""
        return sum(line.normal for line in self.lines)

    @property
    def amount(self) -> int:
        """What is to be paid for a month."""
        return sum(line.amount for line in self.lines)


def rates_from(data: object) -> Rates:
    """The rates in a parsed rates.yaml; raises pydantic's ValidationError for anything wrong in it.

    The shape (months are text, `YYYY-MM`; sums are whole rupiah; unknown keys are refused):

        version: text
        allowed_months: [1, 3, 6, 12]
        min_age: 17
        max_age: 64
        sectors: {driver: {transport: true}, seller: {transport: false}, …}
        packages: {jkk_jkm: [jkk, jkm], …}
        tables:                         # ascending; the last one that has begun counts
          - from: 2026-01
            programmes: {jkk: {basis_points: 100}, jkm: {flat: 6800}, …}
            wages: [{up_to: 1099000, wage: 1000000}, …, {up_to: null, wage: 20700000}]
        discounts:
          - {programmes: [jkk, jkm], sectors: transport or other, from: 2026-04, to: 2026-12, percent: 50,
             not_for_payers: [state_budget]}
    """
    return TypeAdapter(Annotated[Rates, AfterValidator(_consistent)]).validate_python(data)


def brackets(rates: Rates, month: date) -> tuple[Bracket, ...]:
    """The wage brackets in force in a contribution month, lowest first; the last has no upper limit."""
    return _table(rates, month).wages


def declared_wage(rates: Rates, month: date, income: int) -> int:
    """The wage, in rupiah a month, that somebody with this income is insured for."""
    fits = (b.wage for b in brackets(rates, month) if b.up_to is None or income <= b.up_to)
    return next(fits)


def price(rates: Rates, *, sector: str, package: str, wage: int, months: Sequence[date], payer: str = "self") -> Quote:
    """What `months` cost, programme by programme.

    `wage` is rupiah a month, an income or the declared wage of a bracket: both lead to the same bracket. Each
    programme of each month is rounded to whole rupiah, half up, and so is what remains of it after a
    discount. Where two discounts meet, the larger one counts. KeyError for an unknown sector or package;
    ValueError for a month twice, a day that is not the first of a month, or a month before the first rate
    table.
    """
    if len(set(months)) != len(months):
        raise ValueError("a contribution month cannot be paid twice")
    kind = "transport" if rates.sectors[sector].transport else "other"
    lines = tuple(
        _line(rates, kind, programme, wage, month, payer) for month in months for programme in rates.packages[package]
    )
    return Quote(lines, sum(line.amount for line in lines))


def plan_in(plans: Plans, month: date) -> Plan:
    """The plan that counts in a contribution month; before the first one, that one."""
    begun = [first for first in plans if first <= month]
    return plans[max(begun) if begun else min(plans)]


def price_of(rates: Rates, plans: Plans, months: Sequence[date], payer: str = "self") -> Quote:
    """What `months` cost somebody whose plan may change among them; see `price`."""
    lines: list[Line] = []
    for month in months:
        plan = plan_in(plans, month)
        bought = price(rates, sector=plan.sector, package=plan.package, wage=plan.wage, months=[month], payer=payer)
        lines += bought.lines
    return Quote(tuple(lines), sum(line.amount for line in lines))


def _line(rates: Rates, kind: str, programme: str, wage: int, month: date, payer: str) -> Line:
    normal = _normal(_table(rates, month).programmes[programme], declared_wage(rates, month, wage))
    percent = max(
        (d.percent for d in rates.discounts if _applies(d, kind, programme, month, payer)),
        default=0,
    )
    amount = _half_up(normal * (100 - percent), 100)
    return Line(month, programme, normal, normal - amount, amount)


def _applies(discount: Discount, kind: str, programme: str, month: date, payer: str) -> bool:
    return (
        discount.sectors == kind
        and programme in discount.programmes
        and discount.begins <= month <= discount.ends
        and payer not in discount.not_for_payers
    )


def _normal(programme: Programme, wage: int) -> int:
    if programme.flat is not None:
        return programme.flat
    return _half_up(wage * (programme.basis_points or 0), _WHOLE)


def _half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def _table(rates: Rates, month: date) -> RateTable:
    _first_day(month)
    begun = [table for table in rates.tables if table.begins <= month]
    if not begun:
        raise ValueError(f"no rates are in force for {month:%Y-%m}")
    return begun[-1]


def _consistent(rates: Rates) -> Rates:
    """What the parts of the file must promise each other; ValueError with the first broken promise."""
    if rates.min_age > rates.max_age:
        raise ValueError("min_age is above max_age")
    _ascending("allowed_months", rates.allowed_months)
    _ascending("tables", [table.begins for table in rates.tables])
    for table in rates.tables:
        _check_table(table, rates.packages)
    known = {name for table in rates.tables for name in table.programmes}
    for discount in rates.discounts:
        _check_discount(discount, known)
    return rates


def _check_table(table: RateTable, packages: Mapping[str, Sequence[str]]) -> None:
    where = f"table from {table.begins:%Y-%m}"
    for name, programme in table.programmes.items():
        if (programme.basis_points is None) == (programme.flat is None):
            raise ValueError(f"{where}: {name} needs either basis_points or flat")
    for package, programmes in packages.items():
        if missing := set(programmes) - set(table.programmes):
            raise ValueError(f"{where}: package {package} has no rate for {', '.join(sorted(missing))}")
    _check_wages(where, table.wages)


def _check_wages(where: str, wages: Sequence[Bracket]) -> None:
    *limited, last = wages
    limits = [bracket.up_to for bracket in limited if bracket.up_to is not None]
    if last.up_to is not None or len(limits) != len(limited):
        raise ValueError(f"{where}: the last wage bracket, and only that, has up_to: null")
    _ascending(f"{where}: wages", limits)
    # A declared wage lies in its own bracket, so that price() may be given an income or a declared wage.
    for low, bracket in zip([0, *limits], wages, strict=True):
        if not low < bracket.wage <= (bracket.up_to or bracket.wage):
            raise ValueError(f"{where}: the wage {bracket.wage} lies outside its own bracket")


def _check_discount(discount: Discount, known: set[str]) -> None:
    if discount.begins > discount.ends:
        raise ValueError(f"a discount ends ({discount.ends:%Y-%m}) before it begins")
    if unknown := set(discount.programmes) - known:
        raise ValueError(f"a discount is for unknown programmes: {', '.join(sorted(unknown))}")


def _ascending(name: str, values: Sequence[Ordered]) -> None:
    if any(not a < b for a, b in pairwise(values)):
        raise ValueError(f"{name} must be in ascending order, without repetition")
