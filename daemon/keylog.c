/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of Wireshark's user accessible tables, and the files that they go to. */
#include "daemon/keylog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/privilege.h"
#include "daemon/text.h"
#include "daemon/trace.h"
#include "lib/addr.h"
#include "lib/algo.h"

#define LINE_OCTETS 1024

enum table { TABLE_ISAKMP, TABLE_ESP, TABLES };

static const char *const names[TABLES] = {
	[TABLE_ISAKMP] = "ikev1_decryption_table",
	[TABLE_ESP] = "esp_sa",
};

/* Wireshark looks into ESP only when told to. */
static const char preferences[] = "# Written by dmvpnd --keylog\n"
				  "esp.enable_encryption_decode: TRUE\n"
				  "esp.enable_authentication_check: TRUE\n";

struct keylog {
	char *path;
	int folder;
	int file[TABLES];
	size_t size[TABLES];
	size_t limit;
	bool complained; /* about a file that cannot be written */
	bool unnamed;	 /* said that Wireshark has no name for an algorithm */
};

/* ---- the folder and its files ---- */

static bool refuse(char why[KEYLOG_WHY], const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static bool refuse(char why[KEYLOG_WHY], const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, KEYLOG_WHY, fmt, args);
	va_end(args);
	return false;
}

static bool is_ours(const struct stat *st)
{
	return st->st_uid == 0 || st->st_uid == geteuid();
}

static bool open_folder(struct keylog *k, char why[KEYLOG_WHY])
{
	struct stat st;

	if (mkdir(k->path, 0700) && errno != EEXIST)
		return refuse(why, "--keylog %s: cannot make this folder: %s%s", k->path,
			      strerror(errno),
			      privilege_unit_forbids(errno)
				      ? "; the systemd unit lets keys go below /var/lib/dmvpnd"
				      : "");
	k->folder = open(k->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (k->folder < 0 || fstat(k->folder, &st))
		return refuse(why, "--keylog %s: %s%s", k->path, strerror(errno),
			      errno == ELOOP || errno == ENOTDIR
				      ? "; it must be a folder itself, not a link to one"
				      : "");
	if (!is_ours(&st))
		return refuse(why,
			      "--keylog %s: keys go only into a folder of root's, and this one is "
			      "user %u's: chown root %s",
			      k->path, (unsigned int)st.st_uid, k->path);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return refuse(why,
			      "--keylog %s: others may write into this folder (mode %04o): chmod "
			      "go-w %s",
			      k->path, st.st_mode & 07777U, k->path);
	if (flock(k->folder, LOCK_EX | LOCK_NB))
		return refuse(why, "--keylog %s: another dmvpnd writes here; each needs its own",
			      k->path);
	return true;
}

static int open_file(const struct keylog *k, const char *name, int flags)
{
	return openat(k->folder, name,
		      O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
			      O_CLOEXEC | flags,
		      0600);
}

static bool open_table(struct keylog *k, enum table table, char why[KEYLOG_WHY])
{
	const char *name = names[table];
	struct stat st;

	k->file[table] = open_file(k, name, 0);
	if (k->file[table] < 0 || fstat(k->file[table], &st))
		return refuse(why, "--keylog: %s/%s: %s%s", k->path, name, strerror(errno),
			      errno == ELOOP ? "; it must be a file, not a link to one" : "");
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		return refuse(why,
			      "--keylog: %s/%s is not a plain file with one name: move it away",
			      k->path, name);
	if (!is_ours(&st) || st.st_mode & (S_IRWXG | S_IRWXO))
		return refuse(why,
			      "--keylog: others may read %s/%s (user %u, mode %04o): remove it, or "
			      "chown root and chmod 600 it",
			      k->path, name, (unsigned int)st.st_uid, st.st_mode & 07777U);
	k->size[table] = (size_t)st.st_size;
	return true;
}

/* One that is there may be somebody's own work. */
static bool write_preferences(const struct keylog *k, char why[KEYLOG_WHY])
{
	int fd = open_file(k, "preferences", O_EXCL);
	bool ok;

	if (fd < 0 && errno == EEXIST)
		return true;
	ok = fd >= 0 && write(fd, preferences, sizeof(preferences) - 1) == sizeof(preferences) - 1;
	if (!ok)
		refuse(why, "--keylog: cannot write %s/preferences: %s", k->path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return ok;
}

struct keylog *keylog_open(const char *folder, char why[KEYLOG_WHY])
{
	struct keylog *k = xcalloc(1, sizeof(*k));
	bool ok;

	k->path = xstrdup(folder);
	k->folder = -1;
	k->limit = KEYLOG_FILE_MAX;
	for (enum table t = 0; t < TABLES; t++)
		k->file[t] = -1;
	ok = open_folder(k, why);
	for (enum table t = 0; ok && t < TABLES; t++)
		ok = open_table(k, t, why);
	if (ok && write_preferences(k, why))
		return k;
	keylog_close(k);
	return NULL;
}

void keylog_close(struct keylog *k)
{
	if (!k)
		return;
	for (enum table t = 0; t < TABLES; t++)
		if (k->file[t] >= 0)
			close(k->file[t]);
	if (k->folder >= 0)
		close(k->folder);
	free(k->path);
	free(k);
}

void keylog_limit(struct keylog *k, size_t octets)
{
	k->limit = octets;
}

/* ---- writing ---- */

static void complain(struct keylog *k, enum table table, const char *what)
{
	if (!k->complained)
		log_msg(LOG_WARNING, "--keylog: %s %s/%s: %s; keys are missing there from now on",
			what, k->path, names[table], strerror(errno));
	k->complained = true;
}

/* The newest keys are those that are wanted: the old ones stand back, once. */
static void begin_anew(struct keylog *k, enum table table)
{
	const char *name = names[table];
	char old[64];
	int fd;

	snprintf(old, sizeof(old), "%s.old", name);
	if (renameat(k->folder, name, k->folder, old)) {
		complain(k, table, "cannot rename");
		return;
	}
	fd = open_file(k, name, O_EXCL);
	if (fd < 0) {
		complain(k, table, "cannot make");
		return;
	}
	close(k->file[table]);
	k->file[table] = fd;
	k->size[table] = 0;
	log_msg(LOG_WARNING, "--keylog: %s/%s is full; it is %s now, and a new one begins", k->path,
		name, old);
}

static void write_line(struct keylog *k, enum table table, const char *line, size_t len)
{
	ssize_t done;

	if (k->size[table] && k->size[table] + len > k->limit)
		begin_anew(k, table);
	if (k->size[table] && k->size[table] + len > k->limit)
		return;
	done = write(k->file[table], line, len);
	if (done == (ssize_t)len) {
		k->size[table] += len;
		k->complained = false;
		return;
	}
	complain(k, table, "cannot write");
	/* Half a line would make Wireshark refuse the whole file. */
	if (done > 0 && ftruncate(k->file[table], (off_t)k->size[table]))
		k->size[table] += (size_t)done;
}

/* ---- lines ---- */

static void add_hex(struct text *t, const uint8_t *octets, size_t len)
{
	for (size_t i = 0; i < len; i++)
		text_add(t, "%02x", octets[i]);
}

void keylog_isakmp(struct keylog *k, const uint8_t icookie[ISAKMP_COOKIE], struct span key)
{
	char line[LINE_OCTETS];
	struct text t = text_of(line, sizeof(line));

	if (!k)
		return;
	add_hex(&t, icookie, ISAKMP_COOKIE);
	text_add(&t, ",");
	add_hex(&t, key.data, key.len);
	text_add(&t, "\n");
	write_line(k, TABLE_ISAKMP, line, t.len);
	util_wipe(line, sizeof(line));
}

/* As Wireshark's preferences for ESP call them. */
static const char *const cipher_names[CIPHER_COUNT] = {
	[CIPHER_3DES] = "TripleDES-CBC [RFC2451]",
	[CIPHER_AES128] = "AES-CBC [RFC3602]",
	[CIPHER_AES192] = "AES-CBC [RFC3602]",
	[CIPHER_AES256] = "AES-CBC [RFC3602]",
	/* The salt follows the key there, as in KEYMAT. */
	[CIPHER_GCM128] = "AES-GCM with 16 octet ICV [RFC4106]",
	[CIPHER_GCM192] = "AES-GCM with 16 octet ICV [RFC4106]",
	[CIPHER_GCM256] = "AES-GCM with 16 octet ICV [RFC4106]",
	[CIPHER_NULL] = "NULL",
};

static const char *const hash_names[HASH_COUNT] = {
	[HASH_NONE] = "NULL",
	[HASH_MD5] = "HMAC-MD5-96 [RFC2403]",
	[HASH_SHA1] = "HMAC-SHA-1-96 [RFC2404]",
	[HASH_SHA256] = "HMAC-SHA-256-128 [RFC4868]",
	[HASH_SHA384] = "HMAC-SHA-384-192 [RFC4868]",
	[HASH_SHA512] = "HMAC-SHA-512-256 [RFC4868]",
};

static void add_key(struct text *t, const uint8_t *key, size_t len)
{
	text_add(t, ",\"%s", len ? "0x" : "");
	add_hex(t, key, len);
	text_add(t, "\"");
}

/*
 * What is in UDP passes a NAT, and which addresses are around it depends on where it is captured: then
 * the SPI alone says which SA it is.
 */
static void add_address(struct text *t, const struct xfrm_sa *sa, const struct addr *a)
{
	char text[ADDR_TEXT];

	text_add(t, ",\"%s\"", sa->encap_dport ? "*" : addr_text(a, text));
}

void keylog_esp(struct keylog *k, const struct xfrm_sa *sa)
{
	const char *cipher = cipher_names[sa->suite.cipher], *hash = hash_names[sa->suite.auth];
	const struct cipher *c = cipher_get(sa->suite.cipher);
	const struct hash *h = hash_get(sa->suite.auth);
	size_t key_len = c ? c->key_bits / 8u + c->salt : 0, auth_len = h ? h->len : 0u;
	char line[LINE_OCTETS];
	struct text t = text_of(line, sizeof(line));

	if (!k || key_len + auth_len > sa->keymat.len)
		return;
	if (!cipher || !hash) {
		if (!k->unnamed)
			log_msg(LOG_WARNING,
				"--keylog: Wireshark has no name for %s with %s: it will not "
				"decrypt "
				"that",
				c ? c->name : "this cipher", h ? h->name : "no hash");
		k->unnamed = true;
		return;
	}
	text_add(&t, "\"IPv4\"");
	add_address(&t, sa, &sa->id.src);
	add_address(&t, sa, &sa->id.dst);
	text_add(&t, ",\"0x%08x\",\"%s\"", sa->id.spi, cipher);
	add_key(&t, sa->keymat.data, key_len);
	text_add(&t, ",\"%s\"", hash);
	add_key(&t, sa->keymat.data + key_len, auth_len);
	text_add(&t, "\n");
	write_line(k, TABLE_ESP, line, t.len);
	util_wipe(line, sizeof(line));
}
