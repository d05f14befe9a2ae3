/**
 * The page of a stop-only station: a button, the vehicle, its mode, the age of the link. It can send a question and STOP,
 * and nothing else. STOP goes out as the finger comes down, and again until the station's program says that it has it.
 */

import { at, put, show } from "./dom.js";
import { led, load, said, t } from "./i18n.js";
import { Sounds } from "./sounds.js";
import { linkOf, modeOf, questionFrame, stopFrame, stopOf } from "./stop_page_logic.js";
import { token } from "./token.js";

const QUESTION_MS = 250;
const RETRY_MS = 500;
const SHOW_MS = 100;
const KEYS = new Set(["Space", "Enter", "NumpadEnter"]);
const BUZZ_MS = [400, 150, 400];

class StopPage {
  constructor(secret) {
    this.secret = secret;
    this.socket = null;
    this.told = null;
    this.heard_ms = 0;
    this.press_waits = null;
    this.shown = "";
    this.sounds = new Sounds(true);
    this.texts = false;
    this.lock = null;
  }

  // --- the socket ----------------------------------------------------------------------------------------------------
  open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/stop`, ["flail1", this.secret]);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.ask();
    socket.onmessage = (event) => this.hear(JSON.parse(event.data));
    socket.onclose = () => setTimeout(() => this.open(), RETRY_MS);
    this.socket = socket;
  }

  send(frame) {
    if (this.socket !== null && this.socket.readyState === WebSocket.OPEN) this.socket.send(frame);
  }

  ask() {
    if (this.press_waits !== null) this.send(stopFrame(this.press_waits));
    this.send(questionFrame(performance.now()));
  }

  hear(told) {
    [this.told, this.heard_ms] = [told, performance.now()];
    if (told.press === this.press_waits) this.press_waits = null;
    this.show();
  }

  // --- the button ----------------------------------------------------------------------------------------------------
  press() {
    this.press_waits ??= Math.floor(Math.random() * 2 ** 53);
    this.send(stopFrame(this.press_waits));
    navigator.vibrate?.(60);
    this.show();
  }

  listen() {
    const button = at("stop");
    button.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      this.press();
    });
    // a screen reader has no finger: its click comes without one
    button.addEventListener("click", (event) => event.detail === 0 && this.press());
    button.addEventListener("contextmenu", (event) => event.preventDefault());
    window.addEventListener("keydown", (event) => {
      if (!KEYS.has(event.code)) return;
      event.preventDefault();
      if (!event.repeat) this.press();
    });
    window.addEventListener("keyup", (event) => KEYS.has(event.code) && event.preventDefault());
  }

  // --- what is shown -------------------------------------------------------------------------------------------------
  show() {
    const { link, age_ms, why } = linkOf(this.told, this.heard_ms, performance.now());
    const stop = stopOf(this.told, this.press_waits !== null);
    const mode = modeOf(this.told, link);
    document.body.dataset.link = link;
    document.body.dataset.stop = stop;
    if (this.told !== null) {
      put(at("name"), this.told.name);
      document.title = `STOP · ${this.told.name}`;
    }
    if (!this.texts) return;
    const age = age_ms === null ? "–" : (age_ms / 1000).toFixed(1);
    put(at("mode"), mode === null ? t("stop_page.mode_unknown") : led(`mode.${mode}`).first);
    put(at("link").firstElementChild, link === "lost" && age_ms === null ? t("stop_page.lost") : t(`stop_page.${link}_age`, { age }));
    const address = this.told?.address ?? "–";
    put(at("link").lastElementChild, link === "lost" ? `${said("stop_page.use_radio")} ${said(`stop_page.why.${why}`, { address })}` : "");
    put(at("stop-said"), this.saidOf(stop, link));
    this.announce(link, stop, mode);
  }

  saidOf(stop, link) {
    if (stop === "sending") return said(link === "lost" ? "stop_page.sending_lost" : "stop_page.sending");
    if (stop === "taken") return said("stop_page.taken", { time: (this.told.stop_ms / 1000).toFixed(2) });
    return "";
  }

  /** Once for each change: spoken; a link that was lost is heard and felt too. */
  announce(link, stop, mode) {
    const now = `${link} ${stop} ${mode}`;
    if (now === this.shown) return;
    const before = this.shown.split(" ")[0];
    this.shown = now;
    put(at("said"), [at("link").textContent, at("mode").textContent, at("stop-said").textContent].join(". "));
    if (link === "lost" && before !== "lost") {
      this.sounds.play("stop");
      navigator.vibrate?.(BUZZ_MS);
    }
    if (before === "lost" && link === "connected") this.sounds.play("link_back");
  }

  async speak() {
    const api = (language) =>
      fetch(`/api/catalogue/${language}`, { headers: { "X-Flail-Token": this.secret }, cache: "no-store" }).then((answer) => {
        if (!answer.ok) throw new Error(`texts: ${answer.status}`);
        return answer.json();
      });
    try {
      await load("en", api);
    } catch {
      setTimeout(() => this.speak(), RETRY_MS);
      return;
    }
    this.texts = true;
    put(at("help"), said("stop_page.help"));
    put(at("awake"), said("stop_page.awake_no"));
    this.show();
  }

  /** The screen stays on where the browser has a way to say so. */
  async stayAwake() {
    let kept = false;
    try {
      this.lock = (await navigator.wakeLock?.request("screen")) ?? null;
      kept = this.lock !== null;
    } catch {
      kept = false;
    }
    show(at("awake"), !kept);
  }
}

const page = new StopPage(token());
const dark = matchMedia("(prefers-color-scheme: dark)");
const theme = () => (document.documentElement.dataset.theme = dark.matches ? "night" : "day");
theme();
dark.addEventListener("change", theme);
page.listen();
page.open();
page.speak();
page.stayAwake();
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && page.stayAwake());
setInterval(() => page.ask(), QUESTION_MS);
setInterval(() => page.show(), SHOW_MS);
window.flail = { page, ready: true };
