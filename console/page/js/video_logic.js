/**
 * What the picture reckons without a document: frames as the server sends them, whose and how old they are, and where
 * the tool's edges lie in them.
 */

export const FRAME = 32, ACK = 33;
export const HEAD_SIZE = 52, ACK_SIZE = 16;
export const LATE_MS = 300, OLD_MS = 500;
const KEPT = 50;

/** A frame of /video; null where it is none. @param {ArrayBuffer} buffer */
export function parseFrame(buffer) {
  if (buffer.byteLength <= HEAD_SIZE) return null;
  const view = new DataView(buffer);
  if (view.getUint8(0) !== FRAME) return null;
  return {
    camera: view.getUint8(1),
    width: view.getUint16(2, true),
    height: view.getUint16(4, true),
    number: view.getUint32(8, true),
    capture_ms: view.getFloat64(12, true),
    machine_id: hex(new Uint8Array(buffer, 20, 8)),
    heard_ms: view.getFloat64(28, true),
    sent_ms: view.getFloat64(36, true),
    asked_ms: view.getFloat64(44, true),
    jpeg: new Uint8Array(buffer, HEAD_SIZE),
  };
}

/** "This one is painted; the next of `camera`, please." */
export function packAck(camera, number, page_ms) {
  const view = new DataView(new ArrayBuffer(ACK_SIZE));
  view.setUint8(0, ACK);
  view.setUint8(1, camera);
  view.setUint32(4, number, true);
  view.setFloat64(8, page_ms, true);
  return view.buffer;
}

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The server's times as this page's: the quickest of the last fifty questions and answers counts. */
export class Trips {
  constructor() {
    this.kept = [];
  }

  add(asked_ms, heard_ms, sent_ms, answered_ms) {
    const half_ms = (answered_ms - asked_ms - (sent_ms - heard_ms)) / 2;
    if (half_ms < 0) return;
    this.kept.push({ half_ms, offset_ms: answered_ms - half_ms - sent_ms });
    if (this.kept.length > KEPT) this.kept.shift();
  }

  /** Page time of a moment of the server; null before the first answer. */
  ours_ms(theirs_ms) {
    if (this.kept.length === 0) return null;
    const best = this.kept.reduce((a, b) => (b.half_ms < a.half_ms ? b : a));
    return theirs_ms + best.offset_ms;
  }
}

/** Which frames are shown: of this machine, and newer than the one before from the same camera and connection. */
export class Gate {
  constructor() {
    this.machine_id = null;
    this.newest = new Map();
    this.dropped = { machine: 0, order: 0 };
  }

  /** The server is connected anew: numbers begin anew, the machine is the one it names. */
  opened(machine_id) {
    this.machine_id = machine_id;
    this.newest.clear();
  }

  /** "" where it is to be shown, else why it is dropped. `steered`: machine of the steered vehicle, null where nobody names it. */
  refusal(frame, steered = null) {
    let why = "";
    const is_steered = steered === null || frame.machine_id === steered;
    if (this.machine_id === null || frame.machine_id !== this.machine_id || !is_steered) why = "machine";
    else if (frame.number <= (this.newest.get(frame.camera) ?? 0)) why = "order";
    if (why) this.dropped[why] += 1;
    else this.newest.set(frame.camera, frame.number);
    return why;
  }
}

/** live, late or old; none where nothing was ever drawn. */
export function stateOf(age_ms) {
  if (age_ms === null) return "none";
  return age_ms >= OLD_MS ? "old" : age_ms >= LATE_MS ? "late" : "live";
}

/** Column and row of a point of the machine (ahead, left, up in metres), null behind the lens. */
export function pixelOf(camera, ahead_m, left_m, up_m) {
  const sine = Math.sin(camera.pitch_rad), cosine = Math.cos(camera.pitch_rad), side = camera.backward ? -1 : 1;
  const [x, y, z] = [ahead_m - camera.ahead_m, left_m, up_m - camera.height_m];
  const away = side * cosine * x - sine * z;
  if (away < 0.05) return null;
  const right = -side * y, down = -side * sine * x - cosine * z;
  return [camera.cx + (camera.fx * right) / away, camera.cy + (camera.fy * down) / away];
}

export const MARKS_M = [5, 10];
const REACH_M = 12;

/**
 * Lines on the ground: the tool's edges from its axis on, its middle (dashed), and how far it is.
 * @returns {{lines: {from: number[], to: number[], dashed: boolean}[], marks: {from: number[], to: number[], metres: number}[]}}
 */
export function edgesOf(camera) {
  const found = { lines: [], marks: [] };
  const half = (camera.tool_width_m ?? 0) / 2;
  if (half <= 0) return found;
  const start = camera.backward ? camera.ahead_m - 1 : camera.tool_ahead_m, way = camera.backward ? -1 : 1;
  const at = (metres, left) => pixelOf(camera, start + way * metres, left, 0);
  for (const left of [half, 0, -half]) {
    const [from, to] = [at(0.3, left), at(REACH_M, left)];
    if (from && to) found.lines.push({ from, to, dashed: left === 0 });
  }
  for (const metres of MARKS_M) {
    const [from, to] = [at(metres, half), at(metres, -half)];
    if (from && to) found.marks.push({ from, to, metres });
  }
  return found;
}

/** Which camera is to be shown: in reverse the rear one by itself, else the one that was chosen. */
export function cameraWanted(cameras, chosen, rear) {
  if (cameras.length === 0) return 0;
  const back = cameras.find((camera) => camera.backward);
  if (rear && back) return back.id;
  return (cameras.find((camera) => camera.id === chosen) ?? cameras[0]).id;
}

/** The camera after this one. */
export function cameraAfter(cameras, chosen) {
  if (cameras.length === 0) return 0;
  const index = cameras.findIndex((camera) => camera.id === chosen);
  return cameras[(index + 1) % cameras.length].id;
}

/** Where a picture of this shape lies in an element: whole, in the middle. */
export function fitted(width, height, wide, high) {
  const scale = Math.min(wide / width, high / height);
  return { scale, x: (wide - width * scale) / 2, y: (high - height * scale) / 2, w: width * scale, h: height * scale };
}
