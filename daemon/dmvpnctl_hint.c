/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands of a router that have no counterpart here, and where what they show or do is found. Who
 * types one out of habit is told so, below the complaint.
 */
#include <string.h>
#include <strings.h>

#include "daemon/dmvpnctl_line.h"
#include "lib/util.h"

#define FILE_RUNS                                                                              \
	"What runs is what the configuration file says (\"show version\" names it): edit it, " \
	"then \"reload\"."
#define OF_FRR	 "That is the routing daemon's. With FRR: vtysh -c \"show ip ...\""
#define COUNTERS "Counters stay. Compare two shows, or let --watch repeat one."

/* The first that fits holds: what is more special comes first. */
static const struct {
	const char *words, *hint;
} hints[] = {
	{ "show logging",
	  "\"debug\" follows the log until ^C, \"show log peer A.B.C.D\" has what was "
	  "recorded of a peer, the machine's journal has all: journalctl -u dmvpnd" },
	{ "show clock", "That is the machine's: date" },
	{ "show ip route", "That is the machine's: ip route" },
	{ "show ip interface", "Tunnels: \"show interfaces\". The machine's: ip -brief address" },
	{ "show ip arp", "That is the machine's: ip neigh" },
	{ "show arp", "That is the machine's: ip neigh" },
	{ "show ip eigrp", OF_FRR },
	{ "show ip ospf", OF_FRR },
	{ "show ip bgp", OF_FRR },
	{ "show ip protocols", OF_FRR },
	{ "show crypto map",
	  "There are no crypto maps: \"show interfaces\" names the profile of each "
	  "tunnel, \"show running-config ios | section crypto\" has it." },
	{ "show crypto ipsec transform-set",
	  "\"show running-config ios | section crypto ipsec\" has it." },
	{ "show crypto ipsec profile",
	  "\"show running-config ios | section crypto ipsec\" has it." },
	{ "show crypto ipsec sa",
	  "\"show crypto ipsec sa\" has the counters, with --json also what was dropped as "
	  "replayed or not authentic." },
	{ "show crypto ikev2", "IKEv2 is not spoken here: \"show crypto isakmp sa\"." },
	{ "show crypto debug-condition", "\"show debugging\" has the conditions." },
	{ "show crypto engine", "The kernel encrypts: \"show crypto ipsec sa\" has its counters." },
	{ "show crypto sockets", "\"show dmvpn detail\" has the state of each peer's socket." },
	{ "show crypto pki",
	  "\"show running-config | section trustpoint\" names the files, "
	  "\"openssl x509 -noout -text -in FILE\" reads them, \"explain\" says what is "
	  "wrong with a certificate." },
	{ "show crypto ca", "\"show running-config | section trustpoint\" names the files." },
	{ "show isakmp",
	  "\"show crypto isakmp sa\", or \"show crypto ikev1 sa\" as the ASA prints it." },
	{ "show ip", NULL }, /* is not a part of the next */
	{ "show ipsec", "\"show crypto ipsec sa\"." },
	{ "show vpn-sessiondb",
	  "\"show crypto session detail\", \"show crypto ikev1 sa detail\"." },
	{ "show nhrp", "\"show ip nhrp\"." },
	{ "show startup-config", FILE_RUNS },
	{ "show", NULL }, /* nor this */
	{ "clear counters", COUNTERS },
	{ "clear ip nhrp counters", COUNTERS },
	{ "clear ip nhrp", "\"clear ip nhrp\" takes networks behind peers, too." },
	{ "clear dmvpn statistics", COUNTERS },
	{ "clear crypto sa counters", COUNTERS },
	{ "clear crypto ikev1", "\"clear crypto isakmp\"." },
	{ "clear crypto isakmp", "\"clear crypto isakmp\", of all or of one conn-id." },
	{ "clear crypto ipsec", "\"clear crypto sa\"." },
	{ "debug all",
	  "\"debug crypto isakmp\", \"debug crypto ipsec\" and \"debug nhrp\" together." },
	{ "debug dmvpn condition", "\"debug crypto condition\"." },
	{ "debug dmvpn",
	  "\"debug crypto isakmp\", \"debug crypto ipsec\" and \"debug nhrp\" together." },
	{ "debug tunnel",
	  "\"debug crypto ipsec\" and \"debug nhrp cache\" have what happens to it." },
	{ "debug ip nhrp", "\"debug nhrp\"." },
	{ "debug nhrp condition", "\"debug crypto condition\" holds for NHRP, too." },
	{ "no debug", "Tracing is turned off all at once: \"no debug all\"." },
	{ "undebug", "Tracing is turned off all at once: \"undebug all\"." },
	{ "enable", "There is one level here, and it has all rights." },
	{ "disable", "There is one level here, and it has all rights." },
	{ "configure", FILE_RUNS },
	{ "write", FILE_RUNS },
	{ "copy", FILE_RUNS },
	{ "crypto", FILE_RUNS },
	{ "interface", FILE_RUNS },
	{ "ip", FILE_RUNS },
	{ "tunnel", FILE_RUNS },
	{ "no", FILE_RUNS },
	{ "shutdown", FILE_RUNS },
	{ "terminal monitor", "\"debug\" alone follows the log here until ^C." },
	{ "terminal", "Nothing is paged here." },
	{ "ping", "That is the machine's: ping, in a shell of it" },
	{ "traceroute", "That is the machine's: traceroute, in a shell of it" },
};

/* Whether the words begin with those of `known`, each perhaps cut, but not to a letter. */
static bool fits(const char *known, char *const *words, size_t count)
{
	for (size_t i = 0; *known; i++) {
		size_t len = strcspn(known, " "), typed = i < count ? strlen(words[i]) : 0;

		if (typed < 2 || typed > len || strncasecmp(known, words[i], typed) != 0)
			return false;
		known += len + (known[len] == ' ');
	}
	return true;
}

const char *hint_for(char *const *words, size_t count)
{
	for (size_t i = 0; i < ARRAY_SIZE(hints); i++)
		if (fits(hints[i].words, words, count))
			return hints[i].hint;
	return NULL;
}
