"""Every SMS that people receive: what it says, what it takes at its longest, and where its words are changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import redirect, request, url_for

from ussd_app.domain.permissions import May
from ussd_app.errors import MenuProblems, NotPublished
from ussd_app.runtime import Runtime
from ussd_app.services import drafts, inspecting, publishing, reading, releases
from ussd_app.services.inspecting import Inspection
from ussd_app.services.papers import section
from ussd_app.storage import documents
from ussd_app.web.admin.desk import Desk, Page, address, done, me, show
from ussd_app.web.admin.formats import named
from ussd_app.web.admin.menu_places import names_of

NAME = "messages"
LANES = ("codes", "urgent", "reminders", "campaigns")
Files = Mapping[str, str]


@dataclass(frozen=True)
class Sms:
    """One SMS in a list: its words by language, how many parts it takes at its longest, how many errors it has."""

    name: str
    title: str
    lane: str
    repeat: bool
    texts: Mapping[str, str]
    segments: int
    errors: int


@dataclass(frozen=True)
class Reason:
    """One of the institution's reasons, in words by language."""

    name: str
    title: str
    texts: Mapping[str, str]
    errors: int


@dataclass(frozen=True)
class Shelf:
    """The SMS by lane and the reasons that somebody looked for; `whole` is how many there are altogether."""

    lanes: tuple[tuple[str, tuple[Sms, ...]], ...]
    reasons: tuple[Reason, ...]
    whole: int

    @property
    def found(self) -> int:
        """How many fit what was looked for."""
        return sum(len(rows) for _, rows in self.lanes) + len(self.reasons)


def add_to(desk: Desk) -> None:
    """The list, and how a draft is begun."""
    rt = desk.rt
    desk.page("/messages", "messages", May.LOOK, lambda: _list(rt))
    desk.post("/messages/drafts", "message_draft_make", May.EDIT_DRAFTS, lambda: _make(rt))


def _list(rt: Runtime) -> Page:
    said = request.args.get("q", "")
    with rt.db.connect() as connection:
        pointer = documents.pointers(connection).get(NAME)
        live = documents.load(connection, NAME, pointer.version) if pointer else None
    files = live.files if live else {}
    return show(
        "messages",
        live=live,
        said=said,
        shelf=shelf(files, inspecting.inspect(NAME, files), said),
        drafts=open_drafts(rt),
        planned=[one for one in releases.planned(rt) if one.name == NAME],
        names=names_of(rt),
        price=publishing.sending(rt, publishing.newest(rt)).price,
    )


def open_drafts(rt: Runtime) -> list[tuple[Any, Any]]:
    """The open drafts of the SMS with their newest revision, the one saved last first."""
    return [(draft, revision) for draft, revision in drafts.open_ones(rt) if draft.name == NAME]


def _make(rt: Runtime) -> Page:
    """A new draft; with `message`, straight on to the form of that SMS."""
    try:
        draft = drafts.create(rt, NAME, by=me().email, title=request.form.get("title", ""), address=address())
    except NotPublished:
        return redirect(url_for("messages"))
    done("messages.made")
    message, reason = request.form.get("message", ""), request.form.get("reason", "")
    if message.isidentifier():
        return redirect(url_for("message_text", draft=draft.id, name=message))
    if reason.isidentifier():
        return redirect(url_for("message_reason", draft=draft.id, name=reason))
    return redirect(url_for("message_draft", draft=draft.id))


# ---- what the files say ----


def data_of(files: Files) -> Mapping[str, Any]:
    """What the file of the SMS says; nothing of what is no YAML."""
    try:
        data = reading.sources_of(NAME, files)[0].data
    except MenuProblems:
        return {}
    return data if isinstance(data, dict) else {}


def words_of(texts: object) -> dict[str, str]:
    """Texts by language, as far as the file says them in the right shape."""
    return {str(language): str(words) for language, words in texts.items()} if isinstance(texts, dict) else {}


def languages_of(data: Mapping[str, Any]) -> list[str]:
    """Every language in which some SMS speaks, Indonesian first."""
    used: dict[str, None] = {"id": None}
    for message in section(data, "messages").values():
        used |= dict.fromkeys(words_of(message.get("texts") if isinstance(message, dict) else None))
    return list(used)


def shelf(files: Files, looked: Inspection, said: str = "") -> Shelf:
    """Everything that fits what somebody looks for: in its name or its words, in whatever language."""
    data, wanted = data_of(files), said.strip().lower()
    texts = list(_texts(data, looked))
    reasons = list(_reasons(data, looked))
    lanes = [(lane, tuple(one for one in texts if one.lane == lane and _fits(one, wanted))) for lane in LANES]
    return Shelf(
        tuple((lane, rows) for lane, rows in lanes if rows),
        tuple(one for one in reasons if _fits(one, wanted)),
        len(texts) + len(reasons),
    )


def _texts(data: Mapping[str, Any], looked: Inspection) -> Iterable[Sms]:
    sizes: dict[str, int] = {}
    for fill in looked.messages:
        sizes[fill.message] = max(sizes.get(fill.message, 0), fill.segments)
    for name, message in section(data, "messages").items():
        told = message if isinstance(message, dict) else {}
        lane = told.get("lane") if told.get("lane") in LANES else LANES[1]
        yield Sms(
            name,
            named("message", name),
            str(lane),
            bool(told.get("repeat")),
            words_of(told.get("texts")),
            sizes.get(name, 1),
            _errors(looked, "messages", name),
        )


def _reasons(data: Mapping[str, Any], looked: Inspection) -> Iterable[Reason]:
    for name, texts in section(data, "refusals").items():
        yield Reason(name, named("refusal", name), words_of(texts), _errors(looked, "refusals", name))


def _errors(looked: Inspection, part: str, name: str) -> int:
    return sum(one.problem.error and one.problem.path.split(".")[:2] == [part, name] for one in looked.problems)


def _fits(one: Sms | Reason, wanted: str) -> bool:
    return wanted in f"{one.name} {one.title} {' '.join(one.texts.values())}".lower()
