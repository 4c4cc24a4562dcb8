"""Cases as officers look at them, and what the desk then shows of one service's panels, without a node."""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from contracts.case import Case
from contracts.codes import codes
from contracts.content import type_name
from contracts.mechanism import Permission
from contracts.promises import promises
from services.intake.panel import PAGES as INTAKE
from services.intake.person import person_of
from services.node.expiry import WARN_DAYS
from services.node.officers import Officer
from services.node.web import choices, own
from services.node.web.act import FIXED
from services.node.web.case import Filled
from services.node.web.forms import fields
from services.node.web.operations import WIDE, bars, worries
from services.node.web.panel import NO_LABELS, Form, Labels, Look, Offer, Pages, Typed
from services.node.web.shell import HERE, _environment
from services.node.web.words import Speech, Words, catalogues
from services.notify.panel import PAGES as NOTIFY
from services.protection.panel import PAGES as PROTECTION
from services.triage.panel import PAGES as TRIAGE
from tests.unit.contracts.chronicle import CASE_ID, Chronicle

PAGES: Mapping[str, Pages] = {
    "own": own.PAGES,
    "intake": INTAKE,
    "triage": TRIAGE,
    "protection": PROTECTION,
    "notify": NOTIFY,
}
FORMS: Mapping[str, Form] = {form.name: form for pages in PAGES.values() for form in pages.forms}
_WORDS = catalogues([HERE / "locale", *(pages.folder / "locale" for pages in PAGES.values())])
_TEMPLATES = _environment({name: pages.folder / "templates" for name, pages in PAGES.items()})
_PANEL = _TEMPLATES.from_string(
    '{% from "parts.html" import offers %}{{ t("panel." ~ one.panel.name) }}'
    '{% include one.service ~ "/" ~ one.panel.name ~ ".html" %}'
    '{{ offers(t, look.name, one.offers | rejectattr("about") | list, shell.forms) }}'
)
_STAFF = {
    "komnas-ham": ("tim_hrd", "komisioner_pengaduan"),
    "komnas-perempuan": ("koordinator_upr", "komisioner_piket"),
    "lpsk": ("petugas_darurat", "tenaga_ahli_telaah", "pimpinan", "sekretaris_smpl"),
}
_LINK = re.compile(r'class="act[^"]*"\s+href="([^"]+)"')


def look(case: Case, agency: str, role: str, officer: str = "o-77", now: str = "") -> Look:
    """A case as somebody in this role looks at it; a minute after its last event, if no time is given."""
    last = max(datetime.fromisoformat(event.content.time) for event in case.timeline) + timedelta(minutes=1)
    at = datetime.fromisoformat(now) if now else last
    owed = promises(case, case.judged_by) if case.judged_by else []
    return Look(case, CASE_ID, agency, Officer(officer, role, ""), at, owed)


def everybody(case: Case) -> Iterator[Look]:
    """The case as those who act in it look at it, at each agency that takes part."""
    return (look(case, agency, role) for agency in case.participants for role in _STAFF[agency])


def offered(seen: Look) -> list[Offer]:
    """All that is offered to this officer of protection, and of what is in conflict."""
    panels = (*PROTECTION.panels, *own.PAGES.panels)
    return [one for panel in panels for one in panel.offers(seen) if seen.may(FORMS[one.form].permission)]


def names(seen: Look) -> set[str]:
    """The forms that are offered."""
    return {offer.form for offer in offered(seen)}


def page(service: str, panel: str, seen: Look, language: str = "id") -> str:
    """One panel as the case page holds it; "" if it shows nothing."""
    found = next(one for one in PAGES[service].panels if one.name == panel)
    it = found.show(seen)
    offers = tuple(one for one in found.offers(seen) if seen.may(FORMS[one.form].permission))
    if it is None and not offers:
        return ""
    return _PANEL.render(_frame(seen, language) | {"one": Filled(service, found, it, offers), "it": it, "look": seen})


def form(name: str, seen: Look, language: str = "id", given: Mapping[str, str] | None = None) -> str:
    """A form's page, the fields that the case tells filled in."""
    told = {key: [value] for key, value in (given or {}).items()}
    asked, speech, named = fields(FORMS[name].body, told), speech_of(language), labels(name, seen, language, told)
    filled = choices.renamed(asked, told | {FIXED: [*told]}, FORMS[name].free(seen))
    return _TEMPLATES.get_template("act.html").render(
        _frame(seen, language)
        | {"case": seen.name, "form": FORMS[name], "fields": asked, "given": filled, "fixed": [*told]}
        | {"called": lambda field, value: choices.called(seen, field, value, named, speech)}
        | {"options": _options(language, FORMS[name].among(seen)), "code": "", "detail": "", "key": "k", "version": "v"}
    )


def speech_of(language: str) -> Speech:
    """How values are told in a language; agencies by their ids."""
    return Speech(Words(language, _WORDS[language], "WIB"), lambda agency: agency)


def labels(name: str, seen: Look, language: str = "id", told: Typed = MappingProxyType({})) -> Labels:
    """What the values of an event of this type are called."""
    naming = next((pages.labels[name] for pages in PAGES.values() if name in pages.labels), None)
    return naming(seen, speech_of(language), told) if naming else NO_LABELS


def whole_person(seen: Look, language: str = "id") -> str:
    """The page that shows the person of a case, uncovered."""
    told = person_of(seen.case, seen.agency).model_dump(mode="json")
    template = _TEMPLATES.get_template("intake/whole-person.html")
    return template.render(_frame(seen, language) | {"case": seen.name, "it": told, "after": 60})


def operations(told: Mapping[str, Any], kept: Mapping[str, Any], language: str) -> str:
    """The page of operations, as somebody sees it who may do everything there."""
    frame = _frame(look(Chronicle().case, "lpsk", "admin_node"), language)
    page = {
        "told": told,
        "kept": kept,
        "worries": worries(told, kept),
        "bars": bars,
        "wide": WIDE,
        "warn_days": WARN_DAYS,
    }
    return _TEMPLATES.get_template("operations.html").render(frame | page | {"type_name": type_name})


def links(html: str) -> list[tuple[str, dict[str, str]]]:
    """The acts that a piece of a page links to: the form and what goes along."""
    hrefs = [urlsplit(unescape(href)) for href in _LINK.findall(html)]
    queries = [parse_qs(href.query, keep_blank_values=True) for href in hrefs]
    told = [{name: values[0] for name, values in query.items()} for query in queries]
    return [(Path(href.path).name, given) for href, given in zip(hrefs, told, strict=True)]


def _frame(seen: Look, language: str) -> dict[str, object]:
    return {
        "t": Words(language, _WORDS[language], "WIB"),
        "now": seen.now,
        "here": "/desk/cases/x",
        "visitor": SimpleNamespace(session=SimpleNamespace(csrf="c", officer=seen.officer)),
        "shell": SimpleNamespace(forms=FORMS, web=SimpleNamespace(login="demo"), may=lambda *_: True),
        "agency": seen.agency,
        "agency_name": seen.agency,
        "codes": codes,
        "Permission": Permission,
        "name_of": lambda agency: agency,
    }


def _options(language: str, among: Mapping[str, Collection[str]]) -> object:
    words = Words(language, _WORDS[language], "WIB")
    return lambda field: [
        (code, words.label(field.code_list or "reason", code))
        for code in codes(field.code_list or "reason")
        if code in among.get(field.word, (code,))
    ]
