"""A campaign is put together: who it is for, in which words, when; beside it the number of people and the price."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import jsonify, redirect, request, url_for

from ussd_app.domain.nik import PROVINCES
from ussd_app.domain.permissions import May
from ussd_app.engine.campaign_file import CampaignFile, Segment
from ussd_app.errors import MenuProblems, NotAllowedNow, Refused
from ussd_app.runtime import Runtime
from ussd_app.services import campaigns, publishing, segment_counts
from ussd_app.services.campaign_writing import (
    ARMS,
    FLAGS,
    LISTS,
    LONGEST_WORDS,
    Arm,
    Condition,
    Measured,
    Written,
    begins,
    measured,
    possible,
    segment_of,
)
from ussd_app.services.days import local
from ussd_app.storage import sending_pages
from ussd_app.web.admin import campaign_words
from ussd_app.web.admin.desk import Desk, Page, address, done, me, show, sorry, t
from ussd_app.web.admin.formats import moment

TOPICS = ("education", "announcement")
MOST_SEGMENTS, MOST_HELD_OUT = 3, 90
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
# A file may name a province where the form has its code.
_CODES = {name: code for code, name in PROVINCES.items()}
Said = Mapping[str, Any]


def add_to(desk: Desk) -> None:
    """The form, what it shows while somebody fills it, and keeping it."""
    rt, runs = desk.rt, May.RUN_CAMPAIGNS
    desk.page("/campaigns/new", "campaign_new", runs, lambda: _form(rt, _first(rt)))
    desk.post("/campaigns/new", "campaign_create", runs, lambda: _create(rt))
    desk.post("/campaigns/look", "campaign_look", runs, lambda: _look(rt))


# ---- the form ----


def _first(rt: Runtime) -> Said:
    """What a form begins with: the words of another campaign (`from`), or tomorrow at nine and nothing else."""
    tomorrow = {"day": (local(rt.clock()) + timedelta(days=1)).isoformat(), "clock": "09:00", "hold_out": "10"}
    with rt.db.connect() as connection:
        kept = sending_pages.campaign(connection, request.args.get("from", 0, type=int))
    return tomorrow | _said_in(campaigns.texts_of(rt, kept).file) if kept else tomorrow


def _said_in(file: CampaignFile) -> dict[str, Any]:
    """A campaign as its form had it, without its name and time."""
    said: dict[str, Any] = {"topic": file.topic, "hold_out": str(file.hold_out), "segments": str(file.segments)}
    for field in LISTS:
        if chosen := getattr(file.segment, field):
            said |= {f"is_{field}": "in", field: [_CODES.get(one, one) for one in chosen]}
    for field in FLAGS:
        if (wanted := getattr(file.segment, field)) is not None:
            said[f"is_{field}"] = "yes" if wanted else "no"
    for arm, variant in zip(ARMS, file.variants, strict=False):
        said[f"weight_{arm}"] = str(variant.weight)
        said |= {f"text_{arm}_{language}": words for language, words in variant.texts.items()}
    return said


def _said() -> Said:
    """What somebody has filled in."""
    lists = {field: request.form.getlist(field) for field in LISTS}
    return {**request.form.to_dict(), **lists}


def _form(rt: Runtime, said: Said, problems: Mapping[str, str] | None = None, status: int = 200) -> Page:
    known = campaigns.known(rt)
    sending = publishing.sending(rt, publishing.newest(rt))
    values = possible(known)
    fields = [(field, [(value, campaign_words.value(field, value)) for value in values[field]]) for field in LISTS]
    return show(
        "campaign_new",
        status,
        said=said,
        problems=problems or {},
        fields=fields,
        flags=FLAGS,
        arms=ARMS,
        languages=list(known.ways_out),
        ways_out=known.ways_out,
        topics=TOPICS,
        sending=sending,
        today=local(rt.clock()).isoformat(),
        most_words=LONGEST_WORDS,
    )


# ---- what it says ----


def _segment(rt: Runtime, said: Said) -> Segment:
    conditions = [
        Condition(field, said[f"is_{field}"], tuple(said.get(field, ())) if field in LISTS else ())
        for field in (*LISTS, *FLAGS)
        if said.get(f"is_{field}")
    ]
    return segment_of(conditions, possible(campaigns.known(rt)))


def _arms(rt: Runtime, said: Said) -> list[Arm]:
    """The wordings that have words."""
    languages, found = campaigns.known(rt).ways_out, []
    for arm in ARMS:
        texts = {one: " ".join(said.get(f"text_{arm}_{one}", "").split())[:LONGEST_WORDS] for one in languages}
        written = {language: words for language, words in texts.items() if words}
        if written:
            found.append(Arm(arm, _whole(said, f"weight_{arm}", 1, 1, 1000), written))
    return found


def _whole(said: Said, name: str, usual: int, least: int, most: int) -> int:
    try:
        return max(least, min(most, int(said.get(name) or usual)))
    except ValueError:
        return usual


def _time(said: Said) -> tuple[date, time]:
    """When it begins, in Jakarta. Raises Refused("moment") for what is no day or no time."""
    try:
        return date.fromisoformat(said.get("day", "")), time.fromisoformat(said.get("clock", ""))
    except ValueError:
        raise Refused("moment") from None


# ---- while it is filled in ----


def _look(rt: Runtime) -> Page:
    """How many people it is for, how long each text gets and what it costs, and when it begins: as JSON."""
    said = _said()
    told: dict[str, Any] = {"texts": {}, "begins": ""}
    try:
        counted = segment_counts.count(rt, _segment(rt, said))
        told |= {"people": counted.people, "exact": counted.exact, "said": _people(counted)}
    except Refused as refused:
        told |= {"people": None, "exact": False, "said": _sorry(refused)}
    most = _whole(said, "segments", 1, 1, MOST_SEGMENTS)
    for arm in _arms(rt, said):
        for language, words in arm.texts.items():
            told["texts"][f"text_{arm.name}_{language}"] = _size(measured(rt, language, words, most), most)
    try:
        told["begins"] = _begins(rt, *_time(said))
    except (Refused, OverflowError):
        told["begins"] = t("refused.moment")
    return jsonify(told)


def _people(counted: segment_counts.Counted) -> str:
    people = _number(counted.people)
    if counted.exact:
        return t("campaigns.people_now", people=people)
    return t("campaigns.people_guess", people=people, around=_number(counted.around))


def _number(number: int) -> str:
    return f"{number:,}".replace(",", "." if me().language == "id" else ",")


def _size(one: Measured, most: int) -> dict[str, Any]:
    problems = list(one.problems)
    if one.segments > most:
        problems = [t("campaigns.too_long", segments=one.segments, most=most)]
    if one.strangers:
        problems.append(t("campaigns.strangers", characters=" ".join(one.strangers)))
    size = t("campaigns.size", units=one.units, segments=one.segments, price=f"Rp{_number(one.price)}")
    return {"size": size, "shown": one.shown, "problems": problems, "wrong": bool(one.problems)}


def _begins(rt: Runtime, day: date, clock: time) -> str:
    first = begins(rt, day, clock)
    hours = publishing.sending(rt, publishing.newest(rt)).hours
    jakarta: datetime = min(first.values())
    return t("campaigns.begins_at", at=moment(jakarta), start=f"{hours.start:%H.%M}", end=f"{hours.end:%H.%M}")


def _sorry(refused: Refused) -> str:
    if "field" in refused.values:
        return t("campaigns.choose_values", field=t(f"campaigns.field_{refused.values['field']}"))
    return sorry(refused)


# ---- keeping it ----


def _create(rt: Runtime) -> Page:
    said, problems = _said(), dict[str, str]()
    name = "-".join(said.get("name", "").split())
    if not _NAME.fullmatch(name):
        problems["name"] = t("campaigns.name_wrong")
    segment, (day, clock) = Segment(), (local(rt.clock()), time(9))
    try:
        segment = _segment(rt, said)
    except Refused as refused:
        problems["segment"] = _sorry(refused)
    try:
        day, clock = _time(said)
    except Refused as refused:
        problems["day"] = sorry(refused)
    arms, most = _arms(rt, said), _whole(said, "segments", 1, 1, MOST_SEGMENTS)
    problems |= _wrong_texts(rt, arms, most)
    if problems:
        return _form(rt, said, problems, 422)
    held_out = _whole(said, "hold_out", 0, 0, MOST_HELD_OUT)
    topic = said["topic"] if said.get("topic") in TOPICS else TOPICS[0]
    try:
        source = Written(name, topic, segment, arms, held_out, day, clock, most).source
        number = campaigns.create(rt, "campaign", source, me().email, address())
    except NotAllowedNow as error:
        return _form(rt, said, {"name": sorry(error)}, 409)
    except MenuProblems as found:
        told = {problem.path: problem.sentence for problem in found.problems}
        return _form(rt, said, told, 422)
    done("campaigns.kept")
    return redirect(url_for("campaign", number=number))


def _wrong_texts(rt: Runtime, arms: list[Arm], most: int) -> dict[str, str]:
    """What is wrong with the wordings, by the field of the form."""
    if not arms:
        return {"text_A_id": t("campaigns.no_text")}
    wrong = {f"text_{arm.name}_id": t("campaigns.no_indonesian") for arm in arms if "id" not in arm.texts}
    for arm in arms:
        for language, words in arm.texts.items():
            found = _size(measured(rt, language, words, most), most)
            if found["wrong"]:
                wrong[f"text_{arm.name}_{language}"] = " ".join(found["problems"])
    return wrong
