/**
 * The bytes between page and console server: readings, acts and STOP up, echo down. Little endian. Pure.
 */

export const ACTS = {
  TAKE: 1, RELEASE: 2, ARM: 3, DISARM: 4, RESET: 5, ACKNOWLEDGE: 6, START: 7, PAUSE: 8, ATTENTION: 9, RECOVERY: 10,
  RELEASE_ESTOP: 11, ENGINE_START: 12,
};
const READING = 1;
const ACT = 2;
const STOP = 3;
const ACK = 4;
const ECHO = 129;
const TICK = 130;
const UNKNOWN_U16 = 65535;
const UNKNOWN_I16 = -32768;

const limited = (value, low, high) => Math.max(low, Math.min(high, Math.round(value)));
const ratio = (value) => limited(value * 1e4, -10_000, 10_000);

/** Unknown is null; it is never sent as a number that could be one. */
const u16 = (value, scale) => (value === null || !Number.isFinite(value) ? UNKNOWN_U16 : limited(value * scale, 0, UNKNOWN_U16 - 1));

/**
 * One reading, 36 bytes.
 * @param {any} reading as `hands_logic.js` makes it
 * @param {{video_age_ms: number|null, battery: number|null, tilt_mrad: number|null, picture: boolean}} console_
 */
export function reading(reading, console_) {
  const view = new DataView(new ArrayBuffer(36));
  const flags =
    (reading.hold ? 1 : 0) | (reading.rotor ? 2 : 0) | (reading.tool_mode << 2) |
    (console_.picture && reading.visible ? 16 : 0) | (reading.focused ? 32 : 0);
  view.setUint8(0, READING);
  view.setUint8(1, reading.source);
  view.setUint16(2, flags, true);
  view.setUint32(4, reading.reading_no, true);
  view.setFloat64(8, reading.page_time, true);
  view.setInt16(16, ratio(reading.drive), true);
  view.setInt16(18, ratio(reading.turn), true);
  view.setInt16(20, limited(reading.tool_m * 1000, -32767, 32767), true);
  view.setUint16(22, u16(console_.video_age_ms, 1), true);
  view.setUint32(24, reading.vehicle_tick, true);
  view.setUint16(28, u16(console_.battery, 1e4), true);
  view.setInt16(30, console_.tilt_mrad === null ? UNKNOWN_I16 : limited(console_.tilt_mrad, -32767, 32767), true);
  return view.buffer;
}

/** One act of the operator, 16 bytes. @param {keyof ACTS} name */
export function act(name, number, page_time, vehicle_tick) {
  const view = new DataView(new ArrayBuffer(16));
  view.setUint8(0, ACT);
  view.setUint8(1, ACTS[name]);
  view.setUint16(2, number & 0xffff, true);
  view.setFloat64(4, page_time, true);
  view.setUint32(12, vehicle_tick, true);
  return view.buffer;
}

/** STOP or ENGINE OFF, 12 bytes. */
export function stop(engineOff, number, page_time) {
  const view = new DataView(new ArrayBuffer(12));
  view.setUint8(0, STOP);
  view.setUint8(1, engineOff ? 1 : 0);
  view.setUint16(2, number & 0xffff, true);
  view.setFloat64(4, page_time, true);
  return view.buffer;
}

/** That a message of /state was handled, 8 bytes. */
export function ack(seq) {
  const view = new DataView(new ArrayBuffer(8));
  view.setUint8(0, ACK);
  view.setUint32(4, seq, true);
  return view.buffer;
}

export const VERDICTS = ["sent", "too_old", "not_newest", "no_session", "not_held"];

/** What became of a reading; null where it is no echo. @param {ArrayBuffer} buffer */
export function echo(buffer) {
  if (buffer.byteLength !== 24) return null;
  const view = new DataView(buffer);
  if (view.getUint8(0) !== ECHO) return null;
  return {
    verdict: VERDICTS[view.getUint8(1)] ?? "unknown",
    reading_no: view.getUint32(4, true),
    page_time: view.getFloat64(8, true),
    vehicle_tick: view.getUint32(16, true),
    sequence: view.getUint32(20, true),
  };
}

/** A newer tick of the vehicle; null where it is none. @param {ArrayBuffer} buffer */
export function tick(buffer) {
  if (buffer.byteLength !== 8) return null;
  const view = new DataView(buffer);
  return view.getUint8(0) === TICK ? view.getUint32(4, true) : null;
}
