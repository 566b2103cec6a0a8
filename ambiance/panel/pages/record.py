"""A session's record as one page of A4: nothing fetched, nothing scripted, no person and no reason on it."""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape

from ambiance.clock import Instant
from ambiance.cuesheet.likeness import LIGHT_TOLERANCE, MIRED_TOLERANCE, SOUND_TOLERANCE
from ambiance.cuesheet.ribbon import ribbon_svg
from ambiance.cuesheet.strip import named
from ambiance.panel.pages.recordwords import Tongue
from ambiance.panel.pages.vocabulary import ribbon_words
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
h2{font-size:13px;font-weight:600;margin-bottom:4px}
.code{font:600 24px/1 ui-monospace,monospace;letter-spacing:.12em}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.quiet,th,caption{color:oklch(45% .01 85)}
.answer{font-size:18px;margin-top:16px}
figure svg{display:block;width:100%;height:auto}
.columns{columns:2;column-gap:32px;margin-top:16px}
section{break-inside:avoid;margin-bottom:16px}
table{width:100%;border-collapse:collapse}
table:not(:has(th)) td:nth-child(1){width:4.5em}
th,td{text-align:left;font-weight:400;padding:2px 8px 2px 0;border-bottom:1px solid oklch(88% .01 85);vertical-align:top}
td.figure,th.figure{text-align:right;white-space:nowrap}
@media (max-width:600px){.columns{columns:1}}
@media print{html{background:none;font-size:11px}body{max-width:none;padding:0}.columns{columns:2}
table,svg,header{break-inside:avoid}.code,h1{font-size:20px}
.answer{font-size:15px;margin-top:12px}section{margin-bottom:12px}h2{margin-bottom:2px}th,td{padding:1px 6px 1px 0}}
"""
POLICY = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
"""The page's own Content-Security-Policy: its one style sheet, known by its hash, and nothing else at all."""

MOST = 12
"""Lines of hands, and of faults, that fit the page; the rest is in the CSV."""


def report_page(record: Record, site: Site, language: str = "en") -> str:
    """The record as HTML in the reader's language, to be sent with `POLICY`."""
    tongue = Tongue(language)
    _ = tongue.say
    session, room, lived = record.session, record.room, record.exposure
    minutes = tongue.told(_("%s minutes planned"), session.minutes)
    if lived.until > lived.since:
        long = f"{(lived.until - lived.since) / 60:.0f}"
        minutes += ", " + tongue.told(_("%s so far") if record.so_far else _("%s in the room"), long)
    setting = _("Clinic") if session.setting == "clinical" else _("Spa")
    subtitle = " · ".join((room.name, _local(site, session.at(lived.since)), setting, minutes))
    now = lived.until if record.so_far else None
    ribbon = ribbon_svg(session.sheet, room, width=760, now=now, names=ribbon_words(_))
    columns = f"{_figures(record, tongue)}{_phases(record, tongue)}{_hands(record, site, tongue)}{_faults(record, site, tongue)}"
    title, code = escape(_("Session record")), escape(_("Code for your record"))
    written = tongue.told(
        _("Written %s. A dose says what was in the room; it is no statement about health."), _local(site, record.now)
    )  # fmt: skip
    return "".join(
        (
            f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
            f"<title>{title} {record.code}</title><style>{STYLE}</style></head>\n<body>",
            f'<header><div><h1>{title}</h1><p class="quiet">{escape(subtitle)}</p></div>',
            f'<p class="code"><span class="unseen">{code} </span>{record.code}</p></header>\n',
            # A style of its own would need a hash of its own; the page's figures are tabular anyway.
            f"<figure>{ribbon.replace(_TABULAR, '')}</figure>\n",
            _answer(record, tongue),
            f'<div class="columns">{columns}</div>\n',
            f'<footer class="quiet">{"".join(f"<p>{escape(tongue(note))}</p>" for note in record.notes)}<p>{escape(written)}</p></footer>',
            "</body></html>\n",
        )
    )


def _answer(record: Record, tongue: Tongue) -> str:
    _ = tongue.say
    answers = [] if record.likeness is None else [tongue.told(_("Comparable: %s."), tongue(said(record.likeness)))]
    if record.course is not None and record.earlier is not None:
        visit = _("Visit %s of its course, comparable with the earlier ones: %s.")
        answers.append(tongue.told(visit, len(record.earlier) + 1, tongue(said(record.course))))
    if not answers:
        return ""
    within = tongue.told(
        _("Alike means: light within %s %, colour within %s mired, sound within %s dB, the examination lamp within %s % of its output."),
        *(f"{most:g}" for most in (LIGHT_TOLERANCE, MIRED_TOLERANCE, SOUND_TOLERANCE, LIGHT_TOLERANCE)),
    )
    return "".join(f'<p class="answer">{escape(answer)}</p>\n' for answer in answers) + f'<p class="quiet">{escape(within)}</p>\n'


def _figures(record: Record, tongue: Tongue) -> str:
    _, lines = tongue.say, []
    for key, figure in figures(record).items():
        value = figure["value"]
        if isinstance(value, list):
            text = ", ".join(tongue(each.replace("_", " ")) for each in value) or _("none")
        else:
            text = "–" if value is None else tongue.figure(value)
        unit = "" if value is None or figure["unit"] in ("id", "hash") else f" {figure['unit']}"
        lines.append(((tongue.names[key], False), (f"{text}{unit}", True), (tongue(figure["basis"]), False)))
    return _section(_("What the room was"), (_("Figure"), _("value"), _("how known")), lines)


def _phases(record: Record, tongue: Tongue) -> str:
    _, names, lines = tongue.say, ribbon_words(tongue.say), []
    for phase in record.exposure.phases:
        planned = "–" if phase.planned is None else f"{phase.planned:.0f}"
        tempo = record.tempo.get(phase.phase)
        bpm = tongue.told(_("%s to %s"), *tempo) if tempo is not None and not phase.silent else ""
        lines.append(((named(phase.phase, names), False), (planned, True), (tongue.figure(f"{phase.real:.1f}"), True), (bpm, True)))
    return _section(_("Phases, in minutes"), (_("Phase"), _("planned"), _("real"), "BPM"), lines)


def _hands(record: Record, site: Site, tongue: Tongue) -> str:
    _ = tongue.say
    lines = [((_clock(site, record.session.at(hand.offset)), False), (tongue(done(hand)), False)) for hand in record.hands]
    none = _("Nothing. The plan played as it was.")
    return _section(_("Changed by hand"), ("", ""), lines, none, MOST, tongue.told(_("and %s more, in the CSV"), len(lines) - MOST))


def _faults(record: Record, site: Site, tongue: Tongue) -> str:
    _ = tongue.say
    lines = [((_clock(site, each.at), False), (tongue(failed(each)), False)) for each in record.faults]
    lines += [((_clock(site, each.at), False), (tongue(f"Emergency: {each.details['kind']}"), False)) for each in record.emergencies]
    none = _("None.")
    return _section(_("Faults and emergencies"), ("", ""), lines, none, MOST, tongue.told(_("and %s more, in the CSV"), len(lines) - MOST))


Cells = Sequence[tuple[object, bool]]
"""Texts of one line, and which of them are figures."""


def _section(title: str, heads: Iterable[str], lines: Sequence[Cells], none: str = "", most: int = 99, rest: str = "") -> str:
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
    more = f'<p class="quiet">{escape(rest)}</p>' if len(lines) > most else ""
    labelled = f"<thead><tr>{head}</tr></thead>" if any(heads) else ""
    return f"{heading}<table>{labelled}<tbody>{body}</tbody></table>{more}</section>\n"


_FIGURE = ' class="figure"'
_TABULAR = ' style="font-variant-numeric:tabular-nums"'


def _local(site: Site, at: Instant) -> str:
    return f"{at.astimezone(site.timezone):%Y-%m-%d %H:%M}"


def _clock(site: Site, at: Instant) -> str:
    return f"{at.astimezone(site.timezone):%H:%M}"
