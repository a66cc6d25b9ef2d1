"""YAML that was written elsewhere becomes a draft: nothing is live before somebody has reviewed it."""

from __future__ import annotations

import io
import secrets
import zipfile
import zlib
from pathlib import PurePosixPath

from flask import redirect, request, url_for

from ussd_app.domain.permissions import May
from ussd_app.errors import NotAllowedNow, NotPublished
from ussd_app.runtime import Runtime
from ussd_app.services import draft_saving, drafts, inspecting
from ussd_app.services.drafts import MOST_FILES, MOST_TEXT, acceptable
from ussd_app.web.admin.desk import Desk, Page, address, done, me, not_done, t
from ussd_app.web.admin.menu_places import history_of, stem_of

# A character takes up to four bytes.
LARGEST = 4 * MOST_TEXT
# What unpacks no further than it is asked to; the other ways of packing fill the memory first.
_BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def add_to(desk: Desk) -> None:
    """The form on the page of a document's versions."""
    rt, asks = desk.rt, May.EDIT_DRAFTS
    desk.post("/menus/<name>/import", "menu_import", asks, lambda name: _import(rt, name))
    desk.post("/messages/import", "message_import", asks, lambda: _import(rt, "messages"))


def _import(rt: Runtime, name: str) -> Page:
    try:
        files = _uploaded()
        acceptable(files)
        draft = _draft(rt, name, files)
    except NotAllowedNow as error:
        not_done(error)
        return redirect(history_of(name))
    found = inspecting.inspect_live(rt, name, drafts.read(rt, draft).files)
    errors = sum(one.problem.error for one in found.problems)
    if errors:
        done("history.imported_broken", number=errors)
    else:
        done("history.imported", number=len(files))
    return redirect(url_for(f"{stem_of(name)}_review", draft=draft))


def _draft(rt: Runtime, name: str, files: dict[str, str]) -> int:
    """A draft of what is live with these files in it; of a document that was never published, of these files alone."""
    by, title = me().email, request.form.get("title", "").strip() or t("history.import")
    try:
        made = drafts.create(rt, name, by=by, title=title, address=address())
    except NotPublished:
        return drafts.create_new(rt, name, files, by=by, title=title, address=address()).id
    whole = {**drafts.read(rt, made.id).files, **files}
    draft_saving.save(rt, made.id, revision=1, files=whole, by=by, key=secrets.token_hex(8), what=title)
    return made.id


def _uploaded() -> dict[str, str]:
    """The files of the form by their names; those in a zip too, whatever folder they lie in. Raises NotAllowedNow."""
    found: dict[str, bytes] = {}
    for uploaded in request.files.getlist("files"):
        name, content = PurePosixPath((uploaded.filename or "").replace("\\", "/")).name, uploaded.read()
        found |= _unpacked(content) if name.lower().endswith(".zip") else {name: content} if name else {}
        if len(found) > MOST_FILES or sum(map(len, found.values())) > LARGEST:
            raise NotAllowedNow("these files together are too large", "no_zip")
    if not found:
        raise NotAllowedNow("choose .yaml files or a .zip", "no_files")
    try:
        return {name: content.decode("utf-8-sig").replace("\r\n", "\n") for name, content in found.items()}
    except UnicodeDecodeError:
        raise NotAllowedNow("a file is no text", "no_text") from None


def _unpacked(content: bytes) -> dict[str, bytes]:
    """The YAML files of a zip. What says that it becomes larger than a draft may be is not even opened."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            inside = [one for one in archive.infolist() if one.filename.lower().endswith(".yaml")]
            if len(inside) > MOST_FILES or sum(one.file_size for one in inside) > LARGEST:
                raise NotAllowedNow("this zip is too large", "no_zip")
            if any(one.compress_type not in _BOUNDED for one in inside):
                raise NotAllowedNow("this zip is packed in a way that is not unpacked here", "no_zip")
            return {PurePosixPath(one.filename).name: archive.read(one) for one in inside}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, zlib.error):
        raise NotAllowedNow("this zip cannot be read", "no_zip") from None
