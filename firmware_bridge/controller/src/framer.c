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
    size_t room = 0u;
    size_t taken = count;

    if (framer->start > 0u) {
        memmove(framer->buffer, &framer->buffer[framer->start], framer->end - framer->start);
        framer->end -= framer->start;
        framer->start = 0u;
    }
    room = sizeof framer->buffer - framer->end;
    if (taken > room) {
        taken = room;
    }
    memcpy(&framer->buffer[framer->end], bytes, taken);
    framer->end += taken;
    return taken;
}

static const fc_known *find_known(const fc_framer *framer, uint32_t msg_id)
{
    for (size_t i = 0u; i < framer->known_count; i++) {
        if (framer->known[i].msg_id == msg_id) {
            return &framer->known[i];
        }
    }
    return NULL;
}

static uint16_t checksum(const uint8_t *bytes, size_t count, uint8_t crc_extra)
{
    uint16_t crc = 0u;

    crc_init(&crc);
    for (size_t i = 0u; i < count; i++) {
        crc_accumulate(bytes[i], &crc);
    }
    crc_accumulate(crc_extra, &crc);
    return crc;
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
        const fc_known *known = NULL;
        uint32_t msg_id = 0u;
        size_t crc_at = 0u;
        size_t size = 0u;

        if (at[0] != MARKER) {
            framer->start++;
            continue;
        }
        if (held < HEADER_SIZE) {
            return false;
        }
        msg_id = (uint32_t)at[7] | ((uint32_t)at[8] << 8) | ((uint32_t)at[9] << 16);
        known = find_known(framer, msg_id);
        if (known == NULL || at[2] > FLAG_SIGNED) {
            framer->start++;
            continue;
        }
        crc_at = HEADER_SIZE + (size_t)at[1];
        size = crc_at + CRC_SIZE + (at[2] == FLAG_SIGNED ? SIGNATURE_SIZE : 0u);
        if (held < size) {
            return false;
        }
        if (checksum(&at[1], crc_at - 1u, known->crc_extra) != ((uint16_t)at[crc_at] | (uint16_t)(at[crc_at + 1u] << 8))) {
            framer->bad++;
            framer->start++;
            continue;
        }
        copy_frame(at, msg_id, frame);
        framer->start += size;
        framer->accepted++;
        return true;
    }
    return false;
}
