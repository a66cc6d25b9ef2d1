"""Everything that happened to a member or a sponsor, as whoever looks may see it, and their dialogues once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import redis
from sqlalchemy import Connection

from ussd_app.domain import phone as phones
from ussd_app.domain.permissions import May, may
from ussd_app.errors import NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import authoring, journal, masked_texts, publishing
from ussd_app.services.authoring import Seen
from ussd_app.storage import journal as journal_rows
from ussd_app.storage import phone_changes
from ussd_app.storage import timeline as store
from ussd_app.storage.members import Member
from ussd_app.storage.sponsors import Sponsor
from ussd_app.storage.timeline import Event, Number, Place
from ussd_app.vault import Unreadable

PAGE = 25
MEMBER, SPONSOR = "member", "sponsor"
# Only for whoever sees money: they speak of nothing else.
_MONEY = frozenset({"payment", "refund"})


@dataclass(frozen=True)
class Subject:
    """Whose timeline it is: a `member` or a `sponsor`, and the phone numbers that were theirs, each while it was."""

    whose: str
    id: int
    numbers: tuple[Number, ...]


@dataclass(frozen=True)
class Sight:
    """What somebody at the desk may see: `role` says what else; `opened` when they gave a reason for everything."""

    role: str
    opened: bool = False

    def may(self, what: May) -> bool:
        """Whether their role allows it."""
        return may(self.role, what)


def of_member(rt: Runtime, connection: Connection, member: Member) -> Subject:
    """A member with the numbers they have had; none for somebody who was erased."""
    numbers: list[Number] = []
    since: datetime | None = None
    for change in phone_changes.done_of(connection, member.id):
        if change.old_phone:
            numbers.append(Number(change.old_phone, rt.vault.mark(change.old_phone), since, change.settled_at))
        since = change.settled_at
    if member.state != "erased":
        phone = member.person.phone
        # What a number did before its first member here enrolled belongs to the dialogue in which they enrolled.
        numbers.append(Number(phone, rt.vault.mark(phone), since))
    return Subject(MEMBER, member.id, tuple(numbers))


def of_sponsor(rt: Runtime, sponsor: Sponsor) -> Subject:
    """A sponsor with their number; what somebody did there as a member is theirs as well."""
    return Subject(SPONSOR, sponsor.id, (Number(sponsor.phone, rt.vault.mark(sponsor.phone)),))


def kinds_for(subject: Subject, sight: Sight) -> list[str]:
    """The kinds of things that somebody may see about a subject, in the order in which they are offered."""
    kinds = [*store.OF_NUMBERS, *store.SOURCES[subject.whose], "correction"]
    if sight.may(May.READ_AUDIT):
        kinds.append("act")
    return [kind for kind in kinds if kind not in _MONEY or sight.may(May.SEE_MONEY)]


def page(
    rt: Runtime, subject: Subject, sight: Sight, *, only: str = "", after: Place | None = None
) -> tuple[list[Event], Place | None]:
    """A page of what happened, of one kind or of all, and where the next page begins; None on the last."""
    with suppress(redis.RedisError):  # what waits in Redis is a few seconds old
        journal.write(rt)
    kinds = [kind for kind in kinds_for(subject, sight) if only in ("", kind)]
    with rt.db.connect() as connection:
        found = store.page(connection, subject.whose, subject.id, subject.numbers, kinds, after, PAGE + 1)
        shown = found[:PAGE]
        lengths = journal_rows.lengths(connection, [one.facts["dialogue"] for one in shown if one.kind == "dialogue"])
    more = shown[-1].place if len(found) > PAGE else None
    return [_seen(rt, one, sight, lengths) for one in shown], more


def _seen(rt: Runtime, event: Event, sight: Sight, lengths: Mapping[str, tuple[int, str]]) -> Event:
    """What happened, without what this person may not see."""
    facts = dict(event.facts)
    if event.kind == "dialogue":
        facts["screens"], facts["last"] = lengths.get(facts["dialogue"], (0, ""))
        facts["dialled"] = _dialled(rt, facts["menu"])
    if event.kind == "sms":
        facts["text"] = _text(rt, facts, sight)
    if event.kind == "incoming":
        facts["text"] = _opened(rt, str(facts.pop("sealed"))) if sight.opened else None
    if event.kind == "consent" and not sight.opened:
        facts["text"] = None  # it may name whoever pays, and the price
    if event.kind == "number" and not sight.opened:
        facts |= {name: phones.masked(facts[name]) for name in ("old", "new") if facts[name]}
    if not sight.may(May.SEE_MONEY):
        facts = {name: value for name, value in facts.items() if name not in ("total", "amount", "code")}
    elif "code" in facts and not sight.opened and facts["code"]:
        facts["code"] = f"…{facts['code'][-4:]}"
    if event.kind == "correction" and not (sight.may(May.CORRECT) or sight.may(May.READ_AUDIT)):
        facts = {"before": _fields(facts["before"]), "after": _fields(facts["after"])}
    return replace(event, facts=facts)


def _fields(told: Mapping[str, Any] | None) -> dict[str, Any]:
    """Which fields were corrected, and nothing that was said about it."""
    return {name: "…" for name in (told or {}) if name != "reason"}


def _text(rt: Runtime, facts: Mapping[str, Any], sight: Sight) -> str | None:
    said = str(facts["text"])
    if not said or sight.opened:
        return said
    return masked_texts.masked(rt, str(facts["message"]), said, money=sight.may(May.SEE_MONEY))


def _opened(rt: Runtime, sealed: str) -> str | None:
    with suppress(Unreadable):
        return rt.vault.open(sealed) if sealed else ""
    return None


# ---- dialogues ----


def dialogue(rt: Runtime, subject: Subject, name: str) -> list[Seen]:
    """Every turn of one of the subject's dialogues. Raises NotAllowedNow for one of somebody else, or none at all."""
    with suppress(redis.RedisError):
        journal.write(rt)
    with rt.db.connect() as connection:
        begun = journal_rows.beginnings(connection, name)
    if not any(_theirs(subject.numbers, caller, at) for caller, at in begun):
        raise NotAllowedNow("there is no such dialogue of theirs", "dialogue_none")
    return authoring.audit(rt, name, None)


def _theirs(numbers: Sequence[Number], caller: str, at: datetime) -> bool:
    """Whether a number was this person's when somebody began a dialogue there."""
    return any(
        one.mark == caller and (one.since is None or one.since <= at) and (one.until is None or at <= one.until)
        for one in numbers
    )


def _dialled(rt: Runtime, menu: str) -> str:
    """The code that is dialled for a menu; its name where it is not served any more."""
    documents = publishing.newest(rt)
    codes = publishing.newest_menu(rt, documents, menu).codes if menu in documents else ()
    return next(iter(codes), menu)
