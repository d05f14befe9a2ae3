import assert from "node:assert/strict";
import { test } from "node:test";
import { Steps } from "../../../console/page/js/plan/steps.js";

// The server's side, in memory; `fail` makes the next save fail.
function server() {
  const held = { steps: [], at: 0, fail: false, saves: [] };
  const shown = () => ({ id: "d", at: held.at, first: 1, last: held.steps.length, document: held.steps[held.at - 1] });
  return {
    held,
    make: async (document) => { held.steps = [document]; held.at = 1; return shown(); },
    save: async (id, at, document) => {
      if (held.fail) { held.fail = false; throw new Error("not saved"); }
      assert.equal(at, held.at, "saved upon another step");
      held.steps = [...held.steps.slice(0, at), document];
      held.at = at + 1;
      return shown();
    },
    move: async (id, at) => { held.at = at; return shown(); },
  };
}

test("changes made faster than they are saved are saved one by one, in order", async () => {
  const far = server(), steps = new Steps(far);
  steps.begin("a");
  steps.change("b");
  await steps.change("c");
  assert.deepEqual(far.held.steps, ["a", "b", "c"]);
  assert.deepEqual([steps.at, steps.last, steps.document, steps.unsaved], [3, 3, "c", 0]);
});

test("back, on, and back again; a new change gives up what came after", async () => {
  const far = server(), steps = new Steps(far);
  steps.begin("a");
  await steps.change("b");
  await steps.undo();
  assert.deepEqual([steps.document, steps.canUndo, steps.canRedo], ["a", false, true]);
  await steps.undo();
  assert.equal(steps.document, "a");
  await steps.redo();
  assert.equal(steps.document, "b");
  await steps.undo();
  await steps.change("c");
  assert.deepEqual([far.held.steps, steps.canRedo], [["a", "c"], false]);
});

test("a step back right after a change waits until that is saved", async () => {
  const far = server(), steps = new Steps(far);
  steps.begin("a");
  steps.change("b");
  await steps.undo();
  assert.deepEqual([steps.document, far.held.steps], ["a", ["a", "b"]]);
});

test("what could not be saved is told, stays drawn, and is saved with the next change", async () => {
  const far = server(), told = [];
  const steps = new Steps({ ...far, failed: (error) => told.push(error.message) });
  await steps.begin("a");
  far.held.fail = true;
  await steps.change("b");
  assert.deepEqual([told, steps.document, steps.at], [["not saved"], "b", 1]);
  await steps.change("c");
  assert.deepEqual(far.held.steps, ["a", "c"]);
});

test("an answer to an older change does not undo what was drawn meanwhile", async () => {
  const far = server(), shown = [];
  const steps = new Steps({ ...far, told: () => shown.push(steps.document) });
  steps.begin("a");
  steps.change("b");
  await steps.change("c");
  assert.deepEqual(shown, ["c", "c", "c"]);
});
