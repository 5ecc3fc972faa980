/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happened inside the NHRP core, as plain values: no text, nothing to free, no pointers.
 * Events leave in the same queue as all effects, in the order in which things happened; who
 * renders them (trace, diagnosis, JSON, tests) switches over `kind` and reads the fields that the
 * kind's comment names. Fields that are not named are zero.
 *
 * "protocol" is an address of the tunnel (172.16.0.2), "nbma" one of the network below (10.0.0.4),
 * as RFC 2332 calls them.
 */
#ifndef NHRP_EVENT_H
#define NHRP_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

/* The numbers are syslog's severities. */
enum nhrp_level {
	NHRP_LEVEL_ERROR = 3,	/* does not work until somebody changes something */
	NHRP_LEVEL_WARNING = 4, /* does not work now, is tried again */
	NHRP_LEVEL_NOTICE = 5,	/* a peer, a registration or a path came or went */
	NHRP_LEVEL_INFO = 6,	/* steps on the way */
	NHRP_LEVEL_DEBUG = 7,	/* every packet */
};

/* Packet types (RFC 2332 5.2; 8 is Cisco's, draft-detienne-dmvpn-01). */
enum nhrp_type {
	NHRP_RESOLUTION_REQUEST = 1,
	NHRP_RESOLUTION_REPLY = 2,
	NHRP_REGISTRATION_REQUEST = 3,
	NHRP_REGISTRATION_REPLY = 4,
	NHRP_PURGE_REQUEST = 5,
	NHRP_PURGE_REPLY = 6,
	NHRP_ERROR_INDICATION = 7,
	NHRP_TRAFFIC_INDICATION = 8,
	NHRP_TYPES /* one more than the last */
};

/* Codes of a client information entry (RFC 2332 5.2.0.1); every other than 0 is a refusal. */
enum nhrp_code {
	NHRP_CODE_SUCCESS = 0,
	NHRP_CODE_PROHIBITED = 4,      /* administratively prohibited */
	NHRP_CODE_RESOURCES = 5,       /* insufficient resources */
	NHRP_CODE_NO_BINDING = 12,     /* no protocol to NBMA address binding exists */
	NHRP_CODE_NOT_UNIQUE = 13,     /* binding exists but is not unique */
	NHRP_CODE_ALREADY_UNIQUE = 14, /* unique protocol address already registered */
};

/* Codes of an error indication (RFC 2332 5.2.7). */
enum nhrp_error {
	NHRP_ERROR_EXTENSION = 1,	   /* unrecognized compulsory extension */
	NHRP_ERROR_LOOP = 3,
	NHRP_ERROR_UNREACHABLE = 6,	   /* protocol address unreachable */
	NHRP_ERROR_PROTOCOL = 7,
	NHRP_ERROR_SIZE = 8,		   /* SDU size exceeded */
	NHRP_ERROR_INVALID_EXTENSION = 9,
	NHRP_ERROR_INVALID_REPLY = 10,
	NHRP_ERROR_AUTHENTICATION = 11,
	NHRP_ERROR_HOP_COUNT = 15,
};

/* Why a packet could not be read; all are dropped. */
enum nhrp_malformed {
	NHRP_WELL_FORMED,
	NHRP_BAD_TRUNCATED,	   /* ends inside a field */
	NHRP_BAD_FAMILY,	   /* address family or protocol type other than IPv4's */
	NHRP_BAD_VERSION,	   /* other than 1 */
	NHRP_BAD_TYPE,		   /* packet type 0 or above 8 */
	NHRP_BAD_SIZE,		   /* packet size field and octets received disagree */
	NHRP_BAD_CHECKSUM,
	NHRP_BAD_EXTENSION_OFFSET, /* inside the header or the mandatory part, or past the end */
	NHRP_BAD_ADDRESS_LENGTH,   /* an address that is neither absent nor of 4 octets */
	NHRP_BAD_ADDRESS,	   /* source or destination absent where the type needs it */
	NHRP_BAD_CIE,		   /* ends inside a client information entry */
	NHRP_BAD_CIE_COUNT,	   /* none where one is needed, or more than we take */
	NHRP_BAD_EXTENSION,	   /* ends inside an extension */
	NHRP_BAD_EXTENSION_COUNT,
	NHRP_BAD_HOP_COUNT,	   /* 0 */
};

/* Why something was refused, given up or moved. */
enum nhrp_reason {
	NHRP_WHY_NONE,
	/* a registration or a request was refused, or a packet ignored */
	NHRP_WHY_NBMA_MISMATCH, /* the NBMA address claimed inside is not the outer source */
	NHRP_WHY_OWN_ADDRESS,	/* the address is ours */
	NHRP_WHY_OUTSIDE,	/* not a host address of the tunnel's prefix */
	NHRP_WHY_STATIC,	/* a configured map holds the address */
	NHRP_WHY_UNIQUE,	/* another NBMA address that is alive holds it (other_nbma) */
	NHRP_WHY_PREFIX_LENGTH, /* a registration of more than one host */
	NHRP_WHY_HOLDING_TIME,	/* a registration for 0 s */
	NHRP_WHY_LIMIT,		/* the limit on bindings, peers or resolutions in all */
	NHRP_WHY_LIMIT_NBMA,	/* the limit on bindings of one NBMA address */
	NHRP_WHY_KERNEL,	/* the kernel refused the neighbour; code is the errno */
	NHRP_WHY_NOT_REGISTERED, /* the sender is not registered (here, with this NBMA address) */
	NHRP_WHY_NOT_OWNER,	 /* a purge from somebody else than the holder of the binding */
	NHRP_WHY_STRANGER,	 /* neither from the one who was asked nor from the one it names */
	NHRP_WHY_NOT_FOR_US,	 /* addressed to somebody else, and not to be passed on */
	NHRP_WHY_UNKNOWN_ID,	 /* no request of ours is waiting for an answer with this id */
	NHRP_WHY_NO_BINDING,	 /* nobody is registered for the address */
	NHRP_WHY_EGRESS_DOWN,	 /* the address is registered, but its SA pair is down */
	NHRP_WHY_NO_ANSWER_NEEDED, /* a reply or an indication about something long done */
	/* a path or a next hop server was given up */
	NHRP_WHY_PEER_DOWN,	/* its SA pair went down */
	NHRP_WHY_UNANSWERED,	/* requests on the whole schedule stayed without an answer */
	NHRP_WHY_REFUSED,	/* the other side said no; code is its code */
	NHRP_WHY_NO_SA,		/* no SA pair came up in time */
	NHRP_WHY_NO_MAP,	/* nhs without a map: its NBMA address is unknown */
	NHRP_WHY_NO_NHS,	/* no next hop server is up */
	NHRP_WHY_EXPIRED,	/* its holding time passed */
	NHRP_WHY_IDLE,		/* its holding time passed and nothing used it */
	NHRP_WHY_PURGED,	/* its owner withdrew it */
	NHRP_WHY_CLEARED,	/* the operator cleared it */
	NHRP_WHY_REPLACED,	/* another NBMA address took its place */
	NHRP_WHY_REMOVED,	/* the tunnel was taken away */
	NHRP_WHY_HOLD_DOWN,	/* not tried again yet */
	/* a shortcut, or a packet that came in and left through the tunnel */
	NHRP_WHY_DISABLED,	/* `redirect` or `shortcut` is not configured */
	NHRP_WHY_CUT,		/* not the start of an IPv4 packet to a host */
	NHRP_WHY_NO_ROUTE,	/* the kernel has no route for it, or not through this tunnel */
	NHRP_WHY_SAME_PEER,	/* it goes back to where it came from */
	NHRP_WHY_RATE,		/* told or tried a short while ago */
	NHRP_WHY_NOT_ON_PATH,	/* the sender is not the one that this packet goes through */
	NHRP_WHY_THROUGH_TUNNEL, /* the egress would send it back through the tunnel */
	NHRP_WHY_TOO_WIDE,	/* a prefix that is no answer to what was asked */
	NHRP_WHY_ROUTE_CHANGED, /* the routing table changed */
	/* identities, several servers, too much of everything */
	NHRP_WHY_AUTHORIZE,	/* `authorize`: the address is another identity's, or the other way round */
	NHRP_WHY_IDENTITY,	/* somebody else is at that NBMA address now */
	NHRP_WHY_STANDBY,	/* enough better servers of its cluster are up */
	NHRP_WHY_FLOOD,		/* the sender sends more than its share */
	NHRP_WHY_PSEUDO,	/* the peer shares its address with others, which nobody else can reach */
	NHRP_REASONS		/* one more than the last */
};

enum nhrp_event_kind {
	/* Packets. nbma: the other end; type, request_id, source, protocol (target), length. */
	NHRP_EV_SENT = 1,
	NHRP_EV_RECEIVED,
	NHRP_EV_HELD,	   /* built, waits for the SA pair with nbma */
	NHRP_EV_DROPPED,   /* well-formed and ignored: reason; other_nbma: what it claimed */
	NHRP_EV_MALFORMED, /* malformed, offset, length; type where it was readable */
	NHRP_EV_AUTHENTICATION_FAILED, /* type, source; code 0: absent, 1: different */
	NHRP_EV_LOOP,		   /* our address in a transit record: type, source, protocol */
	NHRP_EV_HOP_COUNT,	   /* used up: type, source, protocol */
	NHRP_EV_UNKNOWN_EXTENSION, /* compulsory and unknown: code is its type */
	NHRP_EV_ERROR_SENT,	   /* code (enum nhrp_error), offset, about type, request_id */
	NHRP_EV_ERROR_RECEIVED,	   /* the same, said by nbma, of a packet of ours or in transit */

	/*
	 * Phase 3. source, protocol: of the packet that took the long way; prefix, gateway: of the
	 * shortcut; nbma: the gateway's.
	 */
	NHRP_EV_TRAFFIC_INDICATION, /* from nbma; reason: why it is ignored, 0: acted upon */
	NHRP_EV_REDIRECT_SENT,	    /* to nbma, of a packet that goes on to other_nbma */
	NHRP_EV_REDIRECT_IGNORED,   /* a packet that came in and left, no indication: reason */
	NHRP_EV_SHORTCUT_UP,	    /* seconds: holding time; code 1: the kernel's own next hop */
	NHRP_EV_SHORTCUT_GONE,	    /* reason */
	NHRP_EV_SHORTCUT_FAILED,    /* protocol could not be had: reason, code; seconds of hold-down */
	NHRP_EV_ROUTE_FAILED,	    /* the kernel refused the shortcut; code is the errno */
	NHRP_EV_ANSWER_WITHDRAWN,   /* prefix left: purged at nbma, whose requester is `source` */

	/* Client and next hop servers. protocol, nbma: the server's. */
	NHRP_EV_NHS_CONNECTING,	      /* its SA pair is asked for; seconds until the next attempt */
	NHRP_EV_NHS_UP,		      /* it accepted our registration; seconds: holding time */
	NHRP_EV_NHS_REFRESHED,	      /* it accepted a renewal; seconds: holding time */
	NHRP_EV_NHS_DOWN,	      /* reason, code */
	NHRP_EV_REGISTRATION_REFUSED, /* code; seconds until the next attempt */
	NHRP_EV_REGISTRATION_UNANSWERED, /* request_id; seconds until the next attempt */
	NHRP_EV_NHS_IN_USE, /* paths through a server take it from now on, before: other_nbma */
	NHRP_EV_NAT,	    /* the server sees us at other_nbma, which is not our own address */

	/* Client and paths. protocol: the address looked for; nbma: where its traffic goes now. */
	NHRP_EV_RESOLVING,	     /* asked the server other_nbma; traffic takes nbma meanwhile */
	NHRP_EV_RESOLVE_IGNORED,     /* the kernel asked and gets no answer: reason */
	NHRP_EV_RESOLUTION_ANSWERED, /* nbma: the answer, from other_nbma; seconds, request_id */
	NHRP_EV_RESOLUTION_NEGATIVE, /* code, from other_nbma; seconds of hold-down */
	NHRP_EV_RESOLUTION_TIMEOUT,  /* reason (UNANSWERED, NO_SA); seconds of hold-down */
	NHRP_EV_DIRECT,		     /* switched to the direct path nbma, away from other_nbma */
	NHRP_EV_PROVISIONAL,	     /* back at the server nbma, away from other_nbma: reason */

	/* Server. protocol, nbma: the client's. */
	NHRP_EV_CLIENT_REGISTERED, /* in the kernel and answered; seconds: holding time */
	NHRP_EV_CLIENT_REFRESHED,
	NHRP_EV_CLIENT_REFUSED,	   /* code, reason, other_nbma */
	NHRP_EV_REQUEST_FORWARDED, /* of source at other_nbma, about protocol at nbma; request_id */
	NHRP_EV_REQUEST_ANSWERED,  /* likewise; nbma is what was answered */
	NHRP_EV_REQUEST_REFUSED,   /* likewise; code, reason */

	/* Bindings of either side. */
	NHRP_EV_BINDING_GONE, /* protocol, nbma, reason */
	NHRP_EV_BIND_FAILED,  /* protocol, nbma; code is the errno */
};

struct nhrp_event {
	enum nhrp_event_kind kind;
	enum nhrp_level level;
	int id; /* the interface's */
	struct addr protocol;
	struct addr nbma;
	struct addr other_nbma;
	struct addr source; /* source protocol address of the packet it is about */
	struct addr gateway;
	struct prefix prefix;
	enum nhrp_reason reason;
	enum nhrp_malformed malformed;
	uint8_t type; /* enum nhrp_type, 0 where unknown */
	int code;
	uint32_t request_id;
	uint32_t seconds;
	size_t offset;
	size_t length;
};

#endif
