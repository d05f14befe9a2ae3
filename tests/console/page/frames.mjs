// Prints, as JSON, what the page's codec makes of these readings, acts and stops: hexadecimal; and what it reads in the frames
// that are its arguments.
import * as wire from "../../../console/page/js/wire.js";

const hex = (buffer) => Buffer.from(buffer).toString("hex");
const reading = {
  source: 2, hold: true, rotor: true, tool_mode: 2, drive: 0.5, turn: -1, tool_m: 0.15, reading_no: 7, page_time: 12.5,
  vehicle_tick: 9, visible: true, focused: true,
};
const known = { video_age_ms: 120, battery: 0.75, tilt_mrad: -40, picture: true };
const unknown = { video_age_ms: null, battery: null, tilt_mrad: null, picture: false };
console.log(JSON.stringify({
  holding: hex(wire.reading(reading, known)),
  neutral: hex(wire.reading({ ...reading, source: 0, hold: false, rotor: false, tool_mode: 0, drive: 0, turn: 0, tool_m: 0, focused: false }, unknown)),
  acts: Object.fromEntries(Object.keys(wire.ACTS).map((name) => [name, hex(wire.act(name, 300, 1.5, 77))])),
  stop: hex(wire.stop(false, 9, 2.5)),
  engine_off: hex(wire.stop(true, 10, 2.5)),
  ack: hex(wire.ack(5)),
  told: process.argv.slice(2).map((made) => {
    const bytes = Uint8Array.from(Buffer.from(made, "hex")).buffer;
    return { echo: wire.echo(bytes), tick: wire.tick(bytes) };
  }),
}));
