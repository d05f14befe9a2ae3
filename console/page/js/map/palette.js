// Colours of the map, from the table that the report reads too (vehicle/reports/palette.json, served as palette.json).

let loading = null;

// The whole table; fetched once. Rejects where the server does not have it: the map then says so.
export function loadPalette(url = "/static/palette.json") {
  loading ??= fetch(url).then((answer) => {
    if (!answer.ok) throw new Error(`palette: ${answer.status}`);
    return answer.json();
  }).catch((error) => { loading = null; throw error; });
  return loading;
}

// The theme of the document; "day" where none is set.
export function themeName(root = document.documentElement) {
  return root.dataset.theme || "day";
}

// Colours of one theme: {outside, grid, ink, paper, machine, way, map: {class: colour}, marks: {class: colour}}.
export function themeOf(palette, name) {
  return { ...(palette.themes[name] ?? palette.themes.day), marks: palette.marks };
}
