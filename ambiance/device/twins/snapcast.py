"""A Snapcast client as its server tells of it: JSON-RPC 2.0, one document a line over TCP.

badaix/snapcast doc/json_rpc_api/control.md (Client.SetVolume, Client.OnVolumeChanged, Client.GetStatus, Group.SetStream,
Server.GetStatus): who asks gets an answer, everybody else the notification. Volume and mute are there at once; the stream plays
on whether heard or not.
"""

import json
from typing import Any

from ambiance.device.message import Message
from ambiance.device.twins.family import FamilyTwin, Garble, whole


class SnapcastTwin(FamilyTwin):
    @property
    def client(self) -> str:
        return self.device.options["client"]

    @property
    def listens(self) -> tuple[str, ...]:
        return (self.device.topic,)

    @property
    def will(self) -> Message:
        return self._notice("Client.OnDisconnect", {"id": self.client, "client": self._status()})

    @property
    def birth(self) -> Message:
        return self._notice("Client.OnConnect", {"id": self.client, "client": self._status()})

    def _notice(self, method: str, params: dict[str, Any]) -> Message:
        return Message(self.device.topic, json.dumps({"jsonrpc": "2.0", "method": method, "params": params}).encode(), keep=True)

    def obey(self, topic: str, payload: bytes) -> None:
        frame = json.loads(payload)
        method, params = frame["method"], frame.get("params") or {}
        if method == "Client.GetStatus" and params["id"] == self.client:
            self._answer(frame, {"client": self._status()})
        elif method == "Server.GetStatus":
            groups = [{"id": self.device.options.get("group", "group"), "clients": [self._status()]}]
            self._answer(frame, {"server": {"groups": groups}})
        elif method == "Group.SetStream" and params["id"] == self.device.options.get("group"):
            values = self.body.at(self.now)
            self.play(bool(values["playing"]), None, str(params["stream_id"]))
            self._answer(frame, {"stream_id": params["stream_id"]})
        elif method == "Client.SetVolume" and params["id"] == self.client:
            volume = params["volume"]
            percent = whole(volume["percent"], 0, 100) if "percent" in volume else None
            muted = volume.get("muted", not self.running)
            if not isinstance(muted, bool):
                raise Garble(muted)
            self.play(not muted, None if percent is None else float(percent))
            self._answer(frame, {"volume": self._volume()})

    def _answer(self, frame: dict[str, Any], result: Any) -> None:
        self.say(self.device.topic, {"id": frame["id"], "jsonrpc": "2.0", "result": result})

    def _volume(self) -> dict[str, Any]:
        values = self.body.at(self.now)
        return {"muted": not values["playing"], "percent": round(values["volume"])}

    def _status(self) -> dict[str, Any]:
        return {"id": self.client, "connected": self.online, "config": {"volume": self._volume()}}

    def greet(self) -> None:
        """The server tells of volumes when they change."""

    def report(self) -> None:
        params = {"id": self.client, "volume": self._volume()}
        self.say(self.device.topic, {"jsonrpc": "2.0", "method": "Client.OnVolumeChanged", "params": params})
