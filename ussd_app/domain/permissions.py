"""Who may do what at the admin desk: the one table of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class May(StrEnum):
    """Something that a page of the desk asks for."""

    OWN_ACCOUNT = "own_account"
    LOOK = "look"
    CLOSE_FOLLOW_UPS = "close_follow_ups"
    BRING_ROSTERS = "bring_rosters"
    UNMASK = "unmask"
    EXPORT = "export"
    ERASE = "erase"
    SEE_MONEY = "see_money"
    DECIDE_REFUNDS = "decide_refunds"
    ASSIGN_MONEY = "assign_money"
    HAND_OVER = "hand_over"
    READ_AUDIT = "read_audit"
    RUN_TEAM = "run_team"
    EDIT_DRAFTS = "edit_drafts"
    PUBLISH = "publish"
    CORRECT = "correct"
    RUN_CAMPAIGNS = "run_campaigns"
    RUN_JOBS = "run_jobs"


_LOOKS = frozenset({May.OWN_ACCOUNT, May.LOOK})

ROLES: Mapping[str, frozenset[May]] = {
    "viewer": _LOOKS,
    "editor": _LOOKS | {May.EDIT_DRAFTS},
    "publisher": _LOOKS | {May.EDIT_DRAFTS, May.PUBLISH},
    "finance": _LOOKS | {May.CLOSE_FOLLOW_UPS, May.SEE_MONEY, May.DECIDE_REFUNDS, May.ASSIGN_MONEY, May.HAND_OVER},
    "operator": _LOOKS
    | {
        May.CLOSE_FOLLOW_UPS,
        May.BRING_ROSTERS,
        May.UNMASK,
        May.EXPORT,
        May.ERASE,
        May.SEE_MONEY,
        May.CORRECT,
        May.RUN_CAMPAIGNS,
        May.RUN_JOBS,
    },
    "owner": frozenset(May),
}


def may(role: str, permission: May) -> bool:
    """Whether somebody with this role may do that; an unknown role may do nothing."""
    return permission in ROLES.get(role, frozenset())
