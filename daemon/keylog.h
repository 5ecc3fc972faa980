/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys for Wireshark (doc/wireshark.md): a folder that is a Wireshark profile. What is written there lets
 * whoever reads it decrypt what was captured: only with --keylog, only where nobody but the owner can
 * look, and the log warns.
 *
 * Files, each opened before privileges are dropped, mode 0600:
 *   ikev1_decryption_table  one line for each ISAKMP SA: initiator's cookie, encryption key
 *   esp_sa                  one line for each IPsec SA, that is two for each pair
 *   preferences             turns ESP's decryption on; only written where there is none
 * Lines are appended, each with one write. A file that would grow beyond KEYLOG_FILE_MAX becomes NAME.old,
 * in the place of an earlier one, and a new one begins.
 */
#ifndef DAEMON_KEYLOG_H
#define DAEMON_KEYLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ikev1/isakmp.h"
#include "lib/util.h"
#include "xfrm/xfrm.h"

#define KEYLOG_FILE_MAX (4 << 20)
#define KEYLOG_WHY	512

struct keylog;

/*
 * The folder is made where it is missing. It must belong to root or to whoever runs the daemon and be
 * writable for nobody else; its files must be theirs alone. NULL: refused, `why` says what to do. One
 * daemon at a time.
 */
struct keylog *keylog_open(const char *folder, char why[KEYLOG_WHY]);
void keylog_close(struct keylog *k); /* NULL is fine */
/* How many octets a file may have; for tests. */
void keylog_limit(struct keylog *k, size_t octets);

/* Where k is NULL, nothing is written. Nothing that goes wrong here stops the daemon; it is logged once. */
void keylog_isakmp(struct keylog *k, const uint8_t icookie[ISAKMP_COOKIE], struct span key);
void keylog_esp(struct keylog *k, const struct xfrm_sa *sa);

#endif
