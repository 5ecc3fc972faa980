/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The queue of effects. A node carries its effect and a copy of what the effect points to; both
 * may be secret (keys, DH jobs), so nodes are wiped when they go.
 */
#include "ikev1/core.h"

struct effect_node *ike_effect_push(struct ike *ike, enum ike_effect_kind kind, const void *extra,
				    size_t extra_len)
{
	struct effect_node *n = xcalloc(1, sizeof(*n) + extra_len);

	n->effect.kind = kind;
	n->extra_len = extra_len;
	if (extra_len)
		memcpy(n->extra, extra, extra_len);
	STAILQ_INSERT_TAIL(&ike->effects, n, next);
	return n;
}

static void effect_free(struct effect_node *n)
{
	if (!n)
		return;
	util_wipe(n, sizeof(*n) + n->extra_len);
	free(n);
}

bool ike_next_effect(struct ike *ike, struct ike_effect *out)
{
	struct effect_node *n = STAILQ_FIRST(&ike->effects);

	effect_free(ike->taken);
	ike->taken = n;
	if (!n)
		return false;
	STAILQ_REMOVE_HEAD(&ike->effects, next);
	*out = n->effect;
	return true;
}

void ike_effects_free(struct ike *ike)
{
	struct effect_node *n;

	effect_free(ike->taken);
	ike->taken = NULL;
	while ((n = STAILQ_FIRST(&ike->effects))) {
		if (n->effect.kind == IKE_EFFECT_JOB)
			ike_job_free(n->effect.job); /* nobody took it */
		STAILQ_REMOVE_HEAD(&ike->effects, next);
		effect_free(n);
	}
}
