"""The desk in Chromium, against the running service: with a mouse, and with the keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.conftest import Chromium
from tests.domain.test_rosters import a_file
from tests.service import Service, a_nik
from tests.test_simulator_page import DESKTOP, QUIET, SECONDS, SMALL

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("service")]
EMAIL, PASSWORD = "owner@kantor.id", "seekor kucing oranye"
PEOPLE = [{"nik": a_nik(serial), "phone": f"0812900000{serial}"} for serial in range(10, 22)]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running service whose first admin is known."""
    place = tmp_path_factory.mktemp("desk") / "var"
    with Service(place, ADMIN_EMAIL=EMAIL, ADMIN_PASSWORD=PASSWORD) as running:
        yield running


@pytest.fixture(scope="module")
def browser(chromium: Chromium) -> Iterator[Browser]:
    """One Chromium for the tests of this module."""
    expect.set_options(timeout=SECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.path, args=QUIET)
        yield browser
        browser.close()


def a_page(browser: Browser, service: Service, wrong: list[str], *, small: bool = False) -> Page:
    """The desk in a browser that has never seen it; what the browser complains of is kept in `wrong`."""
    context = browser.new_context(viewport=SMALL if small else DESKTOP, locale="id-ID")  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(SECONDS)
    page.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"{service.url}/admin/")
    return page


def fits(page: Page) -> bool:
    """Whether nothing is wider than the page."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def upload(page: Page, file: Path) -> None:
    """Choose a file and have it checked."""
    page.get_by_label("Nama donatur").fill("PT Maju")
    page.get_by_label("Nomor HP donatur").fill("0811 1111 1111")
    page.get_by_label("Berkas CSV").set_input_files(file)
    page.get_by_role("button", name="Periksa berkas").click()


@pytest.mark.parametrize("small", [False, True])
def test_a_list_is_uploaded_mended_started_and_followed_to_its_pay_code(
    browser: Browser, service: Service, tmp_path: Path, small: bool
) -> None:
    wrong: list[str] = []
    page = a_page(browser, service, wrong, small=small)
    page.get_by_label("Alamat e-mail").fill(EMAIL)
    page.get_by_label("Kata sandi").fill(PASSWORD)
    page.get_by_role("button", name="Masuk").click()
    if small:
        page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Daftar donatur").click()
    page.get_by_role("link", name="Unggah daftar").click()

    mine = PEOPLE[6:] if small else PEOPLE[:6]
    file = tmp_path / "orang.csv"
    file.write_bytes(a_file(*mine[:4], {**mine[4], "nik": "12"}, {**mine[5], "phone": "x"}))
    upload(page, file)
    expect(page.get_by_test_id("mistakes")).to_have_text("2")
    expect(page.get_by_test_id("mistake-list")).to_contain_text("NIK harus 16 angka")
    assert fits(page)

    page.get_by_role("link", name="Unggah yang sudah diperbaiki").click()
    file.write_bytes(a_file(*mine))
    upload(page, file)
    expect(page.get_by_test_id("mistakes")).to_have_text("0")
    page.get_by_role("button", name="Mulai untuk 6 orang").click()
    expect(page.get_by_test_id("agreed")).to_have_text("6")
    expect(page.get_by_test_id("pay-code")).to_have_text(re.compile(r"^\d{8,}$"))
    assert fits(page)
    assert wrong == []
    page.context.close()


def focused(page: Page) -> str:
    """What the keyboard is on: its name or its words."""
    return str(page.evaluate("document.activeElement.name || document.activeElement.textContent.trim()"))


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the keyboard is on this, and see that it shows."""
    for _ in range(30):
        page.keyboard.press("Tab")
        if focused(page) == name:
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
            return
    raise AssertionError(f"Tab never comes to {name}")


def test_somebody_signs_in_and_moves_about_by_keyboard_alone(browser: Browser, service: Service) -> None:
    wrong: list[str] = []
    page = a_page(browser, service, wrong)
    page.keyboard.press("Tab")
    assert focused(page) == "Langsung ke isi"
    page.keyboard.press("Enter")
    tab_to(page, "email")
    page.keyboard.type(EMAIL)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Yang menunggu")
    tab_to(page, "Peserta")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Peserta")
    tab_to(page, "said")
    page.keyboard.type("0812-9999-9999")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Tidak ada peserta atau donatur dengan nomor HP ini.")).to_be_visible()
    assert wrong == []
    page.context.close()
