"""A fourth agency joins with a mechanism of its own: by data and declaration alone."""

from contracts.content import Actor
from contracts.encoding import b64
from contracts.events.plan import CaseReopened
from contracts.events.protection import EmergencyApproved
from contracts.mechanism import GENESIS_TEXT, LATEST, Mechanism, Permission
from services.protection.mechanisms.declaration import Machine, read
from services.protection.mechanisms.desk import machine_of
from tests.unit.contracts.chronicle import Chronicle
from tests.unit.services.mechanisms import Player

FOUR = ("komnas-ham", "komnas-perempuan", "komnas-x", "lpsk")
AGREED = b"""
[agencies.komnas-x]
zone = "WIB"
roles = ["petugas_anak", "komisioner_anak"]
ladder = ["petugas_anak", "komisioner_anak"]

[agencies.komnas-x.permissions]
read_case = ["petugas_anak", "komisioner_anak"]
take_step = ["petugas_anak", "komisioner_anak"]
"""
DECLARED = """
agency = "komnas-x"
version = 1
standing = "Contoh: lembaga keempat, untuk anak."

[reasons]
ANAK_AMAN = { id = "Anak aman", en = "The child is safe" }

[regions.PENGAWASAN]
id = "Pengawasan"
en = "Oversight"
reacts = [
    { event = "intake.case.opened", from = ["BELUM_MULAI"], to = "DITERIMA" },
    { event = "protection.emergency.activated", from = ["DITERIMA", "TELAAH_ANAK"], to = "DAMPINGI_KELUARGA" },
    { event = "protection.case.reopened", from = ["SELESAI"], to = "TELAAH_ANAK" },
]

[regions.PENGAWASAN.states.DITERIMA]
id = "Diterima"
en = "Received"
limits = [{ hours = 24, basis = "Contoh." }]
next = [{ to = "TELAAH_ANAK", by = ["petugas_anak"] }]

[regions.PENGAWASAN.states.TELAAH_ANAK]
id = "Telaah kepentingan anak"
en = "What is best for the child"
limits = [{ working_days = 3, basis = "Contoh." }]
emits = ["protection.incident.recorded"]
next = [{ to = "DAMPINGI_KELUARGA", by = ["komisioner_anak"] }]

[regions.PENGAWASAN.states.DAMPINGI_KELUARGA]
id = "Dampingi keluarga"
en = "Beside the family"
next = [{ to = "SELESAI", by = ["komisioner_anak"], reasons = ["ANAK_AMAN"] }]

[regions.PENGAWASAN.states.SELESAI]
id = "Selesai"
en = "Finished"
end = true
next = [{ to = "TELAAH_ANAK", by = ["komisioner_anak"] }]
"""


def fourth() -> tuple[Mechanism, Machine]:
    """The mechanism with a fourth agency, and what that agency declares."""
    rules = Mechanism.read(GENESIS_TEXT + AGREED)
    return rules, read(DECLARED, rules)


def test_a_fourth_agency_leads_a_case_to_its_end_in_its_own_way() -> None:
    """Its officers, states, limits and reasons are its own; the shared case moves it, and it opens again."""
    rules, machine = fourth()
    player = Player("komnas-x", Chronicle(to=FOUR), machine, rules)
    assert player.at("PENGAWASAN") == "DITERIMA"
    assert [one.agency for one in player.owed("PENGAWASAN", "DITERIMA")] == ["komnas-x"]
    player.walk("PENGAWASAN", "TELAAH_ANAK")
    proposal = player.story.propose("komnas-ham")
    yes = [
        player.say(EmergencyApproved(proposal=proposal), "lpsk", actor=Actor("pimpinan", f"p-{number}"))
        for number in (1, 2)
    ]
    player.story.activate(proposal, *(b64(event.id) for event in yes))
    assert player.at("PENGAWASAN") == "DAMPINGI_KELUARGA"
    player.walk("PENGAWASAN", "SELESAI TELAAH_ANAK DAMPINGI_KELUARGA SELESAI")
    assert player.counts(
        player.say(player.body("PENGAWASAN", "TELAAH_ANAK"), actor=Actor("komisioner_anak", "o-2"), private=True)
    )
    assert machine_of("komnas-x", {machine.agency: machine}) is machine


def test_nobody_takes_steps_at_an_agency_that_is_not_agreed_on_yet() -> None:
    """Its declaration may be there before the agencies have agreed on it: until then its steps change nothing."""
    _, machine = fourth()
    assert read(DECLARED, LATEST) == machine
    player = Player("komnas-x", Chronicle(to=FOUR), machine)
    step = player.body("PENGAWASAN", "TELAAH_ANAK")
    assert not player.counts(player.say(step, actor=Actor("petugas_anak", "o-1"), private=True))


def test_the_others_are_not_moved_by_a_fourth() -> None:
    """That there is one more agency, and what its officers do, changes no step and no state of the three."""
    rules, machine = fourth()
    story = Chronicle(to=FOUR)
    fourth_player, lpsk = Player("komnas-x", story, machine, rules), Player("lpsk", story, rules=rules)
    fourth_player.walk("PENGAWASAN", "TELAAH_ANAK DAMPINGI_KELUARGA SELESAI")
    assert (lpsk.at("PERMOHONAN"), lpsk.at("KEDARURATAN")) == ("PERMOHONAN_MASUK", "CEK_KEDARURATAN")
    assert not rules.may("komnas-x", "petugas_permohonan", Permission.TAKE_STEP)
    assert not lpsk.counts(
        lpsk.say(CaseReopened(reason="ANCAMAN_BARU"), "komnas-x", actor=Actor("petugas_anak", "o-3"))
    )
