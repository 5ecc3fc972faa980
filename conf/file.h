/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that the configuration names: read with it, as octets. */
#ifndef CONF_FILE_H
#define CONF_FILE_H

#include "conf/conf.h"

/* Frees what is in it, secrets wiped; not the struct itself. */
void file_free_trustpoint(struct conf_trustpoint *t);

#endif
