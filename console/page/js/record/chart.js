// Processed area by proven depth as bars, with the required depth as a line.

import { loadPalette, themeName, themeOf } from "../map/palette.js";
import { bars } from "./figures.js";

const HEIGHT = 180;
const STYLE = "/static/vendor/uplot/uPlot.min.css";

function styled() {
  if (document.querySelector(`link[href="${STYLE}"]`)) return;
  document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: STYLE }));
}

// Draws into `element`; resolves when it is done. `uPlot` comes with the first chart; `isWanted`: the rows still are then.
export async function draw(element, rows, required_cm, { t, width, isWanted }) {
  const [{ default: Plot }, palette] = await Promise.all([import("../../vendor/uplot/uPlot.esm.js"), loadPalette()]);
  const theme = themeOf(palette, themeName()), { depths, areas } = bars(rows, required_cm);
  if (!isWanted()) return;
  styled();
  element.replaceChildren();
  if (!depths.length) return;
  const axis = { stroke: theme.ink, grid: { stroke: theme.grid, width: 1 }, ticks: { stroke: theme.grid, width: 1 }, font: "16px 'IBM Plex Sans', sans-serif" };
  const line = (plot) => {
    const x = Math.round(plot.valToPos(required_cm, "x", true)), { top, height } = plot.bbox, { ctx } = plot;
    ctx.save();
    ctx.strokeStyle = theme.ink;
    ctx.lineWidth = 3;
    ctx.setLineDash([8, 5]);
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, top + height);
    ctx.stroke();
    ctx.restore();
  };
  new Plot({
    width, height: HEIGHT, legend: { show: false }, cursor: { show: false }, scales: { x: { time: false } },
    axes: [{ ...axis, label: t("record.depth_cm"), labelFont: axis.font, labelSize: 24 }, { ...axis, size: 60 }],
    series: [{}, { fill: theme.map.processed, stroke: theme.ink, width: 1, points: { show: false }, paths: Plot.paths.bars({ size: [0.9, 100], align: 1 }) }],
    hooks: { draw: [line] },
  }, [depths, areas], element);
}
