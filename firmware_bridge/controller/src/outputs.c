/* Outputs by state: set-points ramp, brakes close, the engine is kept for as long as holding needs it. */
#include "flail_controller.h"

#include <math.h>

/* Below this the parking brake may close without a jerk. */
#define STANDSTILL_MPS 0.05f
/* Brakes that were on for so long have bitten. */
#define CRANK_BRAKED_MS 1000u
/* An engine at rest; and one that runs by itself, which no starter turns so fast. */
#define ENGINE_RESTS_RADPS 5.0f
#define ENGINE_RUNS_RADPS 60.0f

static float clamped(float value, float low, float high)
{
    if (value < low) {
        return low;
    }
    return value > high ? high : value;
}

/* One step from `from` towards `to`; slowing down goes by `down`, and a reversal rests at zero first. */
static float ramped(float from, float to, float up, float down, float step_s)
{
    const float goal = from * to < 0.0f ? 0.0f : to;
    const float change = (fabsf(goal) > fabsf(from) ? up : down) * step_s;

    return clamped(goal, from - change, from + change);
}

/* Unknown speed is not standstill. */
static bool standing(const fc_inputs *in)
{
    return fabsf(in->track_left_mps) < STANDSTILL_MPS && fabsf(in->track_right_mps) < STANDSTILL_MPS;
}

static void drive_tracks(fc_controller *fc, float step_s, bool go)
{
    const fc_config *config = &fc->config;
    const float top = config->track_speed_max_mps;
    const float left = go ? clamped(fc->command.track_left, -top, top) : 0.0f;
    const float right = go ? clamped(fc->command.track_right, -top, top) : 0.0f;
    fc_outputs *out = &fc->out;

    out->track_left_mps =
        ramped(out->track_left_mps, left, config->track_accel_mps2, config->track_decel_mps2, step_s);
    out->track_right_mps =
        ramped(out->track_right_mps, right, config->track_accel_mps2, config->track_decel_mps2, step_s);
}

/* Brakes open only to drive; asked for, they close at standstill or when T_BRAKE is over. Closed, nothing drives. */
static void drive_brake(fc_controller *fc, const fc_inputs *in, bool go)
{
    fc_outputs *out = &fc->out;

    if (go && (fc->command.track_left != 0.0f || fc->command.track_right != 0.0f)) {
        fc->stop_ms = fc->now_ms;
        out->brake_release = true;
        return;
    }
    if (go) {
        return; /* the hydraulics hold alone, as nobody asked for the brake */
    }
    if (standing(in) || (uint32_t)(fc->now_ms - fc->stop_ms) >= fc->config.brake_time_ms) {
        out->brake_release = false;
    }
    if (!out->brake_release) {
        out->track_left_mps = 0.0f;
        out->track_right_mps = 0.0f;
    }
}

/* Only gaining speed is ramped, from the speed that the rotor has. The tool is never lifted by a stop. */
static void drive_tool(fc_controller *fc, float rotor_radps, float step_s, bool run)
{
    const fc_config *config = &fc->config;
    const mavlink_flail_command_t *command = &fc->command;
    const float rotor = run ? clamped(command->rotor_speed, 0.0f, config->rotor_speed_max_radps) : 0.0f;
    fc_outputs *out = &fc->out;
    const float turns = fmaxf(out->rotor_speed_radps, rotor_radps); /* not a number is passed over */

    out->rotor_speed_radps = fminf(rotor, turns + config->rotor_accel_radps2 * step_s);
    out->tool_mode = run ? command->tool_mode : (uint8_t)FLAIL_TOOL_MODE_HOLD;
    out->tool_value_m = 0.0f;
    if (out->tool_mode == FLAIL_TOOL_MODE_HEIGHT) {
        out->tool_value_m = clamped(command->tool_value, -config->tool_depth_max_m, config->tool_height_max_m);
    }
    if (out->tool_mode == FLAIL_TOOL_MODE_DEPTH) {
        out->tool_value_m = clamped(command->tool_value, -config->tool_height_max_m, config->tool_depth_max_m);
    }
}

/* The starter: for as long as live commands ask for it and no longer than the configuration grants, on a machine that is
 * held by its brakes with nothing applied, tracks and rotor measured at rest, and an engine that does not run yet. The
 * host has its own rules; these hold whatever it asks. Unknown is not at rest. */
static bool may_crank(fc_controller *fc, const fc_inputs *in, bool run)
{
    const fc_outputs *out = &fc->out;
    const bool asked = run && fc->command.engine_mode == FLAIL_ENGINE_MODE_START;
    const bool cranks = out->engine_mode == FLAIL_ENGINE_MODE_START;

    if (!asked) {
        fc->crank_ms = fc->now_ms;
        return false;
    }
    return (uint32_t)(fc->now_ms - fc->crank_ms) < fc->config.crank_max_ms && !out->brake_release && in->brake_contact
           && (uint32_t)(fc->now_ms - fc->braked_ms) >= CRANK_BRAKED_MS && out->rotor_speed_radps == 0.0f
           && standing(in) && fabsf(in->rotor_speed_radps) < fc->config.rotor_still_radps
           && fabsf(in->engine_speed_radps) <= (cranks ? ENGINE_RUNS_RADPS : ENGINE_RESTS_RADPS);
}

/* Shutting down is heard in every state, but waits for the brakes: hydrostatic holding needs the engine. */
static void drive_engine(fc_controller *fc, const fc_inputs *in, bool run)
{
    fc_outputs *out = &fc->out;
    const bool asked_off = !fc->lease_over && fc->command.engine_mode == FLAIL_ENGINE_MODE_SHUTDOWN;
    const bool crank = may_crank(fc, in, run);

    if (out->engine_mode == FLAIL_ENGINE_MODE_START) {
        out->engine_mode = FLAIL_ENGINE_MODE_IDLE; /* nothing keeps the starter but a command that asks for it */
    }
    if (out->engine_mode == FLAIL_ENGINE_MODE_SHUTDOWN && (asked_off || !run)) {
        return;
    }
    if (asked_off && !out->brake_release) {
        out->engine_mode = FLAIL_ENGINE_MODE_SHUTDOWN;
    } else if (!run || asked_off) {
        out->engine_mode = FLAIL_ENGINE_MODE_IDLE;
    } else if (fc->command.engine_mode == FLAIL_ENGINE_MODE_START) {
        out->engine_mode = crank ? FLAIL_ENGINE_MODE_START : FLAIL_ENGINE_MODE_IDLE;
    } else if (fc->command.engine_mode != FLAIL_ENGINE_MODE_KEEP) {
        out->engine_mode = fc->command.engine_mode;
    }
}

static void drive_signals(fc_controller *fc, bool live)
{
    fc_outputs *out = &fc->out;
    const uint16_t flags = fc->command.flags;

    out->horn = (live && (flags & FLAIL_COMMAND_FLAGS_HORN) != 0u) || (fc->fault_bits & FLAIL_FAULT_BRAKE) != 0u;
    /* once somebody drove it, a machine without a live command warns those who stand near */
    out->beacon = fc->commanded && (!live || (flags & FLAIL_COMMAND_FLAGS_BEACON) != 0u);
    out->gnss_restart = live && (flags & FLAIL_COMMAND_FLAGS_GNSS_RESTART) != 0u;
    out->suppression = out->suppression || (live && (flags & FLAIL_COMMAND_FLAGS_SUPPRESSION) != 0u);
}

void fc_drive_outputs(fc_controller *fc, const fc_inputs *in, float step_s)
{
    const bool run = fc->state == FLAIL_CONTROLLER_STATE_RUN;
    const bool go = run && (fc->command.flags & FLAIL_COMMAND_FLAGS_BRAKE) == 0u;
    fc_outputs *out = &fc->out;

    drive_signals(fc, !fc->lease_over);
    if (fc->state == FLAIL_CONTROLLER_STATE_ESTOP || fc->state == FLAIL_CONTROLLER_STATE_BOOT) {
        const fc_outputs safe = {.horn = out->horn, .beacon = out->beacon, .suppression = out->suppression,
                                 .gnss_restart = out->gnss_restart};

        *out = safe; /* the kill line cuts the engine */
        return;
    }
    out->kill_release = true;
    drive_tracks(fc, step_s, go);
    drive_brake(fc, in, go);
    drive_tool(fc, in->rotor_speed_radps, step_s, run);
    drive_engine(fc, in, run);
}
