"""What one player is given to play in a phase, and what else may be chosen there."""

from dataclasses import replace

from ambiance.care.model import Care
from ambiance.cuesheet.model import Aim, Clamp, SoundLevel, Tuning
from ambiance.cuesheet.playlists import Playlist, choices, playlist_of
from ambiance.profile import Atmosphere
from ambiance.site import STYLES, Device, has_music
from ambiance.units import DBA, SILENCE
from ambiance.why import Layer, Why


def music(
    device: Device,
    phase: str,
    atmosphere: Atmosphere,
    tuning: Tuning,
    care: Care | None,
    aim: Aim,
    level: DBA,
    clamps: list[Clamp],
    key: bytes,
) -> Aim:
    """`aim` with what is played at `level`, and what else may be chosen. A player that has nothing for it is silent, and says why."""
    volume = aim.why["volume"]
    aloud = min(aim.high, max(aim.low, atmosphere.dba + tuning.decibel)) if atmosphere.dba is not None else SILENCE
    if max(aloud, level) <= SILENCE:
        return replace(aim, why={"volume": volume, "playlist": volume})
    playlist = playlist_of(atmosphere, tuning, care)
    able = {style: id for style, id in choices(playlist, key).items() if has_music(device, style, id)}
    sources = {"volume": volume, "playlist": _music_why(atmosphere, tuning, playlist, volume)}
    barred = _barred(tuning, care)
    if level <= SILENCE:
        return replace(aim, why=sources, styles=able, barred=barred, aloud=aloud)
    if playlist.style not in able:
        missing = Why(Layer.ROOM, f"{device.id} has nothing {playlist.style} to play")
        why = barred if playlist.style in playlist.exclude and barred is not None else missing
        clamps.append(Clamp(device.id, phase, "music", level, SILENCE, why))
        return replace(aim, level=SoundLevel(SILENCE), why=dict.fromkeys(sources, why), styles=able, barred=why, aloud=level)
    return replace(aim, level=SoundLevel(level, able[playlist.style]), why=sources, styles=able, barred=barred)


def _barred(tuning: Tuning, care: Care | None) -> Why | None:
    """Who keeps some styles from being played."""
    if care is not None and care.sound_exclude & set(STYLES):
        return care.why.get("sound_exclude", Why(Layer.CARE, "some sounds are left out"))
    return Why(Layer.WISH, "some sounds are left out") if set(tuning.exclude) & set(STYLES) else None


def _music_why(atmosphere: Atmosphere, tuning: Tuning, playlist: Playlist, volume: Why) -> Why:
    if tuning.style is not None and playlist.style == tuning.style:
        return Why(Layer.WISH, f"style {tuning.style}" if tuning.style in STYLES else "a style of music")
    return atmosphere.why.get("genres", volume)
