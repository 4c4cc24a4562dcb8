"""JSON Schema and AsyncAPI for those who write a node in another language: generated, never edited.

The models in `contracts.events` are the source. A schema describes the wire form only: what may be
absent is never null, and every list is there even when it is empty. A schema says less than a model
(it does not know that a 31st of June is no day); the vectors in `contracts/vectors` cover the rest.
"""

import json
from collections.abc import Mapping

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from contracts.canonical import Json
from contracts.events import BODIES, Body

DRAFT = "https://json-schema.org/draft/2020-12/schema"
ASYNCAPI = "asyncapi.json"

Tree = dict[str, Json]


class WireForm(GenerateJsonSchema):
    """The schema of what `wire()` writes: no nulls, no defaults, no titles that repeat a name."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """An optional value, when it is there, is never null."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """A default is a convenience in memory; on the wire it is written out."""
        return self.generate_inner(schema["schema"])

    def field_is_required(
        self,
        field: core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField,
        total: bool,  # noqa: ARG002, FBT001 (the signature is pydantic's)
    ) -> bool:
        """Only a field that may be None may be absent."""
        inner = field["schema"]
        return inner["type"] != "default" or inner.get("default") is not None

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 (the signature is pydantic's)
        """A title that repeats the field's name says nothing."""
        return False


def documents() -> Mapping[str, bytes]:
    """Every generated file by name: one schema for each event type, and the AsyncAPI document."""
    schemas = {f"{body.wire_type}.json": _text(_schema(body)) for body in BODIES}
    return schemas | {ASYNCAPI: _text(_asyncapi())}


def _schema(body: type[Body]) -> Tree:
    schema = body.model_json_schema(mode="validation", schema_generator=WireForm)
    return {"$schema": DRAFT, "$id": f"urn:rajut:schema:{body.wire_type}", **schema, "title": body.wire_type}


def _asyncapi() -> Tree:
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Rajut: events between agencies",
            "version": "1.0.0",
            "description": "One protection workflow, knitted out of the signed events of independent agencies.",
        },
        "channels": {"partner": _partner_channel(), "admitted": _admitted_channel()},
        "operations": {
            "publishToPartner": _operation("send", "partner", "Say a record to one partner, in our own stream."),
            "readFromPartner": _operation(
                "receive", "partner", "Pull a partner's records; it is the reader who dials."
            ),
            "followAdmitted": _operation("receive", "admitted", "A service of the node hears of admitted events."),
        },
        "components": {"messages": {body.wire_type: _message(body) for body in BODIES}},
    }


def _partner_channel() -> Tree:
    return {
        "address": "to.{partner}",
        "description": (
            "Owner's stream TO_<partner>. A message is the record (JWS compact), alone or followed by LF, "
            "the wrapped key (1168 bytes) and the sealed content. The messages below are the bodies inside "
            "that content, for those to whom it is addressed."
        ),
        "parameters": {"partner": {"description": "Agency id of the reader."}},
        "messages": {body.wire_type: {"$ref": f"#/components/messages/{body.wire_type}"} for body in BODIES},
    }


def _admitted_channel() -> Tree:
    return {
        "address": "admitted.{family}.{noun}.{verb}",
        "description": "The node's own stream ADMITTED; never leaves the agency.",
        "parameters": {name: {"description": f"{name} of the event type"} for name in ("family", "noun", "verb")},
        "messages": {"pointer": _pointer()},
    }


def _pointer() -> Tree:
    members = ("id", "type", "case", "position")
    kinds = {name: {"type": "integer" if name == "position" else "string"} for name in members}
    return {
        "name": "pointer",
        "summary": "Where to find an admitted event in this node's database. Carries no case data.",
        "contentType": "application/json",
        "payload": {"type": "object", "properties": kinds, "required": ["id", "position", "type"]},
    }


def _operation(action: str, channel: str, summary: str) -> Tree:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "summary": summary}


def _message(body: type[Body]) -> Tree:
    return {
        "name": body.wire_type,
        "summary": (body.__doc__ or "").splitlines()[0],
        "contentType": "application/json",
        "payload": {"schemaFormat": "application/schema+json;version=draft-2020-12", "schema": _schema_ref(body)},
    }


def _schema_ref(body: type[Body]) -> Tree:
    return {"$ref": f"./{body.wire_type}.json"}


def _text(tree: Tree) -> bytes:
    return (json.dumps(tree, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()
