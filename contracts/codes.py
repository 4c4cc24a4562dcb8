"""What the codes on the wire are called in the languages of the screens.

Codes are open lists: an agency may use a new one before everybody's software knows it. Such a code
is shown as itself and marked, never hidden and never replaced. The texts are data in
`contracts/locale`, one file per language, read once at import; all files hold the same names.
Agencies are not here: their names come from the directory.
"""

from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict

LANGUAGES = ("id", "en")


class Catalogue(BaseModel):
    """All texts of one language; `unknown` wraps a code that this version does not know."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    unknown: str
    lists: Mapping[str, str]
    codes: Mapping[str, Mapping[str, str]]
    events: Mapping[str, str]
    errors: Mapping[str, str]

    def marked(self, code: str) -> str:
        """A code that this version does not know, as it is shown."""
        return self.unknown.format(code=code)


def _read(language: str) -> Catalogue:
    text = files("contracts").joinpath("locale", f"{language}.json").read_text(encoding="utf-8")
    return Catalogue.model_validate_json(text)


CATALOGUES: Mapping[str, Catalogue] = MappingProxyType({name: _read(name) for name in LANGUAGES})


def codes(code_list: str) -> tuple[str, ...]:
    """The known codes of a list, in the order in which screens offer them; KeyError if no list."""
    return tuple(CATALOGUES[LANGUAGES[0]].codes[code_list])


def list_title(code_list: str, language: str) -> str:
    """What a list is called, as a heading; KeyError if there is no such list."""
    return CATALOGUES[language].lists[code_list]


def label(code_list: str, code: str, language: str) -> str:
    """What a code is called; an unknown code is shown as itself, marked. KeyError if no list."""
    catalogue = CATALOGUES[language]
    return catalogue.codes[code_list].get(code) or catalogue.marked(code)


def event_title(event_type: str, language: str) -> str:
    """One short sentence for `<family>.<noun>.<verb>`; an unknown type is shown marked."""
    catalogue = CATALOGUES[language]
    return catalogue.events.get(event_type) or catalogue.marked(event_type)


def advice(code: str, language: str) -> str:
    """What happened and what to do next, for a code of `contracts.errors`; unknown ones marked."""
    catalogue = CATALOGUES[language]
    return catalogue.errors.get(code) or catalogue.marked(code)
