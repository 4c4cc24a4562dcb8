"""The main job, played through: one report, three agencies, one timeline.

Three complete nodes come up on this machine. A report reaches Komnas Perempuan; officers of all three
agencies act over HTTP until emergency protection is active, before any document exists. Then every node
tells its timeline, the digests are compared, every store is verified, and the other sample reports are
taken in. The nodes stay up until Ctrl-C, or end at once with `--once`.
"""

import argparse
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from deploy.dev import cast, ceremony
from deploy.dev.desks import DeskClient
from deploy.dev.mailbox import Mailbox
from deploy.dev.runner import ThreeNodes
from deploy.dev.trio import migrate, verify

CASES = Path(__file__).parents[2] / "tests" / "cases"
MAIN = CASES / "ppham-ancaman-langsung.json"
READERS = {"komnas-ham": "kh-hrd", "komnas-perempuan": "kp-upr", "lpsk": "lpsk-darurat"}
RECEIVERS = {"komnas-ham": "kh-petugas", "komnas-perempuan": "kp-upr", "lpsk": "lpsk-hotline"}
State = Mapping[str, Any]


class Demo:
    """One run: three desks, and a clock that started with the report."""

    def __init__(self, nodes: ThreeNodes, mailbox: Mailbox) -> None:
        self.nodes = nodes
        self.mailbox = mailbox
        self.desks = {agency: DeskClient(agency, home) for agency, home in nodes.homes.items()}
        self.started = time.monotonic()

    def tell(self, who: str, what: str) -> None:
        """One line of the account: seconds since the report, who, what."""
        print(f"{time.monotonic() - self.started:7.2f} s  {who:<34} {what}", flush=True)

    def play(self) -> str:
        """The emergency, from the report to active protection; the case's id."""
        case = self.report(MAIN, "komnas-perempuan")
        kp, kh, lpsk = self.desks["komnas-perempuan"], self.desks["komnas-ham"], self.desks["lpsk"]
        self.everywhere(case, "the case is open", lambda seen: bool(seen["timeline"]))
        self.everywhere(case, "urgency is known", lambda seen: "urgency" in seen["state"])
        self.tell("komnas-perempuan system", f"urgency {self.in_force(kp, case, 'urgency')}, by the rule table")
        emergency = {"ground": "ANCAMAN_NYATA", "needs": ["EVAKUASI", "RUMAH_AMAN"]}
        proposal = kp.post("kp-upr", f"/cases/{case}/emergency", emergency)["proposal"]
        self.tell("komnas-perempuan petugas_upr", "proposes emergency protection: ANCAMAN_NYATA")
        self.everywhere(case, "the proposal is known", lambda seen: "emergency" in seen["state"])
        for leader in ("lpsk-pimpinan-1", "lpsk-pimpinan-2"):
            lpsk.post(leader, f"/cases/{case}/emergency/{proposal}/approve")
            self.tell(f"lpsk {leader.removeprefix('lpsk-')}", "approves")
        self.everywhere(case, "PROTECTION IS ACTIVE", lambda seen: _value(seen, "emergency") == "ACTIVE")
        status = {"defender_kind": "PPHAM", "status": "SEMENTARA", "basis": ["KERJA_HAM", "CARA_DAMAI"]}
        kp.post("kp-piket", f"/cases/{case}/status", status)
        self.tell("komnas-perempuan komisioner_piket", "provisional defender status: SEMENTARA")
        self.everywhere(case, "the status is known", lambda seen: _value(seen, "status/PPHAM") == "SEMENTARA")
        self.show_work(kh, case)
        return case

    def report(self, file: Path, agency: str) -> str:
        """Give a report to an agency; the case that it opened."""
        officer = RECEIVERS[agency]
        case: str = self.desks[agency].post(officer, "/reports", file.read_bytes())["case"]
        self.tell(f"{agency} {cast.ROLES[agency][officer]}", f"takes the report {file.stem}: case {case}")
        return case

    def everywhere(self, case: str, what: str, ready: Callable[[State], bool]) -> None:
        """Wait until every agency sees something; tell how long each took."""
        since = time.monotonic()

        def lag(agency: str) -> str:
            self.desks[agency].await_case(READERS[agency], case, ready)
            return f"{agency} +{(time.monotonic() - since) * 1000:.0f} ms"

        with ThreadPoolExecutor() as watchers:
            lags = list(watchers.map(lag, self.desks))
        self.tell("all three agencies", f"{what} ({', '.join(lags)})")

    def in_force(self, desk: DeskClient, case: str, slot: str) -> str:
        """The value of a slot at one desk."""
        return _value(desk.case(READERS[desk.agency], case), slot)

    def show_work(self, desk: DeskClient, case: str) -> None:
        """What waits at a desk."""
        for item in desk.get(READERS[desk.agency], "/tasks")["items"]:
            if item["case"] == case:
                self.tell(f"{desk.agency} desk", f"waiting: {item['kind']}, due {item['due_at']}")

    def compare(self, case: str) -> bool:
        """Every node's timeline, side by side, and whether the digests are equal."""
        self.settle(case)
        seen = {agency: desk.case(READERS[agency], case) for agency, desk in self.desks.items()}
        print(f"\nTimeline of case {case}, as each node tells it\n")
        print(f"{'':44}" + "".join(f"{agency:>18}" for agency in seen))
        lines = {line["id"]: line for view in seen.values() for line in view["timeline"]}
        for id_, line in sorted(lines.items(), key=lambda pair: (pair[1]["claimed"], pair[0])):
            marks = [_mark(view, id_) for view in seen.values()]
            print(f"{line['agency']:<17} {line['type'][6:-3]:<26.26}" + "".join(f"{mark:>18}" for mark in marks))
        digests = {agency: view["digest"] for agency, view in seen.items()}
        print(f"{'digest of what all three share':<44}" + "".join(f"{digest[:12]:>18}" for digest in digests.values()))
        return len(set(digests.values())) == 1

    def settle(self, case: str, within_s: float = 20.0) -> None:
        """Wait until the nodes tell one story and every line of it is held by another agency."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            views = [desk.case(READERS[agency], case) for agency, desk in self.desks.items()]
            if len({view["digest"] for view in views}) == 1 and all(_witnessed(view) for view in views):
                return
            time.sleep(0.2)

    def take_others(self) -> None:
        """The other sample reports, each at the agency that it names."""
        for file in sorted(CASES.glob("*.json")):
            if file != MAIN:
                agency = next(name for name in self.desks if f'"received_by": "{name}"' in file.read_text())
                self.report(file, agency)

    def check_stores(self) -> bool:
        """`rajut fsck` on all three nodes."""
        print()
        verdicts = [verify(home) for home in self.nodes.homes.values()]  # all of them speak, whatever the first says
        return all(verdicts)

    def addresses(self) -> None:
        """Where the desks are, and who may log in with which code."""
        print("\nThe nodes are running. Act as any officer, in a browser on this machine; Ctrl-C ends them.\n")
        for agency, desk in self.desks.items():
            print(f"  {agency}: {desk.url}/desk   (API: {desk.url}/openapi.json)")
            for officer, role in cast.ROLES[agency].items():
                print(f"    {officer:<18} {role:<24} {cast.token(desk.home, officer)}")


def main() -> int:
    """Run the demo; 0 if everything held."""
    options = argparse.ArgumentParser(prog="make demo ARGS=", description=__doc__)
    options.add_argument("--once", action="store_true", help="end by itself, with a status")
    once = options.parse_args().once
    for ending in (signal.SIGINT, signal.SIGTERM):  # a shell lets what it starts in the background ignore the first
        signal.signal(ending, signal.default_int_handler)
    root = Path(tempfile.mkdtemp(prefix="rajut-demo-"))
    root.chmod(0o711)
    try:
        return _run(root, once=once)
    except KeyboardInterrupt:
        print("\nending the nodes")
        return 0
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _run(root: Path, *, once: bool) -> int:
    print("starting three nodes, each with its own PostgreSQL and NATS", flush=True)
    with (
        Mailbox() as mailbox,
        ThreeNodes(root / "homes", ceremony=_found, migrate=migrate, mail_port=mailbox.port) as nodes,
    ):
        demo = Demo(nodes, mailbox)
        case = demo.play()
        equal = demo.compare(case)
        print(f"\n{len(mailbox.mails())} notices sent by mail, none with a word about the case")
        print("\nThe other sample reports")
        demo.take_others()
        time.sleep(2)
        clean = demo.check_stores()
        print(f"\ndigests equal: {_yes(equal)}   stores verified: {_yes(clean)}")
        if not once:
            demo.addresses()
            threading.Event().wait()
        return 0 if equal and clean else 1


def _found(homes: Mapping[str, Path]) -> None:
    ceremony.found(homes)
    cast.seat(homes)


def _value(seen: State, slot: str) -> str:
    return str(seen["state"].get(slot, {}).get("in_force", ""))


def _mark(view: State, id_: str) -> str:
    line = next((line for line in view["timeline"] if line["id"] == id_), None)
    return f"#{view['timeline'].index(line)} {line['signature']}" if line else "not for it"


def _witnessed(view: State) -> bool:
    return all(line["before"] for line in view["timeline"] if len(line["to"]) > 1)


def _yes(held: bool) -> str:  # noqa: FBT001
    return "yes" if held else "NO"


if __name__ == "__main__":
    sys.exit(main())
