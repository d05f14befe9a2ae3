/** The steps of a breakdown in the work area, as docs/WORKING_DAY.md has them; shown in Setup. It acts on nothing. */

import { make } from "./dom.js";
import { t } from "./i18n.js";

const STEPS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

/** The panel: what nobody does, then the steps in their order. */
export function breakdownPanel() {
  return make("section", { className: "panel" }, [
    make("h2", { text: t("breakdown.title") }),
    make("p", { text: t("breakdown.text") }),
    make("ol", {}, STEPS.map((step) => make("li", { text: t(`breakdown.step.${step}`) }))),
  ]);
}
