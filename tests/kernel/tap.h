/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests against a real kernel print TAP. Two nodes, network namespaces joined by a veth pair, are
 * there for all tests of a program and renewed by nodes_new():
 *
 *	A  v0 10.0.0.4/24  ---  v0 10.0.0.6/24  B
 *
 * Sockets stay in the namespace they were opened in, so a test enters a node, opens, and goes on.
 */
#ifndef TESTS_KERNEL_TAP_H
#define TESTS_KERNEL_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NODE_A 0x0a000004u
#define NODE_B 0x0a000006u

/* Prints a result; what failed is not the end. */
bool ok(bool good, const char *name, ...) __attribute__((format(printf, 2, 3)));
void note(const char *text, ...) __attribute__((format(printf, 1, 2)));
/* The plan, last; the exit status. */
int tap_end(void);
/* Set-up that has to work: complains and exits where it does not. */
void must(bool good, const char *what);

/* A shell command: its status. */
int run(const char *command, ...) __attribute__((format(printf, 1, 2)));
/* Whether the output of a shell command has a text. */
bool shows(const char *text, const char *command, ...) __attribute__((format(printf, 2, 3)));
/* How many lines of that output begin with a text. */
int lines(const char *begin, const char *command, ...) __attribute__((format(printf, 2, 3)));
void sleep_ms(int ms);
uint64_t clock_ms(void);
/* Any of these descriptors (ended by -1) gets readable before ms have passed. */
bool readable_within(int ms, const int *fds);

void nodes_new(void);
void nodes_end(void);
/* From now on this process is in node 'A' or 'B'. */
void node_enter(char node);

/* A UDP socket with this inner address, port 7000, that does not block. */
int udp_open(const char *address);
bool udp_send(int fd, const char *to, const char *text);
/* The next datagram, within ms; false where none comes. */
bool udp_gets(int fd, int ms, const char *text);

#endif
