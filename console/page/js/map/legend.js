// The legend of the map: a swatch and a word for each class, and always the line that processed is not for feet.

import { cellPixels, fills, painted } from "./patterns.js";
import { loadPalette, themeName, themeOf } from "./palette.js";
import { BELOW, PASSED, PROCESSED, PROVISIONAL, UNKNOWN } from "./tiles.js";

const CELLS = { processed: PROCESSED, provisional: PROVISIONAL, passed: PASSED, below: BELOW, unknown: UNKNOWN };
const PLAIN = { to_do: "to_do", safe: "safe" };
const FILLS = { keep_out: "keepOut", unworkable: "unworkable" };
export const ROWS = ["processed", "passed", "below", "to_do", "keep_out", "unworkable", "safe", "unknown", "provisional"];
const WIDTH = 24, HEIGHT = 16;

function swatch(canvas, name, theme, table) {
  const context = canvas.getContext("2d");
  if (name in CELLS) {
    const image = new ImageData(WIDTH, WIDTH), classes = new Uint8Array(WIDTH * WIDTH).fill(CELLS[name]);
    painted(classes, WIDTH, table, new Uint32Array(image.data.buffer));
    context.putImageData(image, 0, 0);
  } else {
    context.fillStyle = name in PLAIN ? theme.map[PLAIN[name]] : theme.outside;
    context.fillRect(0, 0, WIDTH, HEIGHT);
    if (name in FILLS) {
      context.fillStyle = fills(context, theme, 1)[FILLS[name]];
      context.fillRect(0, 0, WIDTH, HEIGHT);
    }
  }
  context.strokeStyle = theme.ink;
  context.lineWidth = 2;
  context.strokeRect(0, 0, WIDTH, HEIGHT);
}

// Fills `element`; `rows` are names of ROWS. Follows the theme. Returns a function that ends it.
export function mountLegend(element, t, rows = ROWS) {
  element.classList.add("map-legend");
  element.replaceChildren();
  const list = document.createElement("ul"), canvases = new Map();
  for (const name of rows) {
    const row = document.createElement("li"), canvas = document.createElement("canvas");
    canvas.width = WIDTH;
    canvas.height = HEIGHT;
    canvas.setAttribute("aria-hidden", "true");
    row.append(canvas, Object.assign(document.createElement("span"), { textContent: t(`map.class.${name}`) }));
    canvases.set(name, canvas);
    list.append(row);
  }
  const feet = Object.assign(document.createElement("p"), { className: "map-feet", textContent: t("map.not_for_feet") });
  element.append(list, feet);
  const colour = () => loadPalette().then((palette) => {
    const theme = themeOf(palette, themeName()), table = cellPixels(theme);
    for (const [name, canvas] of canvases) swatch(canvas, name, theme, table);
  }, () => {}); // the map itself says that its colours are missing
  colour();
  const themes = new MutationObserver(colour);
  themes.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  return () => themes.disconnect();
}
