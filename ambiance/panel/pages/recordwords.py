"""What a session's record says, in the reader's language: English in JSON and CSV, told anew on the page.

`%s` stands for whatever a sentence holds there, which may be a sentence itself. What is not listed is shown as it came.
"""

import re
from collections.abc import Mapping

from ambiance.panel.pages.phrases import N_
from ambiance.panel.pages.words import words

ANSWERS = (
    N_("yes: %s"), N_("no, because %s"), N_("not known: %s"), N_("both were %s"), N_("there was no %s"), N_("%s is not over yet"),
    N_("this treatment has no exam and reassess"), N_("there is no earlier visit with an examination"),
    N_("this visit has no exam or reassess yet"), N_("as at 1 earlier visit"), N_("as at %s earlier visits"),
    N_("1 more visit differs too"), N_("%s more visits differ too"), N_("%s was %s, and %s for a while"),
    N_("reassess was %s, exam %s"), N_("%s was %s, on %s %s"), N_("at %s % of the examination lamp"),
    N_("exam"), N_("reassess"), N_("silent"),
)  # fmt: skip
"""Whether examinations can be compared: the narrower pattern before the wider one."""
HANDS = (
    N_("%s L* brighter"), N_("%s L* dimmer"), N_("%s dB louder"), N_("%s dB quieter"), N_("%s min longer"), N_("%s held"),
    N_("light"), N_("music"), N_("mute"), N_("style"), N_("another"), N_("scent off"), N_("exam light"), N_("bright light"), N_("hold"),
    N_("next"), N_("stay"), N_("extend"), N_("pause"), N_("resume"), N_("move"), N_("end"), N_("release"),
)  # fmt: skip
FAULTS = (
    N_("A device did not answer (%s)"), N_("A device did not answer"), N_("A dose of scent was left out"),
    N_("The power failed and came back"), N_("The controller was started again"), N_("The machine's clock was set"),
    N_("The store could not save for a while"), N_("Emergency: %s"), N_("fire"), N_("medical"),
)  # fmt: skip
NOTES = (
    N_("Commanded: worked out from what the room was told and how it was calibrated. Nothing here was measured."),
    N_(
        "Commanded: worked out from what the room was told and how it was calibrated. "
        "What is called measured comes from sensors in the room."
    ),
    N_("The session was cancelled before the guest came in."), N_("The guest has not come in yet."),
    N_("The session goes on. This is the report so far."),
    N_("The session came from another room in minute %s. Light, sound and warmth before that are not in it."),
    N_("The room's loudness is uncalibrated: levels of sound are assumed."),
)  # fmt: skip
FIGURES = (
    N_("commanded"), N_("estimate"), N_("measured"),
    N_("floral herbal"), N_("citrus"), N_("wood resin"), N_("mint eucalyptus"), N_("spice"), N_("blend house"),
)  # fmt: skip
ENGLISH = (*ANSWERS, *HANDS, *FAULTS, *NOTES, *FIGURES)
_DECIMAL = re.compile(r"-?\d+\.\d+")


class Tongue:
    """One language in which a record is told."""

    def __init__(self, language: str) -> None:
        _ = self.say = words(language).gettext
        self._comma = "," if language == "de" else "."
        told = [(english, _(english)) for english in sorted(ENGLISH, key=lambda english: "%s" in english)]
        told.append(("bright", _("bright light")))  # a style of music is called bright too
        self._known = [(re.compile(re.escape(english).replace("%s", "(.+?)")), own) for english, own in told if own != english]
        self.names: Mapping[str, str] = {
            "light_dose": _("Light dose"), "melanopic_dose_est": _("Melanopic dose at the eye"), "min_lux": _("Least light"),
            "max_lux": _("Most light"), "max_l_step_per_s": _("Fastest change of light"),
            "max_l_step_per_s_by_hand": _("Fastest by hand"), "laeq": _("Mean level of sound"), "lmax": _("Highest level of sound"),
            "music_minutes": _("Music"), "scent_minutes": _("Scent"), "scent_family": _("Kind of scent"),
            "scent_peak_est": _("Highest scent in the air"), "temp_mean": _("Mean temperature, as set"),
            "consistency_hash": _("Atmosphere"),
        }  # fmt: skip

    def __call__(self, english: str) -> str:
        """A sentence of the record, and every sentence in it."""
        if "; " in english:
            return "; ".join(map(self, english.split("; ")))
        for pattern, own in self._known:
            if (found := pattern.fullmatch(english)) is not None:
                return self.told(own, *map(self, found.groups()))
        if ", " in english:
            return ", ".join(map(self, english.split(", ")))
        return self.figure(english) if _DECIMAL.fullmatch(english) else english

    def figure(self, value: object) -> str:
        """A number as the reader writes it."""
        return str(value).replace(".", self._comma)

    def told(self, text: str, *parts: object) -> str:
        """`text` with each `%s` in it filled in."""
        pieces = text.split("%s")
        return "".join(piece + str(part) for piece, part in zip(pieces, (*parts, ""), strict=True))
