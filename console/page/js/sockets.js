/**
 * The page's sockets to the console server on this computer. They open anew by themselves; a drive socket that was
 * refused because another window steers is left alone until the operator asks.
 */

import * as wire from "./wire.js";

export const STEERED_ELSEWHERE = 4001;
const BUFFERED_MAX = 64;
const RETRY_MS = [250, 500, 1000, 2000];
/** So often a seat that is taken is asked for: this page's own socket of before may not be gone yet (reload, hidden). */
const SEAT_TRIES = 8;

const page_id = crypto.randomUUID();

/** A socket of the console server, with the token. @param {string} path */
export function openSocket(path, secret) {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}${path}?page=${page_id}`, ["flail1", secret]);
  socket.binaryType = "arraybuffer";
  return socket;
}

/** A request to the server, with the token. */
export function apiOf(secret) {
  return (path, options = {}) =>
    fetch(path, { ...options, headers: { ...options.headers, "X-Flail-Token": secret }, cache: "no-store" });
}

/** A socket that opens anew: after 0.25 s at first, after 2 s at most. */
class Lasting {
  constructor(path, secret, handlers) {
    Object.assign(this, { path, secret, handlers, tries: 0, refused: 0, wanted: false, socket: null });
  }

  open() {
    this.wanted = true;
    if (this.socket !== null) return;
    const socket = openSocket(this.path, this.secret);
    this.socket = socket;
    socket.onopen = () => {
      if (this.socket !== socket) return;
      this.tries = 0;
      this.handlers.opened?.();
    };
    socket.onmessage = (event) => {
      if (this.socket !== socket) return;
      this.refused = 0;
      this.handlers.message(event.data);
    };
    socket.onclose = (event) => this._closed(socket, event.code);
  }

  _closed(socket, code) {
    if (this.socket !== socket) return;
    this.socket = null;
    const taken = code === STEERED_ELSEWHERE;
    this.refused = taken ? this.refused + 1 : 0;
    const given_up = this.refused >= SEAT_TRIES;
    this.handlers.closed?.(taken && !given_up ? 0 : code);
    if (!this.wanted || given_up) return;
    const wait_ms = taken ? RETRY_MS[0] : RETRY_MS[Math.min(this.tries, RETRY_MS.length - 1)];
    this.tries += 1;
    setTimeout(() => this.wanted && this.open(), wait_ms);
  }

  close() {
    this.wanted = false;
    this.refused = 0;
    const socket = this.socket;
    this.socket = null;
    if (socket === null) return;
    socket.onclose = null;
    socket.close();
    this.handlers.closed?.(1000);
  }

  get ready() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  /** @returns {boolean} whether it was given to the socket */
  send(buffer) {
    if (!this.ready) return false;
    this.socket.send(buffer);
    return true;
  }
}

/** /drive: readings and acts up; a reading that finds the socket busy is dropped, the next one is newer. */
export class DriveSocket {
  /** @param {{opened: () => void, closed: (code: number) => void, echo: (echo: any) => void, tick?: (tick: number) => void, answer: (answer: any) => void}} handlers */
  constructor(secret, handlers) {
    this._socket = new Lasting("/drive", secret, { ...handlers, message: (data) => this._message(data, handlers) });
    this.skipped = 0;
  }

  _message(data, handlers) {
    if (typeof data === "string") return handlers.answer(JSON.parse(data));
    const echo = wire.echo(data);
    if (echo) return handlers.echo(echo);
    const tick = wire.tick(data);
    if (tick !== null) handlers.tick?.(tick);
  }

  /** Ask for the seat; where it was refused, anew. */
  open() {
    if (this._socket.socket === null) this._socket.refused = 0;
    this._socket.open();
  }

  close() { this._socket.close(); }
  get ready() { return this._socket.ready; }

  reading(buffer) {
    if (this._socket.ready && this._socket.socket.bufferedAmount > BUFFERED_MAX) {
      this.skipped += 1;
      return false;
    }
    return this._socket.send(buffer);
  }

  send(buffer) { return this._socket.send(buffer); }
}

/** /state: sections into the store, ground tiles to the map; STOP goes up on it from any page. */
export class StateSocket {
  /** @param {import("./store.js").Store} store @param {{tile: (b: ArrayBuffer) => void, clear: () => void, opened?: () => void, closed?: () => void}} handlers */
  constructor(secret, store, handlers) {
    this._store = store;
    this._handlers = handlers;
    this._socket = new Lasting("/state", secret, { ...handlers, message: (data) => this._message(data) });
  }

  _message(data) {
    if (typeof data !== "string") {
      const kind = new DataView(data).getUint8(0);
      if (kind === 16) this._handlers.tile(data);
      if (kind === 17) this._handlers.clear();
      return;
    }
    const message = JSON.parse(data);
    try {
      this._store.heard(message);
    } finally {
      this._socket.send(wire.ack(message.seq));
    }
  }

  open() { this._socket.open(); }
  get ready() { return this._socket.ready; }
  send(buffer) { return this._socket.send(buffer); }
}
