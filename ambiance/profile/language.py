"""Reads what authors wrote: a setting, a plan, a profile. Each function is where one kind of file becomes trusted.

Every fault goes to `faults` with file and line; what could not be made of a faulty file is None.
"""

from collections.abc import Mapping

from ambiance.errors import Place
from ambiance.profile import keys
from ambiance.profile.modality import Light, Modality
from ambiance.profile.model import PHASES, ScentBudget, Visit
from ambiance.profile.plan import Plan, Row
from ambiance.profile.profile import Profile, Refusal
from ambiance.profile.setting import Base, complaints, one_scene
from ambiance.profile.written import inside, key_of, like_or_whole, read_phases
from ambiance.site import Setting
from ambiance.why import Layer
from ambiance.yaml import Faults, MapOf, Node, Section, Whole, nearest


def read_setting(node: Node, id: Setting, faults: Faults) -> Base | None:
    """A file of settings/: the base atmosphere of every phase, and what holds for every profile of the setting."""
    before = len(faults)
    with Section(node, faults, keys.not_steady) as top:
        _same(top, keys.SETTING.needed(top), id, keys.SETTING.name)
        prep, turnover, warm_ahead = keys.PREP.needed(top), keys.TURNOVER.needed(top), keys.WARM_AHEAD.needed(top)
        first_from = keys.FIRST_FROM.given(top, 0)
        fold = keys.FOLD.given(top, {})
        budget = _budget(top, ScentBudget())
        insert: dict[Visit, Row] = {}
        if keys.INSERT.name in top:
            with top.section(keys.INSERT.name) as visits:
                for visit in keys.VISITS:
                    insert[visit] = visits.take(visit, MapOf(Whole(1, 60, "minutes"), keys.PHASE_PATTERN), {})
        written = read_phases(top)
    for phase in keys.NEEDED_PHASES:
        if phase not in written:
            top.fault(f"{keys.PHASES_KEY.name}.{phase}", "nothing", f"the phase {phase}, which every setting has")
    for phase, wants in written.items():
        if (phase == "reassess") != (wants.like == "exam") or (wants.like and (phase != "reassess" or set(wants.values) - {"fade"})):
            faults.add(wants.place, f"the scene of {phase}", "reassess: {like: exam, fade_seconds: …}, and like nowhere else")
        for name in () if wants.like else ("lux", "kelvin", "celsius", "fade"):
            if name not in wants.values:
                faults.add(wants.place, f"no {key_of(name)}", f"{key_of(name)} for every phase of a setting")
    if len(faults) > before:
        return None
    atmospheres = one_scene({phase: like_or_whole(phase, written) for phase in PHASES if phase in written})
    for path, found, wanted in complaints(atmospheres):
        faults.add(inside(written, path, top), found, wanted)
    if len(faults) > before:
        return None
    return Base(id, atmospheres, prep, turnover, warm_ahead, budget, fold, insert, first_from)


def read_plan(node: Node, id: str, faults: Faults) -> Plan | None:
    """A file of plans/: whole minutes of each phase for each length; every row must add up to its length."""
    before = len(faults)
    with Section(node, faults, keys.not_steady) as top:
        _same(top, keys.PLAN.needed(top), id, keys.PLAN.name)
        counts = keys.COUNTS.given(top, ())
        by_visit = [key.name for key in (keys.FOLLOW_UP, keys.FIRST) if key.name in top]
        if by_visit:
            follow_up, first = _rows(top, keys.FOLLOW_UP), _rows(top, keys.FIRST)
            if keys.ROWS.name in top:
                top.fault(keys.ROWS.name, f"rows beside {by_visit[0]}", "either rows for any visit, or follow_up and first")
        else:
            follow_up = first = _rows(top, keys.ROWS)
    plan = Plan(id, {"follow_up": follow_up, "first": first}, counts)
    named = [(keys.ROWS, follow_up)] if first is follow_up else [(keys.FOLLOW_UP, follow_up), (keys.FIRST, first)]
    for key, rows in named:
        for length, row in rows.items():
            if (total := plan.counted(row)) != length:
                place = _written_at(top, key.name, str(length))
                faults.add(place, f"minutes that add up to {total}", f"{length}, the length of the row")
    return plan if len(faults) == before else None


def read_profile(
    node: Node, id: str, bases: Mapping[Setting, Base | None], plans: Mapping[str, Plan | None], faults: Faults
) -> Profile | Refusal | None:
    """A file of spa/ or clinical/: what one modality makes of its setting, or the reason why it is not offered."""
    before = len(faults)
    setting, _, modality = id.partition("/")
    with Section(node, faults, keys.not_steady) as top:
        written_setting = keys.SETTING.needed(top)
        _same(top, written_setting, setting, keys.SETTING.name)
        _same(top, keys.MODALITY.needed(top), modality, keys.MODALITY.name)
        if keys.REFUSED.name in top:
            reason = keys.REFUSED.needed(top)
            return Refusal(id, reason) if len(faults) == before else None
        name = keys.NAME.needed(top)
        base = bases.get(written_setting)
        plan_name = keys.PLAN.needed(top)
        plan = plans.get(plan_name)
        if plan_name not in plans and keys.PLAN.name in top.names():
            top.fault(keys.PLAN.name, f"the unknown plan {plan_name!r}", nearest(plan_name, sorted(plans)))
        lengths, default = _lengths(top)
        family, most, style = _style(top)
        written = read_phases(top)
        budget = _budget(top, base.budget if base else ScentBudget())
        prep = keys.PREP.given(top, base.prep if base else 0)
        turnover = keys.TURNOVER.given(top, base.turnover if base else 0)
        warm_ahead = keys.WARM_AHEAD.given(top, base.warm_ahead if base else 0)
        remarks, too_short = keys.REMARKS.given(top, ""), keys.TOO_SHORT.given(top, "")
    if len(faults) > before or base is None or plan is None:
        return None

    atmospheres = style.laid_on(base.atmospheres)
    for phase, wants in written.items():
        if wants.like or phase == "reassess":
            faults.add(wants.place, f"a scene for {phase} that is another's", "a change of exam, whose scene reassess always is")
        elif phase not in atmospheres:
            faults.add(wants.place, f"{phase}, which the setting {setting} does not have", nearest(phase, sorted(atmospheres)))
        else:
            atmospheres[phase] = wants.laid_on(atmospheres[phase], Layer.PROFILE)
            if atmospheres[phase].scent > most:
                faults.add(wants.place, f"scent {atmospheres[phase].scent}", f"at most {most}, the max of this profile's scent")
    for path, found, wanted in complaints(atmospheres):
        faults.add(inside(written, path, top), found, wanted)
    own = plan.fitted(base.fold, base.insert, base.first_from)
    _covered(top, own, lengths)
    for phase in sorted({phase for rows in own.rows.values() for row in rows.values() for phase in row} - set(atmospheres)):
        top.fault(keys.PLAN.name, f"the phase {phase}", f"a plan whose phases are all in settings/{setting}.yaml")
    if len(faults) > before:
        return None
    return Profile(
        id=id, name=name, setting=base.id, modality=modality, default_minutes=default, lengths=lengths, plan=own,
        atmospheres=one_scene(atmospheres), scent_family=family, scent_max=most, budget=budget, prep=prep, turnover=turnover,
        warm_ahead=warm_ahead, remarks=remarks, too_short=too_short, source=f"{node.place.file}:{node.line}",
    )  # fmt: skip


def _budget(top: Section, default: ScentBudget) -> ScentBudget:
    if keys.BUDGET.name not in top:
        return default
    with top.section(keys.BUDGET.name) as section:
        return ScentBudget(1 / keys.ONE_IN.needed(section), keys.MOST.needed(section))


def _rows(top: Section, key: keys.Key[Mapping[str, Mapping[str, int]]]) -> dict[int, Row]:
    rows = key.needed(top)
    return {int(length): row for length, row in sorted(rows.items(), key=lambda item: int(item[0]))}


def _written_at(top: Section, *path: str) -> Place:
    node: Node | None = top.node
    for name in path:
        node = node.value.get(name) if node is not None and isinstance(node.value, Mapping) else None
    return node.place if node else top.place


def _same(top: Section, found: str, wanted: str, key: str) -> None:
    if key in top.names() and found != wanted and found != "-":
        top.fault(key, found, f"{wanted}, as the file is called")


def _lengths(top: Section) -> tuple[tuple[int, ...], int]:
    lengths, default = keys.LENGTHS.needed(top), keys.DEFAULT.needed(top)
    if list(lengths) != sorted(lengths):
        top.fault(keys.LENGTHS.name, ", ".join(map(str, lengths)), "the lengths in ascending order")
    if lengths and default not in lengths and keys.DEFAULT.name in top.names():
        top.fault(keys.DEFAULT.name, str(default), f"one of the lengths on offer: {', '.join(map(str, lengths))}")
    return lengths, default


def _style(top: Section) -> tuple[str, int, Modality]:
    """Family and highest level of scent, and the values of the modality."""
    with top.section(keys.AROMA.name, required=True) as scent:
        family, most = keys.FAMILY.needed(scent), keys.MAX.needed(scent)
    names = (keys.DBA, keys.BPM, keys.CELSIUS, keys.TINT, keys.GENRES, keys.AROMA)
    bpm = keys.BPM.given(top, None)
    return family, most, Modality(
        places={key.name: top.at(key.name) for key in names},
        work=_light(top, keys.WORK), deep=_light(top, keys.DEEP), dba=keys.DBA.given(top, None), bpm=bpm,
        celsius=keys.CELSIUS.given(top, None), tint=keys.TINT.given(top, None), genres=keys.GENRES.given(top, None), scent_max=most,
    )  # fmt: skip


def _light(top: Section, key: keys.Key[str]) -> Light | None:
    if key.name not in top:
        return None
    with top.section(key.name) as section:
        return Light(keys.LUX.needed(section), keys.KELVIN.needed(section), section.at(keys.LUX.name))


def _covered(top: Section, plan: Plan, lengths: tuple[int, ...]) -> None:
    """Complain where the plan has no rows around a length on offer."""
    for visit, rows in plan.rows.items():
        if not rows:
            top.fault(keys.PLAN.name, f"no row of {plan.id} with room for a {visit.replace('_', '-')} visit", "a longer row")
    if plan.rows["follow_up"]:
        low, high = plan.bounds("follow_up")
        if lengths[0] < low or lengths[-1] > high:
            top.fault(
                keys.LENGTHS.name, f"{lengths[0]} to {lengths[-1]}", f"lengths within {low} to {high}, the rows of the plan {plan.id}"
            )
