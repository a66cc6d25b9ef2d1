"""The JSON Schema of a menu or part file: an editor completes the words of a menu, and underlines what is none.

`python -m ussd_app menus schema` writes what stands in menus/menu.schema.json.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import models_json_schema

from ussd_app.engine import definition
from ussd_app.engine.checks import CHECKS
from ussd_app.services.reference import MEANINGS, parameters_of, reasons_known
from ussd_app.services.words import VOCABULARY

_SCALAR = {"type": ["string", "integer", "boolean"]}


def schema() -> dict[str, Any]:
    """The JSON Schema of a menu file, or of a part: a file that says `part`. Every closed vocabulary is filled in.

    An editor's YAML reads `3` as a number and we as text: wherever a number may stand, it allows both.
    """
    _, described = models_json_schema([(definition.Menu, "validation"), (definition.Part, "validation")])
    shapes: dict[str, Any] = _tidy(described)["$defs"]
    for model, meanings in MEANINGS.items():
        shape = shapes.get(model.__name__, {})
        for key, meaning in meanings.items() if shape else ():
            shape["properties"][key]["description"] = meaning
    _fill_screen(shapes["Screen"])
    _fill_ask(shapes["Ask"])
    rows = [name for name, spec in VOCABULARY.facts.items() if spec.rows]
    name = shapes["Listing"]["properties"]["rows"]
    name["anyOf"] = [{"enum": rows}, {"pattern": name.pop("pattern")}]
    shapes["Recover"]["properties"]["message"]["enum"] = list(VOCABULARY.messages)
    reasons = {reason: {**_SCALAR, "description": meaning} for reason, meaning in reasons_known().items()}
    for name in ("Menu", "Part"):
        shapes[name]["properties"]["reasons"]["properties"] = reasons
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A menu of Sertakan, or a part that menus share",
        "if": {"required": ["part"]},
        "then": {"$ref": "#/$defs/Part"},
        "else": {"$ref": "#/$defs/Menu"},
        "$defs": shapes,
    }


def _fill_screen(screen: dict[str, Any]) -> None:
    arguments = {name: _SCALAR for spec in VOCABULARY.facts.values() for name in spec.takes}
    of_fact = {"fact": {"enum": list(VOCABULARY.facts)}, **arguments}
    (pattern,) = screen["properties"]["show"]["patternProperties"]
    fact = {"type": "object", "properties": of_fact, "additionalProperties": False}
    screen["properties"]["show"]["patternProperties"][pattern] = fact
    screen["properties"]["do"]["enum"] = list(VOCABULARY.effects)
    screen["allOf"] = [
        {
            "if": {"properties": {"do": {"const": effect}}, "required": ["do"]},
            "then": {
                "properties": {
                    "with": {"propertyNames": {"enum": list(spec.takes)}},
                    "outcomes": {"propertyNames": {"enum": list(spec.outcomes)}, "required": list(spec.outcomes)},
                },
                "required": ["outcomes"],
            },
        }
        for effect, spec in VOCABULARY.effects.items()
    ]


def _fill_ask(ask: dict[str, Any]) -> None:
    ask["properties"]["check"]["enum"] = list(CHECKS)
    for parameter in sorted({name for spec in CHECKS.values() for name in parameters_of(spec)}):
        of = ", ".join(name for name, spec in CHECKS.items() if parameter in parameters_of(spec))
        ask["properties"][parameter] = {**_SCALAR, "description": f"a parameter of: {of}"}
    ask["additionalProperties"] = False


def _tidy(shape: Any) -> Any:
    """Pydantic's schema as an author means it: no nulls, no titles, names checked, numbers welcome as text."""
    if isinstance(shape, list):
        return [_tidy(item) for item in shape]
    if not isinstance(shape, dict):
        return shape
    made = {key: _tidy(value) for key, value in shape.items() if key != "title" or not isinstance(value, str)}
    if "oneOf" in made:  # an editor tells the two ways of writing a code apart by itself
        made["anyOf"] = made.pop("oneOf")
    either = [one for one in made.get("anyOf", ()) if one != {"type": "null"}]
    if len(either) == 1:
        made = {key: value for key, value in made.items() if key not in ("anyOf", "default")} | either[0]
    if "patternProperties" in made:
        made["additionalProperties"] = False
        named = made["patternProperties"].items()
        made["patternProperties"] = {key: _SCALAR if value == {"type": "string"} else value for key, value in named}
    if made.get("type") == "string" and "[0-9]{1,2}" in made.get("pattern", ""):
        made["type"] = ["string", "integer"]
    return made


def schema_text() -> str:
    """The schema as it stands in menus/menu.schema.json."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
