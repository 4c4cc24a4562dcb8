"""The page of one event: who said it, what, and how certain that is, in words before hashes."""

import re
from collections.abc import Mapping
from html import unescape
from types import MappingProxyType, SimpleNamespace

import pytest

from contracts.codes import LANGUAGES
from services.node.web.shell import HERE, _environment
from services.node.web.timeline_event import Said, confirmed_after
from services.node.web.words import Words, catalogues
from tests.unit.services.test_web_timeline import line

WORDS = catalogues([HERE / "locale"])
PAGE = _environment({}).get_template("line.html")
NAMES = {"lpsk": "LPSK", "komnas-ham": "Komnas HAM", "komnas-perempuan": "Komnas Perempuan"}
OWN = line("a", "2026-11-22T01:00:00.000Z", "protection.measure.started")
NOTHING: Mapping[str, object] = MappingProxyType({})
OTHERS = ["komnas-ham", "komnas-perempuan"]
CERTAIN = {"witnesses": OTHERS, "cosigners": OTHERS, "before": "2026-11-22T01:00:03.000Z"}
SAID = ("erased", "covered", "unknown", "nothing", "unsupported")
# Each sentence by its name, with what stands in its gaps.
NAMED = {name: f"[{name}] {' '.join(re.findall('{.+?}', said))}" for name, said in WORDS["en"].items()}
NAMED |= {name: WORDS["en"][name] for name in ("months", "clock")}


def shown(
    changed: Mapping[str, object], told: Mapping[str, object] = NOTHING, catalogue: Mapping[str, str] = NAMED
) -> str:
    """The text of the page of LPSK's own event, if it differs in this and says that, to who may not see who read."""
    it = OWN.model_copy(update=changed)
    frame: dict[str, object] = {"t": Words("en", catalogue, "WIB"), "visitor": None, "here": "/desk"}
    frame |= {"shell": SimpleNamespace(web=SimpleNamespace(login="oidc")), "name_of": NAMES.get, "case": "0" * 26}
    page: dict[str, object] = {
        "agency_name": "",
        "line": it,
        "titles": {},
        "body": object(),
        "covered": False,
        "said": (),
    }
    page |= {"readers": None, "seconds": confirmed_after(it), "after": (), "before": (), "listed": " & ".join}
    html = PAGE.render({**frame, **page, **told})
    return unescape(re.sub(r"<[^>]*>", "", html.partition("<main")[2]))


def claims(text: str, family: str, *names: str) -> set[str]:
    """Which sentences of a family a page says; only of these, if any are named."""
    found = set(re.findall(rf"\[{family}\.(\w+)\]", text))
    return found & set(names) if names else found


@pytest.mark.parametrize(
    ("changed", "proven"),
    [
        ({}, {"signed", "alone", "undated"}),
        ({"agency": "komnas-ham", **CERTAIN}, {"signed", "confirmed", "before", "held"}),
        ({"agency": "komnas-ham", **CERTAIN, "after": OWN.claimed}, {"signed", "confirmed", "between", "held"}),
        ({"after": OWN.claimed}, {"signed", "alone", "after"}),
        ({"cosigners": OTHERS}, {"signed", "confirmed_some_time", "undated"}),
        ({"signature": "E_REVOKED"}, {"bad", "alone", "undated"}),
    ],
)
def test_no_more_is_claimed_than_is_proven(changed: dict[str, object], proven: set[str]) -> None:
    """Of an own event that nobody has seen yet, of a partner's that others hold, of one whose key was taken back."""
    text = shown(changed)
    assert claims(text, "proof") == proven | {"readable"}
    author = NAMES[str(changed.get("agency", "lpsk"))]
    assert re.search(rf"\[proof\.(signed|bad)\] {author}\b", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_proof_is_told_in_both_languages(language: str) -> None:
    """Who signed, who confirmed it how soon, and who can read it."""
    words = WORDS[language]
    text = shown({"agency": "komnas-ham", **CERTAIN}, catalogue=words)
    assert words["proof.signed"].format(agency="Komnas HAM") in text
    assert words["proof.readable"].format(agencies="lpsk") in text
    span = words["time.seconds"].format(seconds=3)
    assert words["proof.confirmed"].format(agencies=" & ".join(OTHERS), span=span) in text


@pytest.mark.parametrize(
    ("changed", "told", "says"),
    [
        ({}, {"said": (Said("level", ("GENTING",)),)}, set()),
        ({}, {}, {"nothing"}),
        ({}, {"covered": True, "said": ()}, {"covered"}),
        ({"readable": False}, {"body": None}, {"unknown"}),
        ({"state": "ERASED", "erased_by": "b"}, {"body": None}, {"erased"}),
        ({"supported": False}, {"said": (Said("level", ("GENTING",)),)}, {"unsupported"}),
    ],
)
def test_what_cannot_be_shown_is_said_to_be_there(
    changed: dict[str, object], told: dict[str, object], says: set[str]
) -> None:
    """What is about the person, erased, or in a form that nobody here reads keeps its proof and shows nothing else."""
    text = shown({**CERTAIN, **changed}, told)
    assert claims(text, "event", *SAID) == says
    assert ("GENTING" in text) is ("said" in told and not told.get("covered"))
    assert claims(text, "proof") == {"signed", "confirmed", "before", "held", "readable"}
