/* Session, lease and state. */
#include "flail_controller.h"

#include <math.h>
#include <string.h>

/* Bounds of the wire, equal to the host's; the machine's own limits are in fc_config. */
#define WIRE_TRACK_MAX_MPS 5.0f
#define WIRE_ROTOR_MAX_RADPS 300.0f
#define WIRE_TOOL_MAX_M 3.0f
#define WIRE_FLAGS_KNOWN 0x7Fu
#define FUEL_FULL 10000.0f /* hundredths of a percent */

static bool positive(float value)
{
    return isfinite(value) && value > 0.0f;
}

static bool config_good(const fc_config *config)
{
    return positive(config->track_speed_max_mps) && positive(config->track_accel_mps2)
           && positive(config->track_decel_mps2) && positive(config->rotor_speed_max_radps)
           && positive(config->rotor_accel_radps2) && positive(config->rotor_still_radps)
           && positive(config->tool_height_max_m) && positive(config->tool_depth_max_m)
           && positive(config->supply_min_v) && isfinite(config->supply_max_v)
           && config->supply_max_v > config->supply_min_v && config->rotor_run_down_ms > 0u
           && config->brake_time_ms > 0u && config->watchdog_ms > 0u
           && config->watchdog_ms <= FC_WATCHDOG_MAX_MS && config->crank_max_ms <= FC_CRANK_MAX_MS;
}

void fc_init(fc_controller *fc, const fc_config *config, uint16_t boot_count, bool watchdog_reset, uint32_t now_ms)
{
    memset(fc, 0, sizeof *fc);
    fc->config = *config;
    fc->boot_count = boot_count;
    fc->rotor_off_ms = now_ms;
    fc->braked_ms = now_ms;
    fc->still_ms = now_ms;
    fc->brake_odd_ms = now_ms;
    fc->supply_odd_ms = now_ms;
    fc->shock_ms = now_ms;
    fc->crank_ms = now_ms;
    if (watchdog_reset) {
        fc->fault_bits |= FLAIL_FAULT_WATCHDOG_RESET;
    }
    if (!config_good(config)) {
        fc->fault_bits |= FLAIL_FAULT_CONFIG;
    }
}

bool fc_hello(fc_controller *fc, const mavlink_flail_hello_t *hello)
{
    fc->greeted = hello->protocol_version == FC_PROTOCOL_VERSION
                  && memcmp(hello->config_hash, fc->config.config_hash, sizeof fc->config.config_hash) == 0;
    fc->commanded = false;
    fc->neutral_seen = false;
    return fc->greeted;
}

static bool within(float value, float limit)
{
    return value >= -limit && value <= limit; /* false for NaN */
}

static bool command_good(const mavlink_flail_command_t *command)
{
    return within(command->track_left, WIRE_TRACK_MAX_MPS) && within(command->track_right, WIRE_TRACK_MAX_MPS)
           && within(command->rotor_speed, WIRE_ROTOR_MAX_RADPS) && within(command->tool_value, WIRE_TOOL_MAX_M)
           && command->valid_for_ms <= FC_LEASE_MAX_MS && command->flags <= WIRE_FLAGS_KNOWN
           && command->tool_mode <= FLAIL_TOOL_MODE_DEPTH && command->engine_mode <= FLAIL_ENGINE_MODE_START;
}

/* To ask for the starter is to ask for something. */
static bool neutral(const mavlink_flail_command_t *command)
{
    return command->track_left == 0.0f && command->track_right == 0.0f && command->rotor_speed == 0.0f
           && command->engine_mode != FLAIL_ENGINE_MODE_START;
}

bool fc_command(fc_controller *fc, const mavlink_flail_command_t *command, uint32_t now_ms)
{
    const uint32_t ahead = command->sequence - fc->command.sequence;
    const bool kill = (command->flags & FLAIL_COMMAND_FLAGS_KILL) != 0u;

    if (kill) {
        fc->estop_command = true; /* from whoever, however old or odd the rest */
        fc->reset_asked = false;  /* nor does a reset that waits for its step undo it */
    }
    if (!command_good(command)) {
        fc->fault_bits |= FLAIL_FAULT_COMMAND;
        return false;
    }
    if (fc->commanded && (ahead == 0u || ahead > (uint32_t)INT32_MAX)) {
        return false;
    }
    fc->command = *command;
    if ((uint32_t)(now_ms - command->controller_time_ms) > (uint32_t)INT32_MAX) {
        fc->command.valid_for_ms = 0u; /* stamped ahead of this clock: dead, and not alive later */
    }
    fc->accepted_ms = now_ms;
    fc->commanded = true;
    fc->spoken = true;
    if (neutral(command)) {
        if (fc->state == FLAIL_CONTROLLER_STATE_SAFE && !fc->stop_shown) {
            fc->neutral_seen = true;
        }
        if (!kill && (command->flags & FLAIL_COMMAND_FLAGS_RESET) != 0u) {
            fc->reset_asked = true;
        }
    }
    return true;
}

static uint8_t next_state(const fc_controller *fc)
{
    if (fc->estop_local || fc->estop_command) {
        return FLAIL_CONTROLLER_STATE_ESTOP;
    }
    if ((fc->fault_bits & (uint32_t)FC_FAULTS_THAT_STOP) != 0u) {
        return FLAIL_CONTROLLER_STATE_FAULT;
    }
    if (!fc->greeted) {
        return FLAIL_CONTROLLER_STATE_BOOT;
    }
    return fc->neutral_seen && !fc->lease_over ? FLAIL_CONTROLLER_STATE_RUN : FLAIL_CONTROLLER_STATE_SAFE;
}

/* A command dies by this clock, counted from the stamp that its host had when it made it: whatever held the stamp or the
 * command up on the line has shortened the lease already. */
static bool lease_over(const fc_controller *fc, uint32_t now_ms)
{
    const uint32_t old_ms = now_ms - fc->command.controller_time_ms;

    return !fc->commanded || old_ms >= fc->command.valid_for_ms
           || (uint32_t)(now_ms - fc->accepted_ms) >= fc->config.watchdog_ms;
}

/* The largest shock and its contact stay told while the contact is closed, for a while after, and until the newest
 * command has a stamp from after it: its host has heard this controller since. A controller that no host has spoken to
 * since its start waits for none. Not measured (NAN) is beyond all range with the contact closed, without it the lowest. */
static void hold_shock(fc_controller *fc, const fc_inputs *in)
{
    const uint32_t past_ms = fc->now_ms - fc->shock_ms;
    const bool heard = !fc->spoken || (uint32_t)(fc->now_ms - fc->command.controller_time_ms) < past_ms;
    const bool over = past_ms >= FC_SHOCK_TOLD_MS && heard;
    const float peak_g = in->shock && isnan(in->shock_peak_g) ? INFINITY : in->shock_peak_g;
    const bool larger = isnan(fc->shock_peak_g) ? !isnan(peak_g) : peak_g > fc->shock_peak_g;

    if (over || larger) {
        fc->shock_peak_g = peak_g;
        fc->shock_ms = fc->now_ms;
    }
    fc->shock_told = in->shock || (fc->shock_told && !over);
    if (in->shock) {
        fc->shock_ms = fc->now_ms;
    }
}

void fc_step(fc_controller *fc, const fc_inputs *in, uint32_t now_ms)
{
    const uint32_t passed_ms = now_ms - fc->now_ms;
    const float step_s = 0.001f * (float)(passed_ms < FC_STEP_MAX_MS ? passed_ms : FC_STEP_MAX_MS);
    const bool ran = fc->state == FLAIL_CONTROLLER_STATE_RUN;

    fc->now_ms = now_ms;
    fc->lease_over = lease_over(fc, now_ms);
    fc->stop_shown = fc->stop_shown && (uint32_t)(now_ms - fc->ended_ms) < FC_STOP_SHOWN_MS;
    fc_watch(fc, in);
    hold_shock(fc, in);
    fc->state = next_state(fc);
    if (fc->state == FLAIL_CONTROLLER_STATE_RUN) {
        fc->lease_expired = false;
    } else if (ran) {
        fc->lease_expired = fc->lease_over;
        fc->neutral_seen = false; /* no stop leads back to motion without neutral */
        fc->stop_shown = true;
        fc->ended_ms = now_ms;
    }
    fc_drive_outputs(fc, in, step_s);
    fc->out.valid_until_ms = now_ms + FC_STEP_MAX_MS;
}

fc_outputs fc_guard(const fc_outputs *out, uint32_t now_ms)
{
    static const fc_outputs safe = {0};

    return (uint32_t)(out->valid_until_ms - now_ms) <= FC_STEP_MAX_MS ? *out : safe;
}

static uint16_t flag_if(bool set, uint32_t flag)
{
    return set ? (uint16_t)flag : 0u;
}

static uint16_t status_flags(const fc_controller *fc, const fc_inputs *in)
{
    return (uint16_t)(flag_if(!in->estop_chain_closed, FLAIL_CONTROLLER_FLAGS_ESTOP_CHAIN_OPEN)
                      | flag_if(in->fire, FLAIL_CONTROLLER_FLAGS_FIRE)
                      | flag_if(fc->shock_told, FLAIL_CONTROLLER_FLAGS_SHOCK)
                      | flag_if(in->oil_pressure_low, FLAIL_CONTROLLER_FLAGS_OIL_PRESSURE_LOW)
                      | flag_if(in->brake_contact, FLAIL_CONTROLLER_FLAGS_BRAKE_ON)
                      | flag_if(fc->estop_command, FLAIL_CONTROLLER_FLAGS_KILL)
                      | flag_if(fc->lease_expired, FLAIL_CONTROLLER_FLAGS_LEASE_EXPIRED)
                      | flag_if(fc->out.suppression, FLAIL_CONTROLLER_FLAGS_SUPPRESSION));
}

/* Counted from 1, as 0 is what a controller without this field leaves; not a number is unknown too. */
static uint16_t fuel_field(float ratio)
{
    return ratio >= 0.0f && ratio <= 1.0f ? (uint16_t)(1.5f + ratio * FUEL_FULL) : 0u;
}

void fc_status(fc_controller *fc, const fc_inputs *in, uint32_t now_ms, mavlink_flail_status_t *status)
{
    const uint32_t age_ms = now_ms - fc->accepted_ms;

    status->time_boot_ms = now_ms;
    status->command_sequence = fc->command.sequence;
    status->fault_bits = fc->fault_bits;
    status->track_left = in->track_left_mps;
    status->track_right = in->track_right_mps;
    status->applied_left = fc->out.track_left_mps;
    status->applied_right = fc->out.track_right_mps;
    status->applied_rotor = fc->out.rotor_speed_radps;
    status->rotor_speed = in->rotor_speed_radps;
    status->rotor_torque = in->rotor_torque_nm;
    status->tool_height = in->tool_height_m;
    status->depth = in->depth_m;
    status->depth_sigma = in->depth_sigma_m;
    status->engine_speed = in->engine_speed_radps;
    status->engine_load = in->engine_load_ratio;
    status->hydraulic_pressure = in->hydraulic_pressure_pa;
    status->hydraulic_temp = in->hydraulic_temp_degc;
    status->coolant_temp = in->coolant_temp_degc;
    status->supply_voltage = in->supply_voltage_v;
    status->flags = status_flags(fc, in);
    status->command_age_ms = fc->commanded && age_ms < UINT16_MAX ? (uint16_t)age_ms : UINT16_MAX;
    status->boot_count = fc->boot_count;
    status->status_count = fc->status_count++;
    status->state = fc->state;
    status->depth_datum = in->depth_datum;
    status->fuel = fuel_field(in->fuel_ratio);
    status->shock_peak = fc->shock_peak_g;
}

void fc_greeting(const fc_controller *fc, mavlink_flail_hello_t *hello)
{
    hello->firmware_version = FC_FIRMWARE_VERSION;
    hello->protocol_version = FC_PROTOCOL_VERSION;
    hello->watchdog_ms = (uint16_t)fc->config.watchdog_ms;
    hello->boot_count = fc->boot_count;
    memcpy(hello->config_hash, fc->config.config_hash, sizeof fc->config.config_hash);
}
