/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration, and what IKE agrees on, in the terms of the other rooms: the only file that
 * knows both the words of conf/ and those of the cores and of the kernel's rooms.
 */
#ifndef DAEMON_TRANSLATE_H
#define DAEMON_TRANSLATE_H

#include "conf/conf.h"
#include "gre/link.h"
#include "ikev1/ike.h"
#include "nhrp/nhrp.h"
#include "xfrm/xfrm.h"

/* IKE's part of a configuration. Borrows from the struct conf, which must outlive it. */
struct ike_terms {
	struct ike_config config;
	struct ike_profile *profiles; /* in the order of conf->ipsec_profiles */
	char hostname[256];
};

/* trustpoint: of this configuration, or NULL; borrowed, too. */
struct ike_terms *translate_ike(const struct conf *conf, struct trustpoint *trustpoint);
void ike_terms_free(struct ike_terms *terms); /* NULL is fine */
/* The profile in IKE's terms. */
const struct ike_profile *ike_terms_profile(const struct ike_terms *terms, const struct conf *conf,
					    const struct conf_ipsec_profile *profile);

/* What an NHRP interface is configured with; the arrays are its own, the rest is borrowed. */
struct nhrp_terms {
	struct nhrp_config config;
	struct nhrp_map *maps;
	struct nhrp_nhs_config nhs[NHRP_NHS_MAX];
	struct nhrp_cluster *clusters;
	struct nhrp_authorize *authorize;
};

/* nbma: the tunnel's source address; mtu: its link's. The caller calls nhrp_terms_free(). */
void translate_nhrp(struct nhrp_terms *terms, const struct conf_tunnel *tunnel, struct addr nbma,
		    uint16_t mtu);
void nhrp_terms_free(struct nhrp_terms *terms);

struct gre_link_config translate_link(const struct conf_tunnel *tunnel, const struct addr *local,
				      uint16_t mtu);
struct xfrm_tunnel_policy translate_policy(const struct conf_tunnel *tunnel,
					   const struct addr *local, uint32_t reqid);

struct xfrm_sa_id translate_sa_id(const struct addr *local, const struct addr *remote,
				  enum ike_direction direction, uint32_t spi);
/* keymat takes the key and the authentication key in a row; false where they do not fit. */
#define TRANSLATE_KEYMAT_MAX 128
bool translate_sa(struct xfrm_sa *out, const struct ike_ipsec_sa *sa, uint32_t reqid,
		  uint8_t keymat[TRANSLATE_KEYMAT_MAX]);

#endif
