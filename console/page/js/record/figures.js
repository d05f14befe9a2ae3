// Figures of the record, without a document.

import { area, number } from "../i18n.js";

const PARTS = ["processed_m2", "listed_m2", "not_in_task_m2", "missed_m2"];
const AMONG = ["provisional_m2", "passed_m2", "below_depth_m2", "withdrawn_m2"];

// Bars from below the required depth to above the deepest, no centimetre left out: {depths, areas}; empty for no rows.
export function bars(rows, required_cm) {
  if (!rows.length) return { depths: [], areas: [] };
  const known = new Map(rows.map(({ depth_cm, area_m2 }) => [depth_cm, area_m2]));
  const first = Math.min(...known.keys(), Math.floor(required_cm)) - 1, last = Math.max(...known.keys()) + 1;
  const depths = Array.from({ length: last - first + 1 }, (_, n) => first + n);
  return { depths, areas: depths.map((depth) => known.get(depth) ?? 0) };
}

// Square metres; what is missed is never rounded to nothing.
export function squareMetres(value, t) {
  if (value > 0 && value < 0.01) return t("record.under", { value: number(0.01, 2) });
  return value < 10 ? t("unit.m2", { value: number(value, 2) }) : area(value);
}

// The balance of the record as [key, text]: the whole area, the parts that add up to it, then what is among them. All to
// the same two decimals, as the report prints them. Ground that is not in the task has a row only where there is some.
export function balance(totals, t) {
  const shown = ["area_m2", ...PARTS.filter((key) => key !== "not_in_task_m2" || totals[key] > 0), ...AMONG];
  return shown.map((key) => [key, totals[key] > 0 && totals[key] < 0.01 ? squareMetres(totals[key], t) : t("unit.m2", { value: number(totals[key], 2) })]);
}

// Whether figures that were made of `made` still hold: "other" vehicle or plan (not to be shown), "older" ground, "present".
// {vehicle, plan, stroke}; what is not known contradicts nothing, but a record that is not known whole is no present one.
export function standing(made, now) {
  const differs = (name) => made[name] !== null && now[name] !== null && made[name] !== now[name];
  if (differs("vehicle") || differs("plan")) return "other";
  return now.stroke === null || differs("stroke") ? "older" : "present";
}
