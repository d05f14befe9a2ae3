/**
 * Texts of the page by key, in the chosen language; numbers and dates as that language writes them. English where a
 * text is missing. What stops, warns or acts is shown in English first until a named person reviewed the translation.
 */

const REVIEWED_FIRST = /^(reason|act|warn|step|hands|start|text)\./;
export const UNKNOWN = "–";

let english = {};
let own = {};
let language = "en";
const missing = new Set();
let formats = new Map();

/** A format of the language, made once: making one costs as much as a hundred uses. */
function made(name, make) {
  if (!formats.has(name)) formats.set(name, make());
  return formats.get(name);
}

/** The catalogues; `load` returns one by language. @param {(language: string) => Promise<any>} load */
export async function load(wanted, load) {
  english = await load("en");
  own = wanted === "en" ? english : await load(wanted).catch(() => ({}));
  language = wanted;
  formats = new Map();
}

/** For tests, and for what needs no server. */
export function use(wanted, catalogue, fallback = catalogue) {
  [language, own, english] = [wanted, catalogue, fallback];
  formats = new Map();
}

export const currentLanguage = () => language;

/** What `{name}` stands for; `{act.reset}` is a text itself, so that a button and what speaks of it agree. */
function filled(text, params, catalogue) {
  return !text.includes("{") ? text : text.replace(/\{([\w.]+)\}/g, (whole, name) => {
    if (name in params) return String(params[name] ?? UNKNOWN);
    return typeof catalogue[name] === "string" ? catalogue[name] : whole;
  });
}

function chosen(entry, params, tag) {
  if (typeof entry === "string") return entry;
  const form = made(`plural ${tag}`, () => new Intl.PluralRules(tag)).select(Number(params.count ?? 0));
  return entry[form] ?? entry.other ?? "";
}

/** The text of a key; the key itself where there is none, said once in the log. */
export function t(key, params = {}) {
  const found = own[key] ?? null;
  if (found !== null) return filled(chosen(found, params, language), params, own);
  if (!missing.has(`${language} ${key}`)) {
    missing.add(`${language} ${key}`);
    console.warn(`no text ${key} in ${language}`);
  }
  const fallback = english[key];
  return fallback === undefined ? key : filled(chosen(fallback, params, "en"), params, english);
}

const english_of = (key, params) => (english[key] === undefined ? key : filled(chosen(english[key], params, "en"), params, english));

/** A text that leads an operator: {first, small}; `small` is the unreviewed line of the chosen language, or null. */
export function led(key, params = {}) {
  const translated = language !== "en" && own[key] !== undefined && own[key] !== english[key];
  if (!translated) return { first: english_of(key, params), small: null };
  if (!REVIEWED_FIRST.test(key) || own[`reviewed_by.${key}`]) return { first: t(key, params), small: null };
  return { first: english_of(key, params), small: t(key, params) };
}

/** The same in one line: English first, the unreviewed translation after it. */
export function said(key, params = {}) {
  const { first, small } = led(key, params);
  return small === null ? first : `${first} (${small})`;
}

/** How many texts of the language no named person reviewed. */
export function unreviewed() {
  if (language === "en") return 0;
  return Object.keys(own).filter((key) => REVIEWED_FIRST.test(key) && own[key] !== english[key] && !own[`reviewed_by.${key}`]).length;
}

/** A number with so many decimals, or the sign of the unknown. */
export function number(value, decimals = 0) {
  if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN;
  const rounded = Number(value.toFixed(decimals)) + 0;
  const options = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  return made(`number ${decimals}`, () => new Intl.NumberFormat(language, options)).format(rounded);
}

/** A time of day. @param {Date} when */
export function clock(when, seconds = false) {
  const options = { hour: "2-digit", minute: "2-digit", ...(seconds && { second: "2-digit" }), hour12: false };
  return made(`clock ${seconds}`, () => new Intl.DateTimeFormat(language, options)).format(when);
}

/** A span: "0:41", "12 min", "3 h 50 min". */
export function span(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return UNKNOWN;
  if (seconds < 90) return t("unit.s", { value: number(seconds, seconds < 10 ? 1 : 0) });
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return t("unit.min", { value: number(minutes) });
  return t("unit.h_min", { hours: number(Math.floor(minutes / 60)), minutes: number(minutes % 60) });
}

/** Seconds as minutes and seconds, for what counts down. */
export function countdown(seconds) {
  if (seconds === null || !Number.isFinite(seconds)) return UNKNOWN;
  const whole = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** An area: square metres, from one hectare on hectares. */
export function area(m2) {
  if (m2 === null || m2 === undefined || !Number.isFinite(m2)) return UNKNOWN;
  return m2 >= 10_000 ? t("unit.ha", { value: number(m2 / 10_000, 2) }) : t("unit.m2", { value: number(m2) });
}

/** The first clause of a sentence: up to a colon, a question mark or a full stop that ends one. */
export const firstClause = (text) => /^.*?(?=[:.](\s|$)|(?<=\?)\s|$)/s.exec(text)[0];
