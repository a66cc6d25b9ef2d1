"""Texts of a member or a sponsor at the desk: one sent once more, a kind of them stopped, or allowed again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import redirect, request, url_for

from ussd_app.domain.ledger import Payer
from ussd_app.errors import NotAllowedNow, Refused
from ussd_app.runtime import Runtime
from ussd_app.services import office_stops, resending
from ussd_app.web.admin.desk import Page, address, done, me, sorry


@dataclass(frozen=True)
class Act:
    """Something that a form asks to be done, and what is said when it was."""

    do: Callable[[Runtime, Payer, str], None]
    said: str


def _resend(rt: Runtime, payer: Payer, reason: str) -> None:
    which: resending.Which = "receipt" if request.form.get("which") == "receipt" else "code"
    resending.resend(rt, payer, which, reason, me().email, address())


def _stop(rt: Runtime, payer: Payer, reason: str) -> None:
    weeks = request.form.get("weeks", -1, type=int)
    office_stops.stop(rt, payer, request.form.get("topic", ""), weeks, reason, me().email, address())


def _allow(rt: Runtime, payer: Payer, reason: str) -> None:
    office_stops.allow(rt, payer, request.form.get("topic", ""), reason, me().email, address())


ACTS = {
    "resend": Act(_resend, "help.resent"),
    "stop": Act(_stop, "help.stopped"),
    "allow": Act(_allow, "help.allowed"),
}


def done_for(rt: Runtime, payer: Payer, act: Act, again: Callable[[str], Page], number: int) -> Page:
    """Do it and say so on their timeline; or show the form `again` with why it cannot be."""
    try:
        act.do(rt, payer, request.form.get("reason", ""))
    except (Refused, NotAllowedNow) as error:
        return again(sorry(error))
    done(act.said)
    whose = "member" if payer.member_id else "sponsor"
    return redirect(url_for(f"{whose}_timeline", number=number))
