"""What a command prints where nobody asked for JSON: one line a thing."""

from collections.abc import Mapping, Sequence
from typing import Any


def room_line(room: Mapping[str, Any]) -> str:
    phase = f"{room['phase']} of {room['phases']}" if room["phases"] else ""
    words: Sequence[str] = [room["state"].replace("_", " "), phase, f"waits for {room['waiting_for']}" if room["waiting_for"] else ""]
    if room.get("emergency"):
        told = {True: "confirmed", False: "NOT CONFIRMED", None: ""}[room["emergency_confirmed"]]
        words = [*words, f"{room['emergency'].upper()} {told}".strip(), *room["emergency_waiting"]]
    words = [*words, f"until {room['ends_at']}" if room["ends_at"] else "", *room["hands"], *room["faults"]]
    return f"{room['id']:<14} {'  '.join(word for word in words if word)}"


def simulated(said: Mapping[str, Any]) -> str:
    """What is simulated where."""
    rooms = "; ".join(f"{room} ({', '.join(devices) or 'no devices'})" for room, devices in said["rooms"].items())
    return f"Simulating {rooms} on {said['broker']}, until interrupted"


def device_line(said: Mapping[str, Any]) -> str:
    """What a device is from this moment on."""
    values = " ".join(f"{key}={value}" for key, value in said.items() if key not in ("at", "room", "device") and value is not None)
    return f"{said['at'][11:19]}  {said['room']}/{said['device']:<12} {values}"


def session_line(session: Mapping[str, Any]) -> str:
    what = f"{session['profile']} {session['minutes']} min, until {session['ends_at']}"
    line = f"{session['id']}  {session['room']:<12} {session['state']:<10} {what}"
    return "\n".join([line, *(f"  {warning}" for warning in session.get("warnings", ()))])


def hands_line(answer: Mapping[str, Any]) -> str:
    return f"{answer['room']}: {', '.join(answer['hands']) or 'the plan alone'}"


def why_lines(found: Mapping[str, Any]) -> str:
    return "\n".join(
        f"{device:<12} {attribute:<12} {_value(said['value']):<14} {said['layer']}: {said['source']}"
        + ("  not confirmed" if said.get("confirmed") is False else "")
        for device, attributes in found.items()
        for attribute, said in attributes.items()
    )


def _value(value: object) -> str:
    return "none" if value is None else str(value)


def emergency_line(said: Mapping[str, Any]) -> str:
    what = f"{said['kind'] or 'emergency'} {'drill ' if said.get('drill') else ''}"
    if said.get("drill"):
        return what + (f"until {said['until']}" if said["active"] else f"confirmed, alarm {'heard' if said.get('heard') else 'not heard'}")
    return f"{what}{'active' if said['active'] else 'reset'} in {', '.join(said['rooms']) or 'no room'}"


def site_lines(site: Mapping[str, Any]) -> str:
    lines = [f"{site['name']} ({site['id']})"]
    lines += [f"drill of {each['kind']} until {each['until']}" for each in site["drills_under_way"]]
    for kind, proof in site["last_drills"].items():
        due = "  DUE" if kind in site["drills_overdue"] else ""
        lines.append(f"{kind:<8} last drill {proof['at'] or 'never'}{due}")
    return "\n".join(lines)
