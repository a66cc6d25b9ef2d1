"""The figures in Chromium, against the running service: worked out while somebody watches, read by keyboard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.conftest import Chromium
from tests.service import Service, a_nik, register, until
from tests.test_admin_desk_page import EMAIL, PASSWORD, a_page, fits
from tests.test_simulator_page import QUIET, SECONDS

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("service")]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running service whose first admin is known."""
    place = tmp_path_factory.mktemp("figures") / "var"
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


@pytest.fixture(scope="module")
def registered(service: Service) -> Service:
    """The same, after somebody has registered, been sent an SMS, and all of that has been written down."""
    register(service.phone("+6281234567890"), a_nik(31))
    until(lambda: service.rows("SELECT 1 FROM turns WHERE shown = 'registered'"), seconds=90)
    until(lambda: service.rows("SELECT 1 FROM sms_days"), seconds=90)
    return service


@pytest.mark.parametrize("small", [False, True])
def test_figures_come_by_themselves_and_a_chart_is_read_with_the_arrows(
    browser: Browser, registered: Service, small: bool
) -> None:
    wrong: list[str] = []
    page = a_page(browser, registered, wrong, small=small)
    page.get_by_label("Alamat e-mail").fill(EMAIL)
    page.get_by_label("Kata sandi").fill(PASSWORD)
    page.get_by_role("button", name="Masuk").click()
    if small:
        page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Angka-angka").click()
    # The page opens anew by itself as soon as everything has been worked out.
    expect(page.locator("#funnel")).to_contain_text("1 dari 1 yang mulai mendaftar")
    expect(page.locator("#members")).to_contain_text("Belum ada apa-apa")
    assert fits(page)

    page.get_by_role("link", name="7 hari", exact=True).click()
    newest = page.locator("#costs .chart-bar").last
    newest.focus()
    today = page.locator("#costs [data-told]").text_content()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#costs .chart-bar").nth(-2)).to_be_focused()
    expect(page.locator("#costs [data-told]")).not_to_have_text(str(today))
    assert fits(page)

    page.get_by_role("link", name="Lihat pada gambar menu").click()
    expect(page.get_by_role("heading", name="Di mana percakapan berhenti: menu main")).to_be_visible()
    expect(page.locator('[data-name="register_nik"]')).to_contain_text("1 sampai")
    assert fits(page)
    assert wrong == []
    page.context.close()
