/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Peers and what they own: making, finding, settling which of several SAs serves, and ending.
 *
 * When both ends negotiate the same thing, each may end up with two of a kind. Both ends must keep
 * the same one, though they see them in different order. If each end initiated one and neither was
 * over when the other began, it is a crossing and the lower initiator's nonce wins; otherwise the
 * newer one replaces the older (a rekey, or a peer that lost its memory). The other one drains and
 * is deleted.
 *
 * What is a crossing for one end may look like a succession to the other, when messages were lost.
 * Both come to the same result because an end initiates nothing while it answers the peer's, and
 * gives up its own that would lose: in phase 1 when the peer's is complete, in phase 2 when the
 * answer to its own comes (sa_is_outdone, pair_is_outdone).
 */
#ifndef IKEV1_STORE_H
#define IKEV1_STORE_H

#include "ikev1/core.h"

/* Peers */

struct ike_peer *ike_peer_find(struct ike *ike, const struct addr *local,
			       const struct addr *remote);
/* NULL where `local` is none of ours, or `remote` a pseudo address that stands for nobody. */
struct ike_peer *ike_peer_get(struct ike *ike, const struct addr *local, const struct addr *remote);
/* One that is not there yet. */
struct ike_peer *ike_peer_new(struct ike *ike, const struct addr *local, const struct addr *remote);
/* Frees it when nothing is left of it. */
void ike_peer_tidy(struct ike_peer *p);
/* Something finished is there: an SA of either phase. */
bool ike_peer_has_sas(const struct ike_peer *p);
/* A main mode is under way, from either end. */
bool ike_peer_negotiates(const struct ike_peer *p);
/* The active ISAKMP SA that serves; NULL where there is none. */
struct isakmp_sa *ike_peer_sa(const struct ike_peer *p);
/* The pair that carries the traffic; NULL where there is none. */
struct ipsec_pair *ike_peer_pair(const struct ike_peer *p);
/* The one that sends it now: at a rekey that one's predecessor for a while, see switch_over.h. */
struct ipsec_pair *ike_peer_sender(const struct ike_peer *p);
/* Does the next thing that leads to the pair that is wanted, or to a successor that is due. */
void ike_peer_start(struct ike_peer *p);
void ike_peer_start_phase1(struct ike_peer *p);
/* Effects about it; check_failed tells once nothing can bring what was wanted any more. */
void ike_peer_tell_up(struct ike_peer *p);
void ike_peer_tell_down(struct ike_peer *p, enum ike_cause cause);
void ike_peer_check_failed(struct ike_peer *p, enum ike_cause cause);
/* The peer said INITIAL-CONTACT through this SA: what was finished before it began is void. */
void ike_peer_initial_contact(struct isakmp_sa *sa);
/* Ends all it has, telling it. */
void ike_peer_end(struct ike_peer *p, enum ike_cause cause);

/* Phase 1 */

struct isakmp_sa *sa_new(struct ike_peer *p, enum ike_role role, const struct endpoint *local,
			 const struct endpoint *remote);
struct isakmp_sa *sa_find(struct ike *ike, const uint8_t *icookie, const uint8_t *rcookie);
/* The responder's SA that this initiator's first message made. */
struct isakmp_sa *sa_find_first(struct ike *ike, const uint8_t *icookie,
				const struct endpoint *remote);
void sa_choose_cookie(struct isakmp_sa *sa); /* responder's */
/* Responder: our cookie came back, so the initiator is where it says. */
void sa_proven(struct isakmp_sa *sa);
/* Ends the oldest that is not proven; of p only, where p is given. False: there is none. */
bool sa_evict(struct ike *ike, const struct ike_peer *p);
void sa_adopt_cookie(struct isakmp_sa *sa, const uint8_t *rcookie); /* initiator: the peer's */
void sa_activate(struct isakmp_sa *sa);
/*
 * That phase 1 is completed, once: who goes on with quick mode says that first, as the ASA does.
 */
void sa_tell_done(struct isakmp_sa *sa);
/* What is wanted of the peer: the initiator begins; the responder gives it time to. */
void sa_start_quick_mode(struct isakmp_sa *sa);
/* Ours, which crosses one of the peer's that is complete and is the one to be kept. */
bool sa_is_outdone(const struct isakmp_sa *sa);
/* The peer has deleted it. Messages overtake each other: deletes of pairs are read for a moment. */
void sa_deleted(struct isakmp_sa *sa);
void sa_end(struct isakmp_sa *sa, enum ike_cause cause);
/* False: that message id was used before. Otherwise it is, from now on. Of a quick mode: */
bool sa_use_msgid(struct isakmp_sa *sa, uint32_t msgid);
/* Whether there has been a quick mode; for its first few. */
bool sa_had_quick_mode(const struct isakmp_sa *sa);
bool sa_use_info_msgid(struct isakmp_sa *sa, uint32_t msgid);
/* What came with it was refused: the peer may say it again, our answer may have been lost. */
void sa_reuse_msgid(struct isakmp_sa *sa, uint32_t msgid);

/* Phase 2 */

/* NULL: the peer has too many. */
struct ipsec_pair *pair_new(struct isakmp_sa *sa, enum ike_role role, uint32_t msgid);
struct ipsec_pair *pair_find(struct ike *ike, uint32_t conn_id, uint32_t msgid);
struct ipsec_pair *pair_find_spi_in(struct ike *ike, uint32_t spi);
struct ipsec_pair *pair_find_spi_out(struct ike_peer *p, uint32_t spi);
void pair_choose_spi(struct ipsec_pair *pair);
/* Whether it would lose against the pair that serves now: then it needs no outbound SA. */
bool pair_loses(const struct ipsec_pair *pair);
/* One that the other end initiated crosses it; and is the one to be kept, as far as it gets. */
bool pair_has_rival(const struct ipsec_pair *pair);
bool pair_is_outdone(const struct ipsec_pair *pair);
void pair_query_traffic(const struct ipsec_pair *pair);
void pair_push_delete(struct ipsec_pair *pair, enum ike_direction direction, uint32_t spi);
/* The kernel did not take its outbound SA; the one that it was to replace (0: none) is still there. */
void pair_out_refused(struct ipsec_pair *pair, uint32_t replaced);
void pair_activate(struct ipsec_pair *pair);
void pair_rekey(struct ipsec_pair *pair);
/* The peer lives: a pair that it may have lost is negotiated anew, in a moment. */
void pair_renew_suspect(struct ike_peer *p);
void pair_end(struct ipsec_pair *pair, enum ike_cause cause);

#endif
