"""The main job, played through: one report, three agencies, one timeline.

Three complete nodes come up on this machine. A report reaches Komnas Perempuan; officers of all three
agencies act over HTTP until emergency protection is active, before any document exists. Then every node
tells its timeline, the other sample reports are taken in, the mails are looked through, the digests are
compared and every store is verified. The nodes stay up until Ctrl-C, or end at once with `--once`.
"""

import argparse
import json
import shlex
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from deploy.dev import cast, ceremony, endings, stores
from deploy.dev.desks import DeskClient
from deploy.dev.discretion import betraying, private_words
from deploy.dev.mailbox import Mailbox
from deploy.dev.runner import ThreeNodes
from deploy.dev.side_by_side import View, table
from deploy.dev.trio import migrate, verify

CASES = Path(__file__).parents[2] / "tests" / "cases"
MAIN = CASES / "ppham-ancaman-langsung.json"
READERS = {"komnas-ham": "kh-hrd", "komnas-perempuan": "kp-upr", "lpsk": "lpsk-darurat"}
RECEIVERS = {"komnas-ham": "kh-petugas", "komnas-perempuan": "kp-upr", "lpsk": "lpsk-hotline"}


class Demo:
    """One run: three desks, and a clock that started with the report."""

    def __init__(self, nodes: ThreeNodes, mailbox: Mailbox) -> None:
        self.nodes = nodes
        self.mailbox = mailbox
        self.desks = {agency: DeskClient(agency, home) for agency, home in nodes.homes.items()}
        self.servers = {agency: processes.postgres for agency, processes in nodes.agencies.items()}
        self.cases: list[str] = []
        self.started = time.monotonic()

    def run(self) -> bool:
        """All of it; whether everything held."""
        case = self.play()
        equal = self.compare(case)
        print("\nThe other sample reports")
        self.take_others()
        stores.await_level(self.servers.values())
        discreet = self.check_mails()
        clean = self.check_stores()
        print(f"\ndigests equal: {_yes(equal)}   mails discreet: {_yes(discreet)}   stores verified: {_yes(clean)}")
        return equal and discreet and clean

    def tell(self, who: str, what: str, at: float | None = None) -> None:
        """One line of the account: seconds since the report (now, if no moment is given), who, what."""
        print(f"{(at or time.monotonic()) - self.started:7.2f} s  {who:<34} {what}", flush=True)

    def act(self, agency: str, officer: str, path: str, body: dict[str, Any] | None = None, *, told: str) -> View:
        """An officer does something at their agency's desk, and the account tells it; what the desk answers."""
        answer: View = self.desks[agency].post(officer, path, body)
        self.tell(f"{agency} {cast.ROLES[agency][officer]}", told)
        return answer

    def play(self) -> str:
        """The emergency, from the report to active protection; the case's id."""
        print("(+ milliseconds: how long after its author's database a partner's had it)", flush=True)
        case = self.report(MAIN, "komnas-perempuan")
        self.everywhere(case, "the case is open", "intake.case.opened")
        self.everywhere(case, "urgency is known", "triage.urgency.assessed")
        urgency = _value(self.desks["komnas-perempuan"].case("kp-upr", case), "urgency")
        self.tell("komnas-perempuan system", f"urgency {urgency}, by the rule table")
        self.answer_notice("komnas-ham", case)
        self.protect(case)
        status = {"defender_kind": "PPHAM", "status": "SEMENTARA", "basis": ["KERJA_HAM", "CARA_DAMAI"]}
        told = "provisional defender status: SEMENTARA"
        self.act("komnas-perempuan", "kp-piket", f"/cases/{case}/status", status, told=told)
        self.everywhere(case, "the status is known", "triage.status.determined")
        for agency in ("komnas-perempuan", "lpsk"):
            self.show_work(agency, case)
        return case

    def answer_notice(self, agency: str, case: str) -> None:
        """An officer whom their own node has called says that they have seen it."""
        officer = RECEIVERS[agency]
        notice = self.desks[agency].await_items(officer, "/notices", case)[0]
        what = notice["type"][6:-3]
        path = f"/notices/{notice['id']}/acknowledge"
        self.act(agency, officer, path, told=f"answers the call of its node: {what}, {notice['level']}")
        self.everywhere(case, "the answer is known", "notify.notice.acknowledged")

    def protect(self, case: str) -> None:
        """One agency proposes, two leaders of LPSK approve, and protection is active."""
        emergency = {"ground": "ANCAMAN_NYATA", "needs": ["EVAKUASI", "RUMAH_AMAN"]}
        path, told = f"/cases/{case}/emergency", "proposes emergency protection: ANCAMAN_NYATA"
        proposal = self.act("komnas-perempuan", "kp-upr", path, emergency, told=told)["proposal"]
        self.everywhere(case, "the proposal is known", "protection.emergency.proposed")
        for leader in ("lpsk-pimpinan-1", "lpsk-pimpinan-2"):
            self.act("lpsk", leader, f"{path}/{proposal}/approve", told=f"{leader.removeprefix('lpsk-')} approves")
        kind = "protection.emergency.activated"
        self.everywhere(case, "PROTECTION IS ACTIVE", kind, lambda seen: _value(seen, "emergency") == "ACTIVE")

    def report(self, file: Path, agency: str) -> str:
        """Give a report to an agency; the case that it opened."""
        officer = RECEIVERS[agency]
        case: str = self.desks[agency].post(officer, "/reports", file.read_bytes())["case"]
        self.cases.append(case)
        self.tell(f"{agency} {cast.ROLES[agency][officer]}", f"takes the report {file.stem}: case {case}")
        return case

    def everywhere(self, case: str, what: str, kind: str, ready: Callable[[View], bool] = bool) -> None:
        """Wait until every desk shows an event of this kind; tell how long the partners of its author waited for it."""

        def shown(desk: DeskClient) -> View:
            found: View = desk.await_case(READERS[desk.agency], case, lambda seen: _last(seen, kind) and ready(seen))
            return found

        with ThreadPoolExecutor() as watchers:
            seen = list(watchers.map(shown, self.desks.values()))
        at, line = time.monotonic(), _last(seen[0], kind)
        lags = stores.lags(self.servers, line["agency"], line["log"], line["seq"])
        waited = ", ".join(f"{agency} +{lag:.0f} ms" for agency, lag in lags.items())
        self.tell("all three agencies", f"{what} ({waited})", at)

    def show_work(self, agency: str, case: str) -> None:
        """What waits at a desk, equal things counted."""
        items = self.desks[agency].await_items(READERS[agency], f"/tasks?case={case}", case)
        for (kind, due), count in Counter((item["kind"], item["due_at"]) for item in items).items():
            self.tell(f"{agency} desk", f"waiting: {f'{count} x ' if count > 1 else ''}{kind}, due {due}")

    def compare(self, case: str) -> bool:
        """Every node's timeline, side by side, and whether the digests are equal."""
        views = self.settled(case)
        print(f"\nTimeline of case {case}, as each node tells it\n")
        print("\n".join(table(views)))
        return len({view["digest"] for view in views.values()}) == 1

    def settled(self, case: str, within_s: float = 20.0) -> Mapping[str, View]:
        """What the nodes tell, once it is one story of which others hold every line, or when the time is over."""
        end = time.monotonic() + within_s
        while True:
            views = {agency: desk.case(READERS[agency], case) for agency, desk in self.desks.items()}
            one = len({view["digest"] for view in views.values()}) == 1
            if (one and all(map(_witnessed, views.values()))) or time.monotonic() > end:
                return views
            time.sleep(0.2)

    def take_others(self) -> None:
        """The other sample reports, each at the agency that it names, until each of these knows how urgent it is."""
        for file in sorted(CASES.glob("*.json")):
            if file != MAIN:
                agency = json.loads(file.read_text())["received_by"]
                case = self.report(file, agency)
                self.desks[agency].await_case(READERS[agency], case, lambda seen: "urgency" in seen["state"])

    def check_mails(self) -> bool:
        """Whether mails were sent, and none of them says which case or anything of the reports' people."""
        mails = [mail for _, mail in self.mailbox.mails()]
        words = set().union(self.cases, *(private_words(json.loads(file.read_text())) for file in CASES.glob("*.json")))
        bad = betraying(mails, words)
        print(f"\n{len(mails)} notices sent by mail, {len(bad) or 'none'} with a word about a case\n")
        return bool(mails) and not bad

    def check_stores(self) -> bool:
        """`rajut fsck` on all three nodes."""
        verdicts = [verify(home) for home in self.nodes.homes.values()]  # all of them speak, whatever the first says
        return all(verdicts)

    def addresses(self) -> None:
        """Where the desks and the homes are, and who may log in with which code."""
        print("\nThe nodes are running. Act as any officer, in a browser on this machine; Ctrl-C ends them.\n")
        for agency, desk in self.desks.items():
            print(f"  {agency}: {desk.url}/desk   (API: {desk.url}/openapi.json)")
            for officer, role in cast.ROLES[agency].items():
                print(f"    {officer:<18} {role:<24} {cast.token(desk.home, officer)}")
        homes = next(iter(self.nodes.homes.values())).parent
        print(
            f"\nFor the guides in docs/howto, in a second terminal:\n\n  export DEMO={shlex.quote(str(homes))}",
            flush=True,
        )


def main() -> int:
    """Run the demo; 0 if everything held."""
    options = argparse.ArgumentParser(prog="make demo ARGS=", description=__doc__)
    options.add_argument("--once", action="store_true", help="end by itself, with a status")
    once = options.parse_args().once
    endings.heed()
    root = Path(tempfile.mkdtemp(prefix="rajut-demo-"))
    try:
        root.chmod(0o711)
        return _run(root, once=once)
    except KeyboardInterrupt:
        return endings.INTERRUPTED
    except Exception as failure:  # noqa: BLE001  whatever it was, a person reads one line, and where more is
        _tell_failure(failure, root)
        return 1
    finally:
        endings.ignore()
        shutil.rmtree(root, ignore_errors=True)


def _run(root: Path, *, once: bool) -> int:
    print("starting three nodes, each with its own PostgreSQL and NATS", flush=True)
    with Mailbox() as mailbox, _running(root / "homes", mailbox.port) as nodes:
        demo = Demo(nodes, mailbox)
        held = demo.run()
        if not once:
            demo.addresses()
            with suppress(KeyboardInterrupt):
                threading.Event().wait()
        return 0 if held else 1


@contextmanager
def _running(homes: Path, mail_port: int) -> Iterator[ThreeNodes]:
    """Three nodes that are up, and down afterwards, whatever interrupts their start; their end nothing interrupts."""
    nodes = ThreeNodes(homes, ceremony=_found, migrate=migrate, mail_port=mail_port)
    try:
        nodes.start_servers()
        nodes.start_nodes()
        yield nodes
    finally:
        endings.ignore()
        with suppress(OSError):  # the terminal may be gone
            print("\nending the nodes", flush=True)
        nodes.stop_all()
        for agency in nodes.agencies.values():  # also what an interrupted start had not yet counted as started
            agency.node.process.stop()
            agency.nats.process.stop()
            agency.postgres.stop()


def _tell_failure(failure: Exception, root: Path) -> None:
    """One line, with the place of the logs that it may name; what it named is about to be removed."""
    endings.ignore()
    kept = _keep_logs(root)
    first, *_ = str(failure).splitlines() or [""]
    said = first.removesuffix(", which ends:").replace(str(root), str(kept))
    with suppress(OSError):
        print(f"\nthe demo failed: {type(failure).__name__}: {said} (the servers' logs are in {kept})", flush=True)


def _keep_logs(root: Path) -> Path:
    """A folder with the servers' logs, but not the keys that lie beside them."""
    kept = Path(tempfile.mkdtemp(prefix="rajut-demo-logs-"))
    for log in (root / "homes").glob("*/**/*.log"):
        copy = kept / log.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(log, copy)
    return kept


def _found(homes: Mapping[str, Path]) -> None:
    ceremony.found(homes)
    cast.seat(homes)


def _value(seen: View, slot: str) -> str:
    return str(seen["state"].get(slot, {}).get("in_force", ""))


def _last(seen: View, kind: str) -> View:
    """The newest event of a kind in a timeline; empty if there is none."""
    return next((line for line in reversed(seen["timeline"]) if line["type"] == f"rajut.{kind}.v1"), {})


def _witnessed(view: View) -> bool:
    return all(line["before"] for line in view["timeline"] if len(line["to"]) > 1)


def _yes(held: bool) -> str:  # noqa: FBT001
    return "yes" if held else "NO"


if __name__ == "__main__":
    sys.exit(main())
