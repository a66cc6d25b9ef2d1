"""A sponsor's list is uploaded, looked at, mended and set going."""

from __future__ import annotations

from flask import Response, abort, redirect, request, url_for

from ussd_app.domain import phone as phones
from ussd_app.domain.permissions import May
from ussd_app.domain.rosters import COLUMNS
from ussd_app.errors import NotAllowedNow, Refused
from ussd_app.runtime import Runtime
from ussd_app.services import publishing, roster_drafts
from ussd_app.services.roster_drafts import Looked
from ussd_app.services.rosters import Brings
from ussd_app.web.admin.desk import Desk, Page, address, done, me, not_done, show, sorry, t
from ussd_app.web.admin.formats import table

PAGE = 50
KINDS, LANGUAGES = ("company", "community"), ("id", "en", "jv", "su")
# A line that fits, so that nobody starts from an empty sheet.
EXAMPLE = (
    "3174054508880003",
    "Siti Aminah",
    "05-08-1988",
    "0812-3456-7890",
    "household",
    "DKI Jakarta",
    "jkk_jkm",
    "1000000",
    "3",
    "paper",
)


def add_to(desk: Desk) -> None:
    """Everything about a file before it is set going."""
    rt, asks = desk.rt, May.BRING_ROSTERS
    desk.page("/rosters/new", "roster_new", asks, lambda: _form(rt))
    desk.post("/rosters/new", "roster_upload", asks, lambda: _upload(rt))
    desk.page(
        "/rosters/example.csv", "roster_example", asks, lambda: _file("sertakan-contoh.csv", table(COLUMNS, [EXAMPLE]))
    )
    desk.page("/rosters/files/<int:number>", "roster_draft", asks, lambda number: _look(rt, number))
    desk.poll("/rosters/files/<int:number>/going", "roster_going", asks, lambda number: _going(rt, number))
    desk.page("/rosters/files/<int:number>/mistakes.csv", "roster_mistakes", asks, lambda number: _mistakes(rt, number))
    desk.post("/rosters/files/<int:number>/start", "roster_start", asks, lambda number: _start(rt, number))
    desk.post("/rosters/files/<int:number>/discard", "roster_discard", asks, lambda number: _discard(rt, number))


def _form(rt: Runtime, problem: str = "", status: int = 200) -> Page:
    rates = publishing.rates(rt, publishing.newest(rt))
    # Whoever mends a file after the dry run need not say again whose it is.
    said = request.form if request.method == "POST" else request.args
    return show(
        "roster_new",
        status,
        problem=problem,
        said=said,
        kinds=KINDS,
        languages=LANGUAGES,
        sectors=", ".join(rates.sectors),
        packages=", ".join(rates.packages),
        months=", ".join(map(str, rates.allowed_months)),
    )


def _upload(rt: Runtime) -> Page:
    form, uploaded = request.form, request.files.get("file")
    try:
        brings = Brings(
            phone=phones.parse(form.get("phone", "")),
            name=" ".join(form.get("name", "").split()),
            kind=form.get("kind", "") if form.get("kind") in KINDS else KINDS[0],
            language=form.get("language", "") if form.get("language") in LANGUAGES else LANGUAGES[0],
        )
        content = uploaded.read() if uploaded else b""
        number = roster_drafts.upload(rt, me(), content, (uploaded and uploaded.filename) or "", brings)
    except Refused as refused:
        return _form(rt, sorry(refused), 422)
    return redirect(url_for("roster_draft", number=number))


def _found(rt: Runtime, number: int) -> Looked:
    try:
        return roster_drafts.look(rt, me(), number)
    except NotAllowedNow:
        abort(404)


def _became(rt: Runtime, number: int) -> tuple[bool, int | None, str]:
    try:
        return roster_drafts.became(rt, me(), number)
    except NotAllowedNow:
        abort(404)


def _going(rt: Runtime, number: int) -> Page:
    _, roster, refused = _became(rt, number)
    why = _why(refused, _found(rt, number)) if refused else ""
    return show("roster_starting", number=number, roster=roster, refused=why)


def _why(refused: str, found: Looked) -> str:
    """Why a file could not be set going."""
    return sorry(NotAllowedNow(refused, refused, mistakes=len(found.mistakes)))


def _look(rt: Runtime, number: int) -> Page:
    waits, roster, refused = _became(rt, number)
    if roster:
        return redirect(url_for("roster", number=roster))
    if waits:
        return show("roster_wait", number=number, roster=None, refused="")
    found = _found(rt, number)
    first = max(0, request.args.get("from", 0, type=int))
    more = first + PAGE if first + PAGE < len(found.mistakes) else None
    shown = found.mistakes[first : first + PAGE]
    why = _why(refused, found) if refused else ""
    return show("roster_draft", found=found, shown=shown, first=first, more=more, refused=why)


def _mistakes(rt: Runtime, number: int) -> Page:
    heads = [t(f"rosters.{name}") for name in ("line", "column", "what_to_mend")]
    language = me().language
    lines = ((one.line, one.column, one.sentence(language)) for one in _found(rt, number).mistakes)
    return _file(f"sertakan-{number}.csv", table(heads, lines))


def _file(name: str, content: str) -> Response:
    response = Response(content, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _start(rt: Runtime, number: int) -> Page:
    _became(rt, number)
    try:
        roster_drafts.ask_to_start(rt, me(), number, request.form.get("total", -1, type=int), address())
    except NotAllowedNow as error:
        not_done(error)
    return redirect(url_for("roster_draft", number=number))


def _discard(rt: Runtime, number: int) -> Page:
    _became(rt, number)
    try:
        roster_drafts.discard(rt, me(), number)
    except NotAllowedNow as error:
        not_done(error)
        return redirect(url_for("roster_draft", number=number))
    done("rosters.discarded")
    return redirect(url_for("rosters"))
