"""Every version of a menu or of the SMS: seen, compared, taken out as files, published again, or withdrawn."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

from flask import Response, abort, redirect, request

from ussd_app.domain.permissions import May
from ussd_app.engine.graph import Menu
from ussd_app.errors import MenuProblems, NotAllowedNow, NotPublished
from ussd_app.runtime import Runtime
from ussd_app.services import inspecting, preview, publishing, releases
from ussd_app.storage import documents
from ussd_app.storage.documents import Document
from ussd_app.web.admin import menu_changes, messages
from ussd_app.web.admin.desk import Desk, Page, address, done, first_of, me, not_done, show
from ussd_app.web.admin.menu_places import history_of, live_files, names_of, stem_of

# Screens on one page of a version.
SCREENS = 24


def add_to(desk: Desk) -> None:
    """The versions of each menu, and those of the SMS."""
    rt = desk.rt
    for stem, at in (("menu", "/menus/<name>/history"), ("message", "/messages/history")):
        one = f"{at}/<int:version>"
        desk.page(at, f"{stem}_history", May.LOOK, _of(rt, _history))
        desk.page(one, f"{stem}_version", May.LOOK, _of(rt, _version))
        desk.page(f"{one}/files.zip", f"{stem}_export", May.LOOK, _of(rt, _zip))
        desk.page(f"{one}/files/<file>", f"{stem}_export_file", May.LOOK, _of(rt, _file))
        desk.post(f"{one}/back", f"{stem}_roll_back", May.PUBLISH, _of(rt, _back))
        desk.post(f"{one}/withdraw", f"{stem}_withdraw", May.PUBLISH, _of(rt, _withdraw))


def _of(rt: Runtime, view: Callable[..., Page]) -> Callable[..., Page]:
    """A page of a document that its address names; without a name it is the document of all SMS."""
    return lambda name="messages", **told: view(rt, name, **told)


def _history(rt: Runtime, name: str) -> Page:
    before = request.args.get("before", type=int)
    found, last = first_of(releases.history(rt, name, before), releases.PAGE)
    if not found and before is None:
        abort(404)
    with rt.db.connect() as connection:
        live = documents.pointers(connection)[name].version
    return show(
        "menu_history",
        name=name,
        stem=stem_of(name),
        found=found,
        more=last and last.version,
        before=before,
        live=live,
        names=names_of(rt),
        planned=[one for one in releases.planned(rt) if one.name == name],
    )


def _loaded(rt: Runtime, name: str, version: int) -> Document:
    with rt.db.connect() as connection:
        found = documents.load(connection, name, version)
    if found is None:
        abort(404)
    return found


# ---- one version ----


def _version(rt: Runtime, name: str, version: int) -> Page:
    found, against = _loaded(rt, name, version), request.args.get("against", type=int)
    with rt.db.connect() as connection:
        live = documents.pointers(connection)[name].version
        others = [one.version for one in documents.versions(connection, name, None, 200) if one.version != version]
    first = max(0, request.args.get("from", 0, type=int))
    compared = None
    if against:
        compared = menu_changes.compare(rt, name, live_files(rt, name, against), found.files, first)
    return show(
        "menu_history_version",
        name=name,
        stem=stem_of(name),
        document=found,
        live=live,
        others=others,
        against=against,
        compared=compared,
        lines_of=menu_changes.lines_of,
        edits=lambda *_: "",
        names=names_of(rt),
        **({} if against else _contents(rt, found, first)),
    )


def _contents(rt: Runtime, found: Document, first: int) -> dict[str, object]:
    """What a version says: its screens, or its SMS."""
    if found.kind == "menu":
        return _screens(rt, found, first)
    if found.kind != "messages":
        return {}
    price = publishing.sending(rt, publishing.newest(rt)).price
    return {"shelf": messages.shelf(found.files, inspecting.inspect(found.name, found.files)), "price": price}


def _screens(rt: Runtime, found: Document, first: int) -> dict[str, object]:
    """A page of a version's screens as phones, in one language; nothing of what cannot be dialled any more."""
    menu = _menu(found)
    if menu is None:
        return {"languages": (), "undrawn": True}
    wanted = request.args.get("language", "")
    language = wanted if wanted in menu.languages else menu.language
    shown = [name for name, screen in menu.screens.items() if not (screen.branches or screen.effect)]
    chosen = shown[first : first + SCREENS]
    return {
        "languages": menu.languages,
        "language": language,
        "screens": preview.screens(rt, found.name, found.files, chosen, language=language),
        "first": first,
        "more": first + SCREENS if first + SCREENS < len(shown) else None,
    }


def _menu(found: Document) -> Menu | None:
    try:
        return preview.compiled(found.name, tuple(sorted(found.files.items())))
    except MenuProblems:
        return None


# ---- files ----


def _zip(rt: Runtime, name: str, version: int) -> Page:
    found, packed = _loaded(rt, name, version), io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, content in sorted(found.files.items()):
            archive.writestr(file, content)
    return _download(f"{name}-{version}.zip", packed.getvalue(), "application/zip")


def _file(rt: Runtime, name: str, version: int, file: str) -> Page:
    found = _loaded(rt, name, version)
    if file not in found.files:
        abort(404)
    return _download(file, found.files[file].encode(), "application/yaml; charset=utf-8")


def _download(name: str, content: bytes, kind: str) -> Response:
    response = Response(content, content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


# ---- back, and away ----


def _back(rt: Runtime, name: str, version: int) -> Page:
    before = request.form.get("live", 0, type=int)
    try:
        made = releases.roll_back(rt, name, version, by=me().email, address=address())
        if made == before:
            done("history.same_already", same_as=version)
        else:
            done("history.is_back", version=made, same_as=version)
            if request.form.get("withdraw") == "1":
                releases.withdraw(rt, name, before, by=me().email, address=address())
                done("history.is_withdrawn", version=before)
    except NotPublished:
        abort(404)
    except MenuProblems as wrong:
        not_done(NotAllowedNow(str(wrong), "broken"))
    except NotAllowedNow as error:
        not_done(error)
    return redirect(history_of(name))


def _withdraw(rt: Runtime, name: str, version: int) -> Page:
    try:
        releases.withdraw(rt, name, version, by=me().email, address=address())
        done("history.is_withdrawn", version=version)
    except NotAllowedNow as error:
        not_done(error)
    return redirect(history_of(name))
