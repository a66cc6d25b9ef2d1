"""What the desk asks of whoever starts, stops or tries a campaign, beyond what the command line does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from ussd_app.domain import money, phone
from ussd_app.errors import NotAllowedNow, Refused
from ussd_app.runtime import Runtime
from ussd_app.services import campaigns, reckoning
from ussd_app.storage.campaigns import Kept

# People enrol, pay and leave: what was counted longer ago is no sum to start a campaign by.
COUNTED_AT_MOST = timedelta(hours=1)


def counted(rt: Runtime, kept: Kept) -> Mapping[str, Any] | None:
    """What the dry run of the last hour found; None when there was none."""
    known = reckoning.known(rt, "campaign_dry_run", kept.name)
    if known is None or known.found is None or known.found_at is None:
        return None
    return known.found if rt.clock() - known.found_at <= COUNTED_AT_MOST else None


def start(rt: Runtime, kept: Kept, typed: str, by: str, address: str) -> None:
    """Let a campaign begin, once somebody has typed the sum (whole rupiah) that the dry run came to.

    Raises Refused("typed_sum") for another sum; NotAllowedNow: `campaign_dry_run` without a dry run in the last hour,
    `campaign_nobody` when nobody would get a text, `campaign_state`.
    """
    found = counted(rt, kept)
    if found is None:
        raise NotAllowedNow("the people were not counted in the last hour", "campaign_dry_run")
    if not found["people"]:
        raise NotAllowedNow("nobody would get a text", "campaign_nobody")
    try:
        right = money.parse_amount(typed) == found["cost"]
    except Refused:
        right = False
    if not right:
        raise Refused("typed_sum")
    campaigns.start(rt, kept.name, by, address, {"people": found["people"], "rupiah": found["cost"]})
    reckoning.ask(rt, "campaign_progress", kept.name)


_CHANGES: Mapping[str, Callable[[Runtime, str, str, str], object]] = {
    "pause": campaigns.pause,
    "resume": campaigns.resume,
    "cancel": campaigns.cancel,
}


def change(rt: Runtime, kept: Kept, what: str, by: str, address: str) -> None:
    """Pause, resume or cancel a campaign (`what`). Raises NotAllowedNow("campaign_state") when that does not fit."""
    _CHANGES[what](rt, kept.name, by, address)
    reckoning.ask(rt, "campaign_progress", kept.name)


def try_out(rt: Runtime, kept: Kept, said: str, by: str, address: str) -> int:
    """Send every wording to one of the numbers for tests; how many texts. Raises Refused: `phone`, `test_number`."""
    number = phone.parse(said)
    if not rt.settings.sertakan_local and number not in test_numbers(rt):
        raise Refused("test_number")
    return campaigns.try_out(rt, kept.name, [number], by, address)


def test_numbers(rt: Runtime) -> list[str]:
    """The numbers (E.164) that texts may be tried with; a wrong one in the settings is passed over."""
    found = []
    for said in rt.settings.test_phones.split(","):
        try:
            found.append(phone.parse(said))
        except Refused:
            continue
    return found
