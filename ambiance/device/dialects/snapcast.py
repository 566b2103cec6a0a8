"""Snapcast clients by the server's JSON-RPC, one document a line over TCP. Volume and routing only; what plays is the stream's own.

badaix/snapcast doc/json_rpc_api/control.md.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from ambiance.cuesheet.wanted import PlayerWanted, Wanted
from ambiance.device.dialects.ask import Ask
from ambiance.device.dialects.dialect import Garbled, Heard, Liveness, Pair, Report, Traits
from ambiance.device.dialects.family import Family, music_options, nothing, said, uri_of
from ambiance.device.dialects.frame import frame_id, pair_of
from ambiance.device.dialects.options import Option, Options
from ambiance.device.dialects.reading import Nonsense, Said, given, object_of, one_of, short
from ambiance.device.dialects.scale import steps
from ambiance.device.message import Message
from ambiance.errors import Invalid
from ambiance.site import Device, Kind

LONGEST_STATUS = 64 * 1024
"""Bytes of what a server says of all its clients at once."""
_NAME = r"[^\x00-\x1f]{1,100}"
_ID = Option("the id Snapcast gives it", _NAME)
_TOPIC = re.compile(r"tcp:(?:(?P<host>[A-Za-z0-9.-]+):)?(?P<port>[0-9]{1,5})")


class Snapcast(Family):
    """`topic` is tcp:<port>, or tcp:<host>:<port> of the server; `client` is the speaker, `group` its group."""

    name: ClassVar[str] = "snapcast-jsonrpc"
    kinds: ClassVar[frozenset[Kind]] = frozenset(("player",))
    options: ClassVar[Options] = {"client": _ID, "group": _ID, "stream": _ID, **music_options(_ID.wanted, _NAME)}
    example: ClassVar[str] = "tcp:127.0.0.1:1705"

    def traits(self, device: Device) -> Traits:
        return Traits(tolerance={"volume": 1.0})

    def gateway(self, device: Device) -> str | None:
        return device.topic

    def group(self, devices: tuple[Device, ...]) -> Device | None:
        return None

    def faults(self, device: Device) -> tuple[str, ...]:
        wrong = []
        if not _TOPIC.fullmatch(device.topic):
            wrong.append(f"found the topic {device.topic}; tcp:<host>:1705 of the Snapcast server")
        if "client" not in device.options:
            wrong.append("found no client; options: {client: the id that Server.GetStatus shows}")
        return tuple(wrong)

    def filters(self, device: Device) -> tuple[str, ...]:
        return (device.topic, f"{device.topic}/online")

    def compose(self, device: Device, ask: Ask, pair: Pair, since: Wanted | None = None) -> tuple[Message, ...]:
        if ask.kind != "player" or ask.scene is not None or ask.deed not in (None, "read"):
            raise nothing(ask, self.name)
        if ask.deed == "read":
            if "client" in device.options:
                return (self._call(device, pair, "Client.GetStatus", {"id": device.options["client"]}),)
            return (self._call(device, pair, "Server.GetStatus", None),)
        messages = []
        stream = device.options.get("stream", uri_of(device, ask))
        known = isinstance(since, PlayerWanted) and since.playing and uri_of(device, since) == uri_of(device, ask)
        if ask.playlist is not None and stream is not None and "group" in device.options and not (ask.whole and known):
            messages.append(self._call(device, pair, "Group.SetStream", {"id": device.options["group"], "stream_id": stream}))
        if ask.volume is not None or ask.playing is not None:
            if "client" not in device.options:
                raise Invalid(("client", None, "--option client=… with the id of the speaker"))
            level = given(percent=None if ask.volume is None else steps(ask.volume, 100))
            volume = {"muted": ask.playing is False, **level}
            messages.append(self._call(device, pair, "Client.SetVolume", {"id": device.options["client"], "volume": volume}))
        if not messages:
            raise nothing(ask, self.name)
        return tuple(messages)

    def _call(self, device: Device, pair: Pair, method: str, params: Mapping[str, Any] | None) -> Message:
        # The server answers without naming the speaker, so the id does.
        frame = {"id": frame_id(pair, device.options.get("client", "")), "jsonrpc": "2.0", "method": method} | given(params=params)
        return said(device.topic, frame)

    def understand(self, device: Device, topic: str, payload: bytes) -> Heard | None:
        if topic == f"{device.topic}/online":
            return Liveness(one_of(payload, {"true": True, "false": False}))
        # The status of a whole server holds every client of every group.
        frame = Said(object_of(payload, LONGEST_STATUS, 10))
        if topic != device.topic or frame.word("jsonrpc") != "2.0":
            raise Nonsense("found no JSON-RPC 2.0")
        mine, pair = self._for_whom(device, frame.body.get("id"))
        if (error := frame.inside("error")) is not None:
            return Garbled(f"Snapcast refuses: {short(error.word('message'))}") if mine else None
        params = frame.inside("params")
        method = frame.word("method") or ""
        if params is not None and (client := params.word("id")) == device.options.get("client", client):
            match method:
                case "Client.OnVolumeChanged":
                    return self._report(params.inside("volume"), None)
                case "Client.OnConnect" | "Client.OnDisconnect":
                    return Liveness(method == "Client.OnConnect")
        result = frame.inside("result") if isinstance(frame.body.get("result"), dict) else None
        if result is not None and mine and "volume" in result:
            return self._report(result.inside("volume"), pair)
        if result is not None and mine and "client" in result:
            return self._client(device, (result.body["client"],), pair)
        server = result if result is not None else params if method == "Server.OnUpdate" else None
        return None if server is None else self._client(device, _clients(server), None)

    def _client(self, device: Device, clients: Iterable[Any], pair: Pair | None) -> Heard | None:
        """What a status says of this speaker: that it is gone, or how loud it is."""
        mine = next((c for c in clients if isinstance(c, dict) and c.get("id") == device.options.get("client", c.get("id"))), None)
        if mine is None:
            return None
        client = Said(mine, "client.")
        if client.flag("connected") is False:
            return Liveness(False)
        config = client.inside("config")
        return None if config is None else self._report(config.inside("volume"), pair)

    def _for_whom(self, device: Device, id: Any) -> tuple[bool, Pair | None]:
        """Whether an answer is for this speaker, and to which command."""
        known = pair_of(id) if id != 0 else None
        if known is None:
            return False, None
        return known[1] in ("", device.options.get("client", "")), known[0]

    def _report(self, volume: Said | None, pair: Pair | None) -> Report | None:
        if volume is None:
            return None
        muted = volume.flag("muted")
        values = given(volume=volume.number("percent", 0, 100), playing=None if muted is None else not muted)
        return Report(values, pair, partial=True) if values else None


def _clients(frame: Said) -> Iterator[Any]:
    """Every client in the status of a server."""
    server = frame.inside("server")
    groups = server.body.get("groups") if server is not None else None
    for group in groups if isinstance(groups, list) else ():
        clients = group.get("clients") if isinstance(group, dict) else None
        yield from clients if isinstance(clients, list) else ()
