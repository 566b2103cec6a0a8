"""What the controller says of hands, devices, starts and fields, as pages show it: English on the wire, in the reader's language here.

`%s` stands for whatever a sentence holds there: a device, a figure. What is not listed is shown as it came.
"""

from collections.abc import Mapping

from ambiance.panel.pages.vocabulary import Book, Say


def N_(text: str) -> str:  # noqa: N802 - the name by which gettext's tools know it
    """Marks a text for the catalogues."""
    return text


HANDS = (
    N_("light %s"), N_("music %s"), N_("muted"), N_("music chosen"), N_("scent off"), N_("exam light"), N_("%s held"),
)  # fmt: skip
DEVICES = (
    N_("The bridge %s is offline, and with it %s. The rest goes on."),
    N_("%s cannot be reached: the bridge %s is offline. The rest goes on."),
    N_("%s has no power: wall switch? The rest goes on."),
    N_("%s is offline. The rest goes on."),
    N_("%s does not answer. The rest goes on."),
    N_("%s runs though it should be off. Switch it off by hand."),
    N_("%s has not confirmed that it is off. Switch it off by hand."),
    N_("%s draws nothing: refill it, or press its key."),
    N_("%s keeps going away and coming back. Check its power and its network."),
    N_("%s sends reports that make no sense."),
    N_("%s is at %s % light instead of %s % light."),
    N_("%s shines at %s K instead of %s K."),
    N_("%s is at %s % volume instead of %s % volume."),
    N_("%s is set to %s °C instead of %s °C."),
    N_("%s runs at %s % instead of %s %."),
    N_("%s runs at strength %s instead of %s."),
    N_("%s is on instead of off."),
    N_("%s is off instead of on."),
    N_("%s is playing instead of stopped."),
    N_("%s is stopped instead of playing."),
    N_("%s has another %s than asked."),
    N_("%s has not confirmed full light."),
    N_("%s has not confirmed that it is silent."),
    N_("%s has not confirmed that it is off."),
)
CHECKS = (
    N_("%s cannot be reached: the broker is not there."),
    N_("%s answers."),
    N_("%s did not answer when it was asked: has it power?"),
    N_("%s did not answer when it was asked."),
    N_("%s says nothing until it is pressed."),
    N_("%s has reported."),
    N_("%s has not reported yet: battery?"),
    N_("%s has said nothing for a day: battery?"),
    N_("%s cannot say how it is."),
    N_("%s is there."),
    N_("%s has not been heard yet."),
    N_("%s has not answered since this controller started."),
)
NOTES = (
    N_("Not ready for the next guest: %s."),
    N_("Refill %s: by its running time it is empty."),
    N_("Refill %s soon: about %s hours left."),
    N_("Refill %s soon: about %s minutes left."),
    N_("%s has a low battery (%s %)."),
    N_("%s has said nothing for %s hours: battery?"),
    N_("%s is open."),
    N_("%s is closed."),
    N_("%s sees somebody."),
    N_("%s sees nobody."),
    N_("%s: %s %s is over %s. No scent until it has been below for 15 minutes."),
    N_("%s: %s is below %s again. Scent may be given from %s."),
)
STARTS = (
    N_("Intake is unknown: ordinary fades and no scent until somebody has asked."),
    N_("No scent: this room is fragrance-free."),
    N_("Scent stays off for this guest."),
    N_("Scent stays off: this room's air does not change."),
    N_("Scent stays off: nobody asked this guest about it."),
    N_("Scent stays off: the guest did not ask for it."),
    N_("Scent stays off: this treatment's scent is not among those this guest allows."),
    N_("Scent stays off: this house gives no scent in a session."),
    N_("Scent stays off: no diffuser in this room holds %s."),
    N_("Scent is given in shorter doses: the diffuser is strong for this room's air."),
    N_("%s was still cleaning; that ends now."),
    N_("%s was still airing; that ends now."),
    N_("%s was still vacant dirty; that ends now."),
)
FAULTS = (
    N_("a value"), N_("text"), N_("a number"), N_("a whole number"), N_("at least one"), N_("each value once"),
    N_("a number, %s to %s %s"), N_("a number, %s to %s"), N_("a whole number, %s to %s %s"), N_("a whole number, %s to %s"),
    N_("text of one line, at most %s characters"), N_("1 to 80 printable characters"), N_("at most 80 printable characters"),
    N_("at most %s characters"), N_("small letters, digits and -, at most 64"),
    N_("an id of 1 to 64 characters a-z, 0-9 and - (in quotes if it is all digits)"),
    N_("an id of its own, of small letters, digits and -"), N_("an id of its own for each item"),
    N_("%s to %s digits or characters that are neither a row, a repetition nor the name"), N_("%s to %s digits or characters"),
    N_("%s to %s minutes, as %s offers"), N_("at most %s, the max of %s"), N_("another profile: %s"),
    N_("%s or stricter; a room never lifts a limit"), N_("free, or nothing: site.scent_policy holds for every room"),
    N_("a treatment of the library or the menu"), N_("an hour of the day in quotes, such as '18:00'"),
    N_("a list of %s to %s values"), N_("a list of two numbers [lowest, highest], %s to %s %s"), N_("the smaller number first"),
    N_("a folder below the player's music directory"), N_("where the proof lies, such as an invoice number"),
    N_("tags such as piano or nature"),
    N_("an address it can play, such as sonos:playlist:7 or a favourite's own in this style; written in config.yaml as music.names"),
    N_("the id Snapcast gives it in this style; written in config.yaml as music.names"),
    N_("the address of what is played for any playlist in this style; written in config.yaml as music.names"),
    N_("levels from bright to dim, each above 0 and at most 100 %"), N_("levels from loud to soft, each above 0 and at most 100 %"),
    N_("whole minutes from %s to %s for %s"), N_("whole minutes from %s to %s"), N_("an instant within a year"),
    N_("nothing"), N_("%s characters"), N_("one of the first that anybody tries"), N_("a list of %s"), N_("%s a second time"),
    N_("%s, which is not offered"), N_("%s, higher than the site's"), N_("%s, lower than the site's"),
    N_("allowed in a fragrance-free house"), N_("a library that plays nothing"),
)  # fmt: skip
"""What was found in a field, and what would do."""
CONFLICTS = (
    N_("somebody is called %s already; choose another name"), N_("this is the last admin; make somebody else admin first"),
    N_("%s was changed elsewhere meanwhile; look at it again, then repeat the change"),
    N_("%s is written in a way that cannot be changed from here without losing something; change it in the file"),
    N_("%s cannot be written (%s); see that the controller may write its folder"),
    N_("%s cannot be read now, mend it in the file: %s"),
    N_("%s cannot be used as it is now, so the controller goes on as it is: %s"),
    N_(
        "this house runs without a file of its own (a demonstration); "
        "start it with `ambiance run --config …` to change its settings"
    ),
    N_("somebody else is looking for devices just now; wait until they have found them"),
    N_("another device is shown just now; wait until it has come back"), N_("it is %s in %s already; try it there"),
    N_("%s cannot be tried now: %s"), N_("no drill of %s is under way; begin one, give the alarm, then confirm it"),
    N_("%s is out of order; staff put it back into use first"),
)  # fmt: skip
ENGLISH = (*HANDS, *DEVICES, *CHECKS, *NOTES, *STARTS, *CONFLICTS, *FAULTS)
"""Every one, the longer of two that fit the same words first."""


def phrases(_: Say) -> list[tuple[str, str]]:
    """Each sentence with the reader's; none for who reads English."""
    told = {english: _(english) for english in ENGLISH} | {"bright": _("bright light")}  # a style of music is called bright too
    return [(english, own) for english, own in told.items() if own != english]


def said(_: Say) -> Book:
    """Sentences and refusals, for the book of a page."""
    return {"phrases": phrases(_), "refused": refusals(_), "this_room": _("This room")}


def refusals(_: Say) -> Mapping[str, str]:
    """Why something was not done, by the kind of the refusal; `%s` is the room."""
    return {
        "busy": _("%s is taken then. Choose another time, or another room."),
        "illegal-move": _("That does not go with how %s is just now. Look again."),
        "not-airable": _("%s still holds scent that this guest cannot have. Wait, or use another room."),
        "not-allowed": _("Your role does not reach this. Ask at the desk, or an administrator."),
        "not-offered": _("This treatment is not offered so. Choose another length or treatment."),
        "not-found": _("That is not there any more. Load the page again."),
        "too-many-requests": _("That was too fast. Wait a second."),
        "store-unavailable": _("The controller cannot reach its memory just now. Running rooms go on. Try again in a moment."),
        "superseded": _("Another controller has taken over. Load the page again."),
        "csrf": _("This page was open too long. Load it again."),
        "not-signed-in": _("This screen is not signed in any more. Sign in again."),
        "key-reused": _("That was said twice, in two ways. Look what holds, then say it again."),
    }
