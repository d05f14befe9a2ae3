// The outline that is being driven: looks at the machine with each message, keeps its record over a reload, draws it.

import { toScreen } from "../map/geometry.js";
import { lasting } from "../storage.js";
import { toDegrees, toMetres } from "./drawing.js";
import * as logic from "./perimeter_logic.js";

const KEPT = "flail-perimeter";
const ROOM_M = 10;
const KEPT_EACH = 4; // corners: a metre of the way may be lost with the page, and is a gap then that is told

export class Perimeter {
  constructor({ store, storage = lasting }) {
    Object.assign(this, { store, storage, kept: 0 });
    this.record = logic.restored(storage.getItem(KEPT));
    store.subscribe(["link", "pose"], () => this.look());
    this.tell();
  }

  get running() { return this.record !== null; }

  begin(offset_m) { this.put(logic.begun(this.store.value("server", "vehicle"), offset_m)); this.look(); }
  bridge() { if (this.record) this.put(logic.bridged(this.record)); }
  end() { this.put(null); }

  look() {
    if (this.record === null) return;
    const next = logic.looked(this.record, logic.factNow(this.store));
    const isSame = next.corners === this.record.corners && next.waits === this.record.waits;
    this.record = next;
    if (!isSame || next.waits === "away") this.tell();
    if (Math.abs(next.corners.length - this.kept) >= KEPT_EACH || !isSame && next.waits !== null) this.keep();
  }

  put(record) { this.record = record; this.keep(); this.tell(); }

  keep() {
    this.kept = this.record?.corners.length ?? 0;
    if (this.record === null) this.storage.removeItem(KEPT);
    else this.storage.setItem(KEPT, JSON.stringify(this.record));
  }

  // What the strip and the Plan view say of it.
  tell() {
    const { record } = this;
    this.store.set("perimeter", record === null ? null : {
      waits: record.waits, away_m: record.away_m, length_m: logic.length_m(record), open_m: logic.open_m(record), bridged_m: record.bridged_m,
    });
  }

  // What the outline covers so far and room round it, [west, south, east, north] in metres of a datum; null without a corner.
  box(datum) {
    const corners = (this.record?.corners ?? []).map((at) => toMetres(toDegrees(at, this.record.origin), datum));
    if (!corners.length) return null;
    const [x, y] = [corners.map(([east]) => east), corners.map(([, north]) => north)];
    return [Math.min(...x) - ROOM_M, Math.min(...y) - ROOM_M, Math.max(...x) + ROOM_M, Math.max(...y) + ROOM_M];
  }

  // On a map whose metres count from `datum`: what was driven, and dashed the straight line that would close it.
  paint(context, view, theme, datum) {
    const corners = this.record?.corners ?? [];
    if (!corners.length || datum === null) return;
    const places = corners.map((at) => toScreen(view, ...toMetres(toDegrees(at, this.record.origin), datum)));
    context.strokeStyle = theme.way;
    for (const [points, dash, wide] of [[places, [], 4], [[places.at(-1), places[0]], [6, 6], 2]]) {
      context.beginPath();
      points.forEach(([x, y], n) => context[n ? "lineTo" : "moveTo"](x, y));
      context.lineWidth = wide;
      context.setLineDash(dash);
      context.stroke();
    }
    context.setLineDash([]);
  }
}
