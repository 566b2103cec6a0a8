"""What the controller says of devices and starts is known to the pages, so that they can say it in the reader's language."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from ambiance.cuesheet.model import HandKind
from ambiance.cuesheet.wanted import DiffuserWanted, LightWanted, PlayerWanted
from ambiance.panel.pages.phrases import ENGLISH, phrases
from ambiance.panel.pages.recordwords import Tongue
from ambiance.panel.pages.vocabulary import ribbon_words
from ambiance.panel.pages.words import words
from ambiance.panel.reportview import FAULTS, TIMES, Handed, done
from ambiance.profile import PHASES
from ambiance.room.ages import aged
from ambiance.room.belief import DeviceBelief
from ambiance.room.faults import room_faults
from ambiance.room.unconfirmed import unconfirmed

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
TOLD = {"wanted_at": NOW - timedelta(minutes=2), "reported_at": NOW}
LIT = LightWanted(on=True, brightness=40.0, kelvin=2700, color=None, fade=0.0)
OFF = DiffuserWanted(on=False, intensity=0, run_for=0.0)
MUSIC = PlayerWanted(playing=True, volume=34.0, playlist="x", fade=0.0)
LAMP = DeviceBelief("ceiling-left", "light", "ambient", LIT, TOLD["wanted_at"], None, TOLD["reported_at"], confirmed=True)
MIST = DeviceBelief("diffuser", "diffuser", "diffuser", OFF, TOLD["wanted_at"], None, TOLD["reported_at"])
PLAYS = DeviceBelief("speaker", "player", "player", MUSIC, TOLD["wanted_at"], None, TOLD["reported_at"], confirmed=True)


def known(said: str) -> bool:
    """Whether a page has words of the reader's for it."""
    patterns = (re.escape(english).replace("%s", "(.+?)") for english in ENGLISH)
    return any(re.fullmatch(pattern, said) for pattern in patterns)


@pytest.mark.parametrize(
    "belief",
    [
        replace(LAMP, silent=True),
        replace(LAMP, online=False),
        replace(LAMP, online=False, bridge="zigbee2mqtt"),
        replace(LAMP, unsteady=True),
        replace(LAMP, garbled=True),
        replace(LAMP, reported={"on": True, "brightness": 70.0}),
        replace(LAMP, reported={"on": True, "brightness": 40.0, "kelvin": 6500}),
        replace(LAMP, reported={"on": False}),
        replace(PLAYS, online=False),
        replace(PLAYS, reported={"playing": False, "volume": 34.0}),
        replace(PLAYS, reported={"playing": True, "volume": 60.0}),
        replace(MIST, online=False),
        replace(MIST, confirmed=True, reported={"on": True, "intensity": 2}),
    ],
)
def test_every_fault_of_a_device_is_known(belief: DeviceBelief) -> None:
    said = room_faults([belief])
    assert said and [words for words in said if not known(words)] == []


def test_every_note_on_batteries_and_every_emergency_not_confirmed_is_known() -> None:
    sensor = DeviceBelief("door", "sensor", "sensor", reported={"battery": 4}, reported_at=NOW - timedelta(hours=30))
    said = [*aged([sensor], NOW), *unconfirmed({"ceiling": LAMP, "speaker": PLAYS, "diffuser": MIST}, NOW).values()]
    assert len(said) == 5 and [words for words in said if not known(words)] == []


def test_german_keeps_every_place_of_a_sentence_and_names_every_phase() -> None:
    german = words("de").gettext
    told = dict(phrases(german))
    assert [english for english, own in told.items() if own.count("%s") != english.count("%s")] == []
    assert [phase for phase in PHASES if phase not in ribbon_words(german)] == []
    assert phrases(words("en").gettext) == [("bright", "bright light")]


REASONS = (
    "yes: both were 300 lx, 3000 K, silent",
    "no, because there was no exam; there was no reassess",
    "no, because exam was 30 lx, silent, and 50 lx, 45 dBA for a while; reassess was 246 lx, exam 300 lx",
    "no, because exam was at 80 % of the examination lamp, silent, on 2026-06-01 at 10 % of the examination lamp, 45 dBA; "
    "reassess was 12 lx, on 2026-06-08 10 lx; 3 more visits differ too",
    "no, because exam was 12 lx, on 2026-06-01 10 lx; reassess was 12 lx, on 2026-06-08 10 lx; 1 more visit differs too",
    "not known: this treatment has no exam and reassess",
    "not known: reassess is not over yet",
    "not known: there is no earlier visit with an examination",
    "not known: this visit has no exam or reassess yet",
    "yes: as at 1 earlier visit",
    "yes: as at 7 earlier visits",
)


def test_why_examinations_can_be_compared_or_not_is_told_in_german_word_by_word() -> None:
    tongue = Tongue("de")
    assert tongue(REASONS[2]) == "nein: Untersuchung 30 lx, still, eine Zeit lang 50 lx, 45 dBA; Nachprüfen 246 lx, Untersuchung 300 lx"
    english = re.compile(r"\b(was|were|is|the|no|not|yes|exam|reassess|visit)\b")
    assert [found for reason in REASONS if (found := english.search(tongue(reason)))] == []
    assert [reason for reason in REASONS if Tongue("en")(reason) != reason] == []


@pytest.mark.parametrize("kind", [*get_args(HandKind), "pause", "release", *TIMES.values()])
def test_every_hand_in_a_record_has_german_words(kind: str) -> None:
    tongue = Tongue("de")
    assert tongue(done(Handed(0.0, kind))) != done(Handed(0.0, kind)) or kind == "pause"
    for amount in (2.5, -2.5) if kind in ("light", "music") else ():
        said = done(Handed(0.0, kind, amount))
        assert tongue(said) != said and "2,5" in tongue(said)


@pytest.mark.parametrize("said", [*FAULTS.values(), "A device did not answer (ceiling)", "Emergency: fire", "Emergency: medical"])
def test_every_fault_in_a_record_has_german_words(said: str) -> None:
    assert Tongue("de")(said) != said
