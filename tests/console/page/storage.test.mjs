// What the browser keeps, or the page alone where the browser forbids it: nothing of it throws.
import assert from "node:assert/strict";
import { test } from "node:test";

const { lasting } = await import("../../../console/page/js/storage.js");
const { Settings } = await import("../../../console/page/js/view_setup.js");
const { Perimeter } = await import("../../../console/page/js/plan/perimeter.js");
const { Store } = await import("../../../console/page/js/store.js");

const no = () => { throw new Error("no"); };
const FORBIDDEN = { getItem: no, setItem: no, removeItem: no };

test("what is kept is there again, or is not after it was taken away", () => {
  const kept = new Map();
  Object.defineProperty(globalThis, "localStorage", { configurable: true, value: { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) } });
  lasting.setItem("a", "1");
  assert.deepEqual([lasting.getItem("a"), kept.get("a")], ["1", "1"]);
  lasting.removeItem("a");
  assert.equal(lasting.getItem("a"), null);
});

for (const [what, has] of [["forbids", { value: FORBIDDEN }], ["forbids even to look", { get: no }]]) {
  test(`a browser that ${what} it`, () => {
    Object.defineProperty(globalThis, "localStorage", { configurable: true, ...has });
    const settings = new Settings();
    settings.set("theme", "night");
    assert.equal(new Settings().get("theme"), "night", "this page remembers it");
    const perimeter = new Perimeter({ store: new Store(() => 0) });
    perimeter.begin(0);
    assert.equal(perimeter.running, true);
    perimeter.end();
    lasting.removeItem("flail-settings");
    assert.equal(lasting.getItem("flail-settings"), null);
  });
}
