"""Whose doing it is that a text does not arrive, by the word that a gateway gives for it.

A number that fails again and again is of no use to write to; somebody who wants no texts is to be left alone; and
what lies with our account or our sender says nothing about the number at all.
"""

from __future__ import annotations

from typing import Literal

Cause = Literal["number", "stopped", "ours", "unsaid"]

# Africa's Talking, "Sending SMS" and "Delivery reports"; compared without case, as it writes one word in two ways.
_CAUSES: dict[str, Cause] = {
    "invalidphonenumber": "number",
    "unsupportednumbertype": "number",
    "userdoesnotexist": "number",
    "notnetworksubscriber": "number",
    "userisinactive": "number",
    "useraccountsuspended": "number",
    "userinblacklist": "stopped",
    "donotdisturbrejection": "ours",
    "insufficientcredit": "ours",
    "insufficientbalance": "ours",
    "invalidlinkid": "ours",
    "invalidsenderid": "ours",
    "usernotsubscribedtoproduct": "ours",
    "riskhold": "ours",
    "rejectedbygateway": "ours",
}


def cause_of(reason: str) -> Cause:
    """Whether it is the number, the person's own wish, or us; `unsaid` for a word nobody has told us of, or none."""
    return _CAUSES.get(reason.strip().lower(), "unsaid")
