// Where the map looks: heading-up on the machine or north-up on the whole field; what a hand moved comes back.
// Pure: no document, time is handed in (milliseconds).

import { dragged, fitted, turnOf, zoomed } from "./geometry.js";

export const RETURN_MS = 10_000;
const HEADING_PPM = 23, PPM_LEAST = 20, PPM_MOST = 26, MOVING_MPS = 0.02, ANCHOR = 0.62;
const NOWHERE = [-20, -20, 20, 20];

export class Camera {
  constructor() {
    this.mode = "north-up";
    this.width = 1;
    this.height = 1;
    this.field = null; // box of the site
    this.pose = null;
    this.held = null; // a view that a hand chose, or null
    this.movedAt = 0;
    this.ppm = HEADING_PPM;
  }

  get moving() { return this.pose !== null && Math.abs(this.pose.speed_mps ?? 0) > MOVING_MPS; }

  // The view now. A hand's view is given up RETURN_MS after the last touch, while the machine moves.
  view(now) {
    if (this.held && this.moving && now - this.movedAt >= RETURN_MS) this.held = null;
    if (this.held) return { ...this.held, width: this.width, height: this.height };
    return this.mode === "heading-up" && this.pose ? this.onMachine() : this.onField();
  }

  onMachine() {
    const { e, n, heading_deg: heading } = this.pose;
    return {
      east: e, north: n, ppm: this.ppm, turn: turnOf(heading), width: this.width, height: this.height, anchorY: ANCHOR,
    };
  }

  onField() { return fitted(this.field ?? NOWHERE, this.width, this.height); }

  hold(view, now) { this.held = view; this.movedAt = now; }
  drag(dx, dy, now) { this.hold(dragged(this.view(now), dx, dy), now); }

  // In heading-up without a pan the machine stays where it is and only the scale changes, within its limits.
  zoom(factor, x, y, now) {
    if (this.mode === "heading-up" && this.pose && !this.held) {
      const ppm = this.ppm * factor;
      if (ppm >= PPM_LEAST && ppm <= PPM_MOST) { this.ppm = ppm; return; }
    }
    this.hold(zoomed(this.view(now), factor, x, y), now);
  }

  toggle() {
    this.mode = this.mode === "heading-up" ? "north-up" : "heading-up";
    this.home();
  }

  home() { this.held = null; }
}
