"""Somebody texts us a yes or a no: to a sponsor who wants to pay, to a change of number, to the last question."""

from __future__ import annotations

from sqlalchemy import Connection

from ussd_app.domain.keywords import Command
from ussd_app.engine.kinds import Value
from ussd_app.runtime import Runtime
from ussd_app.services import invitations as asking
from ussd_app.services import phone_numbers, sms_dialogues
from ussd_app.services.jobs import Job
from ussd_app.services.replies import Answered, Texted
from ussd_app.services.words import LONGEST_LIST, shown_name
from ussd_app.storage import invitations, sponsors
from ussd_app.storage.invitations import Invitation

# How menus call what ends a question without a yes.
CANCELS = ("BATAL", "CANCEL")


def yes(rt: Runtime, connection: Connection, texted: Texted) -> Answered:
    """YA: a sponsor may pay for me. The words of the invitation and this SMS are the proof.

    Where nobody asked that, it answers the last question of a dialogue; where that asked something else, neither is
    guessed.
    """
    waiting = invitations.open_for(connection, texted.phone)
    said = _for_dialogue(rt, connection, texted, waiting, _words_of(texted, "yes"), _words_of(texted, "no"))
    if said:
        return said
    chosen = _chosen(connection, texted, waiting)
    if isinstance(chosen, Answered):
        return chosen
    proof = asking.by_sms(rt, connection, chosen, texted.message_id)
    return _answered(connection, "invitation_agreed", chosen, asking.agree(rt, connection, chosen, proof))


def no(rt: Runtime, connection: Connection, texted: Texted) -> Answered:
    """TIDAK: my number is not to be replaced; or nobody is to pay for me, and what they told about me is deleted."""
    name = None if texted.rest else phone_numbers.refuse(rt, connection, texted.phone)
    if name is not None:
        return Answered("phone_change_refused", {"name": name})
    waiting = invitations.open_for(connection, texted.phone)
    said = _for_dialogue(rt, connection, texted, waiting, _words_of(texted, "no") | set(CANCELS), set())
    if said:
        return said
    chosen = _chosen(connection, texted, waiting)
    if isinstance(chosen, Answered):
        return chosen
    return _answered(connection, "invitation_refused", chosen, asking.refuse(rt, connection, chosen))


def _words_of(texted: Texted, command: Command) -> set[str]:
    return {word for words in texted.keywords.keywords[command].words.values() for word in words}


def _for_dialogue(
    rt: Runtime, connection: Connection, texted: Texted, waiting: list[Invitation], words: set[str], but: set[str]
) -> Answered | None:
    """What a yes or a no means to the open dialogue, if it is meant for that."""
    left = texted.left
    if left is None or (waiting and texted.rest):
        return None
    key = None if texted.rest else sms_dialogues.key_labelled(rt, left, words, but)
    if waiting and not sms_dialogues.shows(rt, left, "invitation"):
        return _which(connection, waiting) if key else None
    return sms_dialogues.go_on(rt, connection, texted, left, key) if key else sms_dialogues.again(left)


def _answered(connection: Connection, message: str, chosen: Invitation, jobs: list[Job]) -> Answered:
    told = chosen.invited
    sponsor = shown_name(sponsors.by_id(connection, told.sponsor_id).name)
    return Answered(message, {"name": shown_name(told.name), "sponsor": sponsor}, told.language, tuple(jobs))


def _chosen(connection: Connection, texted: Texted, waiting: list[Invitation]) -> Invitation | Answered:
    """The invitation that a YA or TIDAK is about: the only one, or the one whose number follows it."""
    if not waiting:
        return Answered("invitation_none")
    if texted.rest:
        fitting = [one for one in waiting if str(one.number) == texted.rest[0] and len(texted.rest) == 1]
    else:
        fitting = waiting if len(waiting) == 1 else []
    locked = invitations.lock(connection, fitting[0].id) if fitting else None
    return locked or _which(connection, waiting)


def _which(connection: Connection, waiting: list[Invitation]) -> Answered:
    """The open invitations with their numbers, as many as one SMS holds."""
    lines: list[str] = []
    for one in waiting:
        sponsor = sponsors.by_id(connection, one.invited.sponsor_id).name
        line = f"{one.number} {one.invited.name[:10]} oleh {sponsor[:10]}"
        if len(", ".join([*lines, line])) > LONGEST_LIST:
            break
        lines.append(line)
    values: dict[str, Value] = {"list": ", ".join(lines), "first": waiting[0].number}
    return Answered("invitation_which", values, waiting[0].invited.language)
