/** "Ring clear, sentry on post": asked once per arming before START, recorded by the vehicle with the name of who says it. */

import { ARMED_MODES } from "./acts_logic.js";
import { t } from "./i18n.js";
import { whoOf } from "./observations.js";

/** An item of the vehicle's table of a shift (`vehicle/contracts/shift_table.py`). */
const KIND = "shift_done";
const ITEM = "ring";

export class Ring {
  /** @param {{store: any, observations: import("./observations.js").Observations}} parts */
  constructor(parts) {
    Object.assign(this, parts);
    this.said = null;
    this.armings = 0;
    this.sending = false;
    this.text = "";
    this.store.subscribe(["vehicle", "server"], () => this.look());
  }

  /** What was said holds for this arming of this vehicle, in this start of its program. */
  look() {
    const is_armed = ARMED_MODES.includes(this.store.value("vehicle", "mode"));
    if (!is_armed) this.armings += 1; // whatever is asked under way was of an arming that is over
    if (!is_armed || (this.said && this.said.of !== this._of())) {
      this.said = null;
      this.text = "";
    }
  }

  _of() {
    return `${this.store.value("server", "vehicle")} ${this.store.value("vehicle", "session")} ${this.armings}`;
  }

  /** Whether this task works in shifts, and the vehicle wants to be told. */
  used() {
    return this.store.value("checks", "shift_used") === true;
  }

  told() {
    return this.said !== null;
  }

  /** Whose words are sent: the sentry that Setup names, else whoever signed the checklist, else this console. */
  who() {
    const named = [this.store.get("sentry"), this.store.get("checklist")?.operator, this.store.value("server", "console_name")];
    return whoOf(named.find((name) => name && name.trim() !== "") ?? "console");
  }

  /** The sentry has said it: it goes to the vehicle's record, and counts once it stands there. */
  async tell() {
    if (this.sending || this.told() || !ARMED_MODES.includes(this.store.value("vehicle", "mode"))) return;
    const of = this._of(), who = this.who();
    this.sending = true;
    this.text = t("plan.sending");
    const answer = await this.observations.send({ kind: KIND, who, note: ITEM }).catch((error) => ({ recorded: false, text: error.message }));
    this.sending = false;
    this.text = answer.recorded ? "" : t("plan.not_recorded", { why: answer.text });
    if (answer.recorded) this.said = { who, of };
    this.look();
  }
}
