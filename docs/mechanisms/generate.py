"""`python -m docs.mechanisms.generate` writes a page with diagrams for every agency that declares a mechanism.

What a page says is in the declaration and nowhere else, so page and software cannot disagree.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

from services.protection.mechanisms import MACHINES
from services.protection.mechanisms.declaration import NOT_BEGUN, Label, Limit, Machine, Reaction, Region, State, Step

FOLDER = Path(__file__).parent
HOUR = timedelta(hours=1)


def page(machine: Machine) -> str:
    """The page of one machine, in Markdown."""
    return "\n".join(_page(machine))


def write(machines: Mapping[str, Machine], folder: Path) -> None:
    """Make the folder hold exactly the pages of these machines, beside its README."""
    pages = {f"{agency}.md": page(machine) for agency, machine in machines.items()}
    for stale in {path.name for path in folder.glob("*.md")} - pages.keys() - {"README.md"}:
        folder.joinpath(stale).unlink()
    for name, text in pages.items():
        folder.joinpath(name).write_text(text, encoding="utf-8")


def _page(machine: Machine) -> Iterator[str]:
    yield f"# Own mechanism of `{machine.agency}`, version {machine.version}"
    yield ""
    yield f"Written from `services/protection/mechanisms/{machine.agency}.toml` by `make regen`. In its own words:"
    yield ""
    yield f"> {machine.standing}"
    yield ""
    yield "Regions run side by side. An arrow names the roles that may take the step, or the event of the shared case"
    yield "that moves the region by itself. A limit makes a promise; when it passes, nothing moves."
    for code, region in machine.regions.items():
        yield from _region(code, region)
    if machine.reasons:
        yield from ("", "## Reasons", "", "| code | Indonesian | English |", "|---|---|---|")
        yield from (f"| `{code}` | {text.id} | {text.en} |" for code, text in machine.reasons.items())
    yield ""


def _region(code: str, region: Region) -> Iterator[str]:
    yield from ("", f"## {code}: {_both(region)}", "", "```mermaid", "stateDiagram-v2")
    yield from (f"    {arrow}" for arrow in _arrows(region))
    yield from ("```", "", "| state | names | limit | may oblige to | next, by whom |", "|---|---|---|---|---|")
    yield from (_row(name, state) for name, state in region.states.items())


def _arrows(region: Region) -> Iterator[str]:
    """The lines of the diagram, each pair of states once for steps and once for each event."""
    yield from (f"[*] --> {step.to}: {', '.join(step.by)}" for step in region.first)
    for code, state in region.states.items():
        yield from (f"{code} --> {step.to}: {_roles(step)}" for step in state.next)
    for reaction in region.reacts:
        origins = ("[*]" if code == NOT_BEGUN else code for code in reaction.leaves)
        yield from (f"{origin} --> {reaction.to}: {_cause(reaction)}" for origin in origins)
    yield from (f"{code} --> [*]" for code, state in region.states.items() if state.end)


def _row(code: str, state: State) -> str:
    limits = "<br>".join(map(_limit, state.limits)) or "-"
    emits = "<br>".join(f"`{event}`" for event in state.emits) or "-"
    steps = "<br>".join(map(_step, state.next)) or "-"
    return f"| `{code}`{' (end)' if state.end else ''} | {_both(state)} | {limits} | {emits} | {steps} |"


def _step(step: Step) -> str:
    reasons = f"; reason: {', '.join(f'`{code}`' for code in step.reasons)}" if step.reasons else ""
    caution = f". {_both(step.caution)}" if step.caution else ""
    return f"`{step.to}`: {_roles(step)}{reasons}{caution}"


def _limit(limit: Limit) -> str:
    narrowed = f"{', '.join(limit.urgency)}: " if limit.urgency else ""
    clock = f"{_clock(limit)}. " if _clock(limit) else ""
    return f"{narrowed}{clock}{limit.basis}{' **Belum dipastikan / unverified.**' if limit.unverified else ''}"


def _clock(limit: Limit) -> str:
    if limit.hours is not None:
        return f"{limit.hours // HOUR} h"
    if limit.before is not None:
        return f"before {limit.before}"
    spans = ((limit.working_days, "working days"), (limit.months, "months"), (limit.days, "days"))
    return next((f"{count} {unit}" for count, unit in spans if count is not None), "")


def _roles(step: Step) -> str:
    lens = f" (gender lens {', '.join(step.with_gender_lens)})" if step.with_gender_lens else ""
    return ", ".join(step.by) + lens


def _cause(reaction: Reaction) -> str:
    codes = " or ".join(code for some in reaction.where.values() for code in some)
    return f"{reaction.event} {codes}".strip()


def _both(label: Label) -> str:
    return f"{label.id} / {label.en}"


if __name__ == "__main__":
    write(MACHINES, FOLDER)
