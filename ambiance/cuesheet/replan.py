"""Hands on a sheet: whatever people decide, the past stays, the future is laid anew, and the scene is continuous.

Every function takes a sheet and the offset of now, and gives the new sheet.
"""

from collections.abc import Mapping
from dataclasses import replace

from ambiance.cuesheet import spans as time
from ambiance.cuesheet.cues import counted, lay_cues, level_at
from ambiance.cuesheet.doses import doses
from ambiance.cuesheet.hands import UNFIT, remembered
from ambiance.cuesheet.model import FOREVER, Aim, Cue, Dose, FanLevel, Hand, Level, LightLevel, Sheet, SoundLevel, Span
from ambiance.site import Room
from ambiance.units import SILENCE, Lstar, Seconds, lstar, mired
from ambiance.why import Layer, Why

BLACKOUT_FADE: Seconds = 5.0
HINT: Lstar = 3.0
HINT_FADE: Seconds = 10.0
"""How a room tells its therapist, and nobody else, that the time is over."""
ASKED = Why(Layer.CARE, "asked during the session")
POWER = Why(Layer.LIMIT, "power returned")
RETURN_SHORT: Seconds = 60.0
"""An early end still wakes the guest gently."""
_LASTING = ("light", "music", "mute", "style", "another", "scent_off")
"""Hands that hold to the very end of a session."""
_WAKING = ("return", "float_out")
OF_GUESTS = ("this guest", "the next guest")
"""What every note says that is about somebody rather than about the room."""


def advance(sheet: Sheet, now: Seconds) -> Sheet:
    """The present phase ends now; also how a waiting border is confirmed."""
    return _anew(sheet, now, time.advance(sheet.spans, now))


def stay(sheet: Sheet, now: Seconds, seconds: Seconds) -> tuple[Sheet, Seconds]:
    """The present phase lasts longer; returns by how many seconds the end had to move."""
    spans, moved = time.stay(sheet.spans, now, seconds)
    return _anew(sheet, now, spans), moved


def extend(sheet: Sheet, now: Seconds, seconds: Seconds) -> Sheet:
    """The end moves by `seconds`; scent gains nothing."""
    return _anew(sheet, now, time.extend(sheet.spans, now, seconds))


def pause(sheet: Sheet, now: Seconds) -> Sheet:
    """Hold the scene, with light to stand up by and without scent, until resumed."""
    held = replace(sheet, paused=now, doses=_cut(sheet, now))
    return replace(held, cues=lay_cues(held, now, before=sheet))


def blackout(sheet: Sheet, now: Seconds, room: Room) -> Sheet:
    """The power came back: half the room's light, warm and silent, as paused, until a person resumes."""
    paused = pause(sheet, now)
    cues = [cue for cue in paused.cues if cue.at < now]
    for device in room.devices:
        if device.kind == "light" and device.role != "exam":
            half = LightLevel(lstar(0.5), mired(min(device.kelvin[1], max(device.kelvin[0], 2700.0))))
            cues.append(Cue(now, device.id, LightLevel(0.0, half.mired), half, BLACKOUT_FADE, POWER))
        elif device.kind == "player":
            cues.append(Cue(now, device.id, SoundLevel(SILENCE), SoundLevel(SILENCE), 0.0, POWER))
    return replace(paused, cues=tuple(cues))


def overrun(sheet: Sheet, now: Seconds) -> Sheet:
    """The guest's time is over and nobody has said so: the last phase is held, but for one small step of light as a hint to staff.

    Brighter, or darker where the phase allows no brighter; the next hand takes it back.
    """
    last = time.at(sheet.spans, now)
    cues = list(sheet.cues)
    for device, aim in sheet.palette.get(sheet.spans[last].phase, {}).items():
        track = counted(sheet, device)
        level = level_at(track, now) if track else None
        if not isinstance(level, LightLevel) or level.lstar <= 0:
            continue
        step = next((s for s in (HINT, -HINT) if aim.low <= level.lstar + s <= aim.high), 0.0)
        if step:
            target = replace(level, lstar=level.lstar + step)
            cues.append(Cue(now, device, level, target, max(HINT_FADE, sheet.slowest), Why(Layer.STANDING, "overrun")))
    # A cue that only proposes what lies behind the border comes after it, as it always does.
    return replace(sheet, cues=tuple(sorted(cues, key=lambda cue: (cue.at, cue.waits))))


def asks_to_resume(sheet: Sheet) -> bool:
    """Whether it stands still because the power had failed, and waits for a person."""
    paused = sheet.paused
    return paused is not None and any(cue.why == POWER and cue.at >= paused for cue in sheet.cues)


def scentless(sheet: Sheet, now: Seconds) -> Sheet:
    """The same without any scent to come."""
    return replace(sheet, doses=_cut(sheet, now), pulses={})


def resume(sheet: Sheet, now: Seconds) -> Sheet:
    """Go on where the pause began; everything to come is later by its length."""
    if sheet.paused is None:
        return sheet
    spans = time.shift(sheet.spans, sheet.paused, now - sheet.paused)
    return _anew(replace(sheet, paused=None), now, spans, before=sheet)


def begin(sheet: Sheet, now: Seconds) -> tuple[Sheet, Seconds]:
    """The guest is here: offset 0 is now. Returns the sheet on the new offsets and by how many seconds the end moved.

    A late guest's time comes out of the treatment as far as it can shrink; the end stays as long as it can.
    """
    spans, moved = time.late(sheet.spans, now)
    moved_sheet = replace(
        sheet,
        spans=spans,
        cues=tuple(replace(cue, at=cue.at - now) for cue in sheet.cues),
        doses=tuple(replace(dose, at=dose.at - now, until=dose.until - now) for dose in _lived(sheet, now)),
        hands=tuple(replace(hand, at=hand.at - now) for hand in sheet.hands),
        scent_until=sheet.scent_until if sheet.scent_until >= FOREVER else sheet.scent_until - now,
    )
    return _anew(moved_sheet, 0.0, spans), moved


def end(sheet: Sheet, now: Seconds) -> Sheet:
    """Early end: a minute of return, then redress, then the room's own time. What was set for one moment is let go."""
    here = time.at(sheet.spans, now if sheet.paused is None else sheet.paused)
    done = [replace(span, end=now) if i == here else span for i, span in enumerate(sheet.spans[: here + 1])]
    tail: list[Span] = []
    at = now
    for span in sheet.spans[here + 1 :]:
        if span.n and span.phase not in (*_WAKING, "redress", "post_rinse"):
            continue
        length = RETURN_SHORT if span.phase in _WAKING else span.length
        # The therapist has decided: no border waits any more.
        tail.append(replace(span, start=at, end=at + length, floor=length, fade=min(span.fade, max(10.0, length / 2)), confirmed=True))
        at += length
    stripped = replace(sheet, hands=tuple(h for h in sheet.hands if h.kind in _LASTING), paused=None)
    return _anew(stripped, now, (*done, *tail), before=sheet)


def with_hand(sheet: Sheet, now: Seconds, *hands: Hand) -> Sheet:
    """Lay hands on the room; a new hold replaces an older one of the same device."""
    pinned = {hand.device for hand in hands if hand.kind == "hold"}
    switches = {hand.kind for hand in hands if hand.kind in ("mute", "style", "another", "scent_off", "exam_light", "bright")}
    kept = [h for h in sheet.hands if not (h.kind == "hold" and h.device in pinned) and h.kind not in switches]
    return _anew(replace(sheet, hands=remembered((*kept, *hands))), now, sheet.spans, before=sheet)


def without_hand(sheet: Sheet, now: Seconds, kind: str) -> Sheet:
    """Take one switch back: mute, exam light or bright."""
    return _anew(replace(sheet, hands=tuple(h for h in sheet.hands if h.kind != kind)), now, sheet.spans, before=sheet)


def release(sheet: Sheet, now: Seconds) -> Sheet:
    """Give the room back to the plan; only scent off stays, and pieces that were skipped do not come back."""
    kept = tuple(h for h in sheet.hands if h.kind in ("scent_off", "another"))
    return _anew(replace(sheet, hands=kept), now, sheet.spans, before=sheet)


def extracting(sheet: Sheet, now: Seconds, on: bool) -> Sheet:
    """The extract fans run from now on, whatever the plan says, or go back to it; nothing else moves."""
    planned = replace(sheet, unfit=on)
    laid = lay_cues(planned, now, before=sheet, cause=UNFIT)
    fans = {device for aims in sheet.palette.values() for device, aim in aims.items() if isinstance(aim.level, FanLevel)}
    cues = [cue for cue in sheet.cues if cue.device not in fans] + [cue for cue in laid if cue.device in fans]
    return replace(planned, cues=tuple(sorted(cues, key=lambda cue: (cue.at, cue.waits))))


def _anew(sheet: Sheet, now: Seconds, spans: time.Spans, before: Sheet | None = None) -> Sheet:
    before = before or sheet
    planned = replace(sheet, spans=spans)
    if any(hand.kind == "scent_off" for hand in sheet.hands) or sheet.paused is not None:
        given = _cut(sheet, now)
    else:
        given = doses(spans, sheet.pulses, planned.scent_stops, now, _lived(before, now), sheet.scent_run)
    planned = replace(planned, doses=given)
    return replace(planned, cues=lay_cues(planned, now, before=before))


def without_scent_from(sheet: Sheet, until: Seconds) -> Sheet:
    """No diffuser runs from offset `until` on, however the plan moves; what ran before stays."""
    until = min(until, sheet.scent_until)
    cut = (replace(dose, until=min(dose.until, max(dose.at, until))) for dose in sheet.doses)
    return replace(sheet, scent_until=until, doses=tuple(dose for dose in cut if dose.until - dose.at >= 1))


def with_scent_until(sheet: Sheet, until: Seconds) -> Sheet:
    """A sheet that has not begun, its doses planned anew so that none runs from offset `until` on."""
    bounded = replace(sheet, scent_until=until)
    return replace(bounded, doses=doses(sheet.spans, sheet.pulses, bounded.scent_stops, sheet.spans[0].start, run=sheet.scent_run))


def _cut(sheet: Sheet, now: Seconds) -> tuple[Dose, ...]:
    """Doses that began, ended now at the latest; none to come."""
    return tuple(replace(dose, until=min(dose.until, now)) for dose in _lived(sheet, now))


def _lived(sheet: Sheet, now: Seconds) -> tuple[Dose, ...]:
    """The doses that began: those behind a border that nobody confirmed did not."""
    return tuple(dose for dose in sheet.doses if dose.at < min(now, sheet.horizon))


def adopt(sheet: Sheet, now: Seconds, levels: Mapping[str, Level]) -> Sheet:
    """Play a sheet from `now` on in a room whose devices stand at `levels`; what lies before never happened."""
    planned = replace(sheet, doses=tuple(dose for dose in sheet.doses if dose.at >= now))
    return replace(planned, cues=lay_cues(planned, now, levels))


def carried(sheet: Sheet, lived: Sheet, now: Seconds, levels: Mapping[str, Level]) -> Sheet:
    """`sheet`, compiled for another room, goes on where `lived` stands: same phases as lived, same hands that fit, no more scent."""
    hands = tuple(hand for hand in lived.hands if hand.device is None)
    left = sum(dose.until - dose.at for dose in lived.doses if dose.at >= now)
    pulses = {phase: doses for phase, doses in sheet.pulses.items() if phase in lived.pulses}
    sheet = replace(sheet, pulses=pulses)
    moved = replace(sheet, spans=lived.spans, hands=hands, paused=lived.paused, doses=_spend(sheet, lived, now, left))
    return replace(moved, cues=lay_cues(moved, now, levels))


def cared(sheet: Sheet, lived: Sheet, now: Seconds, *, borders: bool = True, cause: Why = ASKED) -> Sheet:
    """`sheet`, compiled anew for what the guest needs (or, by `cause`, the room is) from now on, goes on where `lived` stands.

    Phases and hands stay as lived, but for hands that would pass what holds now: raised light under a new ceiling, and
    what a hold plays. Scent can only become less. `borders`: the phases to come wait for a tap where that is needed.
    """
    here = time.at(lived.spans, now if lived.paused is None else min(now, lived.paused))
    fresh = {span.phase: span for span in sheet.spans}
    spans = tuple(
        _asked(span, fresh[span.phase], now) if borders and i > here and span.phase in fresh else span for i, span in enumerate(lived.spans)
    )
    pulses = {phase: pulses for phase, pulses in sheet.pulses.items() if phase in lived.pulses}
    planned = replace(
        sheet,
        spans=spans,
        palette={**lived.palette, **sheet.palette},
        pulses=pulses,
        hands=_fitting(sheet, lived),
        paused=lived.paused,
        scent_until=lived.scent_until,
    )
    less = any(pulses.get(phase) != before for phase, before in lived.pulses.items())
    past = _cut(lived, now) if less else _lived(lived, now)
    if any(hand.kind == "scent_off" for hand in lived.hands) or lived.paused is not None or not pulses:
        given = _cut(lived, now)
    else:
        given = doses(spans, pulses, planned.scent_stops, now, past, sheet.scent_run)
    planned = replace(planned, doses=given)
    return replace(planned, cues=lay_cues(planned, now, before=lived, cause=cause))


def _asked(span: Span, fresh: Span, now: Seconds) -> Span:
    """A phase to come, with the border into it as it is needed now. One that waits already goes on waiting."""
    if span.start <= now:
        return replace(span, kept=fresh.kept)
    border = fresh.border or (span.border and not span.kept)
    return replace(span, border=border, kept=fresh.kept, confirmed=span.confirmed and not fresh.kept)


def _fitting(sheet: Sheet, lived: Sheet) -> tuple[Hand, ...]:
    """The hands that stay: light that was raised is lowered to a ceiling that is new, and a hold chooses no music."""
    dimmer = any(
        isinstance(aim.level, LightLevel) and device in before and aim.bears < before[device].bears - 1e-9
        for phase, aims in sheet.palette.items() if (before := lived.palette.get(phase)) for device, aim in aims.items()
    )  # fmt: skip
    raised = sum(hand.value for hand in lived.hands if hand.kind == "light") > 0
    kept: list[Hand] = []
    for hand in lived.hands:
        if dimmer and ((hand.kind == "light" and raised) or isinstance(hand.level, LightLevel)):
            continue
        kept.append(replace(hand, level=replace(hand.level, playlist=None)) if isinstance(hand.level, SoundLevel) else hand)
    return tuple(kept)


def without_needs(sheet: Sheet) -> Sheet:
    """A sheet that is over, as it is kept: what was played, without a word of what its guest needed."""
    plain = Why(Layer.PROFILE, "")

    def silent(aim: Aim) -> Aim:
        why = {name: plain if why.layer is Layer.CARE else why for name, why in aim.why.items()}
        return replace(aim, why=why, floor=None, ceiling=None, tint=None, bears=100.0, styles={}, barred=None)

    palette = {phase: {device: silent(aim) for device, aim in aims.items()} for phase, aims in sheet.palette.items()}
    return replace(
        sheet,
        palette=palette,
        cues=tuple(replace(cue, why=plain) if cue.why is not None and cue.why.layer is Layer.CARE else cue for cue in sheet.cues),
        clamps=tuple(clamp for clamp in sheet.clamps if clamp.why.layer is not Layer.CARE),
        notes=(),
        scents={phase: plain if why.layer is Layer.CARE else why for phase, why in sheet.scents.items()},
    )


def _spend(sheet: Sheet, lived: Sheet, now: Seconds, left: Seconds) -> tuple[Dose, ...]:
    found: list[Dose] = []
    last = min(lived.end - sheet.scent_last, sheet.scent_until)
    for dose in doses(lived.spans, sheet.pulses, last, now, run=sheet.scent_run):
        length = min(dose.until - dose.at, left)
        if length >= 1:
            found.append(replace(dose, until=dose.at + length))
            left -= length
    return tuple(found)
