"""Members, their registrations and consents, and what a phone has chosen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, Row, text

from ussd_app.vault import Vault


@dataclass(frozen=True)
class Person:
    """What somebody tells when enrolling, besides the NIK; `wage` is whole rupiah a month."""

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
    """Somebody who is insured or wants to be; `sealed_nik` is encrypted, `standing` the registration's state."""

    id: int
    sealed_nik: str
    person: Person
    member_number: str | None
    standing: str


@dataclass(frozen=True)
class Registration:
    """A registration on its way to the institution."""

    id: int
    member_id: int
    attempts: int


_MEMBER = (
    "SELECT m.*, (SELECT r.state FROM registrations r WHERE r.member_id = m.id ORDER BY r.id DESC LIMIT 1) "
    "AS standing FROM members m "
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
    return Member(fields["id"], fields["nik"], person, fields["member_number"], fields["standing"])


def by_phone(connection: Connection, phone: str) -> Member | None:
    """The member who enrolled last with this phone."""
    row = connection.execute(
        text(_MEMBER + "WHERE m.phone = :phone ORDER BY m.id DESC LIMIT 1"), {"phone": phone}
    ).one_or_none()
    return _member(row) if row else None


def by_id(connection: Connection, member_id: int) -> Member:
    """The member with this id."""
    return _member(connection.execute(text(_MEMBER + "WHERE m.id = :id"), {"id": member_id}).one())


def by_nik(connection: Connection, vault: Vault, nik: str) -> Member | None:
    """The member with this NIK, found by its keyed hash."""
    row = connection.execute(text(_MEMBER + "WHERE m.nik_index = :index"), {"index": vault.index(nik)}).one_or_none()
    return _member(row) if row else None


def add(connection: Connection, vault: Vault, nik: str, person: Person, now: datetime) -> int | None:
    """Write a new member; None when the NIK is there already."""
    return connection.execute(
        text(
            "INSERT INTO members (nik_index, nik, name, born, phone, language, zone, sector, workplace, package, "
            "wage, created_at) VALUES (:index, :sealed, :name, :born, :phone, :language, :zone, :sector, :workplace, "
            ":package, :wage, :now) ON CONFLICT (nik_index) DO NOTHING RETURNING id"
        ),
        {**person.__dict__, "index": vault.index(nik), "sealed": vault.seal(nik), "now": now},
    ).scalar_one_or_none()


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
            "UPDATE registrations SET lease_until = :until, attempts = attempts + 1 WHERE id = :id "
            "AND state IN ('accepted', 'filed') AND next_try_at <= :now "
            "AND (lease_until IS NULL OR lease_until < :now) RETURNING id, member_id, attempts"
        ),
        {"id": registration_id, "now": now, "until": now + lease},
    ).one_or_none()
    return Registration(row.id, row.member_id, row.attempts) if row else None


def settle_registration(
    connection: Connection, registration_id: int, state: str, reason: str, now: datetime, ask_again: datetime
) -> None:
    """Write down the institution's answer; one that has not decided yet (`filed`) is asked again at `ask_again`."""
    connection.execute(
        text(
            "UPDATE registrations SET state = :state, reason = :reason, filed_at = coalesce(filed_at, :now), "
            "lease_until = NULL, next_try_at = :again WHERE id = :id AND state IN ('accepted', 'filed')"
        ),
        {"id": registration_id, "state": state, "reason": reason, "now": now, "again": ask_again},
    )


def postpone_registration(connection: Connection, registration_id: int, until: datetime, reason: str) -> None:
    """Try again later."""
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
            "SELECT id FROM registrations WHERE state IN ('accepted', 'filed') AND next_try_at <= :now "
            "AND (lease_until IS NULL OR lease_until < :now) ORDER BY next_try_at LIMIT 500"
        ),
        {"now": now},
    )
    return list(rows.scalars())


def language_of(connection: Connection, phone: str) -> str | None:
    """The language this phone has chosen, if it ever did."""
    return connection.execute(
        text("SELECT language FROM phones WHERE phone = :phone"), {"phone": phone}
    ).scalar_one_or_none()


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


def wants_reminders(connection: Connection, phone: str) -> bool:
    """Whether payment reminders may be sent to this phone; yes, until somebody turns them off."""
    chosen = connection.execute(
        text("SELECT reminders FROM phones WHERE phone = :phone"), {"phone": phone}
    ).scalar_one_or_none()
    return True if chosen is None else bool(chosen)


def keep_reminders(connection: Connection, phone: str, wanted: bool, now: datetime) -> None:
    """Remember whether this phone wants payment reminders."""
    connection.execute(
        text(
            "INSERT INTO phones (phone, reminders, changed_at) VALUES (:phone, :wanted, :now) "
            "ON CONFLICT (phone) DO UPDATE SET reminders = excluded.reminders, changed_at = excluded.changed_at"
        ),
        {"phone": phone, "wanted": wanted, "now": now},
    )


def add_follow_up(connection: Connection, kind: str, phone: str, detail: str, now: datetime) -> None:
    """Leave something for a person in the office to look into."""
    connection.execute(
        text("INSERT INTO follow_ups (kind, phone, detail, created_at) VALUES (:kind, :phone, :detail, :now)"),
        {"kind": kind, "phone": phone, "detail": detail, "now": now},
    )
