/**
 * The picture of the machine's camera. Its age is that of the frame which is painted, by a timer of its own: a stream
 * that died ages too. An old picture is crossed out; a frame of another machine, or an older one, is not shown.
 */

import { number, t } from "./i18n.js";
import { Gate, Trips, cameraAfter, cameraWanted, edgesOf, fitted, packAck, parseFrame, stateOf } from "./video_logic.js";

const LABELS_MIN_PX = 200;
const RETRY_MS = 1000;
const LOOK_MS = 50;
const DROPPED_SHOWN_MS = 3000;

function made(kind, name, above) {
  const element = document.createElement(kind);
  element.className = name;
  above.append(element);
  return element;
}

function styled() {
  if (document.querySelector("link[data-video]")) return;
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = "/static/css/video.css";
  link.dataset.video = "";
  document.head.append(link);
}

export class Picture {
  /** @param {HTMLElement} element @param {any} store @param {{now?: () => number}} parts */
  constructor(element, store, { now = () => performance.now() } = {}) {
    Object.assign(this, { element, store, now });
    this.trips = new Trips();
    this.gate = new Gate();
    this.cameras = [];
    this.chosen = 0;
    this.is_rear = false;
    this.told = { state: "connecting" };
    this.machine = 0; // rises with each connection that ended
    this.drawn = null; // {bitmap, camera, number, captured_ms}
    this.state = "";
    this.socket = null;
    styled();
    store.subscribe?.(["server"], () => this._turned());
    element.classList.add("video");
    this.canvas = made("canvas", "video-picture", element);
    this.cross = made("div", "video-cross", element);
    this.name = made("span", "video-name", element);
    this.age = made("span", "video-age", element);
    this.old = made("div", "video-old", element);
    this.dropped = made("span", "video-dropped", element);
    // spoken once per change; the seconds beside it go on
    this.word = made("div", "", this.old);
    this.word.setAttribute("role", "status");
    this.since = made("div", "", this.old);
    this.resizes = new ResizeObserver(() => this.paint());
    this.resizes.observe(element);
    this.timer = setInterval(() => this.look(), LOOK_MS);
    this.look();
  }

  /** @param {() => WebSocket} open */
  start(open) {
    this.open = open;
    this._connect();
  }

  end() {
    clearInterval(this.timer);
    this.resizes.disconnect();
    this.ended = true;
    this.socket?.close();
  }

  /** There are pictures, but this view shows none. */
  hidden() {
    return this.drawn !== null && !this.visible();
  }

  /** Age of the frame that is painted; null where there is none, or where nobody can see it. */
  age_ms() {
    if (this.drawn === null || !this.visible()) return null;
    return Math.max(0, this.now() - this.drawn.captured_ms);
  }

  visible() {
    return document.visibilityState === "visible" && this.element.getClientRects().length > 0;
  }

  nextCamera() {
    this.chosen = cameraAfter(this.cameras, this.is_rear ? (this.drawn?.camera ?? this.chosen) : this.chosen);
    this.look();
  }

  /** In reverse, the rear camera by itself. @param {boolean} on */
  rear(on) {
    this.is_rear = on;
  }

  // --- frames ------------------------------------------------------------------------------------------------------
  _connect() {
    if (this.ended) return;
    const socket = this.open();
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this._ask(0);
    socket.onmessage = (event) => {
      if (this.socket !== socket) return;
      if (typeof event.data === "string") this._tell(JSON.parse(event.data));
      else this._frame(event.data);
    };
    socket.onclose = () => {
      if (this.socket !== socket) return;
      this.socket = null;
      this.told = { state: "server_gone" };
      setTimeout(() => this._connect(), RETRY_MS);
    };
  }

  _ask(number_) {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    this.socket.send(packAck(cameraWanted(this.cameras, this.chosen, this.is_rear), number_, this.now()));
  }

  /** Which cameras there are, of which machine; or why there is no picture. */
  _tell(message) {
    this.told = message;
    if (message.state !== "open") {
      this._clear();
      return;
    }
    this.cameras = message.cameras;
    this.gate.opened(message.machine_id);
    this.trips = new Trips();
  }

  /** Of the steered vehicle, as the state names it; null where it names none. */
  _machine_id() {
    const server = this.store.get("server");
    return server?.vehicles?.find(({ id }) => id === server.vehicle)?.machine_id ?? null;
  }

  /** Another vehicle is steered: the picture of the one before goes at once, whoever still sends it. */
  _turned() {
    const wanted = this._machine_id();
    if (this.drawn !== null && wanted !== null && this.drawn.machine_id !== wanted) this._clear();
  }

  /** What is painted may be of another machine than the next picture: nothing is shown until that comes. */
  _clear() {
    this.machine += 1;
    this.drawn?.bitmap.close();
    this.drawn = null;
    this.canvas.getContext("2d").clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.look();
  }

  async _frame(buffer) {
    const answered_ms = this.now();
    const frame = parseFrame(buffer);
    if (frame === null) return;
    const why = this.gate.refusal(frame, this._machine_id());
    if (why) {
      this._drop(why);
      this._ask(this.drawn?.number ?? 0);
      return;
    }
    this.trips.add(frame.asked_ms, frame.heard_ms, frame.sent_ms, answered_ms);
    const captured_ms = this.trips.ours_ms(frame.capture_ms);
    if (captured_ms === null) {
      this._drop("untimed");
      this._ask(this.drawn?.number ?? 0);
      return;
    }
    const machine = this.machine;
    let bitmap = null;
    try {
      bitmap = await createImageBitmap(new Blob([frame.jpeg], { type: "image/jpeg" }));
    } catch {
      this._drop("broken");
      this._ask(this.drawn?.number ?? 0);
      return;
    }
    requestAnimationFrame(() => {
      if (machine !== this.machine) { // cleared meanwhile: the next one is asked for all the same
        bitmap.close();
        this._ask(0);
        return;
      }
      this.drawn?.bitmap.close();
      this.drawn = {
        bitmap,
        camera: frame.camera,
        machine_id: frame.machine_id,
        number: frame.number,
        captured_ms,
      };
      this.paint();
      this._ask(frame.number);
    });
  }

  _drop(why) {
    this.dropped.textContent = t(`video.dropped.${why}`);
    this.dropped_ms = this.now();
  }

  // --- painting ----------------------------------------------------------------------------------------------------
  paint() {
    const { canvas, drawn } = this;
    const ratio = globalThis.devicePixelRatio || 1;
    const wide = Math.round(this.element.clientWidth * ratio), high = Math.round(this.element.clientHeight * ratio);
    if (canvas.width !== wide || canvas.height !== high) [canvas.width, canvas.height] = [wide, high];
    this.look();
    if (drawn === null || wide === 0 || high === 0) return;
    const context = canvas.getContext("2d");
    const place = fitted(drawn.bitmap.width, drawn.bitmap.height, wide, high);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, wide, high);
    context.drawImage(drawn.bitmap, place.x, place.y, place.w, place.h);
    const camera = this.cameras.find((one) => one.id === drawn.camera);
    if (camera) this._edges(context, camera, place, ratio);
  }

  _edges(context, camera, place, ratio) {
    const { lines, marks } = edgesOf(camera);
    const scale = (place.scale * this.drawn.bitmap.width) / camera.width;
    const at = ([column, row]) => [place.x + column * scale, place.y + row * scale];
    context.save();
    context.beginPath();
    context.rect(place.x, place.y, place.w, place.h);
    context.clip();
    for (const [colour, width] of [["rgba(18,24,31,0.75)", 4.5], ["#fff", 2.5]]) {
      context.strokeStyle = colour;
      context.lineWidth = width * ratio;
      for (const { from, to, dashed } of [...lines, ...marks]) {
        context.setLineDash(dashed ? [10 * ratio, 8 * ratio] : []);
        context.beginPath();
        context.moveTo(...at(from));
        context.lineTo(...at(to));
        context.stroke();
      }
    }
    context.setLineDash([]);
    context.font = `600 ${16 * ratio}px "IBM Plex Sans", sans-serif`;
    context.textBaseline = "middle";
    context.lineWidth = 4 * ratio;
    context.strokeStyle = "#12181f";
    context.fillStyle = "#fff";
    // on a small picture the numbers would lie on each other
    for (const { to, from, metres } of place.h < LABELS_MIN_PX * ratio ? [] : marks) {
      const [x, y] = at(to[0] > from[0] ? to : from);
      const text = t("video.metres", { value: metres });
      context.strokeText(text, x + 8 * ratio, y);
      context.fillText(text, x + 8 * ratio, y);
    }
    context.restore();
  }

  /** Twenty times a second: how old the painted frame is, whatever comes. */
  look() {
    const age_ms = this.drawn === null ? null : Math.max(0, this.now() - this.drawn.captured_ms);
    const state = stateOf(age_ms);
    if (state !== this.state) {
      this.state = state;
      this.element.dataset.age = state;
    }
    const camera = this.cameras.find((one) => one.id === (this.drawn?.camera ?? -1));
    put(this.name, camera ? t(`video.camera.${camera.name}`) : "");
    put(this.age, age_ms === null ? "" : t("unit.s", { value: number(age_ms / 1000, age_ms < 10_000 ? 2 : 0) }));
    put(this.word, this._word(state));
    put(this.since, state === "old" ? this._since(age_ms) : "");
    this.old.hidden = this.word.textContent === "";
    if (this.dropped_ms !== undefined && this.now() - this.dropped_ms > DROPPED_SHOWN_MS) {
      this.dropped_ms = undefined;
      this.dropped.textContent = "";
    }
  }

  _word(state) {
    if (state === "none") return t(`video.state.${this.told.state ?? "connecting"}`);
    return state === "old" ? t("video.old") : "";
  }

  _since(age_ms) {
    const seconds = Math.floor(age_ms / 1000);
    const since = new Date(Date.now() - age_ms).toTimeString().slice(0, 8);
    return t("video.old_since", { time: since, seconds });
  }
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
