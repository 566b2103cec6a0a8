"""What a session may give of scent: whose word it takes, which diffusers, how much of it this room's air can carry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ambiance.care.air import Air
from ambiance.cuesheet.doses import Means, duty, pulses
from ambiance.cuesheet.model import Clamp, Dose, Span
from ambiance.cuesheet.order import Order
from ambiance.profile import Atmosphere
from ambiance.site import Device, Room
from ambiance.why import Layer, Why

SPENT = {
    "scent_minutes_per_day": "this room has had its scent minutes for today",
    "scent_minutes_per_therapist": "this therapist has had their scent minutes for today",
}
"""What is said of a limit on scent that is used up."""


@dataclass(frozen=True, slots=True)
class Scenting:
    """What the diffusers are to give in each phase, what the limits and the room's air take from it, and who forbids it."""

    pulses: Mapping[str, tuple[Dose, ...]] = field(default_factory=dict)
    clamps: tuple[Clamp, ...] = ()
    refusal: Why | None = None
    took: Why | None = None
    """The limit or the room that took some of it."""

    def deciders(self, spans: Sequence[Span], atmospheres: Mapping[str, Atmosphere]) -> Mapping[str, Why]:
        """For each phase: who decided what is diffused in it, or that nothing is."""
        found: dict[str, Why] = {}
        charged = "room_prep" in self.pulses
        for span in spans:
            wish = atmospheres.get(span.phase)
            if wish is None:
                continue
            found[span.phase] = wish.why.get("scent", Why(Layer.PROFILE, "no scent in this phase"))
            if wish.scent and span.phase in self.pulses:
                found[span.phase] = self.took or found[span.phase]
            elif wish.scent:
                found[span.phase] = self.refusal or self._left_out(charged and span.phase == "settle")
            elif self.refusal is not None and self.refusal.layer is Layer.LIMIT:
                found[span.phase] = self.refusal
        return found

    def _left_out(self, charged: bool) -> Why:
        if charged:
            return Why(Layer.LIMIT, "charged before the guest came")
        if self.took is not None and self.took.layer is Layer.LIMIT:
            return self.took
        return Why(Layer.LIMIT, "minutes of scent in a session")


def scenting(order: Order, room: Room, spans: Sequence[Span], notes: list[str]) -> Scenting:
    """What the diffusers are to give, with what the limits and the room's air take from it.

    What staff should hear of goes to `notes`.
    """
    diffusers, family, refusal = _diffusers(order, room, notes)
    if not diffusers:
        return Scenting(refusal=refusal)
    asked, most = order.profile.budget.minutes(order.minutes), order.limits.scent_minutes_per_session
    budget = min(asked, most, order.scent_minutes_left)
    clamps: list[Clamp] = []
    took: Why | None = None
    if budget < asked:
        took = order.limits.why("scent_minutes_per_session") if most <= order.scent_minutes_left else order.scent_left
        clamps.append(Clamp("", "", "scent minutes", round(asked, 1), round(budget, 1), took))
    part = duty(room, diffusers)
    if part <= 0:
        notes.append("Scent stays off: this room's air does not change.")
        return Scenting(clamps=tuple(clamps), refusal=Why(Layer.ROOM, "this room's air does not change"))
    means = Means(diffusers, family, budget, Air(room.volume_m3, room.air_changes), part, order.care.scent_level, order.limits)
    planned, cut = pulses(spans, order.profile.atmospheres, means)
    if part < 1:
        why = Why(Layer.ROOM, f"{means.mg_h:g} mg/h in {room.volume_m3:g} m³ with {room.air_changes:g} air changes an hour")
        clamps += [Clamp(device.id, "", "dose percent", 100.0, round(100 * part, 1), why) for device in diffusers]
        took = took or why
    if cut:
        settles = round(1000 * means.mg_h * means.air.mixing / (means.air.air_changes * means.air.volume_m3))
        took = order.limits.why("scent_max_ug_m3")
        clamps.append(Clamp("", "", "scent in the air", settles, order.limits.scent_max_ug_m3, took))
    if cut or part < 1:
        notes.append("Scent is given in shorter doses: the diffuser is strong for this room's air.")
    return Scenting(planned, tuple(clamps), None, took)


def _diffusers(order: Order, room: Room, notes: list[str]) -> tuple[Sequence[Device], str, Why | None]:
    """The diffusers that may run for this guest, what is in them, and who forbids it where none may.

    `notes` say it in words where there is scent in the profile and none in the room; in a fragrance-free room only to
    whoever asked for it.
    """
    profile, care, wanted = order.profile, order.care, order.profile.scent_family
    if room.scent_policy == "free":
        if order.scent:
            notes.append("No scent: this room is fragrance-free.")
        return (), "", Why(Layer.LIMIT, "fragrance-free room")
    if wanted == "none" or not any(atmosphere.scent for atmosphere in profile.atmospheres.values()):
        return (), "", None
    if not room.of("diffuser"):
        return (), "", Why(Layer.ROOM, "no diffuser here")
    fitting = [d for d in room.of("diffuser") if wanted == "any" or not d.families or wanted in d.families]
    if wanted == "any":
        held = [family for d in fitting for family in d.families]
        liked = [family for family in held if care.scent_families is None or family in care.scent_families]
        wanted = next(iter(liked or held), "blend_house")
        fitting = [d for d in fitting if not d.families or wanted in d.families]
    refusal: tuple[str, Why] | None = None
    if not care.known:
        refusal = "nobody asked this guest about it", care.why.get("scent", Why(Layer.CARE, "nobody asked about scent"))
    elif care.scent != "allowed":
        notes.append("Scent stays off for this guest.")
        return (), wanted, care.why.get("scent", Why(Layer.CARE, "no scent"))
    elif care.scent_families is not None and wanted not in care.scent_families:
        refusal = "this treatment's scent is not among those this guest allows", Why(Layer.CARE, "only the scents allowed")
    elif not order.scent:
        words = "nobody asked this guest about it" if order.scent is None else "the guest did not ask for it"
        refusal = words, Why(Layer.WISH, "scent not asked for")
    elif order.limits.scent_minutes_per_session < 1:
        refusal = "this house gives no scent in a session", order.limits.why("scent_minutes_per_session")
    elif order.scent_minutes_left < 1:
        refusal = SPENT.get(order.scent_left.source.partition(" ")[0], SPENT["scent_minutes_per_day"]), order.scent_left
    elif not fitting:
        words = f"no diffuser in this room holds {wanted.replace('_', ' ')}"
        refusal = words, Why(Layer.ROOM, words)
    if refusal is not None:
        notes.append(f"Scent stays off: {refusal[0]}.")
        return (), wanted, refusal[1]
    return fitting, wanted, None
