"""Whatever a guest needs, whenever it is said, and whatever people do: no ceiling and no floor is passed unless that is named."""

from hypothesis import given, settings

from ambiance.care.model import Needs
from ambiance.cuesheet import LightLevel, Scene, Sheet, SoundLevel, room_lux, scene_at
from ambiance.cuesheet.cues import counted
from ambiance.cuesheet.model import Cue
from ambiance.units import SILENCE, Seconds, mired
from ambiance.why import Layer
from tests.cuesheet.lives import Deed, Life, Start, days, starts
from tests.cuesheet.test_lives import ALMOST, quickly

NEARLY = 0.02
"""Between two scenes that split the light otherwise, lamps that cross may dip by so much of it."""


@settings(quickly, max_examples=300)
@given(starts, days)
def test_no_code_is_passed_by_a_profile_a_wish_a_hand_or_a_wall_switch(start: Start, day: list[Deed]) -> None:
    life = Life.of(start, day)
    sheet, care = life.sheet, life.care
    since = sheet.spans[0].start if life.said is None else life.said
    for offset in _moments(sheet, max(since, life.now)):
        scene = scene_at(sheet, offset)
        if scene.n and _at_rest(sheet, offset):
            _light_holds(life, sheet, scene, care.at(scene.phase), offset)
            _sound_holds(sheet, scene, care.at(scene.phase), offset)
    if care.scent != "allowed" or not care.known:
        assert all(dose.until <= max(since, sheet.spans[0].start) for dose in sheet.doses)


@settings(quickly, max_examples=300)
@given(starts, days)
def test_nothing_is_sudden_for_a_guest_who_cannot_bear_it(start: Start, day: list[Deed]) -> None:
    life = Life.of(start, day)
    sheet, care = life.sheet, life.care
    needed = max((care.at(span.phase).slowest for span in sheet.spans), default=0.0)
    since = sheet.spans[0].start if life.said is None else life.said
    if not needed:
        return
    for device in sheet.tracks:
        for cue in counted(sheet, device):
            if cue.at > since + ALMOST or not life.steps:
                _is_gentle(life, sheet, cue, needed)


@settings(quickly, max_examples=300)
@given(starts, days)
def test_what_a_guest_must_not_hear_is_in_no_playlist_that_plays(start: Start, day: list[Deed]) -> None:
    life = Life.of(start, day)
    wanted = set(start.sheet(life.care).styles)
    since = life.said
    if since is None or any(hand.kind == "hold" for hand in life.sheet.hands):
        return
    for offset in _moments(life.sheet, max(since, life.now)):
        for level in scene_at(life.sheet, offset).levels.values():
            if isinstance(level, SoundLevel) and level.dba > SILENCE and _at_rest(life.sheet, offset):
                assert level.playlist is not None
                assert level.playlist.partition(".")[0] in wanted


def _light_holds(life: Life, sheet: Sheet, scene: Scene, needs: Needs, offset: Seconds) -> None:
    room = life.start.room
    lux = room_lux(room, scene)
    named = {clamp.attribute: clamp.given for clamp in sheet.clamps if clamp.phase == scene.phase and clamp.why.layer is Layer.CARE}
    raised = any(scene.why[d.id]["brightness"].layer is Layer.HAND for d in room.of("light") if d.id in scene.why)
    if needs.light_min is not None:
        least = min(needs.light_min, named.get("floor of lux", needs.light_min))
        assert lux >= least * (1 - NEARLY) - 0.05, f"{lux} lx in {scene.phase} at {offset}, {least} needed"
    if needs.light_max is not None:
        most = max(needs.light_max, named.get("ceiling of lux", 0.0))
        assert lux <= most * (1 + NEARLY) + 0.05 or raised, f"{lux} lx in {scene.phase} at {offset}, {most} at most"
    for device in room.of("light"):
        level = scene.levels.get(device.id)
        assert isinstance(level, LightLevel)
        if needs.no_accent:
            assert level.color is None
        if needs.kelvin_max is not None and level.lstar > 0:
            assert level.mired >= min(mired(needs.kelvin_max), mired(device.kelvin[0])) - ALMOST, f"{device.id} at {offset}"


def _sound_holds(sheet: Sheet, scene: Scene, needs: Needs, offset: Seconds) -> None:
    named = any(clamp.attribute == "floor of dBA" and clamp.phase == scene.phase for clamp in sheet.clamps)
    for id, level in scene.levels.items():
        if not isinstance(level, SoundLevel):
            continue
        if needs.sound_off:
            assert level.dba == SILENCE
        if needs.sound_max is not None:
            assert level.dba <= max(SILENCE, needs.sound_max) + ALMOST, f"{id} in {scene.phase} at {offset}"
        if needs.sound_min is not None and not needs.sound_off:
            muted = level.dba == SILENCE and scene.why[id]["volume"].layer is Layer.HAND
            assert muted or named or level.dba >= needs.sound_min - ALMOST, f"{id} in {scene.phase} at {offset}"


def _is_gentle(life: Life, sheet: Sheet, cue: Cue, needed: Seconds) -> None:
    start, target = cue.start, cue.target
    by_hand = any(abs(at - cue.at) <= 2 + ALMOST for at in life.touched)
    if isinstance(start, LightLevel) and isinstance(target, LightLevel) and start != target:
        if by_hand and target.lstar > start.lstar:
            return
        assert cue.fade >= needed - ALMOST, f"{cue.device} at {cue.at}"
        assert abs(target.lstar - start.lstar) <= (sheet.light_rate or 4.0) * cue.fade + ALMOST
    elif isinstance(start, SoundLevel) and isinstance(target, SoundLevel) and start.dba != target.dba:
        if by_hand and target.dba < start.dba:
            return
        assert cue.fade >= needed - ALMOST, f"{cue.device} at {cue.at}"
        assert sheet.sound_rate is None or abs(target.dba - start.dba) <= sheet.sound_rate * cue.fade + ALMOST


def _moments(sheet: Sheet, since: Seconds) -> list[Seconds]:
    """Moments at which something has just come to rest, and the middle of every phase."""
    ends = [cue.end + 0.001 for device in sheet.tracks for cue in counted(sheet, device)]
    middles = [(max(span.start, since) + span.end) / 2 for span in sheet.spans if span.n]
    return sorted(at for at in {*ends, *middles, since + 200} if since < at < sheet.end + 400)


def _at_rest(sheet: Sheet, offset: Seconds) -> bool:
    for device in sheet.tracks:
        latest = next((cue for cue in reversed(counted(sheet, device)) if cue.at <= offset), None)
        if latest is not None and latest.end > offset:
            return False
    return True
