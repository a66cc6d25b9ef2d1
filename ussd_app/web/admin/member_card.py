"""The card of a member on paper, alone or four on a sheet for everybody a sponsor pays for."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import yaml
from flask import abort, redirect, request, url_for

from ussd_app.domain import calendar
from ussd_app.domain.permissions import May
from ussd_app.errors import NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import cards
from ussd_app.storage import sponsored_people
from ussd_app.web.admin.desk import Desk, Page, address, me, not_done, show
from ussd_app.web.admin.formats import name_hidden
from ussd_app.web.admin.members import member_of
from ussd_app.web.admin.people_shown import hidden_member, hidden_sponsor
from ussd_app.web.admin.sponsors import sponsor_of

# A card speaks its member's language, of which there are more than the desk's two.
_FILE = Path(__file__).parent / "card.yaml"


def add_to(desk: Desk) -> None:
    """What a card looks like, the card to print, and the sheets of a sponsor's people."""
    rt, asks = desk.rt, May.EXPORT
    desk.app.jinja_env.globals.update(card_words=words, box_label=_label)
    desk.page("/members/<int:number>/card", "member_card", asks, lambda number: _preview(rt, number))
    # By form: what is printed is written down, and an address is opened by more than people.
    desk.post("/members/<int:number>/card", "member_card_print", asks, lambda number: _print(rt, number))
    desk.page("/sponsors/<int:number>/cards", "sponsor_cards", asks, lambda number: _sheets(rt, number))
    desk.post("/sponsors/<int:number>/cards", "sponsor_cards_print", asks, lambda number: _print_sheets(rt, number))


@cache
def written() -> Mapping[str, Mapping[str, str]]:
    """Every text of a card by its name, in each language."""
    read: Mapping[str, Mapping[str, str]] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return read


def words(language: str, name: str, **values: object) -> str:
    """What stands on a card in the language of its member."""
    texts = written()[name]
    return texts.get(language, texts["id"]).format(**values)


def _label(month: date, language: str) -> str:
    return calendar.spell_month(month, language)


def _first() -> date | None:
    with suppress(ValueError):
        return date.fromisoformat(request.form.get("first", ""))
    return None


def _chosen(rt: Runtime) -> date | None:
    """The month somebody chose; none where it is not one of those that can be."""
    first = _first()
    return first if first in cards.first_months(rt) else None


def _preview(rt: Runtime, number: int) -> Page:
    member = member_of(rt, number)
    try:
        card = cards.one(rt, number)
    except NotAllowedNow as error:
        not_done(error)
        return redirect(url_for("member", number=number))
    masked = hidden_member(rt, member)
    hidden = replace(card, name=name_hidden(card.name), number=card.number and str(masked["kpj"]))
    return show("member_card", member=masked, card=hidden, firsts=cards.first_months(rt), dial=rt.settings.service_code)


def _print(rt: Runtime, number: int) -> Page:
    member_of(rt, number)
    try:
        card = cards.printed(rt, number, _chosen(rt), me().email, address())
    except NotAllowedNow as error:
        not_done(error)
        return redirect(url_for("member", number=number))
    back = url_for("member_card", number=number)
    return show("cards_print", cards=[card], sheet=False, back=back, dial=rt.settings.service_code)


def _sheets(rt: Runtime, number: int) -> Page:
    sponsor = sponsor_of(rt, number)
    with rt.db.connect() as connection:
        totals = sponsored_people.totals(connection, number)
    return show(
        "sponsor_cards",
        sponsor=hidden_sponsor(sponsor),
        people=totals.people,
        most=cards.MOST_CARDS,
        firsts=cards.first_months(rt),
    )


def _print_sheets(rt: Runtime, number: int) -> Page:
    sponsor_of(rt, number)
    after = request.form.get("after", type=int)
    first = _chosen(rt)
    found, more = cards.of_sponsor(rt, number, after, first, me().email, address())
    if not found and after is None:
        abort(404)
    back = url_for("sponsor_cards", number=number)
    return show(
        "cards_print",
        cards=found,
        sheet=True,
        back=back,
        more=more,
        number=number,
        first=first,
        dial=rt.settings.service_code,
    )
