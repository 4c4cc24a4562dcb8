"""Text that says nothing: blanks, and characters that nobody sees.

Bodies take it (`contracts.events.fields`), because what was signed once stays readable at every node. Our own doors do
not: a reason that nobody can read is none, and a person whom nobody can name is not found again.
"""

import unicodedata
from collections.abc import Iterator
from typing import Any

# Separators and controls. Not all of C*: letters of a script that is younger than this Python's tables, as Kawi is,
# count there as unassigned, and those that a font alone knows as private.
_UNSEEN = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Cs"})
# What counts as a mark, a letter or a symbol, and is drawn as nothing: the joiner, Hangul's fillers, the empty Braille.
_FILLERS = frozenset("\u034f\u115f\u1160\u2800\u3164\uffa0")


def is_blank(text: str) -> bool:
    """Whether there is nothing to be seen in a text."""
    return all(letter in _FILLERS or unicodedata.category(letter) in _UNSEEN for letter in text)


def blanks(value: Any, above: str = "") -> Iterator[str]:  # noqa: ANN401  a piece of JSON
    """Where in a value, such as `defender.name`, a text is that has characters and says nothing."""
    if isinstance(value, str) and value and is_blank(value):
        yield above
    elif isinstance(value, dict | list):
        for name, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from blanks(part, f"{above}.{name}" if above else str(name))
