"""Campaigns for tests: a file with everything that does not matter filled in, and members by the thousand."""

from __future__ import annotations

from collections.abc import Sequence

import yaml

from tests.builders import execute
from ussd_app.runtime import Runtime
from ussd_app.services import campaign_sending, campaigns

ME = "rina@kantor.id"
TEXTS = {"id": "Sudah tahu? Kecelakaan kerja ditanggung. Info {dial}"}


def a_file(
    *,
    name: str = "tahu",
    variants: Sequence[dict[str, object]] = ({"name": "A", "texts": TEXTS},),
    segment: dict[str, object] | None = None,
    **changes: object,
) -> str:
    """The YAML of a campaign that begins at once."""
    data = {"name": name, "topic": "education", "send_at": "2026-11-22 08:00", "variants": list(variants)}
    return str(yaml.safe_dump({**data, "segment": segment or {}, **changes}))


def a_campaign(rt: Runtime, **told: object) -> str:
    """A campaign that is kept and not started; its name."""
    campaigns.create(rt, "test.yaml", a_file(**told), ME)  # type: ignore[arg-type]
    return str(told.get("name", "tahu"))


def a_started_campaign(rt: Runtime, **told: object) -> str:
    """A campaign whose people are known, before anything is in the outbox; its name."""
    name = a_campaign(rt, **told)
    campaigns.start(rt, name, ME)
    campaign_sending.plan(rt)
    return name


def many_members(rt: Runtime, number: int, *, zone: str = "Asia/Jakarta", language: str = "id", first: int = 0) -> None:
    """So many members with a phone each, made by the database itself: +6281300000000 and on."""
    execute(
        rt,
        "INSERT INTO members (nik_index, nik, province, name, born, phone, language, zone, workplace, created_at) "
        "SELECT 'i' || n, '', '31', 'Budi ' || n, '1988-08-05', '+62813' || lpad(n::text, 8, '0'), :language, :zone, "
        "'Jakarta', :now FROM generate_series(CAST(:first AS integer), CAST(:last AS integer)) n",
        language=language,
        zone=zone,
        first=first,
        last=first + number - 1,
        now=rt.clock(),
    )
    execute(
        rt,
        "INSERT INTO member_plans (member_id, from_month, sector, package, wage) "
        "SELECT id, '2026-11-01', 'seller', 'jkk_jkm', 1000000 FROM members ON CONFLICT DO NOTHING",
    )
