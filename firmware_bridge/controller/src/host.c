/* Host build: the controller as a process on a serial device or pty. Not part of a firmware.
 *
 *   flail_controller DEVICE|pty CONFIG_HASH_HEX [BOOT_COUNT] [plant]
 *
 * Without `plant` the machine behind it is ideal: what is applied is what is measured. With it, each step prints
 *   O now_ms left right rotor tool_mode tool_value engine brake_release kill_release horn beacon suppression
 * on stdout, and stdin may say
 *   I left right rotor torque height depth sigma engine load pressure hyd_temp coolant_temp volt datum chain fire shock oil brake reset [peak]
 *   F HEX      bytes to put on the wire as they are: frames of sensors that are not the safety half's */
#define _XOPEN_SOURCE 700

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "flail_node.h"

#define STEP_MS 10u

static uint32_t clock_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u);
}

/* A full line drops the frame, as a UART without room would. */
static void send_bytes(void *context, const uint8_t *bytes, uint16_t count)
{
    const ssize_t written = write(*(const int *)context, bytes, count);

    if (written < 0 && errno != EAGAIN) {
        perror("flail_controller: write");
    }
}

/* "pty" makes a pty, says its name on stdout and holds the controller's end of it. */
static int open_pty(void)
{
    const int device = posix_openpt(O_RDWR | O_NOCTTY);

    if (device >= 0 && grantpt(device) == 0 && unlockpt(device) == 0) {
        (void)printf("P %s\n", ptsname(device));
        (void)fflush(stdout);
        (void)fcntl(device, F_SETFL, O_NONBLOCK);
    }
    return device;
}

static int open_device(const char *path)
{
    struct termios settings;
    const int device = strcmp(path, "pty") == 0 ? open_pty() : open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);

    if (device >= 0 && tcgetattr(device, &settings) == 0) {
        settings.c_iflag = 0;
        settings.c_oflag = 0;
        settings.c_lflag = 0;
        settings.c_cflag = CS8 | CREAD | CLOCAL;
        (void)cfsetispeed(&settings, B115200);
        (void)cfsetospeed(&settings, B115200);
        (void)tcsetattr(device, TCSANOW, &settings);
    }
    return device;
}

static size_t bytes_from_hex(const char *text, uint8_t *bytes, size_t room)
{
    size_t count = 0u;
    unsigned int value = 0u;

    while (count < room && sscanf(&text[2u * count], "%2x", &value) == 1) {
        bytes[count++] = (uint8_t)value;
    }
    return count;
}

static void ideal_machine(fc_inputs *in, const fc_outputs *out)
{
    const float volt = in->supply_voltage_v;

    memset(in, 0, sizeof *in);
    in->track_left_mps = out->track_left_mps;
    in->track_right_mps = out->track_right_mps;
    in->rotor_speed_radps = out->rotor_speed_radps;
    in->supply_voltage_v = volt;
    in->estop_chain_closed = true;
    in->brake_contact = !out->brake_release;
    in->fuel_ratio = NAN;
}

static void plant_says(fc_node *node, const char *line)
{
    fc_inputs in = node->inputs;
    int datum = 0;
    int bits[6] = {0};
    int found = 0;

    if (line[0] == 'F') {
        uint8_t frame[512];
        const size_t count = bytes_from_hex(&line[2], frame, sizeof frame);

        node->send(node->context, frame, (uint16_t)count);
        return;
    }
    in.shock_peak_g = 0.0f;
    found = sscanf(line, "I %f %f %f %f %f %f %f %f %f %f %f %f %f %d %d %d %d %d %d %d %f", &in.track_left_mps,
                   &in.track_right_mps, &in.rotor_speed_radps, &in.rotor_torque_nm, &in.tool_height_m, &in.depth_m,
                   &in.depth_sigma_m, &in.engine_speed_radps, &in.engine_load_ratio, &in.hydraulic_pressure_pa,
                   &in.hydraulic_temp_degc, &in.coolant_temp_degc, &in.supply_voltage_v, &datum, &bits[0], &bits[1],
                   &bits[2], &bits[3], &bits[4], &bits[5], &in.shock_peak_g);
    if (found >= 20) {
        in.depth_datum = (uint8_t)datum;
        in.estop_chain_closed = bits[0] != 0;
        in.fire = bits[1] != 0;
        in.shock = bits[2] != 0;
        in.oil_pressure_low = bits[3] != 0;
        in.brake_contact = bits[4] != 0;
        in.reset_button = bits[5] != 0;
        node->inputs = in;
    }
}

/* Whole lines only; a line too long for the buffer is dropped. Gives false when the plant has gone. */
static bool plant_read(fc_node *node)
{
    static char text[4096];
    static size_t held = 0u;
    const ssize_t got = read(STDIN_FILENO, &text[held], sizeof text - 1u - held);
    char *start = text;
    char *end = NULL;

    if (got <= 0) {
        return false;
    }
    held += (size_t)got;
    text[held] = '\0';
    while ((end = strchr(start, '\n')) != NULL) {
        *end = '\0';
        plant_says(node, start);
        start = end + 1;
    }
    held -= (size_t)(start - text);
    memmove(text, start, held);
    if (held == sizeof text - 1u) {
        held = 0u;
    }
    return true;
}

static void plant_tell(const fc_outputs *out, uint32_t now_ms)
{
    (void)printf("O %u %g %g %g %d %g %d %d %d %d %d %d\n", now_ms, (double)out->track_left_mps,
                 (double)out->track_right_mps, (double)out->rotor_speed_radps, out->tool_mode,
                 (double)out->tool_value_m, out->engine_mode, out->brake_release, out->kill_release, out->horn,
                 out->beacon, out->suppression);
    (void)fflush(stdout);
}

static int run(fc_node *node, int device, bool plant)
{
    uint32_t due_ms = clock_ms() + STEP_MS;

    for (;;) {
        struct pollfd wires[2] = {{.fd = device, .events = POLLIN}, {.fd = plant ? STDIN_FILENO : -1, .events = POLLIN}};
        const uint32_t left_ms = due_ms - clock_ms();

        (void)poll(wires, 2u, left_ms <= STEP_MS ? (int)left_ms : 0);
        if ((wires[0].revents & POLLIN) != 0) {
            uint8_t bytes[512];
            const ssize_t got = read(device, bytes, sizeof bytes);

            fc_node_receive(node, bytes, got > 0 ? (size_t)got : 0u, clock_ms());
        }
        if ((wires[0].revents & POLLHUP) != 0) {
            (void)poll(NULL, 0u, 1); /* nobody at the other end: poll would not wait */
        }
        if ((wires[1].revents & (POLLIN | POLLHUP)) != 0 && !plant_read(node)) {
            return EXIT_SUCCESS;
        }
        if ((uint32_t)(due_ms - clock_ms()) <= STEP_MS && due_ms != clock_ms()) {
            continue;
        }
        due_ms = clock_ms() + STEP_MS;
        fc_node_step(node, clock_ms());
        if (plant) {
            plant_tell(&node->controller.out, clock_ms());
        } else {
            ideal_machine(&node->inputs, &node->controller.out);
        }
    }
}

int main(int argc, char **argv)
{
    static fc_node node;
    static int device = -1;
    /* MEMATT-class figures for the bench; a machine's own firmware brings its own */
    fc_config config = {
        .track_speed_max_mps = 1.2f,
        .track_accel_mps2 = 0.5f,
        .track_decel_mps2 = 1.0f,
        .rotor_speed_max_radps = 120.0f,
        .rotor_accel_radps2 = 30.0f,
        .rotor_still_radps = 5.0f,
        .rotor_run_down_ms = 6000u,
        .tool_height_max_m = 0.6f,
        .tool_depth_max_m = 0.3f,
        .brake_time_ms = 4000u,
        .watchdog_ms = 200u,
        .supply_min_v = 18.0f,
        .supply_max_v = 32.0f,
        .crank_max_ms = 10000u,
    };
    const uint16_t boot_count = argc > 3 ? (uint16_t)strtoul(argv[3], NULL, 10) : 1u;

    if (argc < 3 || bytes_from_hex(argv[2], config.config_hash, sizeof config.config_hash) != 8u) {
        (void)fprintf(stderr, "usage: flail_controller DEVICE|pty CONFIG_HASH_HEX(16 digits) [BOOT_COUNT] [plant]\n");
        return 2;
    }
    device = open_device(argv[1]);
    if (device < 0) {
        perror(argv[1]);
        return 2;
    }
    fc_node_init(&node, &config, boot_count, false, clock_ms(), send_bytes, &device);
    node.inputs.supply_voltage_v = 24.0f;
    ideal_machine(&node.inputs, &node.controller.out);
    return run(&node, device, argc > 4 && strcmp(argv[4], "plant") == 0);
}
