/** What a screen reader is told: mode and worst reason, answers to acts, and the summary that `I` asks for. */

import { make } from "./dom.js";
import { modeKey, rulesOf, stateOf } from "./facts.js";
import { number, t } from "./i18n.js";

/** Mode and worst reason, to be spoken once per change. */
export function stateWords(store) {
  const state = stateOf(store), [worst] = rulesOf(store);
  if (state === "searching") return "";
  if (state === "lost") return t("mode.no_link");
  return [t(modeKey(store)), worst ? t(`reason.${worst.name}.cause`) : ""].filter(Boolean).join(". ");
}

/** Mode, speed, rotor, depth and the next step; of a vehicle that is not heard they are what was seen last, and that comes first. */
export function summary(store, next) {
  const read = (section, name) => store.value(section, name);
  const [mode, depth] = [read("vehicle", "mode"), read("tool", "depth_m")];
  const words = t("summary", {
    mode: mode === null ? t("mode.none") : t(`mode.${mode}`),
    speed: number(read("pose", "speed_mps"), 2), rpm: number(read("tool", "rotor_rpm")),
    depth: number(depth === null ? null : depth * 100), next,
  });
  return stateOf(store) === "lost" ? t("summary.lost", { words }) : words;
}

/** Said anew, also where it is what was said before: a region whose text stays the same is not spoken. */
export function tell(element, text) {
  element.replaceChildren(...(text === "" ? [] : [make("span", { text })]));
}
