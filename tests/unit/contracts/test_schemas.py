import json
from pathlib import Path
from typing import Any

import pytest
from faststream.specification.asyncapi.v3_0_0.schema import ApplicationSchema
from jsonschema import Draft202012Validator

from contracts.errors import Rejected
from contracts.events import BODIES, REGISTRY, read_body
from contracts.schemas import ASYNCAPI, documents
from contracts.schemas.generate import FOLDER, main

GOLDEN = Path(__file__).parents[2] / "cases" / "bodies"
TYPES = sorted(REGISTRY)
SCHEMAS = {name: json.loads(text) for name, text in documents().items()}


def golden(wire_type: str) -> Any:
    """The frozen body of a type, as parsed JSON."""
    return json.loads((GOLDEN / f"{wire_type}.json").read_text())


def fits(wire_type: str, value: object) -> bool:
    """Whether the schema takes a value."""
    return bool(Draft202012Validator(SCHEMAS[f"{wire_type}.json"]).is_valid(value))


def readable(wire_type: str, value: Any) -> bool:
    """Whether the model takes a value."""
    try:
        return read_body(wire_type, value) is not None
    except Rejected:
        return False


def test_committed_schemas_are_those_of_the_models() -> None:
    """Whoever implements from the files implements what this software checks."""
    assert main(["--check"]) == 0


def test_generation_gives_the_same_bytes_every_time() -> None:
    """A difference in a schema is a change of contract, never noise."""
    assert documents() == documents()


def test_a_stale_missing_or_leftover_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The check fails on each kind of difference, names the files, and writing repairs them all."""
    assert main([], tmp_path) == 0
    (tmp_path / ASYNCAPI).write_bytes(b"{}")
    (tmp_path / f"{TYPES[0]}.json").unlink()
    (tmp_path / "rajut.old.event.said.v1.json").write_bytes(b"{}")
    assert main(["--check"], tmp_path) == 1
    named = capsys.readouterr().out
    assert named.count("differs: ") == 3
    assert all(name in named for name in (ASYNCAPI, f"{TYPES[0]}.json", "rajut.old.event.said.v1.json"))
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in FOLDER.glob("*.json")}


def test_an_unknown_option_changes_nothing(tmp_path: Path) -> None:
    """A mistyped option is refused and nothing is written."""
    assert main(["--chek"], tmp_path) == 2
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("wire_type", TYPES)
def test_each_schema_is_a_valid_schema(wire_type: str) -> None:
    """Other languages' tools can load it."""
    Draft202012Validator.check_schema(SCHEMAS[f"{wire_type}.json"])


@pytest.mark.parametrize("wire_type", TYPES)
def test_schema_and_model_agree_on_presence(wire_type: str) -> None:
    """For each field alike: absent, null, and foreign are judged the same by schema and model."""
    body = golden(wire_type)
    assert fits(wire_type, body)
    for field in body:
        without = {name: value for name, value in body.items() if name != field}
        for changed in (without, body | {field: None}, body | {field: {"x": 1}}, body | {field: "\x00"}):
            assert fits(wire_type, changed) is readable(wire_type, changed), field
    assert not fits(wire_type, body | {"extra": 1})


def test_a_line_break_in_a_name_fits_no_schema() -> None:
    """The schema carries the patterns of texts, not only their lengths."""
    body = golden("rajut.intake.identity.shared.v1")
    body["identity"]["name"] = "A\nB"
    assert not fits("rajut.intake.identity.shared.v1", body)


def test_the_asyncapi_document_is_read_by_a_reader_that_is_not_ours() -> None:
    """The document is AsyncAPI 3 by the word of another implementation, and every link in it leads somewhere."""
    text = documents()[ASYNCAPI].decode()
    ApplicationSchema.model_validate_json(text)
    document = json.loads(text)
    assert set(document["components"]["messages"]) == set(REGISTRY)
    for wire_type, link in document["channels"]["partner"]["messages"].items():
        assert link["$ref"] == f"#/components/messages/{wire_type}"
        schema = document["components"]["messages"][wire_type]["payload"]["schema"]["$ref"]
        assert schema.removeprefix("./") in SCHEMAS
    channels = {operation["channel"]["$ref"] for operation in document["operations"].values()}
    assert channels == {f"#/channels/{name}" for name in document["channels"]}


def test_every_body_has_a_schema() -> None:
    """No event type is published without one."""
    assert set(SCHEMAS) == {f"{body.wire_type}.json" for body in BODIES} | {ASYNCAPI}
