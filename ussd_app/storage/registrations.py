"""Registrations that are not the first: of somebody the institution refused, or who had left."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from ussd_app.domain.nik import province_of
from ussd_app.storage.members import Person
from ussd_app.vault import Vault


def reason_of(connection: Connection, member_id: int) -> str:
    """What the institution wrote when it last decided about a member: a code, a sentence, or nothing."""
    found = connection.execute(
        text("SELECT reason FROM registrations WHERE member_id = :member ORDER BY id DESC LIMIT 1"),
        {"member": member_id},
    ).scalar_one_or_none()
    return str(found or "")


def being_filed(connection: Connection, member_id: int, now: datetime) -> bool:
    """Whether a job has this member's registration in its hands; none takes it until the transaction ends."""
    row = connection.execute(
        text(
            "SELECT coalesce(lease_until > :now, false) FROM registrations WHERE member_id = :member "
            "ORDER BY id DESC LIMIT 1 FOR UPDATE"
        ),
        {"member": member_id, "now": now},
    ).scalar_one_or_none()
    return bool(row)


def correct(connection: Connection, vault: Vault, member_id: int, nik: str, person: Person) -> bool:
    """A member's data become these; False when the NIK is somebody else's. Their plan is not touched."""
    values = {
        **person.__dict__,
        "id": member_id,
        "index": vault.index(nik),
        "sealed": vault.seal(nik),
        "province": province_of(nik),
    }
    try:
        with connection.begin_nested():
            connection.execute(
                text(
                    "UPDATE members SET nik_index = :index, nik = :sealed, name = :name, born = :born, zone = :zone, "
                    "province = :province, language = :language, workplace = :workplace WHERE id = :id"
                ),
                values,
            )
    except IntegrityError:
        return False
    return True


def come_back(connection: Connection, member_id: int, now: datetime) -> None:
    """Somebody who had left is processed again; a registration that nobody has filed yet is due at once."""
    values = {"member": member_id, "now": now}
    connection.execute(text("UPDATE members SET state = 'here', state_at = :now WHERE id = :member"), values)
    connection.execute(
        text("UPDATE registrations SET next_try_at = :now WHERE member_id = :member AND state = 'accepted'"), values
    )
