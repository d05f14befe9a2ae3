/** What goes to the vehicle's record (FLAIL_OBSERVATION): cut as it holds it, of one vehicle, under one number a try. */

/** Most bytes of UTF-8 that the record holds of a name and of a note. */
export const WHO_BYTES = 20;
export const TEXT_BYTES = 50;

const bytes = (text) => new TextEncoder().encode(text).length;

/** The letters of a text as a reader counts them: a mark above a letter is a part of it. */
function letters(text) {
  return globalThis.Intl?.Segmenter ? [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment) : [...text];
}

/** As many whole letters from the beginning as go into `most` bytes of UTF-8. */
export function cut(text, most = TEXT_BYTES) {
  let kept = "", size = 0;
  for (const letter of letters(text)) {
    size += bytes(letter);
    if (size > most) break;
    kept += letter;
  }
  return kept;
}

/** A name as it goes out. */
export const whoOf = (name) => cut(name.trim(), WHO_BYTES).trim();

/** A number of 32 bits that nobody else draws. */
const drawn = () => crypto.getRandomValues(new Uint32Array(1))[0];

export class Observations {
  /** @param {{store: any, post: (path: string, body: any) => Promise<any>, book: any, draw?: () => number}} parts */
  constructor({ store, post, book, draw = drawn }) {
    Object.assign(this, { store, post, book, draw, form: null, measured: null });
  }

  /**
   * Send what somebody saw; with `mark` it is said of that mark, at its own place and to its own vehicle.
   *
   * A second try of the same words after no answer has the number of the first, so that the vehicle records it once; what
   * was answered is over, and other words are another observation.
   * @returns {Promise<{recorded: boolean, text: string}>} @throws {Error} nobody answered, or it was not sent
   */
  async send({ who, note = "", ...seen }, mark = null) {
    const vehicle = mark?.vehicle ?? this.store.value("server", "vehicle");
    const place = mark === null || mark.e === null ? {} : { e: mark.e, n: mark.north, datum: mark.datum };
    const body = { ...seen, ...place, who: whoOf(who), note: cut(note), vehicle };
    const words = JSON.stringify(body);
    const before = mark === null ? this.form : mark.sent;
    const sent = before?.words === words ? before : { words, number: this.draw() };
    this._keep(mark, sent);
    const told = await this.post("/api/observations", { ...body, number: sent.number });
    this._keep(mark, null);
    return told;
  }

  /**
   * Send what somebody measured, as it was typed; the server judges it. A second try of the same words has their number.
   * @returns {Promise<any>} what the vehicle answered @throws {Error} a field is wrong, or nobody answered
   */
  async measure(typed) {
    const body = { ...typed, vehicle: this.store.value("server", "vehicle") };
    const words = JSON.stringify(body);
    if (this.measured?.words !== words) this.measured = { words, number: this.draw() };
    const told = await this.post("/api/measurements", { ...body, number: this.measured.number });
    this.measured = null;
    return told;
  }

  _keep(mark, sent) {
    if (mark === null) this.form = sent;
    else this.book.change(mark.vehicle, mark.n, { sent });
  }
}
