"""How the desk says who a campaign is for."""

from __future__ import annotations

from collections.abc import Sequence

from flask import g

from ussd_app.domain.nik import PROVINCES
from ussd_app.engine.campaign_file import Segment
from ussd_app.services.campaign_writing import FLAGS, LISTS
from ussd_app.web.admin.desk import t
from ussd_app.web.admin.formats import named

_PARTS = {"packages": "package", "sectors": "sector", "languages": "language"}


def value(field: str, name: str) -> str:
    """What one value of a condition is called."""
    if field == "provinces":
        return PROVINCES.get(name, name)
    return t(f"campaigns.state_{name}") if field == "states" else named(_PARTS[field], name)


def conditions(segment: Segment) -> Sequence[tuple[str, str]]:
    """The conditions of a segment: what each is about, and what is wanted."""
    told = []
    for field in LISTS:
        chosen = getattr(segment, field)
        if chosen:
            told.append((t(f"campaigns.field_{field}"), ", ".join(value(field, one) for one in chosen)))
    for field in FLAGS:
        wanted = getattr(segment, field)
        if wanted is not None:
            told.append((t(f"campaigns.field_{field}"), t("shell.yes" if wanted else "shell.no")))
    return told


def decimal(number: float, *, sign: bool = False) -> str:
    """A number with one decimal, as people here write it."""
    written = f"{number:+.1f}" if sign else f"{number:.1f}"
    return written.replace(".", ",") if g.language == "id" else written
