/** The marks of the site as buttons: one that is pressed is the mark on which the machine stands. */

import { make, put, show } from "../dom.js";
import { button } from "../plan/parts.js";

export class SiteMarks {
  /** @param {any} t @param {(mark: {name: string, point: number[], place: number[]}) => void} chosen */
  constructor(t, chosen) {
    Object.assign(this, { t, chosen, drawn: undefined, marks: [] });
    this.none = make("p", { className: "soft" });
    this.buttons = make("div", { className: "buttons", role: "group", "aria-label": t("checks.site_marks") });
    this.element = make("div", {}, [this.none, this.buttons]);
  }

  /**
   * What is drawn stays, and so does the focus, while the site names the same marks.
   * @param {any} site the site of the steered vehicle, null while it is not known
   */
  render(site) {
    const told = JSON.stringify(site?.marks ?? null);
    if (told === this.drawn) return;
    this.drawn = told;
    this.marks = site?.marks ?? [];
    const none = site !== null && this.marks.length === 0;
    put(this.none, none ? this.t("checks.no_site_marks") : "");
    show(this.none, none);
    this.buttons.replaceChildren(...this.marks.map((one) => button(this.t("checks.site_mark", { name: one.name }), () => this.chosen(one))));
  }

  lock(on) { for (const one of this.buttons.children) one.setAttribute("aria-disabled", String(on)); }
}
