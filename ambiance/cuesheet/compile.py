"""A profile and a guest's care become a cue sheet for one room."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import TypeVar

from ambiance.care.model import UNKNOWN, Care, Needs
from ambiance.cuesheet.aims import aims
from ambiance.cuesheet.cues import lay_cues
from ambiance.cuesheet.doses import doses
from ambiance.cuesheet.fades import FALL_RATE, MIRED_RATE, WINDOW
from ambiance.cuesheet.model import FOREVER, UNTUNED, Aim, Clamp, Level, Sheet, Span, WarmerLevel
from ambiance.cuesheet.order import Order
from ambiance.cuesheet.scent import scenting
from ambiance.cuesheet.standing import ready
from ambiance.profile import PHASES, Atmosphere, Profile, Step
from ambiance.site import FULL_LUX, Borders, Room, Setting
from ambiance.units import Lux, Minutes, Seconds
from ambiance.why import Layer, Why

_T = TypeVar("_T")

PAUSE_FLOOR: Lux = 40.0
"""Light enough to stand up by while a treatment is paused."""
BRIGHT_KELVIN: Mapping[Setting, float] = {"spa": 3000.0, "clinical": 3500.0}
AIRING: Minutes = 10.0
"""Minutes of airing after scent where the next guest is not known."""
_GUARDED = ("turn", "return")


def compile_sheet(
    order: Order, room: Room, *, prep: Seconds = 0.0, borders: Borders | None = None, levels: Mapping[str, Level] | None = None
) -> Sheet:
    """The cue sheet of `order` in `room`, with `prep` seconds of preparation before the guest comes.

    `levels` is where the devices stand when it begins. Raises NotOffered and Invalid for a length or visit the profile
    does not have.
    """
    return _with_cues(_score(order, room, prep, borders or room.borders), order.profile, prep, levels)


def _score(order: Order, room: Room, prep: Seconds, borders: Borders) -> Sheet:
    """The sheet without its cues: everything that does not depend on where the devices stand."""
    profile = order.profile
    steps = profile.steps(order.minutes, order.visit)
    hands = borders == "hands"
    notes: list[str] = []
    spans = _spans(steps, profile.atmospheres, prep, hands, order.care)
    scent = scenting(order, room, spans, notes)
    planned, limits = scent.pulses, order.limits
    spans = _with_turnover(spans, profile.atmospheres, profile.turnover * 60, AIRING * 60 if planned else 0.0, hands)
    palette, clamps = _palette(order, room, spans)
    needs = [order.care.at(span.phase) for span in spans]
    sheet = Sheet(
        profile=profile.id,
        minutes=order.minutes,
        spans=spans,
        palette=palette,
        cues=(),
        pulses=planned,
        clamps=(*clamps, *scent.clamps),
        slowest=max(need.slowest for need in needs),
        light_rate=min(limits.light_max_l_step, *(n.step_max or limits.light_max_l_step for n in needs)) / WINDOW,
        sound_rate=min((rate for rate in (*(n.sound_rate for n in needs), _below(limits.sound_max_db_s, FALL_RATE)) if rate), default=None),
        gentle=any(need.slowest or need.sound_rate for need in needs),
        mired_rate=_below(limits.light_max_mired_s, MIRED_RATE),
        scent_last=limits.scent_stop_minutes * 60,
        scent_run=limits.scent_run_minutes * 60,
        tuning=order.tuning,
        notes=tuple(notes),
        cared=order.care.asks,
        scents=scent.deciders(spans, profile.atmospheres),
    )
    return replace(sheet, doses=doses(spans, planned, sheet.scent_stops, spans[0].start, run=sheet.scent_run))


def _below(limit: float, general: float) -> float | None:
    """A house's own rate, where it is slower than the general one."""
    return limit if limit < general else None


def _with_cues(score: Sheet, profile: Profile, prep: Seconds, levels: Mapping[str, Level] | None) -> Sheet:
    begin = score.spans[0].start
    cues = lay_cues(score, begin, levels)
    if prep and profile.warm_ahead:
        # A table or its stones take half an hour to warm: they begin before the room does.
        early = -max(prep, profile.warm_ahead * 60)
        cues = tuple(
            replace(cue, at=early, start=WarmerLevel(False), target=WarmerLevel(True))
            if cue.at == begin and isinstance(cue.target, WarmerLevel)
            else cue
            for cue in cues
        )
    return replace(score, cues=tuple(sorted(cues, key=lambda cue: cue.at)))


class Compiler:
    """`compile_sheet` with a memory: the same order in a room of the same shape is the same sheet.

    A house has a few kinds of room and sells a few treatments over and over; whoever holds a `Compiler` compiles each
    combination once. Holds at most `MOST` sheets.
    """

    MOST = 512

    def __init__(self, rooms: Sequence[Room]) -> None:
        shapes: dict[object, int] = {}
        self._shapes = {room.id: shapes.setdefault(_shape(room), len(shapes)) for room in rooms}
        self._scores: dict[object, tuple[Profile, Sheet]] = {}
        self._sheets: dict[object, Sheet] = {}
        self._needs: dict[object, None] = {}

    def compile(self, order: Order, room: Room, prep: Seconds = 0.0, levels: Mapping[str, Level] | None = None) -> Sheet:
        """See `compile_sheet`. Raises what it raises; a refusal is not remembered."""
        budget = min(order.profile.budget.minutes(order.minutes), order.scent_minutes_left)
        asks = order.care not in (UNKNOWN, Care())
        # The profile is kept beside its sheets, so that its identity stays its own.
        what = (
            id(order.profile),
            order.minutes,
            order.visit,
            repr(order.care) if asks else order.care.known,
            asks,
            order.scent,
            order.tuning,
            budget,
            self._shapes[room.id],
            prep,
            order.limits,
            order.scent_left if budget < order.profile.budget.minutes(order.minutes) else None,
            order.evening and (order.evening, _evenings(order)),
        )
        where = None if levels is None else tuple(levels.items())
        if (known := self._sheets.get((what, where))) is not None:
            return known
        _, score = self._scores.get(what) or (None, None)
        if score is None:
            score = _score(order, room, prep, room.borders)
            _remember(self._scores, what, (order.profile, score), self.MOST)
        if asks:
            self._needs[what] = None
        sheet = _with_cues(score, order.profile, prep, levels)
        _remember(self._sheets, (what, where), sheet, self.MOST)
        return sheet

    def forget(self) -> None:
        """Drop whatever was compiled for guests who need something: what they need outlives no session here."""
        for what in self._needs:
            self._scores.pop(what, None)
        for key in [key for key in self._sheets if isinstance(key, tuple) and key[0] in self._needs]:
            del self._sheets[key]
        self._needs.clear()


def _remember(known: dict[object, _T], key: object, value: _T, most: int) -> None:
    while len(known) >= most:
        del known[next(iter(known))]
    known[key] = value


def _shape(room: Room) -> object:
    """Everything of a room that a sheet depends on."""
    devices = tuple(
        (d.id, d.kind, d.role, d.kelvin, d.fade, d.share, d.lowest, d.supine_view, d.taper, d.families, d.emission_mg_h)
        for d in room.devices
    )
    means = (room.full_light_lux, room.full_volume_dba, room.volume_m3, room.air_changes)
    return (room.setting, room.borders, room.scent_policy, means, devices)


def _spans(steps: Sequence[Step], atmospheres: Mapping[str, Atmosphere], prep: Seconds, hands: bool, care: Care) -> tuple[Span, ...]:
    spans: list[Span] = []
    if prep > 0:
        spans.append(Span("room_prep", -prep, 0.0, prep, 0.0, atmospheres["room_prep"].fade, 0, False))
    at, follows = 0.0, ""
    has_return = any(step.phase == "return" for step in steps)
    for n, step in enumerate(steps, 1):
        length = step.minutes * 60.0
        rises = step.phase == "redress" and not has_return and PHASES[follows].lying  # from the table, with no return between
        border = hands and (
            follows == "settle"
            or step.phase in _GUARDED
            or rises
            # The guest of a booked time may not be here yet: nothing goes on behind the welcome before they are.
            or (n == 2 and prep > 0)
        )
        kept = bool(follows) and care.at(follows).hold
        border = border or kept
        wish = atmospheres[step.phase]
        slow = atmospheres["turn"].fade if rises and "turn" in atmospheres else wish.fade
        fade = max(10.0, min(slow, length / 2))
        tail = wish.tail.seconds if wish.tail else 0.0
        spans.append(
            Span(
                step.phase,
                at,
                at + length,
                length,
                min(length, step.floor * 60),
                fade,
                n,
                PHASES[step.phase].lying,
                border,
                tail=tail,
                kept=kept,
            )
        )
        at, follows = at + length, step.phase
    return tuple(spans)


def _with_turnover(
    spans: tuple[Span, ...], atmospheres: Mapping[str, Atmosphere], turnover: Seconds, airing: Seconds, hands: bool
) -> tuple[Span, ...]:
    """The room's own time behind the guest's: airing if there was scent, cleaning, and then ready."""
    end = spans[-1].end
    airing = min(airing, turnover)
    parts = (("turnover_air", airing), ("turnover_clean", turnover - airing), ("ready", FOREVER))
    tail: list[Span] = []
    for phase, length in parts:
        if length > 0:
            fade = atmospheres[phase].fade if phase in atmospheres else 10.0
            tail.append(Span(phase, end, end + length, length, length, fade, 0, False, border=hands and not tail))
            end += length
    return (*spans, *tail)


def _palette(order: Order, room: Room, spans: Sequence[Span]) -> tuple[Mapping[str, Mapping[str, Aim]], tuple[Clamp, ...]]:
    """What every phase, and each switch a hand may throw, wants of every device."""
    profile = order.profile
    wishes = profile.atmospheres
    # Heating lags: one set-point for the whole visit, sent when the room is prepared.
    celsius = next((wishes[s.phase].celsius for s in spans if s.lying), wishes["welcome"].celsius if "welcome" in wishes else None)
    palette: dict[str, Mapping[str, Aim]] = {}
    clamps: list[Clamp] = []
    for span in spans:
        if span.phase not in wishes or span.phase in palette:
            continue
        phase = PHASES[span.phase]
        visit = bool(span.n) or span.phase == "room_prep"
        care = order.care if visit else None
        wish = wishes[span.phase]
        if care is not None and span.phase == "deep" and care.at("deep").no_dip:
            wish = replace(wish, lux=max(wish.lux, *(wishes[p].lux for p in ("work1", "work2") if p in wishes)))
        evening = order.evening if span.n and _late(order, span.start, span.end) else None
        found, clamped = aims(
            room,
            span.phase,
            wish,
            lying=phase.lying,
            occupied=phase.occupied,
            care=care,
            limits=order.limits,
            tuning=order.tuning if span.n else UNTUNED,
            trims=profile.trims if visit else None,
            celsius=celsius if visit else None,
            evening=evening,
        )
        palette[span.phase] = found
        clamps += clamped
        if wish.tail is not None:
            dark = replace(wish, lux=wish.tail.lux)
            palette[f"{span.phase}/tail"] = aims(
                room, span.phase, dark, lying=phase.lying, care=care, limits=order.limits, tuning=order.tuning, trims=profile.trims,
                evening=evening,
            )[0]  # fmt: skip
    full = FULL_LUX[profile.setting]
    base = wishes.get("welcome", next(iter(wishes.values())))
    examine = wishes.get("exam") or replace(base, lux=full, kelvin=4000.0, accent=None)
    bright = replace(base, lux=full, kelvin=BRIGHT_KELVIN[profile.setting], accent=None)
    ceiling = min((n.light_max for n in map(order.care.at, (s.phase for s in spans)) if n.light_max is not None), default=PAUSE_FLOOR)
    by_hand = Care(everywhere=Needs())
    for name, wish in (
        ("exam_light", replace(examine, exam_lux=max(examine.exam_lux, 1000.0))),
        ("bright", bright),
        ("paused", replace(base, lux=min(PAUSE_FLOOR, ceiling), accent=None)),
    ):
        palette[name] = _lights_only(
            room, aims(room, name, wish, care=by_hand, limits=order.limits)[0], Why(Layer.HAND, name.replace("_", " "))
        )
    if "turnover_air" not in palette and room.of("diffuser"):
        # Scent of an earlier guest may have to be aired out behind a session without any.
        palette["turnover_air"] = aims(room, "turnover_air", wishes["turnover_air"], occupied=False, limits=order.limits)[0]
    palette["ready"] = ready(room, profile.setting, order.limits)
    return palette, tuple(clamps)


def _late(order: Order, start: Seconds, end: Seconds) -> bool:
    """Whether a stretch of the visit reaches into the evening."""
    return start < order.hours[1] and end > order.hours[0]


def _evenings(order: Order) -> tuple[bool, ...]:
    """Which phases of the visit reach into the evening: all that a sheet knows of when that begins."""
    ends = tuple(accumulate(step.minutes * 60.0 for step in order.profile.steps(order.minutes, order.visit)))
    return tuple(_late(order, start, end) for start, end in zip((0.0, *ends), ends, strict=False))


def _lights_only(room: Room, found: Mapping[str, Aim], why: Why) -> Mapping[str, Aim]:
    lamps = {device.id for device in room.of("light")}
    return {device: replace(aim, why=dict.fromkeys(aim.why, why)) for device, aim in found.items() if device in lamps}
