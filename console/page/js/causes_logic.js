/** What can be measured from here of the cause of a stop or of a WAIT. Pure. */

export const ROTOR_STANDS_RPM = 5;

/** What can be measured of a cause from here: true gone, false still there, null unknown. */
const GONE = {
  link_lost: (facts) => facts.open,
  link_flapping: (facts) => facts.open,
  video_stale: (facts) => (facts.video_age_ms === null ? null : facts.video_age_ms < 500),
  rotor_not_stopping: (facts) => rotorStands(facts),
  rotor_stuck_on: (facts) => rotorStands(facts),
  rotor_overspeed: (facts) => rotorStands(facts),
  position_float: (facts) => (facts.fix === null ? null : facts.fix === "rtk_fixed"),
  estop_console: (facts) => (facts.estop_latched === null ? null : !facts.estop_latched),
  operator_stop: () => true,
  lease_released: (facts) => facts.mine,
  arm_unused: () => true,
  mission_left: () => true,
  attention: () => true,
  controller_stopped: () => true,
  restarted_in_motion: () => true,
};

export const rotorStands = (facts) => (facts.rotor_rpm === null ? null : facts.rotor_rpm <= ROTOR_STANDS_RPM);

/** Whether a cause, by the name of its reason, is gone: true, false, or null where nothing here can measure it. */
export const causeGone = (name, facts) => GONE[name]?.(facts) ?? null;
