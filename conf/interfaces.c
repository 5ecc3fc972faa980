/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which interface of this machine is meant by which of a router's. */
#include <net/if.h>
#include <string.h>

#include "conf/conf.h"
#include "lib/util.h"

bool conf_interfaces_add(struct conf_interfaces *list, const char *text)
{
	const char *equals = strchr(text, '=');
	size_t len = equals ? (size_t)(equals - text) : 0;
	struct conf_interface *i;

	if (!len || !equals[1] || strlen(equals + 1) >= IFNAMSIZ)
		return false;
	list->interface = xreallocarray(list->interface, list->count + 1, sizeof(*list->interface));
	i = &list->interface[list->count++];
	i->ios = xcalloc(1, len + 1);
	memcpy(i->ios, text, len);
	i->here = xstrdup(equals + 1);
	return true;
}

void conf_interfaces_free(struct conf_interfaces *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->interface[i].ios);
		free(list->interface[i].here);
	}
	free(list->interface);
	*list = (struct conf_interfaces){ 0 };
}
