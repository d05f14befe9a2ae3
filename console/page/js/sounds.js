/** Few sounds, none of which repeats for ever: a stop falls, a link that is back rises, what is new and amber ticks. */

const TONES = {
  stop: [[880, 0, 0.18], [440, 0.2, 0.35]],
  link_back: [[440, 0, 0.12], [880, 0.12, 0.2]],
  tick: [[1200, 0, 0.04]],
  asked: [[1200, 0, 0.15], [1600, 0.2, 0.3]],
};
const LATE_S = 10;

/**
 * What sounds while a mission asks for a sign of attention, and in a WAIT: a tick each 3 s, in its last 10 s a tone each
 * second. `left_s`: until the machine stands, or until the WAIT becomes a stop, null where nothing is asked; `since_ms`: since the last sound of this kind.
 */
export function askedSound(left_s, since_ms) {
  if (left_s === null) return null;
  if (left_s <= LATE_S) return since_ms >= 1000 ? "asked" : null;
  return since_ms >= 3000 ? "tick" : null;
}

/**
 * What sounds between two looks at the state: {stopped, lost, codes: of the warnings}; `before` null at the first one. A
 * vehicle that is heard again has mostly stopped meanwhile: that its link is back sounds all the same.
 * @returns {(keyof TONES)[]}
 */
export function soundsOf(before, now) {
  const found = [];
  if (now.stopped && before && !before.stopped) found.push("stop");
  if (before?.lost && !now.lost) found.push("link_back");
  if (now.codes.some((code) => !(before?.codes ?? []).includes(code))) found.push("tick");
  return found;
}

export class Sounds {
  constructor(on) {
    this.on = on;
    this._context = null;
    const wake = () => {
      this._context ??= new AudioContext();
      this._context.resume();
    };
    for (const name of ["pointerdown", "keydown"]) window.addEventListener(name, wake, { once: true });
  }

  /** @param {keyof TONES} name */
  play(name) {
    if (!this.on || this._context === null) return;
    const now_s = this._context.currentTime;
    for (const [hz, from_s, long_s] of TONES[name]) {
      const tone = this._context.createOscillator();
      const gain = this._context.createGain();
      tone.frequency.value = hz;
      gain.gain.setValueAtTime(0.25, now_s + from_s);
      gain.gain.exponentialRampToValueAtTime(0.001, now_s + from_s + long_s);
      tone.connect(gain).connect(this._context.destination);
      tone.start(now_s + from_s);
      tone.stop(now_s + from_s + long_s);
    }
  }
}
