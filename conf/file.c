/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/value.h"
#include "lib/util.h"

#define FILE_MAX   (4 << 20) /* octets: a large CA's CRL */
#define FILES_MAX  64	     /* of one key */
#define PATH_SHOWN 100

static void free_file(struct conf_file *f)
{
	free(f->path);
	if (f->data)
		util_wipe(f->data, f->len);
	free(f->data);
}

static void free_files(struct conf_files *f)
{
	for (size_t i = 0; i < f->count; i++)
		free_file(&f->file[i]);
	free(f->file);
}

void file_free_trustpoint(struct conf_trustpoint *t)
{
	free(t->name);
	free_files(&t->ca);
	free_file(&t->certificate);
	free_file(&t->key);
	free_files(&t->crl);
}

/* All of a regular file; false with errno, 0 where it is none or its size does not fit. */
static bool read_all(int fd, const struct stat *st, struct conf_file *f)
{
	size_t want = (size_t)st->st_size;

	errno = 0;
	if (!S_ISREG(st->st_mode) || st->st_size < 1 || st->st_size > FILE_MAX)
		return false;
	f->data = xcalloc(1, want);
	while (f->len < want) {
		ssize_t n = read(fd, f->data + f->len, want - f->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		if (n == 0)
			break;
		f->len += (size_t)n;
	}
	return f->len > 0;
}

/* False with a remark; *mode: of the file. */
static bool load(const char *path, struct conf_file *f, mode_t *mode, char remark[REMARK_MAX])
{
	struct stat st = { 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool ok = fd >= 0 && fstat(fd, &st) == 0 && read_all(fd, &st, f);

	if (!ok && errno)
		snprintf(remark, REMARK_MAX, "%.*s cannot be read: %s", PATH_SHOWN, path,
			 strerror(errno));
	else if (!ok)
		snprintf(remark, REMARK_MAX, "%.*s is no file with 1 to %d octets", PATH_SHOWN,
			 path, FILE_MAX);
	if (fd >= 0)
		close(fd);
	*mode = st.st_mode;
	if (ok) {
		f->path = xstrdup(path);
		return true;
	}
	free_file(f);
	*f = (struct conf_file){ 0 };
	return false;
}

bool read_file(const struct schema_key *key, const char *text, void *field, char remark[REMARK_MAX])
{
	struct conf_file f = { 0 };
	mode_t mode;

	(void)key;
	if (text[0] != '/' || !load(text, &f, &mode, remark))
		return false;
	*(struct conf_file *)field = f;
	return true;
}

bool read_key_file(const struct schema_key *key, const char *text, void *field,
		   char remark[REMARK_MAX])
{
	struct conf_file f = { 0 };
	mode_t mode;

	(void)key;
	if (text[0] != '/' || !load(text, &f, &mode, remark))
		return false;
	if (mode & S_IROTH)
		snprintf(remark, REMARK_MAX, "everybody on this machine can read it; run: chmod 600 '%.*s'",
			 PATH_SHOWN, text);
	*(struct conf_file *)field = f;
	return true;
}

bool read_files(const struct schema_key *key, const char *text, void *field,
		char remark[REMARK_MAX])
{
	struct conf_files *files = field;
	struct conf_file f = { 0 };

	if (files->count == FILES_MAX) {
		snprintf(remark, REMARK_MAX, "more than %d of them", FILES_MAX);
		return false;
	}
	if (!read_file(key, text, &f, remark))
		return false;
	files->file = xreallocarray(files->file, files->count + 1, sizeof(*files->file));
	files->file[files->count++] = f;
	return true;
}
