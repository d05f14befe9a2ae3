/* What is latched, by what, and what unlatches it. */
#include "flail_controller.h"

#include <math.h>

/* A detonation shakes a braked machine: below 0.2 m/s, or for less than 200 ms, it is not driving away. */
#define BRAKED_SPEED_MAX_MPS 0.2f
#define BRAKED_MOVING_MS 200u
/* After its ramp has ended a track may still coast; a stuck valve keeps it going. */
#define STUCK_SPEED_MPS 0.2f
#define STUCK_MS 300u
/* From working speed a machine needs this long to stand once the brakes or a zero set-point bite. */
#define BITE_MS 1000u
#define BRAKE_CONTACT_MS 500u
#define SUPPLY_MS 500u

/* Runs a stopwatch: true when `odd` held without a break for `limit_ms`. `since` is the start, kept by the caller. */
static bool lasted(bool odd, uint32_t *since, uint32_t now_ms, uint32_t limit_ms)
{
    if (!odd) {
        *since = now_ms;
    }
    return odd && (uint32_t)(now_ms - *since) >= limit_ms;
}

static bool faster(const fc_inputs *in, float speed_mps)
{
    return fabsf(in->track_left_mps) > speed_mps || fabsf(in->track_right_mps) > speed_mps;
}

static void latch(fc_controller *fc, bool found, uint32_t fault)
{
    if (found) {
        fc->fault_bits |= fault;
    }
}

static void watch_tracks(fc_controller *fc, const fc_inputs *in)
{
    const uint32_t now_ms = fc->now_ms;
    const bool braked = !fc->out.brake_release;
    const bool still = fc->out.track_left_mps == 0.0f && fc->out.track_right_mps == 0.0f;
    const bool held = lasted(braked, &fc->braked_ms, now_ms, BITE_MS);
    const bool coasted = lasted(still, &fc->still_ms, now_ms, BITE_MS);

    latch(fc, lasted(held && faster(in, BRAKED_SPEED_MAX_MPS), &fc->brake_moved_ms, now_ms, BRAKED_MOVING_MS),
          FLAIL_FAULT_BRAKE);
    latch(fc, lasted(coasted && faster(in, STUCK_SPEED_MPS), &fc->stuck_ms, now_ms, STUCK_MS),
          FLAIL_FAULT_TRACK_STUCK);
    latch(fc, lasted(braked != in->brake_contact, &fc->brake_odd_ms, now_ms, BRAKE_CONTACT_MS), FLAIL_FAULT_OUTPUT);
}

static void watch_rotor(fc_controller *fc, const fc_inputs *in)
{
    const bool run_down =
        lasted(fc->out.rotor_speed_radps == 0.0f, &fc->rotor_off_ms, fc->now_ms, fc->config.rotor_run_down_ms);

    latch(fc, run_down && fabsf(in->rotor_speed_radps) > fc->config.rotor_still_radps, FLAIL_FAULT_ROTOR_STUCK);
}

/* A reset permits a new start and starts nothing: it leads to SAFE, and SAFE waits for neutral. The stopwatches run on,
 * so a cause that still holds latches again in the same step; a kill that is being commanded is one. A bad configuration
 * has no reset. */
static void reset(fc_controller *fc, bool at_machine)
{
    fc->fault_bits &= FLAIL_FAULT_CONFIG;
    fc->estop_command = !fc->lease_over && (fc->command.flags & FLAIL_COMMAND_FLAGS_KILL) != 0u;
    fc->lease_expired = false;
    fc->neutral_seen = false;
    if (at_machine) {
        fc->estop_local = false;
    }
}

void fc_watch(fc_controller *fc, const fc_inputs *in)
{
    const bool supply_good = in->supply_voltage_v >= fc->config.supply_min_v
                             && in->supply_voltage_v <= fc->config.supply_max_v;

    if (fc->reset_asked) {
        reset(fc, false);
    }
    if (in->reset_button && !fc->reset_held) {
        reset(fc, true);
    }
    fc->reset_asked = false;
    fc->reset_held = in->reset_button;
    if (!in->estop_chain_closed || in->fire) {
        fc->estop_local = true;
    }
    watch_tracks(fc, in);
    watch_rotor(fc, in);
    latch(fc, lasted(!supply_good, &fc->supply_odd_ms, fc->now_ms, SUPPLY_MS), FLAIL_FAULT_SUPPLY);
    latch(fc, isnan(in->track_left_mps), FLAIL_FAULT_TRACK_LEFT_SENSOR);
    latch(fc, isnan(in->track_right_mps), FLAIL_FAULT_TRACK_RIGHT_SENSOR);
    latch(fc, isnan(in->rotor_speed_radps), FLAIL_FAULT_ROTOR_SENSOR);
    latch(fc, isnan(in->tool_height_m), FLAIL_FAULT_TOOL_SENSOR);
}
