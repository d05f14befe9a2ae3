// The vehicle's address on the Setup view: sent only where it was edited, and never for another vehicle than it was shown of.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Store } from "../../../console/page/js/store.js";
import { AddressField, ChecklistTurn, isOther } from "../../../console/page/js/view_setup.js";

function opened() {
  const store = new Store(() => 0), input = { value: "" }, field = new AddressField(input);
  const hear = (vehicle, address) => {
    store.heard({ type: "snapshot", server: { vehicle }, link: { address } });
    return field.follow(store);
  };
  return { store, input, field, hear };
}

test("what nobody edited is not sent, and follows what is in force", () => {
  const { input, field, hear } = opened();
  assert.equal(hear("a", "10.0.0.1:14555"), true);
  assert.deepEqual([input.value, field.asked()], ["10.0.0.1:14555", {}]);
  assert.equal(hear("a", "10.0.0.9:14555"), false);
  assert.deepEqual([input.value, field.asked()], ["10.0.0.9:14555", {}]);
});

test("another vehicle's address begins anew, edited or not", () => {
  const { input, field, hear } = opened();
  hear("a", "10.0.0.1:14555");
  input.value = "10.0.0.7:14555";
  assert.equal(hear("b", "10.0.0.2:14555"), true);
  assert.deepEqual([input.value, field.asked()], ["10.0.0.2:14555", {}]);
});

test("what is being edited stays, and goes out with the vehicle that it was shown of", () => {
  const { input, field, hear } = opened();
  hear("a", "10.0.0.1:14555");
  input.value = " 10.0.0.7:14555 ";
  hear("a", "10.0.0.1:14555");
  assert.deepEqual(field.asked(), { address: "10.0.0.7:14555", vehicle: "a" });
  field.kept();
  hear("a", "10.0.0.7:14555");
  assert.deepEqual([input.value, field.asked()], ["10.0.0.7:14555", {}]);
});

test("a checklist begins anew with another vehicle or another person in control, and not because nobody is named for a while", () => {
  const { store, hear } = opened(), turn = new ChecklistTurn(), anew = [];
  for (const [vehicle, driver] of [["a", null], ["a", "First"], ["a", null], ["a", "First"], ["a", "Second"], ["b", null], ["b", "Second"]]) {
    hear(vehicle, "10.0.0.1:14555");
    turn.look(store, driver, () => anew.push(`${vehicle} ${driver}`));
  }
  assert.deepEqual(anew, ["a Second", "b null"]);
});

test("a name is another person's unless it begins with what the record holds", () => {
  assert.deepEqual(["First Person of the team", "first person of the", "Second", ""].map((name) => isOther(name, "First Person of the")), [false, false, true, true]);
});
