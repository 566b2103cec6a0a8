"""The limits of a site and of its rooms, and its evenings, as config.yaml has them."""

from dataclasses import fields
from datetime import time

from ambiance.site import FLOORS, Evening, Limits, lifted
from ambiance.yaml import Flag, Number, Section, Text

_CLOCK = Text(5, r"([01]\d|2[0-3]):[0-5]\d", "an hour of the day in quotes, such as '18:00'")
_KEYS = tuple(each.name for each in fields(Limits) if each.name != "places")


def read_limits(section: Section, above: Limits | None = None) -> Limits:
    """A site's limits, or a room's under those of its site (`above`): what a room leaves out is the site's."""
    default = above or Limits()
    written = [key for key in _KEYS if key in section]
    limits = Limits(
        light_max_lux=section.take("light_max_lux", Number(20, 5000, "lx"), default.light_max_lux),
        light_max_l_step=section.take("light_max_l_step", Number(1, 20, "L*"), default.light_max_l_step),
        light_max_mired_s=section.take("light_max_mired_s", Number(0.5, 5, "mired/s"), default.light_max_mired_s),
        dim_below_lux=section.take("dim_below_lux", Number(50, 500, "lx"), default.dim_below_lux),
        dim_max_kelvin=section.take("dim_max_kelvin", Number(1800, 3000, "K"), default.dim_max_kelvin),
        supine_max_percent=section.take("supine_max_percent", Number(0, 5, "%"), default.supine_max_percent),
        sound_max_dba=section.take("sound_max_dba", Number(30, 60, "dBA"), default.sound_max_dba),
        sound_max_db_s=section.take("sound_max_db_s", Number(0.5, 6, "dB/s"), default.sound_max_db_s),
        scent_minutes_per_session=section.take("scent_minutes_per_session", Number(0, 45, "minutes"), default.scent_minutes_per_session),
        scent_minutes_per_day=section.take("scent_minutes_per_day", Number(0, 240, "minutes"), default.scent_minutes_per_day),
        scent_minutes_per_therapist=section.take(
            "scent_minutes_per_therapist", Number(0, 240, "minutes"), default.scent_minutes_per_therapist
        ),
        scent_run_minutes=section.take("scent_run_minutes", Number(1, 30, "minutes"), default.scent_run_minutes),
        scent_stop_minutes=section.take("scent_stop_minutes", Number(15, 60, "minutes"), default.scent_stop_minutes),
        scent_max_ug_m3=section.take("scent_max_ug_m3", Number(10, 300, "µg/m³"), default.scent_max_ug_m3),
        places={**default.places, **{key: f"{(at := section.at(key)).file.rpartition('/')[2]}:{at.line}" for key in written}},
    )
    for key in lifted(limits, above) if above is not None else ():
        wider = "lower" if key in FLOORS else "higher"
        section.fault(
            key, f"{getattr(limits, key):g}, {wider} than the site's", f"{getattr(default, key):g} or stricter; a room never lifts a limit"
        )
    return limits


def read_evening(section: Section) -> Evening:
    """A site's evenings."""
    plain = Evening()
    return Evening(
        enabled=section.take("enabled", Flag(), None),
        since=_hour(section, "from", plain.since),
        until=_hour(section, "until", plain.until),
        melanopic_max_lux=section.take("melanopic_max_lux", Number(1, 10, "lx"), plain.melanopic_max_lux),
        return_max_kelvin=section.take("return_max_kelvin", Number(1800, 3000, "K"), plain.return_max_kelvin),
    )


def _hour(section: Section, key: str, default: time) -> time:
    written = section.take(key, _CLOCK, None)
    return default if written in (None, "-") else time.fromisoformat(str(written))
