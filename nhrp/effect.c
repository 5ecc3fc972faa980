/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The queue of effects: in order of what happened; a packet lives as long as its effect. */
#include "nhrp/core.h"

void effect_push(struct nhrp *n, const struct nhrp_effect *effect)
{
	struct queued *q = xcalloc(1, sizeof(*q) + effect->packet.len);

	q->effect = *effect;
	if (effect->packet.len) {
		memcpy(q->packet, effect->packet.data, effect->packet.len);
		q->effect.packet.data = q->packet;
	}
	STAILQ_INSERT_TAIL(&n->queue, q, next);
}

void event_push(struct iface *i, enum nhrp_event_kind kind, enum nhrp_level level,
		const struct nhrp_event *fields)
{
	struct nhrp_effect effect = { .kind = NHRP_EVENT, .id = i->id, .event = *fields };

	effect.event.kind = kind;
	effect.event.level = level;
	effect.event.id = i->id;
	effect_push(i->core, &effect);
}

bool nhrp_next_effect(struct nhrp *n, struct nhrp_effect *effect)
{
	free(n->taken);
	n->taken = STAILQ_FIRST(&n->queue);
	if (!n->taken)
		return false;
	STAILQ_REMOVE_HEAD(&n->queue, next);
	*effect = n->taken->effect;
	return true;
}

void effects_free(struct nhrp *n)
{
	struct nhrp_effect effect;

	while (nhrp_next_effect(n, &effect))
		;
}
