"""Said again until confirmed: three times, spaced, then the device counts as silent; off and emergencies for ever."""

from collections.abc import Callable

from ambiance.clock import Clock
from ambiance.cuesheet.wanted import DiffuserWanted
from ambiance.device.news import DeviceNews, DeviceReported, DeviceSilent
from ambiance.device.pacing import Key
from ambiance.device.talk import Talk
from ambiance.device.tally import Tally
from ambiance.units import Seconds

WAITS: tuple[Seconds, ...] = (5.0, 10.0, 20.0)
"""Site seconds before the first, second and third resend, if an answer can have come by then.

With the third, the device counts as silent."""


class Resending:
    """`waiting` says whether a device's radio has not said it yet, `post` says it again, in the same bytes."""

    def __init__(
        self, clock: Clock, tally: Tally, tell: Callable[[DeviceNews], None], waiting: Callable[[Key], bool], post: Callable[[Talk], None]
    ) -> None:
        self._clock, self._tally, self._tell, self._waiting, self._post = clock, tally, tell, waiting, post

    def expect(self, talk: Talk, up: bool) -> None:
        """A confirmation from now on."""
        talk.stop_waiting()
        talk.tries = 1
        if talk.traits.answers and up and (talk.online is not False or talk.insist):
            self._set_alarm(talk, WAITS[0])

    def _again(self, talk: Talk) -> None:
        """No confirmation came in time."""
        talk.alarm = None
        if self._waiting(talk.key):
            self._set_alarm(talk, WAITS[0])
            return
        over = isinstance(talk.wanted, DiffuserWanted) and talk.ends_at is not None and self._clock.now() >= talk.ends_at
        if (talk.tries >= len(WAITS) or over) and not talk.silent:
            if talk.heard and not talk.insist and not over and talk.reported is not None:
                # It answers, and is otherwise than asked: that is shown, not fought.
                talk.answered, talk.settled, talk.tries = True, talk.reported, 0
                self._tell(DeviceReported(*talk.key, talk.reported, True, frozenset()))
                return
            talk.silent = True
            self._tally.silent += 1
            self._tell(DeviceSilent(*talk.key, talk.tries))
        if over:
            return
        heard = talk.heard
        self._post(talk)
        talk.heard = heard
        self._tally.resent += 1
        talk.tries += 1
        if talk.tries <= len(WAITS) or talk.insist:
            self._set_alarm(talk, WAITS[min(talk.tries, len(WAITS)) - 1])

    def _set_alarm(self, talk: Talk, seconds: Seconds) -> None:
        talk.alarm = self._clock.call_at(self._clock.now() + talk.within(seconds), lambda: self._again(talk))
