/* Doors for the tests, which load this library: sizes, and frames as text of numbers. Not part of a firmware. */
#include <string.h>

#include "flail_node.h"

size_t bench_node_size(void);
size_t bench_parse(size_t known_count, const uint8_t *bytes, const size_t *cuts, size_t cut_count, fc_frame *frames,
                   size_t room, uint32_t *bad);
fc_outputs *bench_outputs(fc_node *node);
fc_inputs *bench_inputs(fc_node *node);
uint8_t bench_state(const fc_node *node);
uint32_t bench_faults(const fc_node *node);

size_t bench_node_size(void)
{
    return sizeof(fc_node);
}

uint8_t bench_state(const fc_node *node)
{
    return node->controller.state;
}

uint32_t bench_faults(const fc_node *node)
{
    return node->controller.fault_bits;
}

fc_outputs *bench_outputs(fc_node *node)
{
    return &node->controller.out;
}

fc_inputs *bench_inputs(fc_node *node)
{
    return &node->inputs;
}

static const fc_known ALL[] = {
    {MAVLINK_MSG_ID_FLAIL_COMMAND, MAVLINK_MSG_ID_FLAIL_COMMAND_CRC},
    {MAVLINK_MSG_ID_FLAIL_STATUS, MAVLINK_MSG_ID_FLAIL_STATUS_CRC},
    {MAVLINK_MSG_ID_FLAIL_IMU, MAVLINK_MSG_ID_FLAIL_IMU_CRC},
    {MAVLINK_MSG_ID_FLAIL_GNSS, MAVLINK_MSG_ID_FLAIL_GNSS_CRC},
    {MAVLINK_MSG_ID_FLAIL_HELLO, MAVLINK_MSG_ID_FLAIL_HELLO_CRC},
    {MAVLINK_MSG_ID_FLAIL_OPERATOR, MAVLINK_MSG_ID_FLAIL_OPERATOR_CRC},
    {MAVLINK_MSG_ID_FLAIL_VEHICLE, MAVLINK_MSG_ID_FLAIL_VEHICLE_CRC},
    {MAVLINK_MSG_ID_FLAIL_OBSERVATION, MAVLINK_MSG_ID_FLAIL_OBSERVATION_CRC},
    {MAVLINK_MSG_ID_FLAIL_OBSERVATION_RESULT, MAVLINK_MSG_ID_FLAIL_OBSERVATION_RESULT_CRC},
    {MAVLINK_MSG_ID_FLAIL_NEIGHBOUR, MAVLINK_MSG_ID_FLAIL_NEIGHBOUR_CRC},
    {0x37A0C5u, 91u}, /* of no dialect: an id that needs all its 24 bits */
};

/* Feed `bytes` in pieces of the given lengths to a fresh framer that knows the first `known_count` messages
 * of the dialect (11 is all). */
size_t bench_parse(size_t known_count, const uint8_t *bytes, const size_t *cuts, size_t cut_count, fc_frame *frames,
                   size_t room, uint32_t *bad)
{
    fc_framer framer;
    size_t found = 0u;
    size_t at = 0u;
    fc_frame frame;

    fc_framer_init(&framer, ALL, known_count);
    for (size_t i = 0u; i < cut_count; i++) {
        const size_t end = at + cuts[i];

        while (at < end) {
            at += fc_framer_add(&framer, &bytes[at], end - at);
            while (fc_framer_next(&framer, &frame)) {
                if (found < room) {
                    frames[found] = frame;
                }
                found++;
            }
        }
    }
    *bad = framer.bad;
    return found;
}

#ifdef FC_TRACE
/* Edges seen by the compiler's tracing (-fsanitize-coverage=trace-pc), one bit each, for the fuzzer. */
#define EDGES 65536u

uint8_t *bench_edges(void);
void __sanitizer_cov_trace_pc(void);

static uint8_t edges[EDGES];
static uintptr_t before;

uint8_t *bench_edges(void)
{
    return edges;
}

__attribute__((no_sanitize_coverage)) void __sanitizer_cov_trace_pc(void)
{
    const uintptr_t here = (uintptr_t)__builtin_return_address(0);

    edges[(here ^ (before << 1)) % EDGES] = 1u;
    before = here;
}
#endif
