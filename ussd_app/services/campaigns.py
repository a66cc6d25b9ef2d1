"""An operator writes to a segment of the members: makes a campaign, looks at it, tries it, starts it, stops it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from ussd_app import queues
from ussd_app.domain import campaigns as rules
from ussd_app.domain import gsm7
from ussd_app.engine.campaign_file import Campaign, Known, compile_campaign
from ussd_app.engine.source import read
from ussd_app.errors import MenuProblems, NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import audit, publishing, segments
from ussd_app.services.days import JAKARTA
from ussd_app.services.words import DIAL, NAME, shown_name
from ussd_app.storage import campaigns, outbox
from ussd_app.storage import segments as people
from ussd_app.storage.campaigns import Kept
from ussd_app.storage.outbox import URGENT, Outgoing
from ussd_app.storage.segments import Recipient

FIELDS = {"dial": DIAL, "name": NAME}
# Numbers that are looked at with one statement.
PAGE = 5000
# Whose name stands in a text that somebody has sent to themselves.
SAMPLE = "Siti Aminah"


def create(rt: Runtime, file: str, source: str, by: str, address: str = "") -> int:
    """Keep a new campaign as it was written; its number. Nothing is sent before somebody starts it.

    An empty `address` is the command line, here and below. Raises MenuProblems with everything that is wrong in the
    file, NotAllowedNow("campaign_taken") when there is one of that name.
    """
    words = known(rt)
    made = _compiled(file, source, words)
    name = made.file.name
    with rt.db.begin() as connection:
        number = campaigns.add(connection, name, source, asdict(words), _beginning(made))
        if number is None:
            sentence = f"there is a campaign called {name}: give this one another name"
            raise NotAllowedNow(sentence, "campaign_taken", name=name)
        campaigns.note(connection, number, "made", by, rt.clock())
        about = {"topic": made.file.topic, "hold_out": made.file.hold_out}
        audit.note(rt, connection, by, "campaign.made", f"campaign {name}", after=about, address=address)
    return number


def _beginning(made: Campaign) -> datetime:
    """When it begins, in UTC; the file says Jakarta's time unless it says another."""
    told = made.file.send_at
    return (told if told.tzinfo else told.replace(tzinfo=ZoneInfo(JAKARTA))).astimezone(UTC)


def known(rt: Runtime) -> Known:
    """The words that campaigns made now are checked against."""
    pointers = publishing.newest(rt)
    rates, way_out = publishing.rates(rt, pointers), publishing.messages(rt, pointers)["way_out"]
    languages = publishing.newest_menu(rt, pointers, "main").languages
    ways_out = {language: way_out.fill(language, {}) for language in languages}
    return Known(tuple(rates.packages), tuple(rates.sectors), ways_out)


def _compiled(file: str, source: str, words: Known) -> Campaign:
    made, problems = compile_campaign(read(file, source), words, FIELDS)
    if made is None:
        raise MenuProblems(problems)
    return made


def find(rt: Runtime, name: str) -> Kept:
    """The campaign of this name. Raises NotAllowedNow when there is none."""
    with rt.db.connect() as connection:
        found = campaigns.named(connection, name)
    if found is None:
        raise NotAllowedNow(f"there is no campaign called {name}")
    return found


def texts_of(rt: Runtime, kept: Kept) -> Campaign:
    """The wordings of a campaign, ready to be filled; read once a process, for its source never changes."""
    key = (kept.source, kept.id)
    if key not in rt.compiled:
        rt.compiled[key] = _compiled(kept.name, kept.source, Known(**kept.known))
    return rt.compiled[key]  # type: ignore[return-value]


def message_of(campaign_id: int, variant: str) -> str:
    """Under what name the texts of a wording stand in the outbox."""
    return f"campaign:{campaign_id}:{variant}"


def messages_of(rt: Runtime, kept: Kept) -> list[str]:
    """Under what names the texts of a campaign stand in the outbox."""
    return [message_of(kept.id, variant) for variant in texts_of(rt, kept).weights]


def variant_for(rt: Runtime, kept: Kept, made: Campaign, phone: str) -> tuple[str, str | None]:
    """The keyed hash of a number in this campaign, and the wording it gets by it; None when it is held out."""
    mark = rt.vault.mark(f"campaign:{kept.id}:{phone}")
    return mark, rules.variant_of(mark, made.file.hold_out, made.weights)


class Filler:
    """Fills the texts of one campaign; one without a name is filled once for everybody."""

    def __init__(self, rt: Runtime, made: Campaign) -> None:
        self._made, self._dial = made, rt.settings.service_code
        self._same: dict[tuple[str, str], tuple[str, int]] = {}

    def fill(self, variant: str, language: str, name: str) -> tuple[str, int]:
        """The text for somebody, and its segments."""
        if not self._made.is_personal(variant, language):
            key = (variant, language)
            if key not in self._same:
                self._same[key] = self._filled(variant, language, "")
            return self._same[key]
        return self._filled(variant, language, name)

    def _filled(self, variant: str, language: str, name: str) -> tuple[str, int]:
        values = {"dial": self._dial, "name": shown_name(name)}
        words = self._made.messages[variant].fill(language, values)
        return words, gsm7.size(words).segments


def pages(
    rt: Runtime, connection: Connection, made: Campaign, after: str = ""
) -> Iterator[tuple[str, list[Recipient]]]:
    """Everybody in the segment of a campaign, page by page, each page with the number it ends with."""
    wanted = segments.wanted(rt, made.file.segment)
    while (end := people.page_end(connection, after, PAGE)) is not None:
        yield end, people.recipients(connection, wanted, after, end)
        after = end


def try_out(rt: Runtime, name: str, phones: Sequence[str], by: str, address: str = "") -> int:
    """Send every wording in every language to these numbers, at once, as somebody called Siti Aminah would get it.

    How many texts. Whoever asks for it waits for it, so that it counts as an answer. Raises NotAllowedNow.
    """
    kept = find(rt, name)
    made, now = texts_of(rt, kept), rt.clock()
    filler = Filler(rt, made)
    texts = [
        filler.fill(variant, language, SAMPLE) for variant in made.weights for language in _languages(made, variant)
    ]
    message = f"campaign-test:{kept.id}"
    with rt.db.begin() as connection:
        for phone in phones:
            for number, (words, size) in enumerate(texts):
                key = f"{message}:{now.isoformat()}:{rt.vault.mark(phone)}:{number}"
                outbox.add(connection, Outgoing(key, URGENT, phone, words, size, message=message), now)
        campaigns.note(connection, kept.id, f"tested with {len(phones)} numbers", by, now)
        about = {"to": list(phones), "texts": len(phones) * len(texts)}
        audit.note(rt, connection, by, "campaign.tested", f"campaign {name}", after=about, address=address)
    rt.queues.enqueue(queues.RELAY, URGENT)
    return len(phones) * len(texts)


def _languages(made: Campaign, variant: str) -> list[str]:
    return sorted(made.messages[variant].texts)


@dataclass(frozen=True)
class _Act:
    """What somebody does with a campaign: its name in the audit log and in events, from which states to which."""

    name: str
    told: str
    before: tuple[str, ...]
    after: str


_START = _Act("start", "started", ("draft",), "started")
_RESUME = _Act("resume", "resumed", ("paused",), "started")
_PAUSE = _Act("pause", "paused", ("started",), "paused")
_CANCEL = _Act("cancel", "cancelled", ("draft", "started", "paused"), "cancelled")


def start(rt: Runtime, name: str, by: str, address: str = "", about: Mapping[str, Any] | None = None) -> None:
    """Let a campaign begin at its time; from now on it is worked out who gets what. Raises NotAllowedNow.

    `about` is what somebody knew when they said so, for the audit log.
    """
    kept = find(rt, name)
    with rt.db.begin() as connection:
        _set(rt, connection, kept, _START, by, address, about)
    rt.queues.enqueue(queues.PLAN_CAMPAIGNS)


def resume(rt: Runtime, name: str, by: str, address: str = "") -> None:
    """Let a campaign that was paused go on where it was. Raises NotAllowedNow."""
    kept = find(rt, name)
    with rt.db.begin() as connection:
        _set(rt, connection, kept, _RESUME, by, address)
    rt.queues.enqueue(queues.PLAN_CAMPAIGNS)
    rt.queues.enqueue(queues.RELEASE_CAMPAIGNS)


def pause(rt: Runtime, name: str, by: str, address: str = "") -> int:
    """Send nothing more of a campaign for now; how many texts came back that waited to be sent.

    What is in the gateway's hands already cannot be called back; what it does not take is not tried again before the
    campaign goes on. Raises NotAllowedNow.
    """
    kept = find(rt, name)
    messages = messages_of(rt, kept)
    with rt.db.begin() as connection:
        _set(rt, connection, kept, _PAUSE, by, address)
        campaigns.no_second_try(connection, messages, rt.clock())
        return campaigns.take_back(connection, kept.id, messages, None)


def cancel(rt: Runtime, name: str, by: str, address: str = "") -> int:
    """End a campaign for good; how many texts that waited to be sent were stopped. Raises NotAllowedNow."""
    kept = find(rt, name)
    messages = messages_of(rt, kept)
    with rt.db.begin() as connection:
        _set(rt, connection, kept, _CANCEL, by, address)
        return campaigns.stop_texts(connection, messages, "the campaign was cancelled", rt.clock())


def _set(
    rt: Runtime,
    connection: Connection,
    kept: Kept,
    act: _Act,
    by: str,
    address: str,
    about: Mapping[str, Any] | None = None,
) -> None:
    if not campaigns.change(connection, kept.id, act.before, act.after):
        sentence = f"{kept.name} is {kept.state}: only one that is {' or '.join(act.before)} can be {act.told}"
        raise NotAllowedNow(sentence, "campaign_state")
    campaigns.note(connection, kept.id, act.told, by, rt.clock())
    was, now = {"state": kept.state}, {"state": act.after, **(about or {})}
    kind, what = f"campaign.{act.name}", f"campaign {kept.name}"
    audit.note(rt, connection, by, kind, what, before=was, after=now, address=address)
