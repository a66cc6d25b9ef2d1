"""The form of one SMS, or of one reason: its words in every language, measured and shown while somebody types."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import abort, jsonify, redirect, request, url_for
from markupsafe import escape

from ussd_app.domain import gsm7
from ussd_app.domain import phone as phones
from ussd_app.domain.permissions import May
from ussd_app.engine.kinds import Value
from ussd_app.engine.messages import LONGEST_REASON
from ussd_app.errors import NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import draft_saving, drafts, edits, finding, inspecting, lookup, wording
from ussd_app.services.draft_saving import Conflict
from ussd_app.services.drafts import Opened
from ussd_app.services.edits import Edit
from ussd_app.services.inspecting import Found
from ussd_app.services.papers import section
from ussd_app.services.wording import Measured
from ussd_app.services.words import MESSAGES
from ussd_app.storage.members import Member
from ussd_app.web.admin.desk import Desk, Page, me, not_done, show, sorry
from ussd_app.web.admin.formats import name_hidden
from ussd_app.web.admin.menu_places import names_of
from ussd_app.web.admin.message_drafts import editable, found
from ussd_app.web.admin.message_told import in_words
from ussd_app.web.admin.messages import data_of, languages_of, words_of

LONGEST = 1000
PARTS = {"messages": "message_text", "refusals": "message_reason"}


def add_to(desk: Desk) -> None:
    """The form, saving it, what a text takes, and who it is shown for."""
    rt, look, edit = desk.rt, May.LOOK, May.EDIT_DRAFTS
    for part, page in PARTS.items():
        at = f"/messages/drafts/<int:draft>/{'texts' if part == 'messages' else 'reasons'}/<name>"
        desk.page(at, page, look, lambda draft, name, part=part: _form(rt, part, draft, name))
        desk.post(at, f"{page}_save", edit, lambda draft, name, part=part: _save(rt, part, draft, name))
        desk.post(f"{at}/look", f"{page}_look", edit, lambda draft, name, part=part: _look(rt, part, draft, name))
    desk.post(
        "/messages/drafts/<int:draft>/texts/<name>/member",
        "message_text_member",
        edit,
        lambda draft, name: _search(rt, draft, name),
    )


@dataclass(frozen=True)
class Looked:
    """One text in one language: what it takes at its longest, what is wrong, and how it reads for somebody.

    `most` are the parts it may take; a reason has no parts, and `septets` of room instead.
    """

    language: str
    text: str
    size: Measured | None
    most: int
    problems: tuple[str, ...]
    shown: str | None
    septets: int


@dataclass(frozen=True)
class Reader:
    """Whom a text is shown for: one of the examples, or a member, hidden; `real` are the values true of them."""

    who: str
    values: Mapping[str, Value]
    member: Member | None = None
    real: frozenset[str] = frozenset()


def reader(rt: Runtime, message: str, who: str) -> Reader:
    """Whom `who` names: `usual`, `long`, `longest`, or `member-7`."""
    number = who.removeprefix("member-")
    if number != who and number.isdigit():
        try:
            return _member(rt, message, lookup.one(rt, int(number)))
        except NotAllowedNow:
            who = wording.PEOPLE[0]
    chosen = who if who in wording.PEOPLE else wording.PEOPLE[0]
    return Reader(chosen, wording.values(rt, message, chosen))


def _member(rt: Runtime, message: str, member: Member) -> Reader:
    given = MESSAGES.get(message, {})
    known = wording.values_of(rt, member, message) if member.state != "erased" else {}
    own: dict[str, Value] = {"name": name_hidden(member.person.name), "number": _kpj_hidden(member)}
    known |= {name: value for name, value in own.items() if name in given and value}
    return Reader(f"member-{member.id}", {**wording.values(rt, message, "usual"), **known}, member, frozenset(known))


def _kpj_hidden(member: Member) -> str:
    number = member.member_number
    return f"{number[:3]}****{number[-2:]}" if number else ""


# ---- the page ----


def _place(data: Mapping[str, Any], part: str, name: str) -> Mapping[str, Any]:
    """What the file says of an SMS or a reason; 404 where there is none."""
    found_there = section(data, part).get(name)
    if not isinstance(found_there, dict):
        abort(404)
    return {"texts": found_there} if part == "refusals" else found_there


def _form(
    rt: Runtime, part: str, draft: int, name: str, people: Sequence[Member] | None = None, status: int = 200
) -> Page:
    opened = found(rt, draft)
    data = data_of(opened.files)
    told, who = _place(data, part, name), reader(rt, name, request.args.get("who", ""))
    texts, looked = words_of(told.get("texts")), inspecting.inspect("messages", opened.files)
    return show(
        "message_text",
        status,
        part=part,
        page=PARTS[part],
        name=name,
        told=told,
        opened=opened,
        draft=opened.draft,
        editable=editable(opened),
        looks=[
            _looked(rt, part, name, told, language, texts.get(language, ""), looked.problems, who)
            for language in languages_of(data)
        ],
        variables=wording.variables(rt, name, "id") if part == "messages" else [],
        who=who,
        examples=wording.PEOPLE,
        people=people,
        hidden_name=name_hidden,
        masked=phones.masked,
        key=secrets.token_hex(12),
        names=names_of(rt),
    )


def _looked(
    rt: Runtime,
    part: str,
    name: str,
    told: Mapping[str, Any],
    language: str,
    text: str,
    problems: Sequence[Found],
    who: Reader,
) -> Looked:
    own = ["messages", name, "texts", language] if part == "messages" else ["refusals", name, language]
    wrong = tuple(in_words(one.problem.sentence) for one in problems if _there(one, own))
    if part == "refusals":
        return Looked(language, text, None, 1, wrong, None, gsm7.septets(gsm7.plain(text.strip())) or 0)
    repeat = bool(told.get("repeat"))
    longest = wording.filled(text, language, wording.values(rt, name, "longest"), repeat=repeat)
    shown = wording.filled(text, language, who.values)
    most = told.get("segments", 1)
    most = most if isinstance(most, int) else 1
    size = wording.measured(rt, longest, most) if text.strip() and longest is not None else None
    return Looked(language, text, size, most, wrong, shown, 0)


def _there(one: Found, own: list[str]) -> bool:
    """Whether a problem is about this text, or about all texts of the same SMS."""
    path = one.problem.path.split(".")
    return one.problem.error and (path == own or path == own[:-1] or (path == own[:2] and own[-1] == "id"))


def _look(rt: Runtime, part: str, draft: int, name: str) -> Page:
    """What a text takes that is being typed, before it is saved."""
    opened, form = found(rt, draft), request.form
    told = _place(data_of(opened.files), part, name)
    language, text = form.get("language", ""), form.get("text", "")[:LONGEST]
    try:
        files = edits.apply("messages", opened.files, _edit(part, name, language, text))
    except NotAllowedNow as error:
        return str(escape(sorry(error))), 422
    problems = inspecting.inspect("messages", files).problems
    who = reader(rt, name, form.get("who", ""))
    one = _looked(rt, part, name, told, language, text, problems, who)
    return show("message_look", one=one, part=part, who=who, room=LONGEST_REASON)


def _search(rt: Runtime, draft: int, name: str) -> Page:
    """Members to show the text for; found by what was typed, and hidden."""
    people = finding.find(rt, request.form.get("said", "")).members
    return _form(rt, "messages", draft, name, people=[one for one in people if one.state != "erased"])


# ---- saving ----


def _edit(part: str, name: str, language: str, text: str) -> Edit:
    """A change of one text. Raises NotAllowedNow."""
    kind = (
        {"edit": "set_message", "message": name}
        if part == "messages"
        else {
            "edit": "set_refusal",
            "refusal": name,
        }
    )
    return edits.edit_from({**kind, "language": language, "text": " ".join(text.split())})


def _changed(part: str, name: str, before: Opened) -> list[Edit]:
    """What the form says otherwise than the revision it was made of: nothing else is touched."""
    data = data_of(before.files)
    texts = words_of(_place(data, part, name).get("texts"))
    said = {language: request.form.get(f"text-{language}") for language in languages_of(data)}
    return [
        _edit(part, name, language, text[:LONGEST])
        for language, text in said.items()
        if text is not None and " ".join(text.split()) != texts.get(language, "").strip()
    ]


def _save(rt: Runtime, part: str, draft: int, name: str) -> Page:
    """Keep what was typed; by itself while somebody types (answered as data), or by the button."""
    now, revision = found(rt, draft), request.form.get("revision", 0, type=int)
    by_itself = request.headers.get("Accept", "").startswith("application/json")
    here = url_for(PARTS[part], draft=draft, name=name, who=request.form.get("who") or None)
    try:
        made = _changed(part, name, drafts.read(rt, draft, revision))
        key = request.form.get("key", "")[:60] or secrets.token_hex(12)
        saved = draft_saving.edit(rt, draft, revision=revision, made=made, by=me().email, key=key, what=name)
    except NotAllowedNow as error:
        if by_itself:
            return jsonify(problem=sorry(error))
        not_done(error)
        return redirect(here)
    if isinstance(saved, Conflict):
        there = url_for("message_aside", draft=draft, aside=saved.yours)
        return jsonify(conflict=there) if by_itself else redirect(there)
    if by_itself:
        return jsonify(revision=saved.revision, draft=now.draft.id, key=secrets.token_hex(12))
    return redirect(here)
