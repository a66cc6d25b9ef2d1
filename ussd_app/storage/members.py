"""Members, their registrations and consents, and what a phone has chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, Row, text

from ussd_app.domain.contributions import Plan, Plans
from ussd_app.domain.nik import province_of
from ussd_app.vault import Vault


@dataclass(frozen=True)
class Person:
    """What somebody tells when enrolling, besides the NIK; `wage` is whole rupiah a month.

    Sector, package and wage are the newest plan's; what counts for a month is in `plans_of`.
    """

    name: str
    born: date
    phone: str
    language: str
    zone: str
    sector: str
    workplace: str
    package: str
    wage: int


@dataclass(frozen=True)
class Member:
    """Somebody who is insured or wants to be; `sealed_nik` is encrypted, `standing` the registration's state.

    `state` is `here`; `left` once consent was withdrawn; `erased` when only the books still know the number.
    `pin` is salted and hashed. While `in_doubt`, whoever uses the phone may be somebody else. `moves_at` is when
    another phone number takes the place of this one.
    """

    id: int
    sealed_nik: str
    person: Person
    member_number: str | None
    standing: str
    state: str
    pin: str | None
    in_doubt: bool
    proved_at: datetime | None
    moves_at: datetime | None


@dataclass(frozen=True)
class Registration:
    """A registration on its way to the institution."""

    id: int
    member_id: int
    attempts: int


_MEMBER = (
    "SELECT m.*, p.sector, p.package, p.wage, "
    "coalesce(m.doubted_at > coalesce(m.proved_at, '-infinity'), false) AS in_doubt, "
    "(SELECT c.due_at FROM phone_changes c WHERE c.member_id = m.id AND c.state = 'waiting') AS moves_at, "
    "(SELECT r.state FROM registrations r WHERE r.member_id = m.id ORDER BY r.id DESC LIMIT 1) AS standing "
    "FROM members m CROSS JOIN LATERAL (SELECT sector, package, wage FROM member_plans WHERE member_id = m.id "
    "ORDER BY from_month DESC LIMIT 1) p "
)


def _member(row: Row[tuple[object, ...]]) -> Member:
    fields = row._mapping
    person = Person(
        name=fields["name"],
        born=fields["born"],
        phone=fields["phone"],
        language=fields["language"],
        zone=fields["zone"],
        sector=fields["sector"],
        workplace=fields["workplace"],
        package=fields["package"],
        wage=fields["wage"],
    )
    names = ("member_number", "standing", "state", "pin", "in_doubt", "proved_at", "moves_at")
    return Member(fields["id"], fields["nik"], person, **{name: fields[name] for name in names})


def by_phone(connection: Connection, phone: str) -> list[Member]:
    """Everybody who is a member with this phone, or was one and left; who enrolled first comes first."""
    rows = connection.execute(text(_MEMBER + "WHERE m.phone = :phone ORDER BY m.id"), {"phone": phone})
    return [_member(row) for row in rows]


def by_id(connection: Connection, member_id: int) -> Member:
    """The member with this id."""
    return _member(connection.execute(text(_MEMBER + "WHERE m.id = :id"), {"id": member_id}).one())


def with_ids(connection: Connection, people: Sequence[int]) -> list[Member]:
    """The members among these ids."""
    rows = connection.execute(text(_MEMBER + "WHERE m.id = ANY(:people) ORDER BY m.id"), {"people": list(people)})
    return [_member(row) for row in rows]


def by_member_number(connection: Connection, number: str) -> list[Member]:
    """Whoever has this number at the institution (KPJ)."""
    rows = connection.execute(text(_MEMBER + "WHERE m.member_number = :number"), {"number": number})
    return [_member(row) for row in rows]


def by_nik(connection: Connection, vault: Vault, nik: str) -> Member | None:
    """The member with this NIK, found by its keyed hash."""
    row = connection.execute(text(_MEMBER + "WHERE m.nik_index = :index"), {"index": vault.index(nik)}).one_or_none()
    return _member(row) if row else None


def add(connection: Connection, vault: Vault, nik: str, person: Person, first: date, now: datetime) -> int | None:
    """Write a new member, whose plan counts from the contribution month `first`; None when the NIK is there already."""
    member_id = connection.execute(
        text(
            "INSERT INTO members (nik_index, nik, province, name, born, phone, language, zone, workplace, created_at) "
            "VALUES (:index, :sealed, :province, :name, :born, :phone, :language, :zone, :workplace, :now) "
            "ON CONFLICT (nik_index) DO NOTHING RETURNING id"
        ),
        {
            **person.__dict__,
            "index": vault.index(nik),
            "sealed": vault.seal(nik),
            "province": province_of(nik),
            "now": now,
        },
    ).scalar_one_or_none()
    if member_id is not None:
        keep_plan(connection, member_id, first, Plan(person.sector, person.package, person.wage))
    return member_id


def keep_plan(connection: Connection, member_id: int, first: date, plan: Plan) -> None:
    """From the contribution month `first` on this plan counts; plans that were to begin later are forgotten."""
    values = {"member": member_id, "first": first, **plan.__dict__}
    connection.execute(text("DELETE FROM member_plans WHERE member_id = :member AND from_month >= :first"), values)
    connection.execute(
        text(
            "INSERT INTO member_plans (member_id, from_month, sector, package, wage) "
            "VALUES (:member, :first, :sector, :package, :wage)"
        ),
        values,
    )


def plans_of(connection: Connection, people: Sequence[int]) -> dict[int, Plans]:
    """What each of these members is insured for, by the contribution month from which it counts."""
    rows = connection.execute(
        text(
            "SELECT member_id, from_month, sector, package, wage FROM member_plans WHERE member_id = ANY(:people) "
            "ORDER BY member_id, from_month"
        ),
        {"people": list(people)},
    )
    found: dict[int, dict[date, Plan]] = {}
    for row in rows:
        found.setdefault(row.member_id, {})[row.from_month] = Plan(row.sector, row.package, row.wage)
    return dict(found)


def add_registration(connection: Connection, member_id: int, dialogue: str, now: datetime) -> int:
    """Open a registration for a member; the database refuses a second open one."""
    return int(
        connection.execute(
            text(
                "INSERT INTO registrations (member_id, dialogue, state, next_try_at, created_at) "
                "VALUES (:member, :dialogue, 'accepted', :now, :now) RETURNING id"
            ),
            {"member": member_id, "dialogue": dialogue, "now": now},
        ).scalar_one()
    )


@dataclass(frozen=True)
class Consent:
    """Proof that somebody agreed: the words they saw, and where that was."""

    purpose: str
    text_version: str
    text: str
    language: str
    channel: str
    phone: str
    session_id: str


def add_consent(connection: Connection, member_id: int, consent: Consent, now: datetime) -> None:
    """Keep the proof of a consent."""
    connection.execute(
        text(
            "INSERT INTO consents (member_id, purpose, text_version, text, language, channel, phone, session_id, at) "
            "VALUES (:member, :purpose, :text_version, :text, :language, :channel, :phone, :session_id, :now)"
        ),
        {**consent.__dict__, "member": member_id, "now": now},
    )


def lease_registration(
    connection: Connection, registration_id: int, now: datetime, lease: timedelta
) -> Registration | None:
    """Take a registration that is due to be filed; None when it is done, not due, or in other hands."""
    row = connection.execute(
        text(
            "UPDATE registrations r SET lease_until = :until, attempts = attempts + 1 FROM members m WHERE r.id = :id "
            "AND m.id = r.member_id AND m.state = 'here' AND r.state IN ('accepted', 'filed') "
            "AND r.next_try_at <= :now AND (r.lease_until IS NULL OR r.lease_until < :now) "
            "RETURNING r.id, r.member_id, r.attempts"
        ),
        {"id": registration_id, "now": now, "until": now + lease},
    ).one_or_none()
    return Registration(row.id, row.member_id, row.attempts) if row else None


def settle_registration(
    connection: Connection, registration_id: int, state: str, reason: str, now: datetime, ask_again: datetime | None
) -> bool:
    """Write down the institution's answer; False when it was decided before.

    One that has not decided yet (`filed`) is asked again at `ask_again`, or never when that is None.
    """
    done = connection.execute(
        text(
            "UPDATE registrations SET state = :state, reason = :reason, filed_at = coalesce(filed_at, :now), "
            "lease_until = NULL, next_try_at = :again WHERE id = :id AND state IN ('accepted', 'filed')"
        ),
        {"id": registration_id, "state": state, "reason": reason, "now": now, "again": ask_again},
    )
    return bool(done.rowcount)


def postpone_registration(connection: Connection, registration_id: int, until: datetime | None, reason: str) -> None:
    """Try again later, or not before somebody says so (None)."""
    connection.execute(
        text("UPDATE registrations SET next_try_at = :until, lease_until = NULL, reason = :reason WHERE id = :id"),
        {"id": registration_id, "until": until, "reason": reason},
    )


def set_member_number(connection: Connection, member_id: int, number: str) -> None:
    """Keep the number (KPJ) that the institution gave."""
    connection.execute(
        text("UPDATE members SET member_number = :number WHERE id = :id"), {"id": member_id, "number": number}
    )


def waiting_registrations(connection: Connection, now: datetime) -> list[int]:
    """Registrations that nobody is filing although they are due."""
    rows = connection.execute(
        text(
            "SELECT r.id FROM registrations r JOIN members m ON m.id = r.member_id AND m.state = 'here' "
            "WHERE r.state IN ('accepted', 'filed') AND r.next_try_at <= :now "
            "AND (r.lease_until IS NULL OR r.lease_until < :now) ORDER BY r.next_try_at LIMIT 500"
        ),
        {"now": now},
    )
    return list(rows.scalars())


def language_of(connection: Connection, phone: str) -> str | None:
    """The language this phone has chosen, else that of the member who uses it; None when nobody knows."""
    return connection.execute(
        text(
            "SELECT coalesce((SELECT language FROM phones WHERE phone = :phone), "
            "(SELECT language FROM members WHERE phone = :phone AND state = 'here' ORDER BY id DESC LIMIT 1))"
        ),
        {"phone": phone},
    ).scalar_one_or_none()


def dialled(connection: Connection, phone: str, now: datetime, silence: timedelta) -> str | None:
    """Somebody dials: the language this phone has chosen, if it ever did.

    Its members have been seen, which is written down once a day. After a `silence` without a dial or a payment it is
    in doubt whether they are the same people.
    """
    return connection.execute(
        text(
            "WITH seen AS (UPDATE members SET seen_at = :now, doubted_at = CASE WHEN "
            "greatest(coalesce(seen_at, created_at), "
            "(SELECT max(p.paid_at) FROM pay_codes p WHERE p.member_id = members.id)) < :long_ago "
            "THEN :now ELSE doubted_at END "
            "WHERE phone = :phone AND state = 'here' AND coalesce(seen_at, created_at) < :yesterday) "
            "SELECT language FROM phones WHERE phone = :phone"
        ),
        {"phone": phone, "now": now, "long_ago": now - silence, "yesterday": now - timedelta(days=1)},
    ).scalar_one_or_none()


def doubt(connection: Connection, phone: str, now: datetime) -> None:
    """This number may have passed to somebody else: the network says that it is dead."""
    connection.execute(text("UPDATE members SET doubted_at = :now WHERE phone = :phone"), {"phone": phone, "now": now})


def keep_language(connection: Connection, phone: str, language: str, now: datetime) -> None:
    """Remember the language for this phone, and for the members who use it."""
    values = {"phone": phone, "language": language, "now": now}
    connection.execute(
        text(
            "INSERT INTO phones (phone, language, changed_at) VALUES (:phone, :language, :now) "
            "ON CONFLICT (phone) DO UPDATE SET language = excluded.language, changed_at = excluded.changed_at"
        ),
        values,
    )
    connection.execute(text("UPDATE members SET language = :language WHERE phone = :phone"), values)


def channel_of(connection: Connection, phone: str) -> str | None:
    """Where this phone chose to pay the last time it chose, if it ever did."""
    return connection.execute(
        text("SELECT channel FROM phones WHERE phone = :phone"), {"phone": phone}
    ).scalar_one_or_none()


def keep_channel(connection: Connection, phone: str, channel: str, now: datetime) -> None:
    """Remember where this phone chose to pay."""
    connection.execute(
        text(
            "INSERT INTO phones (phone, channel, changed_at) VALUES (:phone, :channel, :now) "
            "ON CONFLICT (phone) DO UPDATE SET channel = excluded.channel, changed_at = excluded.changed_at"
        ),
        {"phone": phone, "channel": channel, "now": now},
    )


def add_follow_up(connection: Connection, kind: str, phone: str, detail: str, now: datetime) -> None:
    """Leave something for a person in the office to look into."""
    connection.execute(
        text("INSERT INTO follow_ups (kind, phone, detail, created_at) VALUES (:kind, :phone, :detail, :now)"),
        {"kind": kind, "phone": phone, "detail": detail, "now": now},
    )


def close_follow_ups(connection: Connection, kind: str, detail: str, now: datetime) -> None:
    """What was left for the office has been looked into."""
    connection.execute(
        text("UPDATE follow_ups SET done_at = :now WHERE kind = :kind AND detail = :detail AND done_at IS NULL"),
        {"kind": kind, "detail": detail, "now": now},
    )


@dataclass(frozen=True)
class Addressee:
    """A member as an SMS needs to know them."""

    id: int
    name: str
    phone: str
    language: str


def addressed(connection: Connection, people: Sequence[int]) -> list[Addressee]:
    """Where and in which language these members are written to."""
    statement = text("SELECT id, name, phone, language FROM members WHERE id = ANY(:people) ORDER BY id")
    return [Addressee(*row) for row in connection.execute(statement, {"people": list(people)})]


def add_follow_up_once(connection: Connection, kind: str, detail: str, now: datetime) -> None:
    """Leave something for the office, unless something of this kind is still waiting there."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('follow_up:' || :kind))"), {"kind": kind})
    connection.execute(
        text(
            "INSERT INTO follow_ups (kind, phone, detail, created_at) SELECT :kind, '', :detail, :now "
            "WHERE NOT EXISTS (SELECT 1 FROM follow_ups WHERE kind = :kind AND done_at IS NULL)"
        ),
        {"kind": kind, "detail": detail, "now": now},
    )
