/** The Setup view: screen, language, sticks, console, checklist of the shift, training. Text fields are locked while armed. */

import { breakdownPanel } from "./breakdown.js";
import { tellActs } from "./checklist_acts.js";
import { at, make, mark, put } from "./dom.js";
import { armed } from "./facts.js";
import { currentLanguage, t, unreviewed } from "./i18n.js";
import { lasting } from "./storage.js";
import { TrainingPanel } from "./training.js";

export const BLOCKING = ["estop", "ring", "strop"];
export const CHECKS = [...BLOCKING, "hammers", "brakes", "camera", "base", "storage"];
const ENGLISH = [{ code: "en", name: "English" }];

/** The settings that this browser keeps. */
export class Settings {
  constructor(storage = lasting) {
    this._storage = storage;
    this.values = { theme: "day", text: "100", language: "en", mapping: "arcade", sounds: "on" };
    try {
      Object.assign(this.values, JSON.parse(storage.getItem("flail-settings") ?? "{}"));
    } catch { /* what cannot be read is not kept */ }
  }

  get(name) {
    return this.values[name];
  }

  set(name, value) {
    this.values[name] = value;
    this._storage.setItem("flail-settings", JSON.stringify(this.values));
  }
}

/** The address of the steered vehicle, for editing: sent only where somebody edited it, and for the vehicle it was shown of. */
export class AddressField {
  /** @param {{value: string}} input */
  constructor(input) {
    Object.assign(this, { input, vehicle: null, shown: "" });
  }

  /** The address in force, unless somebody is editing it; another vehicle's begins anew. @returns {boolean} it turned to another vehicle */
  follow(store) {
    const vehicle = store.value("server", "vehicle"), turns = vehicle !== this.vehicle;
    this.vehicle = vehicle;
    if (turns || this.input.value === this.shown) this.input.value = this.shown = store.value("link", "address") ?? "";
    return turns;
  }

  asked() {
    const address = this.input.value.trim();
    return address === this.shown ? {} : { address, vehicle: this.vehicle };
  }

  /** It was taken: from now on what is in force is shown. */
  kept() {
    this.shown = this.input.value;
  }
}

/** Another person than `driver`, whose name may be the beginning of theirs. */
export const isOther = (operator, driver) => !operator.trim().toLowerCase().startsWith(driver.trim().toLowerCase());

/** For whom a checklist is filled in: the steered vehicle, and who has control of it. Another one begins it anew. */
export class ChecklistTurn {
  constructor() {
    this.of = null;
  }

  /** @param {string|null} driver @param {() => void} anew */
  look(store, driver, anew) {
    const vehicle = store.value("server", "vehicle"), before = this.of;
    this.of = { vehicle, driver: driver ?? (before?.vehicle === vehicle ? before.driver : null) };
    if (before !== null && (before.vehicle !== vehicle || (before.driver !== null && before.driver !== this.of.driver))) anew();
  }
}

const group = (title, children) => make("section", { className: "panel" }, [make("h2", { text: title }), ...children]);

export class SetupView {
  /** @param {{store: any, settings: Settings, api: any, observations: any, hands: any, drive: () => any, apply: (name: string) => void, steerHere: () => void}} parts */
  constructor(parts) {
    Object.assign(this, parts);
    this.element = at("view-setup");
    this.fields = [];
    this.checks = {};
    this.stalls = make("dd");
    this.skipped = make("dd");
    this.dropped = make("dd");
    this.pads = make("ul");
    this.locked = make("p", { className: "soft" });
    this.turn = new ChecklistTurn();
    this.training = new TrainingPanel({ store: this.store, post: (path, body) => this._asked(path, body) });
    this.element.append(make("div", { className: "setup" }, [this._screen(), this._hands(), this._console(), this._checklist(), breakdownPanel(), this.training.element]));
  }

  _choice(name, values, words) {
    const choices = values.map((value) => {
      const input = make("input", { type: "radio", name, value, ...(this.settings.get(name) === value ? { checked: "" } : {}) });
      input.addEventListener("change", () => {
        this.settings.set(name, value);
        this.apply(name);
      });
      return make("label", { className: "choice" }, [input, make("span", { text: words(value) })]);
    });
    return choices;
  }

  _fieldset(key, choices) {
    return make("fieldset", {}, [make("legend", { text: t(key) }), ...choices]);
  }

  _screen() {
    const known = this.store.value("server", "languages") ?? ENGLISH;
    const names = Object.fromEntries(known.map(({ code, name }) => [code, name]));
    const children = [
      this._fieldset("setup.theme", this._choice("theme", ["day", "sunlight", "night"], (value) => t(`setup.theme.${value}`))),
      this._fieldset("setup.text", this._choice("text", ["100", "125", "150"], (value) => `${value} %`)),
      this._fieldset("setup.language", this._choice("language", Object.keys(names), (value) => names[value])),
      this._fieldset("setup.sounds", this._choice("sounds", ["on", "off"], (value) => t(`setup.${value}`))),
    ];
    if (currentLanguage() !== "en") children.push(make("p", { className: "soft", text: t("setup.unreviewed", { count: unreviewed() }) }));
    return group(t("setup.screen"), children);
  }

  _hands() {
    return group(t("setup.hands"), [
      make("p", { text: t("setup.hands_text") }),
      this._fieldset("setup.mapping", this._choice("mapping", ["arcade", "tracks"], (value) => t(`setup.mapping.${value}`))),
      this.pads,
      make("dl", { className: "rows" }, [
        make("dt", { text: t("setup.stalls") }), this.stalls,
        make("dt", { text: t("setup.skipped") }), this.skipped,
        make("dt", { text: t("setup.dropped") }), this.dropped,
      ]),
    ]);
  }

  /** A text field, locked while armed: then Space is STOP, whatever has the focus. */
  _text(key, value) {
    const input = make("input", { type: "text", value: value ?? "", autocomplete: "off", spellcheck: "false" });
    this.fields.push(input);
    return [input, make("label", { className: "field" }, [make("span", { text: t(key) }), input])];
  }

  _console() {
    const server = this.store.get("server") ?? {};
    const [name, name_field] = this._text("setup.name", server.console_name);
    const [address, address_field] = this._text("setup.address", this.store.value("link", "address"));
    const sight = make("input", { type: "checkbox", ...(server.by_sight ? { checked: "" } : {}) });
    const vehicle = make("select", {}, (server.vehicles ?? []).map((one) => make("option", { value: one.id, text: one.name, ...(one.id === server.vehicle ? { selected: "" } : {}) })));
    vehicle.addEventListener("change", async () => {
      const turned = await this._post("/api/vehicle", { id: vehicle.value });
      // the list names the vehicle that is steered, not the one that was wanted
      if (!turned) vehicle.value = this.store.value("server", "vehicle") ?? "";
    });
    const save = make("button", { className: "plain", type: "button", text: t("setup.save") });
    this.saved = make("p", { role: "status" });
    this.address = new AddressField(address);
    this.address.follow(this.store);
    save.addEventListener("click", async () => {
      const kept = await this._post("/api/setup", { console_name: name.value, by_sight: sight.checked, ...this.address.asked() });
      if (kept) this.address.kept();
    });
    this.vehicle = vehicle;
    this.fields.push(sight, vehicle);
    return group(t("setup.console"), [
      this.locked, name_field, address_field,
      make("label", { className: "field" }, [make("span", { text: t("setup.vehicle") }), vehicle]),
      make("label", { className: "choice" }, [sight, make("span", { text: t("setup.by_sight") })]),
      make("p", { className: "soft", text: t("setup.by_sight_text") }), save, this.saved,
    ]);
  }

  async _post(path, body) {
    put(this.saved, "…");
    const why = await this._asked(path, body);
    put(this.saved, why === null ? t("setup.saved") : `${t("setup.not_saved")}: ${t(why)}`);
    return why === null;
  }

  /** @returns {Promise<string|null>} why not, as a key of the catalogue; null where it was taken */
  async _asked(path, body) {
    try {
      const response = await this.api(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
      const said = response.ok ? null : await response.json().catch(() => null);
      return response.ok ? null : (said?.error ?? String(response.status));
    } catch {
      return "mode.no_server";
    }
  }

  _checklist() {
    const [operator, operator_field] = this._text("setup.operator", "");
    const [leader, leader_field] = this._text("setup.leader", "");
    leader.addEventListener("input", () => this.store.set("leader", leader.value));
    this.store.subscribe(["leader"], (name) => { if (leader.value !== name) leader.value = name; });
    const [sentry, sentry_field] = this._text("setup.sentry", "");
    sentry.addEventListener("input", () => this.store.set("sentry", sentry.value));
    this.store.subscribe(["sentry"], (name) => { if (sentry.value !== name) sentry.value = name; });
    const rows = CHECKS.map((name) => {
      const box = make("input", { type: "checkbox" });
      this.checks[name] = box;
      box.addEventListener("change", () => this._checked());
      const items = [make("label", { className: "choice" }, [box, make("span", { text: t(`check.${name}`) })])];
      if (!BLOCKING.includes(name)) {
        const [reason, field] = this._text("setup.reason", "");
        reason.dataset.check = name;
        items.push(field);
        box.addEventListener("change", () => { field.hidden = box.checked; });
      }
      return make("li", {}, items);
    });
    const done = make("button", { className: "plain", type: "button", text: t("setup.checklist_done") });
    done.addEventListener("click", () => this._record(operator.value));
    this.done = done;
    this.list = make("p", { role: "status" });
    this.operator = operator;
    operator.addEventListener("input", () => this._checked());
    this._checked();
    this.checklist = group(t("setup.checklist"), [make("p", { className: "soft", text: t("setup.checklist_text") }), operator_field, make("ul", { className: "checks" }, rows), done, this.list, leader_field, sentry_field]);
    return this.checklist;
  }

  /** Who has control at this console, as the vehicle's record names the person; null where it names nobody. */
  driver() {
    return this.store.value("vehicle", "mine") === true ? (this.store.get("day")?.driving?.name ?? null) : null;
  }

  /** What was ticked was of the vehicle, and by the person, of before. */
  _begin() {
    for (const box of Object.values(this.checks)) box.checked = false;
    for (const field of this.fields) if (field.dataset.check) [field.value, field.closest("label").hidden] = ["", false];
    this.operator.value = this.driver() ?? "";
    put(this.list, "");
    this._checked();
  }

  _checked() {
    if (!this.done) return;
    const missing = BLOCKING.some((name) => !this.checks[name].checked) || this.operator.value.trim() === "";
    this.done.setAttribute("aria-disabled", String(missing));
    mark(this.done, "missing", missing);
  }

  async _record(operator) {
    if (this.done.getAttribute("aria-disabled") === "true") return put(this.list, t("setup.checklist_missing"));
    const items = CHECKS.map((name) => {
      const reason = this.element.querySelector(`input[data-check="${name}"]`)?.value ?? "";
      return { name, done: this.checks[name].checked, reason: this.checks[name].checked ? "" : reason };
    });
    const vehicle = this.store.value("server", "vehicle"), kept = await this._post("/api/setup", { vehicle, checklist: { operator, items } });
    put(this.list, t(kept ? "setup.checklist_kept" : "setup.not_saved"));
    if (!kept) return;
    this.store.set("checklist", { operator, at: Date.now() });
    if (this.store.value("checks", "shift_used") !== true) return;
    const why = await tellActs({ operator, items }, this.observations);
    put(this.list, why === null ? t("setup.checklist_told") : t("setup.checklist_not_told", { why }));
  }

  render() {
    const locked = armed(this.store);
    this.training.render();
    mark(this.checklist, "first", this.store.value("server", "checklist_due") === true);
    if (this.address.follow(this.store)) this.vehicle.value = this.address.vehicle;
    this.turn.look(this.store, this.driver(), () => this._begin());
    const driver = this.driver(), saved = this.store.get("checklist");
    if (saved !== null && driver !== null && isOther(saved.operator, driver)) put(this.list, t("setup.checklist_other", { who: driver }));
    put(this.locked, locked ? t("setup.locked") : "");
    for (const field of this.fields) {
      if (field.type === "text") field.readOnly = locked;
      else field.disabled = locked;
    }
    if (locked && this.fields.includes(document.activeElement)) document.activeElement.blur();
    const view = this.store.get("hands");
    put(this.stalls, String(view?.stalls ?? "–"));
    put(this.skipped, String(this.drive().skipped));
    put(this.dropped, String(this.store.get("dropped") ?? 0));
    const pads = view?.pads ?? [];
    const words = pads.length === 0 ? [t("setup.no_pads")] : pads.map((pad) => t(pad.ignored ? `setup.pad.${pad.ignored}` : "setup.pad", { id: pad.id }));
    if (this.pads.dataset.shown === words.join("|")) return;
    this.pads.dataset.shown = words.join("|");
    this.pads.replaceChildren(...words.map((text) => make("li", { text })));
  }
}
