"""A member or a sponsor as everybody at the desk may see them, and as whoever has given a reason does."""

from __future__ import annotations

from ussd_app.domain import phone as phones
from ussd_app.runtime import Runtime
from ussd_app.services import lookup
from ussd_app.storage.members import Member
from ussd_app.storage.sponsors import Sponsor
from ussd_app.web.admin.formats import name_hidden, nik_hidden, year_only


def hidden_member(rt: Runtime, member: Member) -> dict[str, object]:
    """A member as everybody at the desk may see them."""
    person = member.person
    return {
        "id": member.id,
        "name": name_hidden(person.name),
        "phone": phones.masked(person.phone),
        "nik": nik_hidden(lookup.nik_of(rt, member)),
        "born": year_only(person.born),
        "kpj": member.member_number and f"{member.member_number[:3]}****{member.member_number[-2:]}",
        "state": member.state,
        "standing": member.standing,
    }


def open_member(rt: Runtime, member: Member) -> dict[str, object]:
    """A member as whoever has given a reason sees them."""
    person = member.person
    return {
        **hidden_member(rt, member),
        "name": person.name,
        "phone": phones.local(person.phone),
        "nik": lookup.nik_of(rt, member),
        "born": f"{person.born:%d-%m-%Y}",
        "kpj": member.member_number,
    }


def sponsor_name(sponsor: Sponsor) -> str:
    """What a sponsor is called on a page: a company or a community by its name, a person by initials."""
    return name_hidden(sponsor.name) if sponsor.kind == "person" else sponsor.name


def hidden_sponsor(sponsor: Sponsor) -> dict[str, object]:
    """A sponsor as everybody at the desk may see them."""
    return {
        "id": sponsor.id,
        "name": sponsor_name(sponsor),
        "phone": phones.masked(sponsor.phone),
        "kind": sponsor.kind,
        "language": sponsor.language,
    }


def open_sponsor(sponsor: Sponsor) -> dict[str, object]:
    """A sponsor as whoever has given a reason sees them."""
    return {**hidden_sponsor(sponsor), "name": sponsor.name, "phone": phones.local(sponsor.phone)}
