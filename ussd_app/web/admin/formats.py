"""How the desk writes sums, moments and numbers that not everybody may read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import Flask, g

from ussd_app import logs
from ussd_app.domain import calendar, money
from ussd_app.domain import phone as phones
from ussd_app.runtime import Runtime
from ussd_app.services.days import JAKARTA
from ussd_app.web.admin.desk import t
from ussd_app.web.admin.words import knows

# A spreadsheet runs a cell that begins so.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def add_to(app: Flask, rt: Runtime) -> None:
    """Give the templates these ways of writing."""
    app.jinja_env.globals.update(t=t, named=named, hidden=logs.masked)
    app.jinja_env.filters.update(
        rupiah=lambda amount: money.rupiah(amount, g.language),
        number=lambda number: money.rupiah(number, g.language).replace("Rp", ""),
        moment=moment,
        day=lambda day: calendar.spell_date(day, g.language),
        month=lambda day: calendar.spell_month(day, g.language, short=False),
        ago=lambda at: ago(rt.clock(), at),
        masked=phones.masked,
        browser=browser,
    )


def moment(at: datetime) -> str:
    """A moment as the clock in Jakarta shows it."""
    local = at.astimezone(ZoneInfo(JAKARTA))
    clock = f"{local:%H.%M}" if g.language == "id" else f"{local:%H:%M}"
    return f"{calendar.spell_date(local.date(), g.language)}, {clock} WIB"


def ago(now: datetime, at: datetime) -> str:
    """How long something has waited, in the largest unit that fits."""
    minutes = max(0, int((now - at).total_seconds()) // 60)
    for name, size in (("days", 1440), ("hours", 60)):
        if minutes >= size:
            return t(f"shell.{name}", number=minutes // size)
    return t("shell.minutes", number=minutes)


def named(part: str, name: str) -> str:
    """What a kind or state is called; the name itself where nobody has written a word for it yet."""
    key = f"{part}.{name}".replace("-", "_")
    return t(key) if knows(key) else name.replace("_", " ")


def browser(agent: str) -> str:
    """A browser and its machine, as far as its own words tell: `Firefox, Android`."""
    names = (("Firefox", "Firefox"), ("Edg", "Edge"), ("OPR", "Opera"), ("Chrome", "Chrome"), ("Safari", "Safari"))
    machines = ("Android", "iPhone", "iPad", "Windows", "Macintosh", "Linux")
    found = next((name for mark, name in names if mark in agent), agent.partition(" ")[0])
    return ", ".join([found, *[machine for machine in machines if machine in agent][:1]])


def name_hidden(name: str) -> str:
    """A name as it is shown to whoever has no reason to know it: the first letter of each part."""
    return " ".join(f"{part[:1]}***" for part in name.split())


def nik_hidden(nik: str) -> str:
    """A NIK as it is shown: the district and the last four digits tell people apart."""
    return f"{nik[:4]}********{nik[-4:]}"


def year_only(born: date) -> str:
    """A birth date as it is shown."""
    return f"**-**-{born.year}"


def table(heads: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    """A CSV file for a spreadsheet, in which no cell is run as a formula."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(heads)
    writer.writerows([_harmless(str(cell)) for cell in line] for line in lines)
    return "\ufeff" + written.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
