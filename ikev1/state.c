/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts of states and events, made from the same lists as the enums. */
#include "ikev1/state.h"

#define NAME_ITEM(name) [name] = #name,

static const char *const state_names[] = { IKE_STATES(NAME_ITEM) };
static const char *const event_names[] = { IKE_EVENTS(NAME_ITEM) };

const char *ike_state_name(enum ike_state s)
{
	return s < IKE_STATE_COUNT ? state_names[s] : "?";
}

const char *ike_fsm_event_name(enum ike_fsm_event e)
{
	return e < IKE_FSM_EVENT_COUNT ? event_names[e] : "?";
}

const char *ike_state_ios_name(enum ike_state s)
{
	switch (s) {
	case MM_WAIT_MSG2:
	case MM_START:
	case MM_SND_MSG1:
	case MM_BLD_MSG2:
	case MM_DONE:
		return "MM_NO_STATE";
	case MM_SND_MSG2:
	case MM_WAIT_MSG3:
	case MM_BLD_MSG3:
	case MM_SND_MSG3:
	case MM_WAIT_MSG4:
		return "MM_SA_SETUP";
	case MM_BLD_MSG4:
	case MM_SND_MSG4:
	case MM_WAIT_MSG5:
	case MM_BLD_MSG5:
	case MM_SND_MSG5:
	case MM_WAIT_MSG6:
		return "MM_KEY_EXCH";
	case MM_BLD_MSG6:
	case MM_SND_MSG6:
		return "MM_KEY_AUTH";
	default:
		return "QM_IDLE";
	}
}
