"""How each layer looks in QGIS (QML, read from 3.22 on) and in Google Earth: the colours of the printed map."""

from html import escape
from typing import Final

import msgspec

from vehicle.reports.gaps import GapReason
from vehicle.reports.palette import GAP_COLOURS, GROUND, INK, KEEP_OUT, PAPER, PROCESSED, SAFE, WAY
from vehicle.reports.palette_leaf import PALETTE

DEPTH_COLOURS: Final = ("#9CC5E6", "#6FA6D4", "#4A88BD", "#2F6A9E", "#1B4D7A", "#0E3458")
"""Classes of proven depth, shallow to deep."""
BELOW: Final = PALETTE.report.gaps["below_depth"]


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """Colours as #RRGGBB; `fill` "" draws no area. `by`: the attribute whose values have their own colours.

    `hatch`: a pattern over the fill. `width_mm`: of the outline or line. `label`: the attribute that is written beside
    a feature.
    """

    fill: str = ""
    line: str = INK
    alpha: float = 1.0
    hatch: bool = False
    width_mm: float = 0.26
    by: str = ""
    values: tuple[tuple[str, str, str], ...] = ()
    marker: str = ""
    label: str = ""


_DEPTHS: Final = tuple(
    (f"{cm} to {cm + 5} cm", DEPTH_COLOURS[min(place, len(DEPTH_COLOURS) - 1)], f"{cm} to {cm + 5} cm")
    for place, cm in enumerate(range(5, 65, 5))
)
LOOKS: Final = {
    "processed": Look(fill=PROCESSED, line=PROCESSED, alpha=0.85, label="lot"),
    "processed_depth": Look(fill=PROCESSED, line=PROCESSED, by="depth", values=_DEPTHS),
    "processed_below_depth": Look(fill=BELOW, line=BELOW, hatch=True),
    "missed": Look(
        fill=GAP_COLOURS[GapReason.NOT_SWEPT],
        width_mm=0.1,
        by="reason",
        values=tuple((reason.value, GAP_COLOURS[reason], reason.value.replace("_", " ")) for reason in GapReason),
    ),
    "untreatable": Look(line=KEEP_OUT, hatch=True),
    "swept_outside": Look(fill=SAFE, line=PROCESSED, alpha=0.6, hatch=True),
    "work_area": Look(line=INK, fill=GROUND, alpha=0.5, width_mm=0.6),
    "keep_out": Look(fill=KEEP_OUT, line=PAPER, hatch=True),
    "planned_swaths": Look(line="#8A949E", width_mm=0.2),
    "driven_way": Look(line=WAY, width_mm=0.3),
    "events": Look(fill="#c0182b", line=PAPER, marker="cross_fill", label="name"),
    "follow_up": Look(fill="#6B4A8A", line="#6B4A8A", alpha=0.15, width_mm=0.5, label="team"),
    "release": Look(fill=PAPER, line="#0B0B0B", alpha=0.0, width_mm=0.9, label="document_number"),
    "named_points": Look(fill=PAPER, line=INK, marker="triangle", label="name"),
}
"""Every layer of `products.LAYER_TEXT`."""

_HEAD: Final = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"


def style_qml(layer: str) -> str:
    """Return the style of a layer as QGIS reads it from `layer_styles`."""
    look = LOOKS[layer]
    symbols = [_symbol(0, look, look.fill)]
    if look.by:
        symbols += [_symbol(place, look, colour) for place, (_, colour, _) in enumerate(look.values, start=1)]
        rows = [
            f'<category render="true" symbol="{place}" value="{escape(value)}" label="{escape(text)}"/>'
            for place, (value, _, text) in enumerate(look.values, start=1)
        ]
        rows.append('<category render="true" symbol="0" value="" label="other"/>')
        renderer = f'type="categorizedSymbol" attr="{look.by}"', f"<categories>{''.join(rows)}</categories>"
    else:
        renderer = 'type="singleSymbol"', ""
    return (
        f'{_HEAD}<qgis version="3.22" styleCategories="Symbology|Labeling" labelsEnabled="{int(bool(look.label))}">'
        f'<renderer-v2 {renderer[0]} forceraster="0" symbollevels="0" enableorderby="0">{renderer[1]}'
        f"<symbols>{''.join(symbols)}</symbols></renderer-v2>{_labels(look)}<blendMode>0</blendMode></qgis>"
    )


def _symbol(number: int, look: Look, colour: str) -> str:
    if look.marker:
        kind, layers = "marker", [("SimpleMarker", _marker(look))]
    elif look.fill or look.hatch:
        kind, layers = "fill", [("SimpleFill", _fill(look, colour, "solid" if colour else "no"))]
        if look.hatch:
            layers.append(("SimpleFill", _fill(look, look.line, "f_diagonal")))
    else:
        kind, layers = "line", [("SimpleLine", _line(look))]
    body = "".join(
        f'<layer class="{name}" enabled="1" locked="0" pass="0">{_options(row)}</layer>' for name, row in layers
    )
    return f'<symbol type="{kind}" name="{number}" alpha="{look.alpha:g}" clip_to_extent="1">{body}</symbol>'


def _fill(look: Look, colour: str, style: str) -> dict[str, str]:
    return {
        "color": rgba(colour or PAPER), "style": style, "outline_color": rgba(look.line), "outline_style": "solid",
        "outline_width": f"{look.width_mm:g}", "outline_width_unit": "MM",
    }  # fmt: skip


def _line(look: Look) -> dict[str, str]:
    return {
        "line_color": rgba(look.line),
        "line_style": "solid",
        "line_width": f"{look.width_mm:g}",
        "line_width_unit": "MM",
    }


def _marker(look: Look) -> dict[str, str]:
    return {
        "color": rgba(look.fill), "name": look.marker, "outline_color": rgba(look.line), "outline_style": "solid",
        "outline_width": "0.4", "size": "3.2", "size_unit": "MM",
    }  # fmt: skip


def _options(row: dict[str, str]) -> str:
    """Return options in two forms: for QGIS 3.26 and later, and for earlier versions."""
    options = "".join(f'<Option type="QString" name="{name}" value="{value}"/>' for name, value in row.items())
    return f'<Option type="Map">{options}</Option>' + "".join(
        f'<prop k="{name}" v="{value}"/>' for name, value in row.items()
    )


def _labels(look: Look) -> str:
    if not look.label:
        return ""
    return (
        f'<labeling type="simple"><settings calloutType="simple"><text-style fieldName="{look.label}" '
        f'isExpression="0" fontFamily="DejaVu Sans" fontSize="8" fontSizeUnit="Point" textColor="{rgba(INK)}">'
        f'<text-buffer bufferDraw="1" bufferSize="0.8" bufferSizeUnits="MM" bufferColor="{rgba(PAPER)}"/></text-style>'
        "</settings></labeling>"
    )


def rgba(colour: str, alpha: float = 1.0) -> str:
    """Return `r,g,b,a` for #RRGGBB."""
    return f"{int(colour[1:3], 16)},{int(colour[3:5], 16)},{int(colour[5:7], 16)},{round(255 * alpha)}"


def abgr(colour: str, alpha: float = 1.0) -> str:
    """Return KML's `aabbggrr` for #RRGGBB."""
    return f"{round(255 * alpha):02x}{colour[5:7]}{colour[3:5]}{colour[1:3]}".lower()
