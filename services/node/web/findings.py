"""What a check of a bundle says, in the words of the desk. Pure.

The check speaks English, as its command does. The desk's English words for it are those very sentences: they tell which
one was said, and what stands in its gaps.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from contracts.bundle import Line
from contracts.bundle.verdict import YES
from contracts.errors import Code
from services.node.web.words import Words

_GROUPS = ("content.", "finding.", "lacks.", "searched.")
_MOST = 500  # characters of a sentence that are shown: files in a bundle are somebody's, and so are their names


def _form(sentence: str) -> re.Pattern[str]:
    """Takes the sentence, whatever stands in its gaps."""
    parts = re.split(r"\{(\w+)\}", sentence)
    return re.compile("".join(f"(?P<{part}>.+?)" if at % 2 else re.escape(part) for at, part in enumerate(parts)))


def _forms() -> Mapping[str, re.Pattern[str]]:
    words: dict[str, str] = json.loads(Path(__file__).with_name("locale").joinpath("en.json").read_text("utf-8"))
    return {name: _form(text) for name, text in words.items() if name.startswith(_GROUPS)}


_FORMS = _forms()


def told(words: Words, sentence: str) -> str:
    """A sentence of the check in these words, a broken rule by its code; one that nobody has translated as it is."""
    sentence = sentence[:_MOST]
    for name, form in _FORMS.items():
        if found := form.fullmatch(sentence):
            return words(name, **found.groupdict())
    code = sentence.partition(":")[0]
    return f"{words.advice(code)} ({code})" if code in set(Code) else sentence


def mark_of(line: Line) -> str:
    """The mark of an event in a bundle: that all of it holds, that something does not, or that not all can be seen."""
    if line.authentic != YES or line.complete.startswith("no:"):
        return "alarm"
    return "done" if line.complete == YES else "none"
