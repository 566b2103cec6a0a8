"""A session's record as one page of A4: nothing fetched, nothing scripted, no person and no reason on it."""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape

from ambiance.clock import Instant
from ambiance.cuesheet.likeness import LIGHT_TOLERANCE, MIRED_TOLERANCE, SOUND_TOLERANCE
from ambiance.cuesheet.ribbon import ribbon_svg
from ambiance.cuesheet.strip import named
from ambiance.panel.reportview import Record, done, failed, figures, said
from ambiance.site import Site

STYLE = """
@page{size:A4;margin:14mm}
*{box-sizing:border-box;margin:0;padding:0}
html{background:oklch(97% .008 85);color:oklch(27% .01 85);
font:13px/1.4 ui-sans-serif,system-ui,sans-serif;font-variant-numeric:tabular-nums}
body{max-width:190mm;margin:0 auto;padding:24px 16px}
header{display:flex;flex-wrap:wrap;gap:4px 16px;justify-content:space-between;align-items:baseline;margin-bottom:16px}
h1{font-size:24px;font-weight:400}
h2{font-size:13px;font-weight:600;margin:16px 0 4px}
.code{font:600 24px/1 ui-monospace,monospace;letter-spacing:.12em}
.quiet,th,caption{color:oklch(45% .01 85)}
.answer{font-size:18px;margin-top:16px}
figure svg{display:block;width:100%;height:auto}
.columns{columns:2;column-gap:32px}
section{break-inside:avoid}
table{width:100%;border-collapse:collapse}
th,td{text-align:left;font-weight:400;padding:2px 8px 2px 0;border-bottom:1px solid oklch(88% .01 85);vertical-align:top}
td.figure,th.figure{text-align:right;white-space:nowrap}
footer{margin-top:16px}
@media (max-width:600px){.columns{columns:1}}
@media print{html{background:none;font-size:11px}body{max-width:none;padding:0}.columns{columns:2}
table,svg,header{break-inside:avoid}.code,h1{font-size:20px}
.answer{font-size:15px;margin-top:12px}h2{margin:12px 0 2px}th,td{padding:1px 6px 1px 0}}
"""
POLICY = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
"""The page's own Content-Security-Policy: its one style sheet, known by its hash, and nothing else at all."""

MOST = 12
"""Lines of hands, and of faults, that fit the page; the rest is in the CSV."""
_NAMES = {
    "light_dose": "Light dose",
    "melanopic_dose_est": "Melanopic dose at the eye",
    "min_lux": "Least light",
    "max_lux": "Most light",
    "max_l_step_per_s": "Fastest change of light",
    "max_l_step_per_s_by_hand": "Fastest by hand",
    "laeq": "Mean level of sound",
    "lmax": "Highest level of sound",
    "music_minutes": "Music",
    "scent_minutes": "Scent",
    "scent_family": "Kind of scent",
    "scent_peak_est": "Highest scent in the air",
    "temp_mean": "Mean temperature, as set",
    "consistency_hash": "Atmosphere",
}


def report_page(record: Record, site: Site) -> str:
    """The record as HTML, to be sent with `POLICY`."""
    session, room, lived = record.session, record.room, record.exposure
    minutes = f"{session.minutes} minutes planned"
    if lived.until > lived.since:
        minutes += f", {(lived.until - lived.since) / 60:.0f} {'so far' if record.so_far else 'in the room'}"
    subtitle = " · ".join((room.name, _local(site, session.at(lived.since)), session.setting, minutes))
    now = lived.until if record.so_far else None
    return "".join(
        (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
            f"<title>Session record {record.code}</title><style>{STYLE}</style></head>\n<body>",
            f'<header><div><h1>Session record</h1><p class="quiet">{escape(subtitle)}</p></div>',
            f'<p class="code" aria-label="Code for your record">{record.code}</p></header>\n',
            # A style of its own would need a hash of its own; the page's figures are tabular anyway.
            f"<figure>{ribbon_svg(session.sheet, room, width=760, now=now).replace(_TABULAR, '')}</figure>\n",
            _answer(record),
            f'<div class="columns">{_figures(record)}{_phases(record)}{_hands(record, site)}{_faults(record, site)}</div>\n',
            f'<footer class="quiet">{"".join(f"<p>{escape(note)}</p>" for note in record.notes)}',
            f"<p>Written {_local(site, record.now)}. A dose says what was in the room; it is no statement about health.</p></footer>",
            "</body></html>\n",
        )
    )


def _answer(record: Record) -> str:
    answers = [] if record.likeness is None else [f"Comparable: {said(record.likeness)}."]
    if record.course is not None and record.earlier is not None:
        answers.append(f"Visit {len(record.earlier) + 1} of its course, comparable with the earlier ones: {said(record.course)}.")
    if not answers:
        return ""
    within = (
        f"Alike means: light within {LIGHT_TOLERANCE:g} %, colour within {MIRED_TOLERANCE:g} mired, sound within {SOUND_TOLERANCE:g} dB, "
        f"the examination lamp within {LIGHT_TOLERANCE:g} % of its output."
    )
    return "".join(f'<p class="answer">{escape(answer)}</p>\n' for answer in answers) + f'<p class="quiet">{within}</p>\n'


def _figures(record: Record) -> str:
    lines = []
    for key, figure in figures(record).items():
        value = figure["value"]
        text = ", ".join(each.replace("_", " ") for each in value) or "none" if isinstance(value, list) else "–" if value is None else value
        unit = "" if value is None or figure["unit"] in ("id", "hash") else f" {figure['unit']}"
        lines.append(((_NAMES[key], False), (f"{text}{unit}", True), (figure["basis"], False)))
    return _section("What the room was", ("", "", "how known"), lines)


def _phases(record: Record) -> str:
    lines = []
    for phase in record.exposure.phases:
        planned = "–" if phase.planned is None else f"{phase.planned:.0f}"
        tempo = record.tempo.get(phase.phase)
        bpm = f"{tempo[0]} to {tempo[1]}" if tempo is not None and not phase.silent else ""
        lines.append(((named(phase.phase), False), (planned, True), (f"{phase.real:.1f}", True), (bpm, True)))
    return _section("Phases, in minutes", ("", "planned", "real", "BPM"), lines)


def _hands(record: Record, site: Site) -> str:
    lines = [((_clock(site, record.session.at(hand.offset)), False), (done(hand), False)) for hand in record.hands]
    return _section("Changed by hand", ("", ""), lines, "Nothing. The plan played as it was.", MOST)


def _faults(record: Record, site: Site) -> str:
    lines = [((_clock(site, each.at), False), (failed(each), False)) for each in record.faults]
    lines += [((_clock(site, each.at), False), (f"Emergency: {each.details['kind']}", False)) for each in record.emergencies]
    return _section("Faults and emergencies", ("", ""), lines, "None.", MOST)


Cells = Sequence[tuple[object, bool]]
"""Texts of one line, and which of them are figures."""


def _section(title: str, heads: Iterable[str], lines: Sequence[Cells], none: str = "", most: int = 99) -> str:
    heading = f"<section><h2>{escape(title)}</h2>"
    if not lines:
        return f'{heading}<p class="quiet">{escape(none)}</p></section>\n'
    head = "".join(
        f'<th scope="col"{_FIGURE if figure else ""}>{escape(word)}</th>' for word, (_, figure) in zip(heads, lines[0], strict=True)
    )
    body = "".join(
        f"<tr>{''.join(f'<td{_FIGURE if figure else str()}>{escape(str(text))}</td>' for text, figure in line)}</tr>"
        for line in lines[:most]
    )
    more = f'<p class="quiet">and {len(lines) - most} more, in the CSV</p>' if len(lines) > most else ""
    labelled = f"<thead><tr>{head}</tr></thead>" if any(heads) else ""
    return f"{heading}<table>{labelled}<tbody>{body}</tbody></table>{more}</section>\n"


_FIGURE = ' class="figure"'
_TABULAR = ' style="font-variant-numeric:tabular-nums"'


def _local(site: Site, at: Instant) -> str:
    return f"{at.astimezone(site.timezone):%Y-%m-%d %H:%M}"


def _clock(site: Site, at: Instant) -> str:
    return f"{at.astimezone(site.timezone):%H:%M}"
