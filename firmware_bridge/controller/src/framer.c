#include "flail_framer.h"

#include <string.h>

#include <checksum.h>

#define MARKER 0xFDu
#define HEADER_SIZE 10u
#define CRC_SIZE 2u
#define SIGNATURE_SIZE 13u
#define FLAG_SIGNED 0x01u /* the one incompatibility flag there is */

void fc_framer_init(fc_framer *framer, const fc_known *known, size_t known_count)
{
    memset(framer, 0, sizeof *framer);
    framer->known = known;
    framer->known_count = known_count;
}

size_t fc_framer_add(fc_framer *framer, const uint8_t *bytes, size_t count)
{
    const size_t held = framer->end - framer->start;
    const size_t room = sizeof framer->buffer - held;
    const size_t taken = count < room ? count : room;

    memmove(framer->buffer, &framer->buffer[framer->start], held);
    framer->start = 0u;
    framer->end = held;
    memcpy(&framer->buffer[framer->end], bytes, taken);
    framer->end += taken;
    return taken;
}

/* The message that a whole header announces; NULL where its id is unknown or a flag is set that this end does not
 * understand. */
static const fc_known *find_known(const fc_framer *framer, const uint8_t *header)
{
    const uint32_t msg_id = (uint32_t)header[7] | ((uint32_t)header[8] << 8) | ((uint32_t)header[9] << 16);

    for (size_t i = 0u; i < framer->known_count && header[2] <= FLAG_SIGNED; i++) {
        if (framer->known[i].msg_id == msg_id) {
            return &framer->known[i];
        }
    }
    return NULL;
}

static size_t frame_size(const uint8_t *header)
{
    return HEADER_SIZE + (size_t)header[1] + CRC_SIZE + (header[2] == FLAG_SIGNED ? SIGNATURE_SIZE : 0u);
}

static bool intact(const uint8_t *at, uint8_t crc_extra)
{
    const size_t crc_at = HEADER_SIZE + (size_t)at[1];
    uint16_t crc;

    crc_init(&crc);
    for (size_t i = 1u; i < crc_at; i++) {
        crc_accumulate(at[i], &crc);
    }
    crc_accumulate(crc_extra, &crc);
    return crc == (uint16_t)(at[crc_at] | (at[crc_at + 1u] << 8));
}

static void copy_frame(const uint8_t *at, uint32_t msg_id, fc_frame *frame)
{
    frame->msg_id = msg_id;
    frame->length = at[1];
    frame->sequence = at[4];
    frame->system_id = at[5];
    frame->component_id = at[6];
    memcpy(frame->payload, &at[HEADER_SIZE], at[1]);
}

bool fc_framer_next(fc_framer *framer, fc_frame *frame)
{
    while (framer->start < framer->end) {
        const uint8_t *at = &framer->buffer[framer->start];
        const size_t held = framer->end - framer->start;

        if (at[0] == MARKER) {
            const fc_known *known = held < HEADER_SIZE ? NULL : find_known(framer, at);
            const size_t size = held < HEADER_SIZE ? HEADER_SIZE : frame_size(at);

            if (held < HEADER_SIZE || (known != NULL && held < size)) {
                return false;
            }
            if (known != NULL && intact(at, known->crc_extra)) {
                copy_frame(at, known->msg_id, frame);
                framer->start += size;
                return true;
            }
            framer->bad += known != NULL ? 1u : 0u;
        }
        framer->start++;
    }
    return false;
}
