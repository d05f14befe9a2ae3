// Hands on the map: drag, pinch, wheel and keys, for a Camera. What is drawn on the map may take a pointer first.

const STEP_PX = 80, ZOOM = 1.25;
const PAN_KEYS = { Numpad8: [0, 1], Numpad2: [0, -1], Numpad4: [1, 0], Numpad6: [-1, 0] };

export class Fingers {
  // `editor(kind, x, y, event)` returns true where it uses the pointer itself.
  constructor(canvas, camera, { now = () => performance.now(), moved = () => {}, editor = () => false } = {}) {
    Object.assign(this, { canvas, camera, now, moved, editor, down: new Map(), taken: false });
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => this.release(event));
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  press(event) {
    const [x, y] = this.at(event);
    this.canvas.setPointerCapture?.(event.pointerId);
    this.down.set(event.pointerId, [x, y]);
    this.taken = this.down.size === 1 && this.editor("down", x, y, event);
    this.moved();
  }

  move(event) {
    const [x, y] = this.at(event), before = this.down.get(event.pointerId);
    if (!before) { if (this.editor("hover", x, y, event)) this.moved(); return; }
    if (this.taken) { this.editor("drag", x, y, event); this.moved(); return; }
    const others = [...this.down].filter(([id]) => id !== event.pointerId);
    if (others.length === 1) this.pinch(before, [x, y], others[0][1]);
    else if (others.length === 0) this.camera.drag(x - before[0], y - before[1], this.now());
    this.down.set(event.pointerId, [x, y]);
    this.moved();
  }

  pinch(before, now, other) {
    const was = Math.hypot(before[0] - other[0], before[1] - other[1]);
    const is = Math.hypot(now[0] - other[0], now[1] - other[1]);
    if (was > 0 && is > 0) this.camera.zoom(is / was, (now[0] + other[0]) / 2, (now[1] + other[1]) / 2, this.now());
  }

  release(event) {
    const [x, y] = this.at(event);
    if (this.taken && this.down.has(event.pointerId)) this.editor(event.type === "pointerup" ? "up" : "cancel", x, y, event);
    this.down.delete(event.pointerId);
    if (!this.down.size) this.taken = false;
    this.moved();
  }

  wheel(event) {
    event.preventDefault();
    const [x, y] = this.at(event);
    this.camera.zoom(Math.exp(-event.deltaY * 0.0015), x, y, this.now());
    this.moved();
  }

  pan(x, y) { this.camera.drag(x * STEP_PX, y * STEP_PX, this.now()); this.moved(); }
  zoomBy(factor) { this.camera.zoom(factor, this.camera.width / 2, this.camera.height / 2, this.now()); this.moved(); }

  // True where the key was one of the map's. Arrows are the sticks' and never pan.
  key(event) {
    if (event.code in PAN_KEYS) this.pan(...PAN_KEYS[event.code]);
    else if (event.code === "NumpadAdd" || event.key === "+") this.zoomBy(ZOOM);
    else if (event.code === "NumpadSubtract" || event.key === "-") this.zoomBy(1 / ZOOM);
    else if (event.code === "Home") { this.camera.home(); this.moved(); }
    else return false;
    return true;
  }

  // Buttons for all that drag and wheel do, into an element: nothing by drag alone.
  buttons(element, t) {
    const rows = [
      ["map.zoom_in", "+", () => this.zoomBy(ZOOM)], ["map.zoom_out", "−", () => this.zoomBy(1 / ZOOM)],
      ["map.pan_up", "↑", () => this.pan(0, 1)], ["map.pan_down", "↓", () => this.pan(0, -1)],
      ["map.pan_left", "←", () => this.pan(1, 0)], ["map.pan_right", "→", () => this.pan(-1, 0)],
      ["map.home", "⌂", () => { this.camera.home(); this.moved(); }],
    ];
    for (const [key, sign, act] of rows) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "map-button";
      button.textContent = sign;
      button.title = t(key);
      button.setAttribute("aria-label", t(key));
      button.addEventListener("click", act);
      element.append(button);
    }
  }
}
