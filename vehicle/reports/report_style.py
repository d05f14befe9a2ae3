"""The report's style for screen and paper. No element floats, because a table in a float silently loses rows."""

from typing import Final

from vehicle.reports.words import ENGLISH, Words, words_of

FONT: Final = "Report"
"""Font family embedded by `pdf.py`; on a screen the fonts after it are used."""
STYLE: Final = """
@page { size: A4; margin: 17mm 14mm 16mm;
  @top-left { content: string(confidential); font: 7.5pt Report, sans-serif; color: #c0182b }
  @top-right { content: "PROCESSED_ONLY"; font: 7.5pt Report, sans-serif; color: #5d6b7a }
  @bottom-left { content: string(running); font: 7.5pt Report, sans-serif; color: #5d6b7a }
  @bottom-right { content: "PAGE " counter(page) " OF " counter(pages);
    font: 7.5pt Report, sans-serif; color: #5d6b7a } }
body { font: 14px/1.45 Report, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; color: #1c2733;
  margin: 2rem auto; max-width: 62rem; padding: 0 1.2rem }
h1 { font-size: 1.6rem; margin: 0 0 .2rem; line-height: 1.2 }
h2 { font-size: 1.1rem; margin: 1.8rem 0 .4rem; border-bottom: 1px solid #cfd6dc }
h3 { font-size: .98rem; margin: 1.1rem 0 .3rem }
h2, h3, .note { break-after: avoid }
.running { display: none }
.confidential { color: #c0182b; font-weight: 700; margin: 0 0 .4rem; string-set: confidential content() }
.statement { border-left: 4px solid #b8860b; background: #fdf8ea; padding: .6rem .9rem; margin: 1rem 0 }
.simulated { background: #c0182b; color: #fff; padding: .35rem .9rem; font-weight: 700 }
.open { border-left: 4px solid #c0182b; background: #fdeef0; padding: .6rem .9rem }
.done { border-left: 4px solid #4A88BD; background: #eef4f9; padding: .6rem .9rem }
.note { color: #46535f; font-size: .88rem; margin: .2rem 0 .4rem }
table { border-collapse: collapse; width: 100%; font-size: .88rem }
th, td { text-align: left; padding: .2rem .6rem .2rem 0; border-bottom: 1px solid #e6eaee; vertical-align: top }
.whole { white-space: nowrap } .long, h1, p, li { overflow-wrap: anywhere }
th { color: #46535f; font-weight: 600 }
td.n, th.n { text-align: right; padding-right: 1.1rem; font-variant-numeric: tabular-nums }
.bar { background: #4A88BD; height: .7rem; display: block; min-width: 1px }
th:last-child:empty { width: 30% }
img { width: 100%; height: auto } figure { margin: .3rem 0 .6rem; break-inside: avoid }
figcaption { font-size: .82rem; color: #46535f }
.empty { border: 1px solid #1c2733; height: 7rem }
.signers { display: grid; grid-template-columns: 1fr 1fr; gap: 2.2rem 2rem; margin-top: 2.6rem; break-inside: avoid }
.signer .line { border-bottom: 1px solid #1c2733; height: 1.6rem; margin-bottom: .25rem }
.unreviewed { display: block; font-weight: 400; color: #5d6b7a; font-size: .85em }
.simulated .unreviewed { color: #fff }
.soft { color: #5d6b7a } code { font-family: Report, monospace; font-size: .8rem; overflow-wrap: anywhere }
tr { break-inside: avoid } thead { display: table-header-group }
@page broad { size: A4 landscape }
.mappage { page: broad } .mappage img { max-height: 160mm; object-fit: contain }
@media screen and (max-width: 48rem) { table { display: block; overflow-x: auto } }
@media print { html { font-size: 8.8pt } body { margin: 0; max-width: none; padding: 0; font-size: 1rem }
  .running { display: block; position: absolute; visibility: hidden; string-set: running content() } }
"""


def style(say: Words) -> str:
    """Return the style, including the texts of the page's margins."""
    texts = {"PROCESSED_ONLY": say.text("warn.page"), "PAGE ": f"{say.text('head.page')} "}
    texts[" OF "] = f" {say.text('head.of')} "
    found = STYLE
    for mark, text in texts.items():
        found = found.replace(f'"{mark}"', f'"{text}"')
    return found


ENGLISH_STYLE: Final = style(words_of(ENGLISH))
"""Texts for pages that are only in English."""
