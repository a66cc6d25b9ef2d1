"""Nothing tells a repeated request from a new one: before anything is done, a number shown once is typed back.

A request that the network doubles cannot know a number that its first copy had not seen. So no number is shown on two
screens of one session, and one that was typed back is good for nothing any more.
"""

from __future__ import annotations

import secrets
from dataclasses import replace

from ussd_app.domain import gsm7
from ussd_app.engine.dialogue import Dialogue
from ussd_app.engine.graph import Menu
from ussd_app.engine.turn import Turn
from ussd_app.storage.dialogues import Heard, Held

# Two digits, above every line of a list: a number that comes once more is never taken for a choice.
NUMBERS = tuple(str(number) for number in range(31, 100))
# Septets. No menu may have a lower limit, and no network has one.
NARROWEST = 60

TYPE = {
    "id": "Ketik {number} untuk lanjut",
    "en": "Type {number} to go on",
    "jv": "Mangga ketik {number} kanggé nglajengaken",
    "su": "Mangga ketik {number} kanggo neraskeun",
}
WRONG = {
    "id": "Angka salah. {type}",
    "en": "Wrong number. {type}",
    "jv": "Lepat. {type}",
    "su": "Lepat. {type}",
}
SPENT = {
    "id": "Terlalu banyak angka salah. Silakan dial lagi",
    "en": "Too many wrong numbers. Please dial again",
    "jv": "Kathah angka ingkang lepat. Mangga dial malih",
    "su": "Seueur teuing angka nu lepat. Mangga dial deui",
}


def hold(menu: Menu, dialogue: Dialogue, heard: Heard, answer: str, shown: str, *, wrong: bool) -> tuple[Turn, Heard]:
    """A screen with a new number, and what is to be remembered: `answer`, given on the screen `shown`, waits for it.

    `wrong` when another number was typed than the one last shown. When every number has been shown the dialogue ends.
    """
    left = [number for number in NUMBERS if number not in (*heard.numbers, answer.strip(), menu.back_key)]
    onward = replace(dialogue, transition=dialogue.transition + 1)
    if not left:
        words = SPENT.get(dialogue.language, SPENT["id"])
        return Turn(replace(onward, ended=True), words, ends=True), replace(heard, held=None)
    number = secrets.choice(left)
    turn = Turn(onward, _screen(menu, dialogue.language, number, wrong), ends=False, accepted=not wrong)
    return turn, replace(heard, held=Held(answer, shown, number), numbers=(*heard.numbers, number))


def _screen(menu: Menu, language: str, number: str, wrong: bool) -> str:
    known = language if language in TYPE else "id"
    sentence = TYPE[known].format(number=number)
    if wrong:
        sentence = WRONG[known].format(type=sentence)
    words = menu.words.get(language) or menu.words[menu.language]
    whole = f"{sentence}\n{menu.back_key}. {words['back']}"
    return whole if gsm7.fits_screen(whole, NARROWEST) else f"{sentence}\n{menu.back_key}"
