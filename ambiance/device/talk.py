"""All that was said between us and one device, both ways, and whether it still holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from ambiance.clock import Alarm, Instant
from ambiance.cuesheet.wanted import DiffuserWanted, LightWanted, PlayerWanted, Wanted, WarmerWanted
from ambiance.device.damping import Damping
from ambiance.device.dialects.dialect import Dialect, Pair, Press, Traits
from ambiance.device.difference import at_rest, differences, runs_for
from ambiance.device.glide import at_least, gently
from ambiance.device.message import Message
from ambiance.site import Device, Room
from ambiance.units import Seconds

GRACE: Seconds = 5.0
"""After a fade, until a differing report can be somebody's hand rather than a slow device."""

SOON: Seconds = 0.5
"""What is left of a fade when nobody would see it begin anew."""


@dataclass(slots=True)
class Talk:
    """What the courier remembers of one device."""

    room: Room
    device: Device
    dialect: Dialect
    way: Seconds = 0.0
    """For how long at least a report may be on its way."""
    traits: Traits = field(init=False)

    wanted: Wanted | None = None
    pair: Pair | None = None
    letter: tuple[Message, ...] = ()
    posted_at: Instant | None = None
    begun_at: Instant | None = None
    """When `letter` was first said; None where it was not yet."""
    moved_by: Instant | None = None
    """When the fade of `wanted` is over; for a bounded run, when it began."""
    ends_at: Instant | None = None
    """When the device ends `wanted` by itself."""
    gliding: Instant | None = None
    """Until when it is on its way from somewhere else; a cue that comes meanwhile takes at least that long."""

    insist: bool = False
    """Say it until it is confirmed, however long that takes."""
    since: Mapping[str, Any] | None = None
    """What it said of itself when `wanted` was first said: what lies between is its way."""
    on_way_to: Wanted | None = None
    """Where it was going when `wanted` was said: it may have moved on since it last spoke."""
    heard: bool = False
    """It has spoken of what was asked since that was said, though otherwise than asked."""
    questioned: Instant | None = None
    """When it is asked whether it really is off, since its word that it heard proves nothing; `asked` once it was."""
    asked: bool = False
    lost: bool = False
    """The device may not have what was said: the next restatement is a new one."""
    renamed: bool = False
    """What it plays is called something else since it was told: it does not play that."""
    answered: bool = False
    silent: bool = False
    tries: int = 0
    alarm: Alarm | None = None

    reported: Mapping[str, Any] | None = None
    fresh: bool = False
    """Whether `reported` was heard since the link came up and the device came back."""
    settled: Mapping[str, Any] | None = None
    """What it was once it had done what was asked, as far as it can."""
    boot: str | None = None

    own: bool | None = None
    """What it, or its will, says of whether it is there; `bridge` what the bridge it hangs on says of itself."""
    bridge: bool | None = None
    told_online: bool | None = None
    told_bridge: str | None = None
    offline_at: Instant | None = None
    returning: bool = False
    """It said that it is back, and has not reported since: a new `boot` is then no second return."""
    damping: Damping = field(default_factory=Damping)
    return_alarm: Alarm | None = None
    unsteady: bool = False

    refused_at: Instant | None = None
    pressed: dict[tuple[Press, str], Instant] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.traits = self.dialect.traits(self.device)

    def within(self, seconds: Seconds) -> timedelta:
        """So long, or for as long as a report may be on its way."""
        return timedelta(seconds=max(seconds, self.way))

    def has(self, wanted: Wanted, restating: bool, now: Instant) -> bool:
        """Whether the device was already told exactly this, so that the same bytes will do."""
        if self.wanted is None or self.lost or self.moved_by is None or at_rest(wanted) != at_rest(self.wanted):
            return False
        ends = runs_for(wanted)
        if ends is not None:
            return self.answered and self.ends_at is not None and abs((now - self.ends_at).total_seconds() + ends) <= GRACE
        if restating:
            return True
        if now < self.moved_by:
            return abs((now + fade(wanted) - self.moved_by).total_seconds()) <= 1
        return self.reported is None or not self.answered or self.is_as_wanted(self.reported, now)

    def is_as_wanted(self, values: Mapping[str, Any], now: Instant) -> bool:
        """Whether `values` are what was asked, or what becomes of it once the device has ended it by itself."""
        if self.wanted is None:
            return False
        if self.ends_at is not None and now >= self.ends_at - timedelta(seconds=GRACE):
            return True
        return not differences(self.wanted, values, self.traits.tolerance)

    def again(self, now: Instant) -> bool:
        """Make the letter that of a repeat; False where it begins only now.

        Where a device begins anew with each word, it is told only what is left of its fade, and to play nothing that plays.
        """
        if self.begun_at is None or self.lost:
            self.begun_at = now
            return False
        if self.wanted is None or self.pair is None or self.traits.versioned:
            return False
        wanted = self.wanted
        if isinstance(wanted, LightWanted):
            left = (self.begun_at + fade(wanted) - now).total_seconds()
            if left < SOON or left > wanted.fade - SOON:
                return False
            wanted = replace(wanted, fade=round(left, 3))
        elif not (isinstance(wanted, PlayerWanted) and self.answered):
            return False
        self.letter = self.dialect.encode(self.device, wanted, self.pair, self.before(wanted, restating=True))
        return isinstance(wanted, LightWanted)

    def says_nothing_new(self, now: Instant) -> bool:
        """Whether it is as wanted by its own last word, and will not say so again. Of a run that is to begin that proves nothing."""
        if self.wanted is None or runs_for(self.wanted) is not None:
            return False
        return bool(self.traits.quiet and self.fresh and self.reported and not self.lost and self.is_as_wanted(self.reported, now))

    def stands(self, now: Instant) -> bool:
        """Whether it has done what it was told, and says so: telling it again would only take time on the air."""
        at_rest_by_now = self.moved_by is not None and now >= self.moved_by
        return self.fresh and self.answered and not self.lost and at_rest_by_now and self.is_as_wanted(self.reported or {}, now)

    @property
    def key(self) -> tuple[str, str]:
        return self.room.id, self.device.id

    @property
    def online(self) -> bool | None:
        """Whether it can be reached; None where nobody said."""
        if self.own is False or self.bridge is False:
            return False
        return self.own or self.bridge

    @property
    def off_for_good(self) -> bool:
        """Whether it is to be off and nothing else will do: scent and heat fail to off."""
        return isinstance(self.wanted, DiffuserWanted | WarmerWanted) and not self.wanted.on

    def before(self, wanted: Wanted, restating: bool) -> Wanted | None:
        """What it already is, as far as anybody knows: when the present is restated, what plays there plays already."""
        if restating and isinstance(wanted, PlayerWanted):
            return PlayerWanted(False, wanted.volume, None if self.renamed else wanted.playlist, style=wanted.style)
        return self.wanted if self.answered and not self.lost else None

    def unstartling(self, wanted: Wanted, glide: bool, now: Instant) -> Wanted:
        """`wanted` as slow as it must be from where the device is, if it may stand elsewhere or is still on its way from there."""
        if glide:
            return gently(wanted, self.device, self.room, self.reported if self.fresh else None)
        if self.gliding is not None and now < self.gliding:
            return at_least(wanted, (self.gliding - now).total_seconds(), self.device)
        return wanted

    def stop_waiting(self) -> None:
        """Expect no confirmation any more."""
        if self.alarm is not None:
            self.alarm.cancel()
            self.alarm = None


def fade(wanted: Wanted) -> timedelta:
    """How long a device may take to become `wanted`."""
    return timedelta(seconds=wanted.fade if isinstance(wanted, LightWanted | PlayerWanted) else 0.0)
