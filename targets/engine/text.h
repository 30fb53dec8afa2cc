/*
 * The text form of an input: a program a person can read, edit and review in a diff.
 *
 * Principle of operation. One line a record, in the order of the input; `#` starts a comment. Showing an input and assembling the text
 * gives the same bytes, always: where a record is not in canonical form the line also carries its bytes (`raw=...`), and bytes behind the last
 * whole record stand in a `trailing:` line. Assembling and showing a text gives the same statements in their usual spelling.
 *
 * A text starts with the line TEXT_MARKER, by which every command tells it from a binary input.
 *
 * Host world. Needs the DDI table for names (machine/gate.h). No state.
 */
#ifndef ENGINE_TEXT_H
#define ENGINE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input.h"

#define TEXT_MARKER "# irpfuzz program"

bool text_is_program(const uint8_t *bytes, size_t size);

/* Writes the statement of one record without a line end; the name of the device is for the reader and may be NULL. As snprintf: returns the length the
 * whole needs, cuts at size. */
size_t text_show_record(const struct record *record, const char *device, char *out, size_t size);

/* The whole input, marker line included. As snprintf. */
size_t text_show(const uint8_t *bytes, size_t length, const char *device, char *out, size_t size);

/*
 * Reads text back. `device` is what the target's device is called, NULL takes any name. On success *out_length is the number of bytes made (more than size: did not fit). On failure `error` holds one line,
 * "file:line: what, what to do".
 */
bool text_assemble(const char *text, const char *file, const char *device, uint8_t *out, size_t size, size_t *out_length, char *error, size_t error_size);

/*
 * Either form as records, for the mutators: copies `size` bytes to out (which may be the same memory), a text assembled. Returns the length, cut at room;
 * 0 for a text that does not assemble or does not fit.
 */
size_t text_take(uint8_t *out, size_t room, const uint8_t *bytes, size_t size);

/* Names used by both directions. */
const char *text_lane_name(unsigned lane);
const char *text_policy_name(unsigned policy);
const char *text_wmi_verb(unsigned verb);
const char *text_frame_to(unsigned to);
const char *text_frame_flaw(unsigned bit);
const char *text_cable(unsigned cable);
const char *text_lie_about(unsigned about);
const char *text_lie_how(unsigned about, unsigned how);
/* "app1", "cpu0", "pnp" ... or "role=77". */
void text_role(uint8_t role, char *out, size_t size);
bool text_role_parse(const char *word, uint8_t *role);

#endif
