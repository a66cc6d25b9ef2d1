"""The simulator page in Chromium, against the running service: what somebody with a mouse and a keyboard can do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Response, expect, sync_playwright

from tests.conftest import Chromium
from tests.service import BIRTH_DATE, Service, a_nik

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("service")]

# Chromium calls nobody but the page.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP, SMALL = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
SECONDS = 15_000  # in milliseconds, as Playwright counts; other tests run on this machine meanwhile
# "siti" as four presses of 7, three of 4, one of 8, three of 4.
SITI_IN_TAPS = "7777 444 8 444"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running service for the tests of this module."""
    with Service(tmp_path_factory.mktemp("page") / "var") as running:
        yield running


@pytest.fixture(scope="module")
def browser(chromium: Chromium) -> Iterator[Browser]:
    """One Chromium for the tests of this module."""
    expect.set_options(timeout=SECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.path, args=QUIET)
        yield browser
        browser.close()


@dataclass
class Simulator:
    """The page, and everything on it that went wrong."""

    page: Page
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(SECONDS)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("response", self._answered)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.wrong.append(message.text)

    def _answered(self, reply: Response) -> None:
        if reply.status >= 400:
            self.wrong.append(f"{reply.status} {reply.url}")

    def part(self, name: str) -> Locator:
        """A part of the page by the name it has for tests."""
        return self.page.get_by_test_id(name)

    def shows(self, words: str | re.Pattern[str]) -> None:
        """The phone's screen holds these words, now or soon."""
        expect(self.part("screen")).to_contain_text(words)

    def state(self, name: str) -> None:
        """The phone is `idle`, `open`, `ended` … now or soon."""
        expect(self.page.locator("#simulator")).to_have_attribute("data-state", name)

    def dial(self, words: str) -> None:
        """Press the green key and see what comes."""
        self.part("dial").click()
        self.shows(words)

    def press(self, keys: str) -> None:
        """Click keys of the keypad; a space stands for a moment's pause."""
        for key in keys:
            if key != " ":
                self.part(f"key-{key}").click()

    def answer(self, said: str, then: str) -> None:
        """Click the keys of an answer, then OK."""
        self.press(said)
        self.part("send").click()
        self.shows(then)

    def type(self, said: str, then: str) -> None:
        """Type an answer on the computer's keyboard."""
        self.page.keyboard.type(said)
        self.page.keyboard.press("Enter")
        self.shows(then)

    def fits(self) -> bool:
        """Whether nothing is wider than the page."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def open_page(browser: Browser, service: Service, address: str = "/simulator/", *, small: bool = False) -> Simulator:
    """The simulator in a browser that has never seen it."""
    context = browser.new_context(
        viewport=SMALL if small else DESKTOP,  # type: ignore[arg-type]
        has_touch=small,
        is_mobile=small,
    )
    simulator = Simulator(context.new_page())
    simulator.page.goto(service.url + address)
    simulator.state("idle")
    return simulator


def enrol(simulator: Simulator, nik: str) -> None:
    """Dial and answer everything, by keys and by keyboard."""
    simulator.dial("1. Daftar")
    simulator.answer("1", "16 angka NIK")
    simulator.type(nik, "tanggal lahir")
    simulator.answer(BIRTH_DATE, "nama lengkap")
    simulator.part("mode").click()
    simulator.answer(SITI_IN_TAPS, "Pekerjaan Anda?")
    simulator.type("1", "Di mana Anda bekerja?")
    simulator.answer("1", "1. 3 bulan")
    simulator.type("1", "Setuju daftar")
    simulator.answer("1", "Terima kasih!")
    simulator.state("ended")


def pay(simulator: Simulator, bring: str) -> None:
    """Take the code of the SMS to the till and wait for the receipt."""
    simulator.part("message-pay").click()
    expect(simulator.part("pay-code")).to_have_value(re.compile(r"^\d{12}$"))
    simulator.part("pay-submit").click()
    expect(simulator.part("pay-result")).to_contain_text("Rp")
    expect(simulator.part("message").first).to_contain_text(bring)


def test_somebody_enrols_pays_and_reads_their_coverage(browser: Browser, service: Service) -> None:
    simulator = open_page(browser, service)
    enrol(simulator, a_nik(1))
    expect(simulator.part("message")).to_have_count(1)
    expect(simulator.part("message")).to_contain_text("Nomor bayar")
    expect(simulator.part("unread")).to_have_text("1 baru")
    pay(simulator, "diterima, diteruskan")
    expect(simulator.part("message")).to_have_count(2)
    simulator.part("redial").click()
    simulator.shows(re.compile(r"siti: AKTIF s\.d\. \d+ [A-Z][a-z]{2} 20\d\d", re.IGNORECASE))
    expect(simulator.part("count")).to_have_text(re.compile(r"^\d+/160$"))
    assert simulator.fits()
    assert simulator.wrong == []
    simulator.page.context.close()


def test_the_request_repeated_by_hand_brings_the_same_screen(browser: Browser, service: Service) -> None:
    simulator = open_page(browser, service)
    simulator.part("person").nth(1).click()
    simulator.dial("1. Daftar")
    simulator.answer("2", "JKK")
    before = simulator.part("screen").text_content()
    simulator.page.locator("details summary").click()
    simulator.part("repeat").click()
    simulator.state("open")
    expect(simulator.part("screen")).to_have_text(before or "")
    simulator.part("hangup").click()
    simulator.state("ended")
    assert simulator.wrong == []
    simulator.page.context.close()


def test_on_a_small_phone_nothing_is_wider_than_the_page(browser: Browser, service: Service) -> None:
    simulator = open_page(browser, service, small=True)
    assert simulator.fits()
    simulator.part("person").nth(2).click()
    enrol(simulator, a_nik(2))
    assert simulator.fits()
    pay(simulator, "diterima, diteruskan")
    assert simulator.fits()
    simulator.part("redial").click()
    simulator.shows("AKTIF")
    expect(simulator.part("key-0")).to_be_in_viewport()
    assert simulator.fits()
    assert simulator.wrong == []
    simulator.page.context.close()


def test_the_page_and_the_menu_both_speak_english(browser: Browser, service: Service) -> None:
    simulator = open_page(browser, service, "/simulator/?lang=en")
    expect(simulator.page.locator("html")).to_have_attribute("lang", "en")
    expect(simulator.page.get_by_role("heading", level=1)).to_contain_text("Phone simulator")
    simulator.shows("Press the green key")
    simulator.part("number").fill("0812 9000 0004")
    simulator.dial("1. Daftar")
    simulator.answer("4", "2. English")
    simulator.answer("2", "1. ")
    expect(simulator.part("screen")).not_to_contain_text("Daftar")
    simulator.part("pay-code").fill("000000000000")
    simulator.part("pay-amount").fill("Rp 8.400")
    simulator.part("pay-submit").click()
    expect(simulator.part("pay-result")).to_contain_text("No such pay code.")
    assert [wrong for wrong in simulator.wrong if "404" not in wrong] == []
    simulator.page.context.close()


def test_somebody_writes_an_sms_with_the_keyboard_and_reads_the_answer(browser: Browser, service: Service) -> None:
    simulator = open_page(browser, service)
    simulator.part("number").fill("081290000077")
    simulator.part("write-text").click()
    simulator.page.keyboard.type("DAFTAR")
    simulator.page.keyboard.press("Enter")
    expect(simulator.part("write-result")).to_have_text("SMS terkirim.")
    expect(simulator.part("written")).to_contain_text("DAFTAR")
    expect(simulator.part("message").first).to_contain_text("Ketik 16 angka NIK")
    expect(simulator.part("write-text")).to_be_focused()
    simulator.page.keyboard.type(a_nik(77))
    simulator.page.keyboard.press("Enter")
    expect(simulator.part("message").first).to_contain_text("Ketik tanggal lahir")
    assert simulator.fits()
    assert simulator.wrong == []
    simulator.page.context.close()


def test_on_a_small_phone_an_sms_is_written_and_sent_with_a_finger(browser: Browser, service: Service) -> None:
    simulator = open_page(browser, service, "/simulator/?lang=en", small=True)
    simulator.part("number").fill("081290000078")
    simulator.part("write-send").tap()
    expect(simulator.part("write-result")).to_have_text("Write the SMS first.")
    simulator.part("write-text").fill("help")
    simulator.part("write-send").tap()
    expect(simulator.part("message")).to_contain_text("Text to this number")
    assert simulator.fits()
    assert simulator.wrong == []
    simulator.page.context.close()
