/* The controller on its wire: frames in, answers out. */
#ifndef FLAIL_NODE_H
#define FLAIL_NODE_H

#include "flail_controller.h"
#include "flail_framer.h"

#define FC_SYSTEM_ID 1u
#define FC_COMPONENT_ID 25u /* MAV_COMP_ID_USER1 */
#define FC_STATUS_IDLE_MS 100u /* a status comes this often where no command asks for one */

/* Puts bytes on the wire; must not block. */
typedef void (*fc_send)(void *context, const uint8_t *bytes, uint16_t count);

typedef struct {
    fc_controller controller;
    fc_inputs inputs;
    fc_framer framer;
    mavlink_status_t sender; /* frame counter */
    uint32_t answered_ms;
    uint8_t answered_state; /* a change is told at once, not at the next turn */
    fc_send send;
    void *context;
} fc_node;

void fc_node_init(fc_node *node, const fc_config *config, uint16_t boot_count, bool watchdog_reset, uint32_t now_ms,
                  fc_send send, void *context);
void fc_node_receive(fc_node *node, const uint8_t *bytes, size_t count, uint32_t now_ms);
void fc_node_step(fc_node *node, uint32_t now_ms);

#endif
