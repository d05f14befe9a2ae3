/**
 * What this browser keeps: for always, or for this window. Where it forbids that, or is full, the page remembers it as long
 * as it is open: nothing of it keeps STOP from working.
 */

class Kept {
  /** @param {"localStorage"|"sessionStorage"} name */
  constructor(name) {
    this._name = name;
    this._own = new Map();
  }

  getItem(key) {
    if (this._own.has(key)) return this._own.get(key);
    try {
      return globalThis[this._name].getItem(key);
    } catch {
      return null;
    }
  }

  setItem(key, value) {
    try {
      globalThis[this._name].setItem(key, value);
      this._own.delete(key);
    } catch {
      this._own.set(key, value);
    }
  }

  removeItem(key) {
    this._own.delete(key);
    try {
      globalThis[this._name].removeItem(key);
    } catch { /* there is nothing of it */ }
  }
}

export const lasting = new Kept("localStorage");
export const passing = new Kept("sessionStorage");
