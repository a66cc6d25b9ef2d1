"""The menu editor in Chromium, against the running service: it saves by itself and loses nothing whatever happens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from tests.conftest import Chromium
from tests.office import HASHED, PASSWORD
from tests.service import Service, until
from tests.test_simulator_page import DESKTOP, QUIET, SECONDS

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("service")]
OWNER, EDI, ANI = "owner@kantor.id", "edi@kantor.id", "ani@kantor.id"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running service with two editors."""
    place = tmp_path_factory.mktemp("editor") / "var"
    with Service(place, ADMIN_EMAIL=OWNER, ADMIN_PASSWORD=PASSWORD) as running:
        for email in (EDI, ANI):
            running.rows(
                "INSERT INTO admins (email, name, role, password_hash, created_at) "
                "VALUES (%(email)s, %(email)s, 'editor', %(hash)s, now()) RETURNING id",
                {"email": email, "hash": HASHED},
            )
        yield running


@pytest.fixture(scope="module")
def browser(chromium: Chromium) -> Iterator[Browser]:
    """One Chromium for the tests of this module."""
    expect.set_options(timeout=SECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.path, args=QUIET)
        yield browser
        browser.close()


def signed_in(browser: Browser, service: Service, wrong: list[str], email: str = EDI) -> Page:
    """The list of menus in a browser of its own, with an editor signed in."""
    context = browser.new_context(viewport=DESKTOP, locale="id-ID")  # type: ignore[arg-type]
    page = a_page(context, wrong)
    page.goto(f"{service.url}/admin/menus")
    page.get_by_label("Alamat e-mail").fill(email)
    page.get_by_label("Kata sandi").fill(PASSWORD)
    page.get_by_role("button", name="Masuk").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Menu telepon")
    return page


def a_page(context: BrowserContext, wrong: list[str]) -> Page:
    """One more tab; what the browser complains of is kept in `wrong`, but for a network that we have taken away."""
    page = context.new_page()
    page.set_default_timeout(SECONDS)

    def complain(said: str) -> None:
        if "ERR_INTERNET_DISCONNECTED" not in said and "409" not in said and "422" not in said:
            wrong.append(said)

    page.on("console", lambda said: complain(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complain(str(error)))
    return page


def a_draft(page: Page, title: str) -> str:
    """A draft of the menu that everybody dials; its address."""
    form = page.locator("form", has=page.locator("#title-main"))
    form.get_by_label("Untuk apa draf ini").fill(title)
    form.get_by_role("button", name="Buat draf").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(title)
    return page.url


def is_saved(page: Page) -> None:
    """All that was typed is with the server."""
    expect(page.locator("#saved")).to_have_text("Tersimpan")


def text_of(service: Service, draft: str, words: str) -> bool:
    """Whether the draft says these words now, as the database has it."""
    found = service.rows(
        "SELECT 1 FROM drafts d JOIN draft_revisions r ON r.draft_id = d.id AND r.number = d.revision "
        "CROSS JOIN jsonb_each_text(r.files) f JOIN draft_texts t ON t.digest = f.value "
        "WHERE d.id = %(id)s AND strpos(t.content, %(words)s) > 0",
        {"id": int(draft.rsplit("/", 1)[1]), "words": words},
    )
    return bool(found)


def in_order(page: Page, *order: str) -> None:
    """The choices of the screen become these, from top to bottom."""
    expect(page.locator(".me-choice-label")).to_have_text(list(order))


def drag(page: Page, what: Locator, there: Locator) -> None:
    """Drag something by hand: with one movement only, the browser may not notice that it is held."""
    what.hover()
    page.mouse.down()
    box = there.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=10)
    expect(page.locator(".me-dragged")).to_have_count(1)
    there.hover()
    page.mouse.up()


def test_choices_are_moved_by_keyboard_buttons_and_mouse_and_moved_back(browser: Browser, service: Service) -> None:
    wrong: list[str] = []
    page = signed_in(browser, service, wrong)
    draft = a_draft(page, "urutan")
    page.goto(f"{draft}/screens/home_guest")
    first, second, third, *rest = page.locator(".me-choice-label").all_inner_texts()
    page.locator("#f-choices-1-label-id").focus()
    page.keyboard.press("Alt+ArrowDown")
    in_order(page, second, first, third, *rest)
    page.keyboard.press("Alt+ArrowDown")
    in_order(page, second, third, first, *rest)
    page.get_by_role("button", name=f"Pindahkan “{first}” ke atas").click()
    in_order(page, second, first, third, *rest)
    page.set_viewport_size({"width": 1280, "height": 2000})  # no scrolling while something is held
    drag(page, page.locator(".me-key").nth(2), page.locator(".me-key").nth(0))
    in_order(page, third, second, first, *rest)
    for order in ([second, first, third], [second, third, first], [second, first, third], [first, second, third]):
        page.get_by_role("button", name="Urungkan").click()
        in_order(page, *order, *rest)
    expect(page.get_by_role("button", name="Urungkan")).to_be_disabled()
    assert wrong == []
    page.context.close()


def test_data_is_put_where_the_cursor_is_and_measured_at_its_longest(browser: Browser, service: Service) -> None:
    wrong: list[str] = []
    page = signed_in(browser, service, wrong)
    draft = a_draft(page, "data")
    page.goto(f"{draft}/screens/invitation_refused")
    page.locator("#f-text-id").fill("Halo ")
    page.get_by_text("Sisipkan data").click()
    page.get_by_role("button", name="member.name").click()
    expect(page.locator("#f-text-id")).to_have_value("Halo {member.name|cut:16}")
    expect(page.locator(".me-handset")).to_contain_text("Halo WWWWWWWWWWWWWW..")
    is_saved(page)
    assert wrong == []
    page.context.close()


def test_a_browser_that_is_closed_in_mid_edit_loses_nothing(browser: Browser, service: Service) -> None:
    wrong: list[str] = []
    page = signed_in(browser, service, wrong)
    context, draft = page.context, a_draft(page, "ditutup")
    page.goto(f"{draft}/screens/invitation_refused")
    page.locator("#f-text-id").fill("Baik, sampai jumpa lagi")
    page.close()
    assert not text_of(service, draft, "sampai jumpa lagi")

    page = a_page(context, wrong)
    page.goto(f"{draft}/screens/invitation_refused")
    expect(page.locator("#f-text-id")).to_have_value("Baik, sampai jumpa lagi")
    until(lambda: text_of(service, draft, "sampai jumpa lagi"))
    page.reload()
    expect(page.locator("#f-text-id")).to_have_value("Baik, sampai jumpa lagi")
    assert wrong == []
    context.close()


def test_what_is_typed_without_a_network_is_kept_and_sent_when_it_is_back(browser: Browser, service: Service) -> None:
    wrong: list[str] = []
    page = signed_in(browser, service, wrong)
    draft = a_draft(page, "jaringan")
    page.goto(f"{draft}/screens/invitation_refused")
    page.context.set_offline(True)
    page.locator("#f-text-id").fill("Tanpa jaringan")
    page.locator("#f-choices-1-label-id").fill("Ulangi")
    page.keyboard.press("Tab")
    expect(page.locator("#saved")).to_contain_text("Jaringan terputus")
    page.context.set_offline(False)
    is_saved(page)
    assert text_of(service, draft, "Tanpa jaringan")
    assert text_of(service, draft, "Ulangi")
    assert wrong == []
    page.context.close()


def test_whoever_was_signed_out_while_typing_signs_in_again_and_loses_nothing(
    browser: Browser, service: Service
) -> None:
    page = signed_in(browser, service, [])
    context, draft = page.context, a_draft(page, "keluar")
    page.goto(f"{draft}/screens/invitation_refused")
    context.clear_cookies()
    page.locator("#f-text-id").fill("Setelah keluar")
    expect(page.locator("#saved")).to_contain_text("Anda sudah keluar")
    other = context.new_page()
    other.goto(f"{service.url}/admin/")
    other.get_by_label("Alamat e-mail").fill(EDI)
    other.get_by_label("Kata sandi").fill(PASSWORD)
    other.get_by_role("button", name="Masuk").click()
    is_saved(page)
    assert text_of(service, draft, "Setelah keluar")
    context.close()


def test_two_editors_see_each_other_and_nothing_of_either_is_written_over(browser: Browser, service: Service) -> None:
    wrong: list[str] = []
    edi, ani = signed_in(browser, service, wrong), signed_in(browser, service, wrong, ANI)
    draft = a_draft(edi, "berdua")
    edi.goto(f"{draft}/screens/invitation_refused")
    ani.goto(f"{draft}/screens/invitation_refused")
    expect(ani.locator("#others")).to_contain_text(f"{EDI} juga ada di sini: invitation_refused")

    edi.locator("#f-text-id").fill("Kata Edi")
    edi.locator("#f-text-en").fill("Words of Edi")
    is_saved(edi)
    ani.locator("#f-text-id").fill("Kata Ani")
    conflict = ani.locator("#conflict")
    expect(conflict).to_contain_text("Orang lain sudah mengubahnya")
    expect(conflict).to_contain_text("Kata Edi")
    expect(conflict).to_contain_text("Kata Ani")
    assert text_of(service, draft, "Kata Edi")
    assert not text_of(service, draft, "Kata Ani")

    conflict.get_by_role("button", name="Masukkan perubahan saya").click()
    expect(ani.locator("#f-text-id")).to_have_value("Kata Ani")
    assert text_of(service, draft, "Words of Edi")
    ani.goto(f"{draft}/revisions")
    expect(ani.get_by_role("main")).to_contain_text("disimpan terpisah")

    # On different screens nobody is in the other's way.
    ani.goto(f"{draft}/screens/invitation_agreed")
    ani.locator("#f-text-id").fill("Layar lain")
    is_saved(ani)
    edi.locator("#f-choices-1-label-id").fill("Dari Edi")
    edi.keyboard.press("Tab")
    expect(edi.locator("#conflict")).to_contain_text("Kata Ani")  # of the screen that Ani has changed before
    edi.get_by_role("link", name="Pakai perubahannya").click()
    expect(edi.locator("#f-text-id")).to_have_value("Kata Ani")
    assert wrong == []
    edi.context.close()
    ani.context.close()


def test_a_file_is_saved_while_it_is_typed_and_the_line_of_its_problem_is_shown(
    browser: Browser, service: Service
) -> None:
    wrong: list[str] = []
    page = signed_in(browser, service, wrong)
    draft = a_draft(page, "berkas")
    page.goto(f"{draft}/yaml?file=language.yaml")
    whole = page.locator("#text").input_value()
    page.locator("#text").fill(f"{whole}  broken: [\n")
    line = whole.count("\n") + 2
    page.get_by_role("link", name=f"Baris {line}").click()
    expect(page.locator("#text")).to_be_focused()
    is_saved(page)
    assert text_of(service, draft, "broken: [")
    assert wrong == []
    page.context.close()
