/* Byte stream -> MAVLink 2 frames. No heap, no clock. The rules are those of firmware_bridge/mavlink/framing.py:
 * resynchronise at marker + 1, nothing accepted before its checksum, unknown ids searched through like noise. */
#ifndef FLAIL_FRAMER_H
#define FLAIL_FRAMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FC_FRAME_MAX 280u /* 10 header + 255 payload + 2 checksum + 13 signature */

/* A message this end understands: its id and the seed of its checksum. */
typedef struct {
    uint32_t msg_id;
    uint8_t crc_extra;
} fc_known;

typedef struct {
    uint32_t msg_id;
    uint8_t sequence;
    uint8_t system_id;
    uint8_t component_id;
    uint8_t length;
    uint8_t payload[255];
} fc_frame;

typedef struct {
    const fc_known *known;
    size_t known_count;
    size_t start; /* first byte not yet judged */
    size_t end;   /* one past the last byte held */
    uint32_t bad; /* frames of a known id whose checksum failed */
    uint8_t buffer[2u * FC_FRAME_MAX];
} fc_framer;

void fc_framer_init(fc_framer *framer, const fc_known *known, size_t known_count);

/* Take bytes; gives how many were taken. Less than `count` only while frames wait: call fc_framer_next until it says
 * false, then offer the rest. */
size_t fc_framer_add(fc_framer *framer, const uint8_t *bytes, size_t count);

/* The next intact frame, if one is complete. */
bool fc_framer_next(fc_framer *framer, fc_frame *frame);

#endif
