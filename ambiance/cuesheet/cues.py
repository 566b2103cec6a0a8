"""From spans, aims and hands to cues: the one place where the future of a room is laid out.

Whatever changed (time, a hand, a pause) the cues from now on are laid anew from the levels of this very moment, so
the scene is continuous by construction and every fade keeps its rates.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import attrgetter

from ambiance.cuesheet.fades import between, least_fade
from ambiance.cuesheet.hands import aim_under, in_tail
from ambiance.cuesheet.model import Aim, Cue, FanLevel, Hand, Level, LightLevel, Sheet, SoundLevel
from ambiance.cuesheet.spans import at as span_at
from ambiance.units import SILENCE, Seconds
from ambiance.why import Layer, Why

HAND_FADE: Seconds = 2.0
"""A person's change is answered in this time; only it, bright and emergencies are faster than the rates."""
BRIGHT_FADE: Seconds = 1.5
ORDINARY: Seconds = 10.0
"""The shortest automatic change while somebody is in the room."""
REMEMBERED = 200
"""Past cues of one device that a sheet keeps: far more than a session needs, too few for anybody's taps to fill the house."""
_TINY = 1e-9


_at = attrgetter("at")


def latest(track: Sequence[Cue], offset: Seconds) -> int:
    """The index of the cue that has begun last by `offset`, of one device's cues in order; of the first if none has."""
    return max(0, bisect_right(track, offset, key=_at) - 1)


def level_at(track: Sequence[Cue], offset: Seconds) -> Level:
    """Where a device is at `offset`, by its cues in order. Before the first it stands where that one starts."""
    cue = track[latest(track, offset)]
    if cue.at > offset:
        return cue.start
    part = 1.0 if cue.fade <= 0 else (offset - cue.at) / cue.fade
    return between(cue.start, cue.target, part)


def counted(sheet: Sheet, device: str) -> tuple[Cue, ...]:
    """A device's cues that count: those before the first border that still waits for a hand."""
    return sheet.counted.get(device, ())


def lay_cues(
    sheet: Sheet,
    now: Seconds,
    levels: Mapping[str, Level] | None = None,
    before: Sheet | None = None,
    cause: Why | None = None,
) -> tuple[Cue, ...]:
    """All cues of `sheet`: those up to `now` as they were in `before`, the rest laid anew from the levels of `now`.

    `levels` says where devices stand for a first sheet; `before` is the sheet that played until now. With a `cause`
    it is no hand that changed what the phase wants: the change keeps its rates, and so does what is under way.
    """
    devices = dict.fromkeys(device for span in sheet.spans for device in sheet.palette.get(span.phase, {}))
    cues: list[Cue] = []
    for device in devices:
        lived = counted(before, device) if before is not None else ()
        past = [cue for cue in lived if cue.at <= now + _TINY]
        if lived:
            start = level_at(lived, now)
        else:
            first = next(a for s in sheet.spans if (a := sheet.palette.get(s.phase, {}).get(device)) is not None)
            start = (levels or {}).get(device, first.level)
        running = past[-1] if past and past[-1].end > now else None
        rest = next((cue for cue in lived if running is not None and abs(cue.at - running.end) <= _TINY), None)
        cues += _remembered(past)
        cues += _ahead(sheet, now, _Lane(sheet, device, now, start, running, rest, told=bool(past)), before, cause)
    return tuple(sorted(cues, key=lambda cue: cue.at))


def _remembered(past: list[Cue]) -> list[Cue]:
    """The past as a sheet keeps it: of too many cues those go that gave way to the next the soonest. The present stays as it is."""
    while len(past) > REMEMBERED:
        del past[min(range(1, len(past) - 1), key=lambda n: past[n + 1].at - past[n].at)]
    return past


def _ahead(sheet: Sheet, now: Seconds, lane: "_Lane", before: Sheet | None, cause: Why | None = None) -> list[Cue]:
    """One device's cues from `now` on."""
    then = now if sheet.paused is None else min(now, sheet.paused)
    here = span_at(sheet.spans, then)
    first, device = sheet.spans[here], lane.device
    present = aim_under(sheet, device, here, then)
    was, same_phase = None, False
    if before is not None:
        then = now if before.paused is None else min(now, before.paused)
        there = span_at(before.spans, then)
        was = aim_under(before, device, there, then)
        same_phase = before.spans[there].phase == first.phase
    touched = same_phase and present is not None and was is not None and present.level != was.level
    if sheet.paused is not None:
        if cause is not None:
            held = lane.running.target if lane.running is not None else lane.standing
            lane.move(now, ORDINARY, _held(sheet, device, Aim(held, {}), present), cause, anew=True)
        elif before is None or before.paused is None:
            lane.move(now, ORDINARY, _held(sheet, device, Aim(lane.standing, {}), present), Why(Layer.HAND, "pause"))
        elif touched and present is not None and was is not None:
            lane.answer(now, was, present, pausing=True)
        return lane.ahead
    if cause is not None and present is not None:
        left = lane.running.end - now if lane.running is not None else 0.0
        lane.move(now, max(ORDINARY, left), present, cause if touched else None, anew=True)
    elif touched and present is not None and was is not None and before is not None and before.paused is None:
        lane.answer(now, was, present)
    else:
        left = first.fade - (now - first.start) if not in_tail(first, now) else first.end - now
        lane.move(now, max(ORDINARY if first.n else 0.0, left), present)
    lane.tail(here, now)
    for index in range(here + 1, len(sheet.spans)):
        span = sheet.spans[index]
        if span.length <= 0:
            continue
        lane.waits = lane.waits or (span.border and not span.confirmed)
        lane.move(span.start, min(span.fade, max(ORDINARY, span.length / 2)), aim_under(sheet, device, index))
        lane.tail(index, now)
    return lane.ahead


class _Lane:
    """One device's future while it is being laid out.

    `running` is what moves it now, `rest` what was to follow at once. `told`: its past says already where it stands. `waits`: what is
    laid now lies behind a border nobody confirmed.
    """

    def __init__(
        self, sheet: Sheet, device: str, now: Seconds, start: Level, running: Cue | None, rest: Cue | None, *, told: bool
    ) -> None:
        self.sheet, self.device, self.now, self.standing, self.told = sheet, device, now, start, told
        self.running, self.rest = running, rest
        self.latest = running
        self.ahead: list[Cue] = []
        self.waits = False

    def move(
        self, at: Seconds, fade: Seconds, aim: Aim | None, cause: Why | None = None, *, hasty: bool = False, anew: bool = False
    ) -> None:
        """From `at` on, move to `aim`, no faster than the rates unless a person asked (`hasty`).

        `anew`: a move that is under way to it already is laid anew too.
        """
        if aim is None:
            return
        if self.waits:  # what is only proposed takes nothing from what is certain
            at = max(at, self.now, self.latest.at if self.latest is not None else self.now)
        while self.ahead and self.ahead[-1].at > at:
            self.ahead.pop()
            self.latest = self.ahead[-1] if self.ahead else self.running
        origin = level_at([self.latest], at) if self.latest is not None else self.standing
        known = aim.level == (self.latest.target if self.latest is not None else self.standing if self.told else None)
        # It goes there already, or stands there; only a person who wants it sooner changes that, or a guest who needs it slower.
        slower = anew and origin != aim.level
        if known and not slower and (cause is None or self.latest is None or self.latest.end - at <= fade):
            return
        if origin != aim.level and not (hasty and self._at_once(origin, aim.level)):
            least = least_fade(origin, aim.level, self.sheet.sound_rate, self.sheet.light_rate, self.sheet.mired_rate)
            gentle = self.sheet.slowest if isinstance(aim.level, LightLevel | SoundLevel) else 0.0
            if hasty and isinstance(aim.level, SoundLevel) and isinstance(origin, SoundLevel) and aim.level.dba < origin.dba:
                gentle = 0.0
            fade = max(fade, least, gentle)
        self.latest = Cue(at, self.device, origin, aim.level, fade if origin != aim.level else 0.0, cause, self.waits)
        self.ahead.append(self.latest)

    def _at_once(self, origin: Level, target: Level) -> bool:
        """Whether a hand is answered faster than the rates: always, but for a guest who bears nothing sudden.

        More light and silence come at once for everybody, and what gets quieter only keeps that guest's rate.
        """
        if not self.sheet.gentle:
            return True
        if isinstance(origin, LightLevel) and isinstance(target, LightLevel):
            return target.lstar > origin.lstar
        if isinstance(origin, SoundLevel) and isinstance(target, SoundLevel):
            return target.dba <= SILENCE
        return True

    def answer(self, now: Seconds, was: Aim, wanted: Aim, *, pausing: bool = False) -> None:
        """A hand changed what this phase wants: answer at once, then go on with a fade that was under way.

        While paused (`pausing`) a trim shifts what is held; a switch, a hold and their release go to what the phase wants.
        """
        hand = self._newest(now)
        trim = hand is not None and hand.kind in ("light", "music")
        held = self.running.target if self.running is not None else self.standing
        if pausing and not (hand is not None and hand.kind in ("style", "another")):
            wanted = _held(self.sheet, self.device, replace(wanted, level=_nudged(held, was.level, wanted)) if trim else wanted, wanted)
        if hand is None:
            self.move(now, ORDINARY, wanted, Why(Layer.HAND, "released"))
            return
        cause = Why(Layer.HAND, hand.source)
        quick = BRIGHT_FADE if hand.kind == "bright" else HAND_FADE
        here, left = self.standing, self.running.end - now if self.running is not None else 0.0
        if self.running is not None and self.rest is not None and self.running.target != was.level == self.rest.target:
            # The last touch is still being answered, and the fade it came upon goes on behind that.
            here, left = self.running.target, self.rest.end - now
        if hand.kind in ("style", "another"):
            # What is played changes; how loud it becomes, and by when, does not.
            self.move(now, max(quick, left), replace(wanted, level=_retuned(held, wanted.level)) if pausing else wanted, cause)
            return
        if pausing or not trim or left <= quick + 1:
            self.move(now, quick, wanted, cause, hasty=True)
            return
        self.move(now, quick, replace(wanted, level=_nudged(here, was.level, wanted)), cause, hasty=True)
        self.move(now + quick, left - quick, wanted, cause)

    def tail(self, index: int, now: Seconds) -> None:
        """The last stretch of a phase that moves elsewhere before its end."""
        span = self.sheet.spans[index]
        begin = span.end - span.tail
        if span.tail and begin > now and begin > span.start:
            self.move(begin, span.tail, aim_under(self.sheet, self.device, index, begin))

    def _newest(self, now: Seconds) -> Hand | None:
        """The hand laid on this device at this moment."""
        switches = ("light", "exam_light", "bright") if isinstance(self.standing, LightLevel) else ("music", "mute", "style", "another")
        new = (hand for hand in reversed(self.sheet.hands) if hand.at >= now - _TINY)
        return next((h for h in new if h.kind in switches or (h.kind == "hold" and h.device == self.device)), None)


def _nudged(start: Level, was: Level, wanted: Aim) -> Level:
    """Where a device goes at once when a hand shifts its target: by the same shift from where it is, within its bounds."""
    level = wanted.level
    if isinstance(start, LightLevel) and isinstance(was, LightLevel) and isinstance(level, LightLevel):
        low = min(start.lstar, wanted.low)
        return LightLevel(min(100.0, max(low, start.lstar + level.lstar - was.lstar)), start.mired, level.color)
    if isinstance(start, SoundLevel) and isinstance(was, SoundLevel) and isinstance(level, SoundLevel) and level.dba > SILENCE:
        low, high = min(start.dba, wanted.low), max(start.dba, wanted.high)
        return SoundLevel(min(high, max(low, SILENCE + 1, start.dba + level.dba - was.dba)), level.playlist)
    return level


def _retuned(held: Level, wanted: Level) -> Level:
    """Other music at the level that is held; silence stays, whether it is held or wanted."""
    if isinstance(held, SoundLevel) and isinstance(wanted, SoundLevel) and held.dba > SILENCE and wanted.dba > SILENCE:
        return SoundLevel(held.dba, wanted.playlist)
    return wanted if isinstance(wanted, SoundLevel) and wanted.dba <= SILENCE else held


def _held(sheet: Sheet, device: str, aim: Aim, present: Aim | None) -> Aim:
    """While paused there is light to stand up by, whatever is held; what the guest needs and the house allows in this phase holds on."""
    floor = sheet.palette.get("paused", {}).get(device)
    level = aim.level
    if isinstance(level, FanLevel) and present is not None:
        return present
    if isinstance(level, SoundLevel):
        return replace(aim, level=_bearable(level, present)) if present is not None else aim
    if not isinstance(level, LightLevel) or floor is None or not isinstance(floor.level, LightLevel):
        return aim
    least = floor.level.lstar
    if present is not None and isinstance(present.level, LightLevel):
        least = max(least, present.firm)
        level = replace(level, mired=max(level.mired, present.warmest), color=None if present.white else level.color)
        if present.ceiling is not None and present.ceiling.layer in (Layer.CARE, Layer.LIMIT):
            level = replace(level, lstar=min(level.lstar, max(present.high, present.level.lstar)))
    return replace(aim, level=replace(level, lstar=max(least, level.lstar)))


def _bearable(level: SoundLevel, present: Aim) -> SoundLevel:
    """A sound that is held, no louder than the phase allows, and no lower."""
    if level.dba <= SILENCE or present.high <= SILENCE:
        return SoundLevel(SILENCE) if level.dba > SILENCE else level
    return replace(level, dba=min(present.high, max(level.dba, present.low)))
