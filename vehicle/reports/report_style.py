"""How the report looks, on a screen and on paper."""

from typing import Final

STYLE: Final = """
@page { margin: 14mm }
body { font: 14px/1.45 "Segoe UI", Roboto, "DejaVu Sans", sans-serif; color: #1c2733;
  margin: 2rem auto; max-width: 62rem; padding: 0 1.2rem }
h1 { font-size: 1.7rem; margin: 0 0 .2rem }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; border-bottom: 1px solid #cfd6dc }
.statement { border-left: 4px solid #b8860b; background: #fdf8ea; padding: .6rem .9rem; margin: 1rem 0 }
.simulated { background: #c0182b; color: #fff; padding: .35rem .9rem; font-weight: 700; letter-spacing: .04em }
.open { border-left: 4px solid #c0182b; background: #fdeef0; padding: .6rem .9rem }
.done { border-left: 4px solid #4A88BD; background: #eef4f9; padding: .6rem .9rem }
table { border-collapse: collapse; width: 100%; font-size: .93rem } caption { text-align: left; color: #5d6b7a }
th, td { text-align: left; padding: .22rem .6rem .22rem 0; border-bottom: 1px solid #e6eaee; vertical-align: top }
th { color: #5d6b7a; font-weight: 600 } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums }
.bar { background: #4A88BD; height: .8rem; display: inline-block; min-width: 1px } img { width: 100%; height: auto }
.sign td { height: 3.2rem; border-bottom: 1px solid #1c2733; width: 33% } .soft { color: #5d6b7a }
tr { break-inside: avoid }
"""
