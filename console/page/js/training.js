/** Exercises of the simulator, on the Setup view: begun, watched and left here. Beside a real vehicle there are none. */

import { make, mark, put, show } from "./dom.js";
import { armed } from "./facts.js";
import { span, t } from "./i18n.js";
import { barredBy, stateLine } from "./training_logic.js";

const nameOf = (exercise) => t(`training.${exercise.replaceAll("-", "_")}`);

export class TrainingPanel {
  /** @param {{store: any, post: (path: string, body: any) => Promise<string|null>}} parts `post`: why not, as a key, null where it went */
  constructor({ store, post }) {
    Object.assign(this, { store, post, listed: null, told: null });
    this.none = make("p", { className: "soft", text: t("training.only_demo") });
    this.state = make("p", { className: "training-state" });
    this.goal = make("p", { lang: "en" });
    this.hint = make("p", { lang: "en" });
    this.leave = make("button", { className: "plain", type: "button", text: t("training.leave") });
    this.leave.addEventListener("click", () => this.ask({ leave: true }));
    this.hints = make("input", { type: "checkbox", checked: "" });
    this.list = make("ul", { className: "exercises" });
    this.result = make("div", { lang: "en" });
    this.result_title = make("h3", {});
    this.why = make("p", { role: "status" });
    this.offer = make("div", {}, [
      this.state, this.goal, this.hint, this.leave, this.why, this.result_title, this.result,
      make("label", { className: "choice" }, [this.hints, make("span", { text: t("training.hints") })]),
      make("p", { className: "soft", text: t("training.text") }), this.list,
    ]);
    this.element = make("section", { className: "panel" }, [make("h2", { text: t("setup.training") }), this.none, this.offer]);
  }

  /** Names of the exercises, each with its button; made once, for the list does not change. */
  fill(exercises) {
    if (this.listed === exercises.join()) return;
    this.listed = exercises.join();
    this.buttons = exercises.map((name) => {
      const button = make("button", { className: "plain", type: "button", text: t("training.begin"), "aria-label": `${t("training.begin")}: ${nameOf(name)}` });
      button.addEventListener("click", () => this.ask({ begin: name, hints: this.hints.checked }));
      return { name, button };
    });
    this.list.replaceChildren(...this.buttons.map(({ name, button }) => make("li", {}, [make("span", { text: nameOf(name) }), button])));
  }

  async ask(body) {
    const training = this.store.get("training");
    const barred = training === null ? "training.why.real" : barredBy(training, armed(this.store));
    this.say(barred ?? await this.post("/api/training", body));
  }

  say(key) {
    this.told = key;
    this.render();
  }

  render() {
    const training = this.store.get("training") ?? null;
    show(this.none, training === null);
    show(this.offer, training !== null);
    if (training === null) return;
    this.fill(training.exercises);
    const barred = barredBy(training, armed(this.store)), { key, params } = stateLine(training);
    const name = training.running === "" ? "" : `${nameOf(training.running)}. `;
    put(this.state, `${training.changing ? "" : name}${t(key, { ...params, time: span(params.time_s ?? 0) })}`);
    const runs = training.running !== "" && !training.changing;
    put(this.goal, runs ? training.goal : "");
    put(this.hint, runs && training.hint !== "" ? training.hint : "");
    for (const one of [this.goal, this.hint]) show(one, one.textContent !== "");
    show(this.leave, training.running !== "");
    for (const one of [this.leave, ...this.buttons.map(({ button }) => button)]) {
      one.setAttribute("aria-disabled", String(barred !== null));
    }
    put(this.why, barred !== null ? t(barred) : this.told !== null ? t(this.told) : "");
    mark(this.why, "problem", barred === null && this.told !== null);
    put(this.result_title, training.result_of === "" ? "" : t("training.result", { name: nameOf(training.result_of) }));
    show(this.result_title, training.result_of !== "");
    const lines = training.result.join("\n");
    if (this.result_of === lines) return;
    this.result_of = lines;
    this.result.replaceChildren(...training.result.map((text) => make("p", { text })));
  }
}
