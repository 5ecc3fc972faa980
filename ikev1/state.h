/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names of an exchange's states and events, in the vocabulary of the ASA and of IOS. The lists
 * are written once here; enums and texts follow from them.
 */
#ifndef IKEV1_STATE_H
#define IKEV1_STATE_H

/* SND and BLD states are passed through; in a BLD state an exchange may wait for DH or the kernel. */
#define IKE_STATES(X)                                                                              \
	X(MM_START)                                                                                \
	X(MM_SND_MSG1) X(MM_WAIT_MSG2) X(MM_BLD_MSG3) X(MM_SND_MSG3) X(MM_WAIT_MSG4)               \
	X(MM_BLD_MSG5) X(MM_SND_MSG5) X(MM_WAIT_MSG6)                                              \
	X(MM_BLD_MSG2) X(MM_SND_MSG2) X(MM_WAIT_MSG3) X(MM_BLD_MSG4) X(MM_SND_MSG4)                \
	X(MM_WAIT_MSG5) X(MM_BLD_MSG6) X(MM_SND_MSG6)                                              \
	X(MM_ACTIVE) X(MM_DONE)                                                                    \
	X(QM_START)                                                                                \
	X(QM_BLD_MSG1) X(QM_SND_MSG1) X(QM_WAIT_MSG2) X(QM_BLD_MSG3) X(QM_SND_MSG3)                \
	X(QM_BLD_MSG2) X(QM_SND_MSG2) X(QM_WAIT_MSG3) X(QM_INSTALL_OUT)                            \
	X(QM_ACTIVE) X(QM_DONE)

#define IKE_EVENTS(X)                                                                              \
	X(EV_NONE)    /* nothing follows: wait */                                                  \
	X(EV_IGNORED) /* the message did not count: as if it had not come */                       \
	X(EV_START_MM) X(EV_START_QM)                                                              \
	X(EV_RCV_MSG)                                                                              \
	X(EV_BLD_MSG) X(EV_SND_MSG)                                                               \
	X(EV_PROPOSAL_OK)                                                                          \
	X(EV_GEN_DH_KEY) X(EV_DH_KEY_OK) X(EV_GEN_SECRET) X(EV_SECRET_OK)                          \
	X(EV_GEN_SKEYID)                                                                           \
	X(EV_GEN_SIG) X(EV_SIG_OK) X(EV_VALIDATE_CERT) X(EV_CERT_OK) X(EV_COMPARE_IDS)             \
	X(EV_GEN_KEYMAT) X(EV_INSTALL_IN) X(EV_IN_INSTALLED) X(EV_INSTALL_OUT) X(EV_OUT_INSTALLED) \
	X(EV_SPI_TAKEN)                                                                            \
	X(EV_ACTIVATE_NEW_SA)                                                                      \
	X(EV_TIMED_OUT) X(EV_DELETE) X(EV_ERROR)

#define IKE_ENUM_ITEM(name) name,
enum ike_state { IKE_STATES(IKE_ENUM_ITEM) IKE_STATE_COUNT };
enum ike_fsm_event { IKE_EVENTS(IKE_ENUM_ITEM) IKE_FSM_EVENT_COUNT };

const char *ike_state_name(enum ike_state s);
const char *ike_fsm_event_name(enum ike_fsm_event e);
/* The IOS name of an ISAKMP SA in that state: MM_NO_STATE, MM_SA_SETUP, MM_KEY_EXCH, ... */
const char *ike_state_ios_name(enum ike_state s);

#endif
