"""The owner looks after the team, and everything anybody does is written down for good."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import DBAPIError

from tests.builders import count, execute, rows
from tests.office import Desk, an_admin, noted, signed_in
from ussd_app.runtime import Runtime
from ussd_app.services import audit


def invited(owner: Desk, email: str = "ani@kantor.id", role: str = "operator") -> str:
    """Somebody new in the team; the password they are given."""
    fields = {"email": email, "name": "Ani", "role": role}
    response = owner.post("/team", fields, on="/team")
    found = re.search(r'class="secret"><code>([^<]+)</code>', response.text)
    assert found, response.text
    return found[1]


def test_somebody_new_gets_a_password_that_has_to_be_changed_at_once(rt: Runtime) -> None:
    password = invited(signed_in(rt))
    ani = Desk(rt)
    ani.sign_in("ani@kantor.id", password)
    assert ani.get("/members").headers["Location"] == "/admin/account/password"
    fields = {"old": password, "new": "gerobak bakso malam", "again": "gerobak bakso malam"}
    ani.post("/account/password", fields, on="/account/password")
    assert ani.get("/members").status_code == 200
    assert noted(rt, "team.invited") == ["owner@kantor.id: ani@kantor.id"]


def test_the_same_email_is_not_added_twice_however_it_is_written(rt: Runtime) -> None:
    owner = signed_in(rt)
    invited(owner)
    again = {"email": " ANI@kantor.id", "name": "Ani", "role": "viewer"}
    assert owner.post("/team", again, on="/team").status_code == 422
    assert count(rt, "admins") == 2


def test_another_role_counts_from_the_next_page_on(rt: Runtime) -> None:
    owner, ani = signed_in(rt), signed_in(rt, "viewer")
    assert ani.get("/books").status_code == 403
    owner.post("/team/2/role", {"role": "finance"}, on="/team/2")
    assert ani.get("/books").status_code == 200
    change = rows(rt, "SELECT before, after FROM audit_log WHERE kind = 'team.role'")
    assert change == [{"before": {"role": "viewer"}, "after": {"role": "finance"}}]


def test_whoever_loses_access_is_out_and_may_be_let_in_again(rt: Runtime) -> None:
    owner, ani = signed_in(rt), signed_in(rt, "viewer")
    owner.post("/team/2/out", on="/team/2")
    assert ani.get("/").status_code == 302
    assert Desk(rt).sign_in("viewer@kantor.id").status_code == 401
    owner.post("/team/2/in", on="/team/2")
    assert Desk(rt).sign_in("viewer@kantor.id").status_code == 302


@pytest.mark.parametrize("act", ["role", "out", "password", "second-step"])
def test_an_owner_does_not_change_their_own_place(rt: Runtime, act: str) -> None:
    owner = signed_in(rt)
    owner.post(f"/team/1/{act}", {"role": "viewer"}, on="/account")
    assert owner.get("/team").status_code == 200
    assert Desk(rt).sign_in("owner@kantor.id").status_code == 302


def test_a_forgotten_password_is_made_anew_and_signs_out_everywhere(rt: Runtime) -> None:
    owner, ani = signed_in(rt), signed_in(rt, "viewer")
    response = owner.post("/team/2/password", on="/team/2")
    found = re.search(r'class="secret"><code>([^<]+)</code>', response.text)
    assert found
    assert ani.get("/").status_code == 302
    assert Desk(rt).sign_in("viewer@kantor.id").status_code == 401
    assert Desk(rt).sign_in("viewer@kantor.id", found[1]).status_code == 302


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_log SET by_whom = 'nobody'", "DELETE FROM audit_log", "TRUNCATE audit_log"]
)
def test_the_audit_log_cannot_be_changed_by_sql(rt: Runtime, statement: str) -> None:
    signed_in(rt)
    with pytest.raises(DBAPIError, match="append-only"):
        execute(rt, statement)
    assert noted(rt, "account.signed_in") == ["owner@kantor.id: owner@kantor.id"]


def test_what_is_not_done_is_not_written_down_either(rt: Runtime) -> None:
    with rt.db.begin() as connection:
        audit.note(rt, connection, "owner@kantor.id", "team.role", "ani@kantor.id")
        connection.rollback()
    assert count(rt, "audit_log") == 0


def test_no_phone_and_no_nik_gets_into_the_audit_log(rt: Runtime) -> None:
    with rt.db.begin() as connection:
        about = {"reason": "calls from +6281234567890 about 3174054508880003"}
        audit.note(rt, connection, "owner@kantor.id", "member.unmasked", "081234567890", after=about)
    assert re.findall(r"81234567|317405450", str(rows(rt, "SELECT * FROM audit_log"))) == []


@pytest.mark.parametrize(
    "told",
    [
        {"reason": "DETAIL: she called from 0812-3456-7890"},
        {"reason": "NIK 3174 0545 0888 0003, (0812) 3456 7890"},
        {"reason": "317405-450888-0003 and +62 812-3456-7890"},
        {"phone": 81234567890, "old_phone": "0812 3456 7890"},
        {"nik": "3174054508880003", "pin": "481516", "new_password": "481516"},
        {"rupiah": 81234567, "number": 3174054508880003},
        {"people": [{"phone": "+6281234567890", "nik": 3174054508880003}, "0812.3456.7890"]},
        {"at": datetime(2026, 11, 22, 3, 0, tzinfo=UTC), "pin": None},
    ],
)
def test_nothing_private_gets_into_the_audit_log_however_it_is_written(rt: Runtime, told: dict[str, object]) -> None:
    with rt.db.begin() as connection:
        audit.note(rt, connection, "0812-3456-7890", "member.unmasked", "0812 3456 7890", before=told, after=told)
    kept = str(rows(rt, "SELECT * FROM audit_log"))
    assert re.findall(r"812345678\d|3456.?7890|0?5450888|0545.?0888|450888|481516", kept) == []


@pytest.mark.parametrize(
    "told",
    [
        {"rupiah": 6281234567, "active": True, "until": None, "share": 0.5},
        {"reason": "asked on 08-12-2026 09.15 about Rp812.345.678 and order SRT-0123456789ABCD"},
        {"months": ["2026-11", "2026-12"], "of": {"version": 7}},
    ],
)
def test_what_is_not_private_is_written_down_as_it_is(rt: Runtime, told: dict[str, object]) -> None:
    with rt.db.begin() as connection:
        audit.note(rt, connection, "owner@kantor.id", "team.role", "roster 3", after=told)
    assert rows(rt, "SELECT what, after FROM audit_log") == [{"what": "roster 3", "after": told}]


def test_the_log_is_read_page_by_page_by_person_and_by_kind(rt: Runtime) -> None:
    owner = signed_in(rt)
    an_admin(rt, "finance")
    with rt.db.begin() as connection:
        for one in range(60):
            audit.note(rt, connection, "finance@kantor.id", "refund.paid", f"refund {one}")
    first = owner.get("/audit?by=finance@kantor.id")
    assert ("refund 59<" in first.text, "refund 9<" in first.text) == (True, False)
    found = re.search(r'href="/admin(/audit[^"]+before=[^"]+)" rel="next"', first.text)
    assert found
    last = owner.get(found[1].replace("&amp;", "&")).text
    assert ("refund 9<" in last, '<td class="long">owner@kantor.id' in last) == (True, False)
    assert "refund" not in owner.get("/audit?kind=account.signed_in").text.split("<tbody>")[1]
