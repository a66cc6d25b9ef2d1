"""What authors are given is true: schema, reference, and what a caller saw."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from tests.builders import PHONE, a_keypress, shipped
from tests.conftest import MENUS
from ussd_app.domain import calendar, contributions
from ussd_app.engine import definition, graph
from ussd_app.engine.checks import CHECKS
from ussd_app.engine.compiler import KINDS_OF_SCREEN
from ussd_app.engine.kinds import FORMATS
from ussd_app.engine.proof import compile_menu
from ussd_app.engine.source import read
from ussd_app.errors import MenuProblems, Problem
from ussd_app.runtime import Runtime
from ussd_app.services import authoring, days, dialing, journal, publishing
from ussd_app.services.authoring import Seen
from ussd_app.services.reference import CHECKED, FORMATTED, MEANINGS, REASONS, reasons_known, reference
from ussd_app.services.schema import schema, schema_text
from ussd_app.services.words import VOCABULARY

# ---- the reference ----

EXAMPLES = re.findall(r"```yaml\n(.*?)```", reference(), re.DOTALL)
PART_EXAMPLE, PART_TRANSLATION_EXAMPLE = [example for example in EXAMPLES if example.startswith("part: ")]
MENU_EXAMPLES = [each for each in EXAMPLES if "\nlanguage: " not in each and each != PART_EXAMPLE]
(INCLUDING_EXAMPLE,) = [example for example in EXAMPLES if example.startswith("include: ")]
(TRANSLATION_EXAMPLE,) = [each for each in EXAMPLES if "\nlanguage: " in each and each != PART_TRANSLATION_EXAMPLE]


def targets(said: Any) -> Iterator[str]:
    """Every screen that an example leads to."""
    for key, value in said.items() if isinstance(said, dict) else enumerate(said):
        if key in ("go", "otherwise"):
            yield value
        elif key == "outcomes":
            yield from value.values()
        elif isinstance(value, dict | list):
            yield from targets(value)


def framed(said: dict[str, Any]) -> dict[str, Any]:
    """A whole menu around an example: what it and its part leave out is as plain as it can be."""
    part = yaml.safe_load(PART_EXAMPLE) if "include" in said else {"reasons": {}, "screens": {}}
    elsewhere = {target for target in targets(said) if graph.is_elsewhere(target)} | part["screens"].keys()
    ends = {target: {"end": "Selesai"} for target in targets(said) if target not in elsewhere}
    frame = {"menu": "example", "codes": ["*777*9#"], "languages": ["id", "en"], "start": next(iter(said["screens"]))}
    reasons = {name: "Coba lagi" for name in reasons_known() if name not in part["reasons"]} | said.get("reasons", {})
    return {**frame, **said, "reasons": reasons, "screens": {**ends, **said["screens"]}}


def as_menu(example: str) -> str:
    return yaml.safe_dump(framed(read("example.yaml", example).data))


def problems_in(*texts: str, **parts: str) -> list[Problem]:
    sources = [read(f"example{number}.yaml", text) for number, text in enumerate(texts)]
    sources += [read(file, text) for file, text in parts.items()]
    return [problem for problem in compile_menu(sources, 1, VOCABULARY)[1] if problem.error]


@pytest.mark.parametrize("example", MENU_EXAMPLES)
def test_every_example_of_the_reference_compiles_in_a_small_menu(example: str) -> None:
    parts = {"greetings.yaml": PART_EXAMPLE, "greetings.en.yaml": PART_TRANSLATION_EXAMPLE}
    assert problems_in(as_menu(example), **(parts if example == INCLUDING_EXAMPLE else {})) == []


def test_the_first_example_is_a_whole_menu_and_the_translation_translates_it() -> None:
    assert problems_in(MENU_EXAMPLES[0], TRANSLATION_EXAMPLE) == []


def test_the_frame_around_an_example_hides_no_mistake_in_it() -> None:
    whole = next(example for example in MENU_EXAMPLES if "when: member, go: pay" in example)
    broken = whole.replace("when: member,", "when: dreams,")
    assert [problem.path for problem in problems_in(as_menu(broken))] == ["screens.home"]


def test_the_committed_reference_is_up_to_date() -> None:
    again = "python -m ussd_app menus reference > menus/REFERENCE.md"
    assert (MENUS / "REFERENCE.md").read_text(encoding="utf-8") == reference(), again


@pytest.mark.parametrize("model", MEANINGS, ids=lambda model: str(model.__name__))
def test_the_reference_says_what_every_key_is_for(model: type[BaseModel]) -> None:
    assert set(MEANINGS[model]) == {info.alias or name for name, info in model.model_fields.items()}


def test_the_reference_knows_every_shape_a_menu_file_has() -> None:
    models = (definition.Menu, definition.Part, definition.Translation, definition.PartTranslation)
    shapes = {shape for model in models for shape in (model.__name__, *model.model_json_schema()["$defs"])}
    assert shapes - {model.__name__ for model in MEANINGS} == set()


def test_the_reference_says_what_every_check_takes() -> None:
    assert set(CHECKED) == set(CHECKS)


def test_the_reference_says_what_every_format_shows() -> None:
    assert set(FORMATTED) == set(FORMATS)


def test_there_is_an_example_of_every_kind_of_screen() -> None:
    said = "".join(EXAMPLES)
    assert [kind for kind in (*KINDS_OF_SCREEN, "list") if f" {kind}:" not in said] == []


def test_there_is_an_example_of_every_check() -> None:
    said = "".join(EXAMPLES)
    assert [check for check in CHECKS if f"check: {check}," not in said and f"check: {check}\n" not in said] == []


@pytest.mark.parametrize(
    "word",
    [*VOCABULARY.facts, *VOCABULARY.effects, *VOCABULARY.messages, *CHECKS, *REASONS, *filter(None, FORMATS)],
)
def test_the_reference_names_every_word_of_the_vocabulary(word: str) -> None:
    assert re.search(rf"\| `({{field\\\|)?{word}", reference())


def test_every_table_of_the_reference_is_filled_in() -> None:
    assert re.findall(r"^\[[A-Z ]+\]$", reference(), re.MULTILINE) == []


# ---- the schema ----


def test_the_committed_schema_is_up_to_date() -> None:
    again = "python -m ussd_app menus schema > menus/menu.schema.json"
    assert (MENUS / "menu.schema.json").read_text(encoding="utf-8") == schema_text(), again


def objections(value: Any, shape: dict[str, Any], path: str = "menu") -> list[str]:
    """What an editor would underline: as much of JSON Schema as this schema uses."""
    if "if" in shape and "then" in shape and "else" in shape:
        shape = shape["then" if all(name in value for name in shape["if"]["required"]) else "else"]
    if "$ref" in shape:
        shape = SCHEMA["$defs"][shape["$ref"].rsplit("/", 1)[-1]]
    if "anyOf" in shape and all(objections(value, one, path) for one in shape["anyOf"]):
        return [f"{path}: {value}"]
    if isinstance(value, list):
        return [said for item in value for said in objections(item, shape.get("items", {}), f"{path}[]")]
    if not isinstance(value, dict):
        return in_scalar(value, shape, path)
    if shape.get("type", "object") != "object":
        return [f"{path}: {value}"]
    found = [f"{path}: no {name}" for name in shape.get("required", ()) if name not in value]
    for case in shape.get("allOf", ()):
        if value.get("do") == case["if"]["properties"]["do"]["const"]:
            found += objections(value, case["then"], path)
    return found + [said for key, inner in value.items() for said in in_object(str(key), inner, shape, path)]


SCHEMA = schema()
TYPES = {str: "string", int: "integer", bool: "boolean"}


def in_scalar(value: str | int | bool, shape: dict[str, Any], path: str) -> list[str]:
    fits = (
        TYPES[type(value)] in shape.get("type", TYPES[type(value)]),
        value in shape.get("enum", [value]),
        not isinstance(value, str) or re.search(shape.get("pattern", ""), value),
    )
    return [] if all(fits) else [f"{path}: {value}"]


def in_object(key: str, value: Any, shape: dict[str, Any], path: str) -> list[str]:
    named = shape.get("propertyNames", {}).get("enum", [key])
    if key not in named:
        return [f"{path}: {key}"]
    if key in shape.get("properties", {}):
        return objections(value, shape["properties"][key], f"{path}.{key}")
    for pattern, inner in shape.get("patternProperties", {}).items():
        if re.search(pattern, key):
            return objections(value, inner, f"{path}.{key}")
    return [f"{path}: {key}"] if shape.get("additionalProperties") is False else []


DOCUMENTS = {**publishing.files_of(MENUS), **publishing.parts_of(MENUS)}
MENUS_SHIPPED = [files[f"{name}.yaml"] for name, files in DOCUMENTS.items()]


@pytest.mark.parametrize("menu", [menu for menu in MENUS_SHIPPED if re.search("^(menu|part): ", menu, re.MULTILINE)])
def test_an_editor_has_nothing_against_the_shipped_menus_and_their_parts(menu: str) -> None:
    assert objections(yaml.safe_load(menu), SCHEMA) == []


def test_an_editor_has_nothing_against_the_example_of_a_part() -> None:
    assert objections(yaml.safe_load(PART_EXAMPLE), SCHEMA) == []


def test_an_editor_underlines_what_only_a_menu_may_say_in_a_part() -> None:
    part = yaml.safe_load(PART_EXAMPLE + 'codes: ["*777#"]\n')
    assert objections(part, SCHEMA) == ["menu: codes"]


@pytest.mark.parametrize("code", ["*777", {"code": "*778#"}, {"code": "*778#", "limits": 100}])
def test_an_editor_underlines_a_code_that_is_not_whole(code: object) -> None:
    assert objections({**yaml.safe_load(SHOP), "codes": ["*777#", code]}, SCHEMA) == [f"menu.codes[]: {code}"]


@pytest.mark.parametrize("example", MENU_EXAMPLES)
def test_an_editor_has_nothing_against_the_examples(example: str) -> None:
    assert objections(framed(yaml.safe_load(example)), SCHEMA) == []


# A menu with one of everything, so that no wording of the shipped ones matters here.
SHOP = """\
menu: shop
codes: ["*778#"]
languages: [id, en]
start: home
resume: {minutes: 30, how: ask, screen: go_on}
recover: {after: pin, message: go_on}
reasons:
  {choose: Pilih nomor, pin: 6 angka, pin_easy: Mudah, pin_differs: Beda, words_short: Pendek, words_long: Panjang}
screens:
  home:
    text: Toko
    choices:
      1: {label: Beli, go: new_pin}
      2: {label: Harga, go: prices}
      3: {label: English, set: {language: en}, go: keep_language}
      4: {label: Anggota saja, when: member, go: prices}
  keep_language:
    do: keep_language
    outcomes: {kept: home}
  new_pin:
    text: Buat PIN
    ask: {keep: pin, check: pin, private: true, tries: 3, otherwise: bye}
    go: town
  town:
    text: Kota?
    ask: {keep: town, check: words, max: 30}
    go: bye
  prices:
    text: Dari {cheap.total|rupiah}
    show:
      cheap: {fact: quote, sector: other, package: jkk_jkm, wage: 1000000, months: 1}
      wages: {sector: other, package: jkk_jkm}
    list: {rows: wages, label: "{row.up_to|rupiah}", keep: wage, value: wage, go: bye}
    choices:
      "+": {label: Tidak jadi, go: home}
  go_on:
    text: Tadi terputus
    choices:
      1: {label: Lanjutkan, go: left}
      2: {label: Dari awal, go: home}
  bye:
    end: Terima kasih
"""
SHOP_EN = """\
menu: shop
language: en
screens:
  home: {text: Shop, choices: {1: Buy, 2: Prices}}
"""


@pytest.mark.parametrize(
    ("right", "wrong", "underlined"),
    [
        ("check: pin,", "check: pen,", "check: pen"),
        ("do: keep_language", "do: forget_language", "do: forget_language"),
        ("    outcomes: {kept: home}\n", "    with: {tongue: en}\n    outcomes: {kept: home}\n", "with: tongue"),
        ("outcomes: {kept: home}", "outcomes: {}", "outcomes: no kept"),
        ("fact: quote,", "fact: quotes,", "fact: quotes"),
        ("message: go_on", "message: go_off", "message: go_off"),
        ("tries: 3,", "attempts: 3,", "ask: attempts"),
        ("languages: [id,", "languages: [xx,", "languages[]: xx"),
        ("rows: wages", "rows: Wages", "rows: Wages"),
    ],
)
def test_an_editor_underlines_what_is_no_word_of_a_menu(right: str, wrong: str, underlined: str) -> None:
    assert right in SHOP
    assert underlined in " ".join(objections(yaml.safe_load(SHOP.replace(right, wrong)), SCHEMA))


def test_an_editor_has_nothing_against_a_menu_with_one_of_everything() -> None:
    assert problems_in(SHOP, SHOP_EN) == []
    assert objections(yaml.safe_load(SHOP), SCHEMA) == []


def test_an_editor_explains_every_key_of_a_menu() -> None:
    for shape in ("Menu", "Part", "CodeOnItsOwn"):
        properties = schema()["$defs"][shape]["properties"]
        assert [key for key, described in properties.items() if not described.get("description")] == []


@pytest.mark.parametrize("name", ["main", *publishing.parts_of(MENUS)])
def test_a_menu_and_its_parts_tell_editors_where_their_schema_is(name: str) -> None:
    assert shipped("main", f"{name}.yaml").splitlines()[0] == "# yaml-language-server: $schema=menu.schema.json"


# ---- what a caller saw ----

PIN = "285714"


@pytest.fixture
def shop(rt: Runtime) -> Runtime:
    """The house with a shop in it, on *778#."""
    publishing.publish(rt, "shop", {"shop.yaml": SHOP, "shop.en.yaml": SHOP_EN}, by="test")
    return rt


def buys(rt: Runtime, *answers: str, session: str = "s1") -> None:
    """Somebody dials the shop and answers screen by screen."""
    for number in range(len(answers) + 1):
        said = "*".join(answers[:number])
        reply = dialing.press(rt, a_keypress(said, session=f"at:{session}", code="*778#"))
        assert reply.text != dialing.BUSY


def seen(rt: Runtime, session: str = "s1", phone: str | None = PHONE) -> list[Seen]:
    return authoring.audit(rt, session, phone)


def chosen(rt: Runtime, session: str = "s1") -> list[str]:
    return [turn.chose for turn in seen(rt, session)]


def test_an_audit_tells_every_turn_in_words(shop: Runtime) -> None:
    buys(shop, "1", PIN, "Bekasi")
    assert [(turn.screen, turn.chose, turn.shown, turn.outcome) for turn in seen(shop)] == [
        ("", "(dial)", "home", "accepted"),
        ("home", "1. Beli", "new_pin", "accepted"),
        ("new_pin", "***", "town", "accepted"),
        ("town", "Bekasi", "bye", "ended"),
    ]


def test_an_audit_tells_when_where_and_how_fast_a_turn_was(shop: Runtime) -> None:
    buys(shop)
    (turn,) = seen(shop)
    assert (turn.at, turn.menu, turn.version, turn.network) == (shop.clock(), "shop", 1, "51010")
    assert turn.milliseconds >= 0


def test_an_audit_shows_the_screen_with_its_fields_in_braces(shop: Runtime) -> None:
    buys(shop, "2")
    assert seen(shop)[-1].text == "Dari {cheap.total|rupiah}\n1, 2 ... {row.up_to|rupiah}\n+. Tidak jadi"


def test_an_audit_says_which_line_was_not_there_for_everybody(shop: Runtime) -> None:
    buys(shop)
    assert seen(shop)[0].text.endswith("3. English\n4. Anggota saja (not always)")


def test_an_audit_needs_no_worker_to_have_written_the_journal(shop: Runtime) -> None:
    buys(shop)
    assert len(seen(shop)) == 1
    assert shop.redis.xlen("srt:journal") == 0


def test_an_audit_never_tells_a_private_answer(shop: Runtime) -> None:
    buys(shop, "1", PIN)
    assert PIN not in repr(seen(shop))


def test_an_audit_tells_a_line_of_a_list_as_its_author_wrote_it(shop: Runtime) -> None:
    buys(shop, "2", "1")
    assert chosen(shop)[-1] == "1. {row.up_to|rupiah}"


def test_an_audit_knows_the_choice_below_a_list_by_where_it_led(shop: Runtime) -> None:
    rows = publishing.rates(shop, publishing.newest(shop))
    below = str(len(contributions.brackets(rows, calendar.month_of(days.local(shop.clock())))) + 1)
    buys(shop, "2", below)
    assert chosen(shop)[-1] == f"{below}. Tidak jadi"


def test_an_audit_tells_back_and_home_by_their_words(shop: Runtime) -> None:
    buys(shop, "2", "0", "2", "00")
    assert chosen(shop)[2::2] == ["0. Kembali", "00. (home)"]


def test_an_audit_tells_a_wrong_key_as_it_was_typed(shop: Runtime) -> None:
    buys(shop, "9")
    assert (seen(shop)[-1].chose, seen(shop)[-1].outcome) == ("9", "refused")


def test_an_audit_tells_a_chain_key_by_key(shop: Runtime) -> None:
    buys(shop, "2*1")
    assert chosen(shop)[-1] == "2. Harga, 1. {row.up_to|rupiah}"


def test_a_choice_is_told_in_the_language_it_was_read_in(shop: Runtime) -> None:
    buys(shop, "3", "2")
    assert chosen(shop)[1:] == ["3. English", "2. Prices"]


def test_an_audit_follows_a_dialogue_into_the_session_that_took_it_up_again(shop: Runtime) -> None:
    buys(shop, "1", PIN)
    buys(shop, "1", "Bekasi", session="s2")
    assert [turn.shown for turn in seen(shop, "s1")] == ["home", "new_pin", "town", "town", "bye"]


def test_the_audit_of_the_session_that_took_up_a_dialogue_tells_both(shop: Runtime) -> None:
    buys(shop, "1", PIN)
    buys(shop, "1", "Bekasi", session="s2")
    assert chosen(shop, "s2") == ["(dial)", "1. Beli", "***", "(dial)", "1. Lanjutkan", "Bekasi"]


def test_the_id_of_a_dialogue_is_enough_without_a_phone(shop: Runtime) -> None:
    buys(shop, "2")
    assert seen(shop, seen(shop)[0].dialogue, None) == seen(shop)


def test_another_phone_has_seen_nothing_of_this_session(shop: Runtime) -> None:
    buys(shop)
    assert seen(shop, phone="+6281200000001") == []


def renamed(rt: Runtime) -> None:
    publishing.publish(rt, "shop", {"shop.yaml": SHOP.replace("Harga", "Tarif")}, by="test")


def test_an_audit_goes_by_the_version_that_was_on_the_screen(shop: Runtime) -> None:
    buys(shop, "2")
    renamed(shop)
    assert chosen(shop)[-1] == "2. Harga"


def test_a_dialogue_that_began_over_on_a_newer_version_is_told_to_its_end(shop: Runtime) -> None:
    buys(shop)
    renamed(shop)
    publishing.withdraw(shop, "shop", 1)
    dialing.press(shop, a_keypress("2", code="*778#"))
    assert [(turn.version, turn.chose, turn.shown) for turn in seen(shop)] == [
        (1, "(dial)", "home"),
        (2, "2. Harga", "home"),
    ]


def test_what_the_database_holds_is_told_although_redis_has_forgotten_it(shop: Runtime) -> None:
    buys(shop, "2")
    journal.write(shop)
    shop.redis.flushall()
    assert len(seen(shop)) == 2


# ---- a menu to draw ----


def test_the_conditions_of_a_menu_come_with_it_as_they_were_written() -> None:
    _, conditions = authoring.compiled("shop", {"shop.en.yaml": SHOP_EN, "shop.yaml": SHOP})
    assert conditions == {("home", "4"): "member"}


def test_the_conditions_of_a_part_come_with_the_menu_that_includes_it() -> None:
    home = SHOP.split("  bye:\n")[0]
    part = "part: ends\nscreens:\n  bye:\n    branch:\n      - {when: not member, go: home}\n      - {go: over}\n"
    menu = f"{home}  over: {{end: Terima kasih}}\ninclude: [ends]\n"
    made, conditions = authoring.compiled("shop", {"shop.yaml": menu, "ends.yaml": part})
    assert conditions == {("home", "4"): "member", ("bye", "0"): "not member"}
    assert "bye" in made.screens


def test_a_menu_with_errors_is_not_drawn() -> None:
    with pytest.raises(MenuProblems, match="nowhere"):
        authoring.compiled("shop", {"shop.yaml": SHOP.replace("go: town", "go: nowhere")})


def test_what_is_no_menu_is_not_drawn() -> None:
    with pytest.raises(MenuProblems, match="this is no menu"):
        authoring.compiled("rates", {"rates.yaml": shipped("rates")})
