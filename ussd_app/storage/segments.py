"""Who belongs to a segment of the members: found page by page of phone numbers, so that no statement takes long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class Wanted:
    """Who is looked for; what is empty or None does not matter. `provinces` are codes, `states` those of coverage.

    `month` is the current contribution month, `on_time` whether its due date has not passed. Somebody who pays for
    others and is no member is found only where `sponsor` is True and nothing is asked that only members have.
    """

    month: date
    on_time: bool
    packages: Sequence[str] = ()
    sectors: Sequence[str] = ()
    provinces: Sequence[str] = ()
    states: Sequence[str] = ()
    languages: Sequence[str] = ()
    sponsor: bool | None = None
    sponsored: bool | None = None

    @property
    def only_members(self) -> bool:
        """Whether something is asked that a sponsor who is no member has not."""
        lists = (self.packages, self.sectors, self.provinces, self.states)
        return any(lists) or self.sponsored is not None or not self.sponsor


@dataclass(frozen=True)
class Recipient:
    """Somebody who may get a text: the member who enrolled last with this number, or a sponsor (no member)."""

    phone: str
    member_id: int | None
    name: str
    language: str
    zone: str


# The state that domain/coverage gives, from the months that are paid: `before` is the last one before this month,
# `late` how many since then are overdue. A test holds the two together.
_STANDING = (
    "CROSS JOIN LATERAL (SELECT max(month) FILTER (WHERE month < :month) AS before, "
    "coalesce(bool_or(month = :month), false) AS paid_now, "
    "coalesce(bool_or(month = :month AND state = 'confirmed'), false) AS confirmed_now, "
    "coalesce(bool_or(month > :month), false) AS later "
    "FROM contribution_months WHERE member_id = m.id AND answer IS DISTINCT FROM 'refused') paid "
    "CROSS JOIN LATERAL (SELECT (extract(year FROM CAST(:month AS date)) - extract(year FROM paid.before)) * 12 "
    "+ extract(month FROM CAST(:month AS date)) - extract(month FROM paid.before) "
    "- CAST(:on_time AS integer) AS late) l "
    "CROSS JOIN LATERAL (SELECT CASE WHEN paid.confirmed_now THEN 'active' WHEN paid.paid_now THEN 'received' "
    "WHEN paid.later AND coalesce(l.late > 3, true) THEN 'upcoming' WHEN paid.before IS NULL THEN 'none' "
    "WHEN l.late <= 0 THEN 'due' WHEN l.late <= 3 THEN 'arrears' ELSE 'lapsed' END AS state) standing "
)
_PLAN = (
    "CROSS JOIN LATERAL (SELECT sector, package FROM member_plans WHERE member_id = m.id "
    "ORDER BY from_month DESC LIMIT 1) plan "
)
_PAYS_FOR_OTHERS = "EXISTS (SELECT 1 FROM sponsors s WHERE s.phone = m.phone)"
_IS_PAID_FOR = "EXISTS (SELECT 1 FROM sponsorships s WHERE s.member_id = m.id AND s.ended_at IS NULL)"
# Who stopped such texts, and whose number is dead, is not planned.
_WILLING = (
    "NOT EXISTS (SELECT 1 FROM stops s WHERE s.phone = r.phone AND s.topic IN ('education', 'all') "
    "AND s.ended_at IS NULL) AND NOT EXISTS (SELECT 1 FROM numbers n WHERE n.phone = r.phone AND n.dead_at IS NOT NULL)"
)
_SPONSORS = (
    " UNION ALL SELECT s.phone, NULL, s.name, s.language, 'Asia/Jakarta' FROM sponsors s "
    "WHERE s.phone > :after AND s.phone <= :until AND (:any_language OR s.language = ANY(:languages)) "
    "AND NOT EXISTS (SELECT 1 FROM members m WHERE m.phone = s.phone AND m.state = 'here')"
)


def page_end(connection: Connection, after: str, most: int) -> str | None:
    """The number with which the page of `most` numbers after this one ends; None when none is left."""
    found = connection.execute(
        text(
            "SELECT max(phone) FROM (SELECT phone FROM ("
            "(SELECT phone FROM members WHERE phone > :after ORDER BY phone LIMIT :most) UNION ALL "
            "(SELECT phone FROM sponsors WHERE phone > :after ORDER BY phone LIMIT :most)) n "
            "ORDER BY phone LIMIT :most) page"
        ),
        {"after": after, "most": most},
    ).scalar_one()
    return str(found) if found is not None else None


def recipients(connection: Connection, wanted: Wanted, after: str, until: str) -> list[Recipient]:
    """Whoever is wanted, wants such texts, and has a number after `after` and up to `until`; each number once."""
    joins, conditions = _members(wanted)
    statement = (
        "SELECT DISTINCT ON (r.phone) r.phone, r.id, r.name, r.language, r.zone FROM ("  # noqa: S608  # our own words
        f"SELECT m.phone, m.id, m.name, m.language, m.zone FROM members m {joins}"
        f"WHERE m.phone > :after AND m.phone <= :until AND {' AND '.join(conditions)}"
        f"{'' if wanted.only_members else _SPONSORS}) r (phone, id, name, language, zone) WHERE {_WILLING} "
        "ORDER BY r.phone, r.id DESC NULLS LAST"
    )
    values = {name: list(value) if isinstance(value, tuple) else value for name, value in wanted.__dict__.items()}
    rows = connection.execute(
        text(statement), {**values, "any_language": not wanted.languages, "after": after, "until": until}
    )
    return [Recipient(*row) for row in rows]


def _members(wanted: Wanted) -> tuple[str, list[str]]:
    """What is joined to the members, and the conditions they meet; only what is asked for is looked up."""
    conditions = ["m.state = 'here'"]
    for asked, condition in (
        (wanted.packages, "plan.package = ANY(:packages)"),
        (wanted.sectors, "plan.sector = ANY(:sectors)"),
        (wanted.provinces, "m.province = ANY(:provinces)"),
        (wanted.states, "standing.state = ANY(:states)"),
        (wanted.languages, "m.language = ANY(:languages)"),
        (wanted.sponsor is not None, f"{_PAYS_FOR_OTHERS} = :sponsor"),
        (wanted.sponsored is not None, f"{_IS_PAID_FOR} = :sponsored"),
    ):
        if asked:
            conditions.append(condition)
    joins = (_PLAN if wanted.packages or wanted.sectors else "") + (_STANDING if wanted.states else "")
    return joins, conditions


def without_province(connection: Connection, after: int, most: int) -> list[tuple[int, str]]:
    """Members of whom nobody has noted the province, each with the sealed NIK that says it; in order of id."""
    rows = connection.execute(
        text(
            "SELECT id, nik FROM members WHERE province IS NULL AND state <> 'erased' AND id > :after "
            "ORDER BY id LIMIT :most"
        ),
        {"after": after, "most": most},
    )
    return [(row.id, row.nik) for row in rows]


def keep_provinces(connection: Connection, provinces: Sequence[tuple[int, str]]) -> None:
    """Note the provinces of these members, by id."""
    connection.execute(
        text(
            "UPDATE members m SET province = t.province "
            "FROM unnest(CAST(:ids AS bigint[]), CAST(:provinces AS text[])) AS t (id, province) "
            "WHERE m.id = t.id AND m.province IS NULL AND m.state <> 'erased'"
        ),
        {"ids": [one[0] for one in provinces], "provinces": [one[1] for one in provinces]},
    )
