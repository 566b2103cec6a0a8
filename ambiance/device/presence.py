"""Who is there: what devices, their wills and their bridges say of it, with the comings and goings damped."""

from collections.abc import Callable

from ambiance.clock import Clock
from ambiance.device.news import DeviceNews, DeviceReturned, DeviceUnsteady, DeviceWentOffline
from ambiance.device.talk import Talk


class Presence:
    """`back` is called when a device's return counts, before it is told; `gone` when it went."""

    def __init__(
        self, clock: Clock, tell: Callable[[DeviceNews], None], back: Callable[[Talk], None], gone: Callable[[Talk], None]
    ) -> None:
        self._clock, self._tell, self._back, self._gone = clock, tell, back, gone

    def says(self, talk: Talk, online: bool, bridge: str | None, now: bool = True) -> None:
        """The device says whether it is there, or for it the bridge of that name; `now`, not remembered by the broker.

        One that left three sends unconfirmed was away however often it had said that it is there: its own next word is a return.
        """
        was = talk.online
        given_up = talk.silent and now and bridge is None
        if bridge is None:
            talk.own = online
        else:
            talk.bridge = online
        if talk.online and (was is False or given_up):
            talk.lost, talk.fresh, talk.returning, talk.silent = True, False, True, False
            self.returned(talk)
        elif talk.online is False:
            if was is not False:
                talk.offline_at = self._clock.now()
                self._gone(talk)
            through = bridge if talk.bridge is False and bridge is not None else None if talk.bridge is not False else talk.told_bridge
            if talk.told_online is not False or talk.told_bridge != through:
                talk.told_online, talk.told_bridge = False, through
                self._tell(DeviceWentOffline(*talk.key, through))

    def answered(self, talk: Talk) -> None:
        """An answer to what was said after its will proves that it is there: a will of an earlier connection can come late."""
        if talk.online is False and talk.posted_at and talk.offline_at and talk.posted_at > talk.offline_at:
            talk.own = talk.told_online = True
            talk.bridge = None if talk.bridge is None else True
            talk.told_bridge = None

    def returned(self, talk: Talk) -> None:
        """It is back, or was restarted."""
        now = self._clock.now()
        talk.damping.returned(now)
        if talk.damping.unsteady(now) and not talk.unsteady:
            talk.unsteady = True
            self._tell(DeviceUnsteady(*talk.key, True))
            self._watch_calm(talk)
        if talk.return_alarm is None:
            due = talk.damping.next(now)
            if due <= now:
                self._act(talk)
            else:
                talk.return_alarm = self._clock.call_at(due, lambda: self._act(talk))

    def _act(self, talk: Talk) -> None:
        talk.return_alarm = None
        if talk.online is False:
            return
        talk.damping.acted(self._clock.now())
        talk.told_online, talk.told_bridge = True, None
        self._back(talk)
        self._tell(DeviceReturned(*talk.key))

    def _watch_calm(self, talk: Talk) -> None:
        now, calm = self._clock.now(), talk.damping.calm_from()
        if calm is not None and now < calm:
            self._clock.call_at(calm, lambda: self._watch_calm(talk))
            return
        talk.unsteady = False
        self._tell(DeviceUnsteady(*talk.key, False))
