#include "flail_node.h"

#include <string.h>

static const fc_known KNOWN[] = {
    {MAVLINK_MSG_ID_FLAIL_COMMAND, MAVLINK_MSG_ID_FLAIL_COMMAND_CRC},
    {MAVLINK_MSG_ID_FLAIL_HELLO, MAVLINK_MSG_ID_FLAIL_HELLO_CRC},
};

void fc_node_init(fc_node *node, const fc_config *config, uint16_t boot_count, bool watchdog_reset, uint32_t now_ms,
                  fc_send send, void *context)
{
    memset(node, 0, sizeof *node);
    fc_init(&node->controller, config, boot_count, watchdog_reset, now_ms);
    fc_framer_init(&node->framer, KNOWN, sizeof KNOWN / sizeof KNOWN[0]);
    node->answered_ms = now_ms;
    node->send = send;
    node->context = context;
}

static void transmit(fc_node *node, const mavlink_message_t *message)
{
    uint8_t bytes[MAVLINK_MAX_PACKET_LEN];
    const uint16_t count = mavlink_msg_to_send_buffer(bytes, message);

    node->send(node->context, bytes, count);
}

static void answer_status(fc_node *node, uint32_t now_ms)
{
    mavlink_flail_status_t status;
    mavlink_message_t message;

    fc_status(&node->controller, &node->inputs, now_ms, &status);
    (void)mavlink_msg_flail_status_encode_status(FC_SYSTEM_ID, FC_COMPONENT_ID, &node->sender, &message, &status);
    transmit(node, &message);
    node->answered_ms = now_ms;
    node->answered_state = node->controller.state;
}

static void answer_hello(fc_node *node)
{
    mavlink_flail_hello_t hello;
    mavlink_message_t message;

    fc_greeting(&node->controller, &hello);
    (void)mavlink_msg_flail_hello_encode_status(FC_SYSTEM_ID, FC_COMPONENT_ID, &node->sender, &message, &hello);
    transmit(node, &message);
}

/* The generated decoders fill cut zeros and swap bytes where the processor needs it. */
static void as_message(const fc_frame *frame, mavlink_message_t *message)
{
    message->len = frame->length;
    memcpy(_MAV_PAYLOAD_NON_CONST(message), frame->payload, frame->length);
}

static void hear(fc_node *node, const fc_frame *frame, uint32_t now_ms)
{
    mavlink_message_t message;

    as_message(frame, &message);
    if (frame->msg_id == MAVLINK_MSG_ID_FLAIL_COMMAND) {
        mavlink_flail_command_t command;

        mavlink_msg_flail_command_decode(&message, &command);
        (void)fc_command(&node->controller, &command, now_ms);
        fc_step(&node->controller, &node->inputs, now_ms); /* acts at once, and the answer shows it */
        answer_status(node, now_ms);
    } else {
        mavlink_flail_hello_t hello;

        mavlink_msg_flail_hello_decode(&message, &hello);
        (void)fc_hello(&node->controller, &hello);
        answer_hello(node);
    }
}

void fc_node_receive(fc_node *node, const uint8_t *bytes, size_t count, uint32_t now_ms)
{
    fc_frame frame;

    for (size_t taken = 0u; taken < count;) {
        taken += fc_framer_add(&node->framer, &bytes[taken], count - taken);
        while (fc_framer_next(&node->framer, &frame)) {
            hear(node, &frame, now_ms);
        }
    }
}

void fc_node_step(fc_node *node, uint32_t now_ms)
{
    fc_step(&node->controller, &node->inputs, now_ms);
    if (node->controller.state != node->answered_state
        || (uint32_t)(now_ms - node->answered_ms) >= FC_STATUS_IDLE_MS) {
        answer_status(node, now_ms);
    }
}
