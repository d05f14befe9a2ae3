/* Safety half of a flail's low-level controller: lease watchdog, neutral latch, slew limits, brake, kill, emergency
 * stop chain, fault latch. A reference for integrators: portable C99, no heap, no clock of its own, no global state.
 *
 * Call fc_step at a fixed rate (50 Hz or faster) and, in the timer interrupt that drives the outputs, fc_guard. */
#ifndef FLAIL_CONTROLLER_H
#define FLAIL_CONTROLLER_H

#include <stdbool.h>
#include <stdint.h>

#include <flail/mavlink.h>

#define FC_PROTOCOL_VERSION 2u
#define FC_FIRMWARE_VERSION 0x000200u /* 0.2.0 */
#define FC_LEASE_MAX_MS 260u          /* longest lease that a command may ask for, from its stamp of this clock */
#define FC_WATCHDOG_MAX_MS 200u       /* longest that a configuration may grant, from the receipt */
#define FC_STOP_SHOWN_MS 500u         /* a stop of this controller's own lasts so long, for its host to see it */
#define FC_SHOCK_TOLD_MS 500u         /* the largest shock stays told at least so long after its contact opened */
#define FC_CRANK_MAX_MS 15000u        /* longest that a configuration may grant the starter in one try */
#define FC_STEP_MAX_MS 50u            /* outputs older than this are not trusted by fc_guard */

/* Figures of one machine. Everything finite and positive, or the controller latches FLAIL_FAULT_CONFIG. */
typedef struct {
    float track_speed_max_mps;
    float track_accel_mps2;
    float track_decel_mps2;
    float rotor_speed_max_radps;
    float rotor_accel_radps2;
    float rotor_still_radps;   /* below this the rotor counts as standing */
    uint32_t rotor_run_down_ms; /* a rotor still turning this long after its drive was removed is stuck */
    float tool_height_max_m;
    float tool_depth_max_m;
    uint32_t brake_time_ms; /* T_BRAKE: brakes close this long after a stop began, whatever the speed */
    uint32_t watchdog_ms;   /* longest life of any command after its receipt */
    float supply_min_v;
    float supply_max_v;
    uint32_t crank_max_ms; /* longest that the starter turns in one try; 0: this controller has no starter */
    uint8_t config_hash[8];
} fc_config;

/* What the machine says. NAN is unknown. */
typedef struct {
    float track_left_mps;
    float track_right_mps;
    float rotor_speed_radps;
    float rotor_torque_nm;
    float tool_height_m;
    float depth_m;
    float depth_sigma_m;
    float engine_speed_radps;
    float engine_load_ratio;
    float hydraulic_pressure_pa;
    float hydraulic_temp_degc;
    float coolant_temp_degc;
    float supply_voltage_v;
    float fuel_ratio;    /* 0 to 1 of a full tank */
    float shock_peak_g;  /* largest acceleration at the shock input since the last step; INFINITY: beyond its range; 0
                          * always where no sensor measures it */
    uint8_t depth_datum; /* FLAIL_DEPTH_DATUM */
    bool estop_chain_closed;
    bool fire;
    bool shock;
    bool oil_pressure_low;
    bool brake_contact; /* the brake's own switch: on */
    bool reset_button;  /* at the machine */
} fc_inputs;

/* The starter turns while engine_mode is FLAIL_ENGINE_MODE_START, and by nothing else.
 *
 * All zero is the safe state: what a controller without power, or before its first step, does. */
typedef struct {
    float track_left_mps;
    float track_right_mps;
    float rotor_speed_radps;
    float tool_value_m;
    uint32_t valid_until_ms; /* controller clock; see fc_guard */
    uint8_t tool_mode;       /* FLAIL_TOOL_MODE */
    uint8_t engine_mode;     /* FLAIL_ENGINE_MODE */
    bool brake_release;      /* false: spring brakes on */
    bool kill_release;       /* false: hydraulics and fuel cut */
    bool horn;
    bool beacon;
    bool suppression;
    bool gnss_restart; /* pass each rising edge on to the receiver: fix anew */
} fc_outputs;

typedef struct {
    fc_config config;
    fc_outputs out;
    mavlink_flail_command_t command; /* last accepted */
    uint32_t accepted_ms;            /* when */
    uint32_t now_ms;
    uint32_t fault_bits;
    uint32_t ended_ms;       /* when the last run ended */
    uint32_t stop_ms;        /* since when the machine is asked to stand */
    uint32_t rotor_off_ms;   /* since when the rotor's drive is removed */
    uint32_t braked_ms;      /* since when the brakes are on */
    uint32_t still_ms;       /* since when both set-points are zero */
    uint32_t brake_moved_ms; /* since when it moves although braked */
    uint32_t stuck_ms;       /* since when it moves although asked to stand */
    uint32_t brake_odd_ms;   /* since when the brake's contact contradicts its command */
    uint32_t supply_odd_ms;  /* since when the supply is out of its window */
    uint32_t shock_ms;       /* when the shock that is told was measured, or its contact was last closed */
    float shock_peak_g;      /* the shock that is told */
    uint32_t crank_ms;       /* since when the host asks for the starter without a break */
    uint16_t boot_count;
    uint16_t status_count;
    uint8_t state; /* FLAIL_CONTROLLER_STATE */
    bool greeted;        /* protocol and configuration agree with the host's */
    bool commanded;      /* a command was accepted since the handshake */
    bool spoken;         /* a command was accepted since the start */
    bool shock_told;     /* the contact of the shock that is told was closed */
    bool neutral_seen;   /* since the last stop */
    bool stop_shown;     /* a run ended less than FC_STOP_SHOWN_MS ago: neutral does not count yet */
    bool lease_over;     /* no command lives at this step */
    bool lease_expired;  /* that is what ended the last run */
    bool estop_local;    /* latched by a switch of the machine: reset at the machine */
    bool estop_command;  /* latched by a command */
    bool reset_held;     /* the button's last state: only its edge counts */
    bool reset_asked;    /* by a command; done in the next step, so that a cause that holds is seen */
} fc_controller;

void fc_init(fc_controller *fc, const fc_config *config, uint16_t boot_count, bool watchdog_reset, uint32_t now_ms);

/* The host's handshake; opens a session. Gives whether both agree. */
bool fc_hello(fc_controller *fc, const mavlink_flail_hello_t *hello);

/* A command; gives whether it was accepted (well formed, in range, newer). Kill is heard in every state. */
bool fc_command(fc_controller *fc, const mavlink_flail_command_t *command, uint32_t now_ms);

/* One step; the outputs are in fc->out. */
void fc_step(fc_controller *fc, const fc_inputs *in, uint32_t now_ms);

/* For the output interrupt: `out` if it is fresh, else the safe state. Whoever hangs above it cannot hold a value. */
fc_outputs fc_guard(const fc_outputs *out, uint32_t now_ms);

/* Fill the answer. */
void fc_status(fc_controller *fc, const fc_inputs *in, uint32_t now_ms, mavlink_flail_status_t *status);
void fc_greeting(const fc_controller *fc, mavlink_flail_hello_t *hello);

/* Internal: latches and detectors (faults.c), outputs by state (outputs.c). */
void fc_watch(fc_controller *fc, const fc_inputs *in);
void fc_drive_outputs(fc_controller *fc, const fc_inputs *in, float step_s);

#define FC_FAULTS_THAT_STOP                                                                                            \
    (FLAIL_FAULT_TRACK_STUCK | FLAIL_FAULT_BRAKE | FLAIL_FAULT_ROTOR_STUCK | FLAIL_FAULT_OUTPUT | FLAIL_FAULT_SUPPLY   \
     | FLAIL_FAULT_WATCHDOG_RESET | FLAIL_FAULT_CONFIG)

#endif
