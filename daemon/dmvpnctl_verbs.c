/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client's one table of verbs, and the reading of command lines against it as IOS does:
 * abbreviations, the caret, the question mark. What the table says, the parser, the help and the
 * request to the daemon follow.
 */
#include "daemon/dmvpnctl.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/addr.h"
#include "lib/util.h"

#define WORD_ROOM 32 /* of a word in the table, with its terminating zero */

const struct verb verbs[] = {
	{ "show crypto ikev1 sa", "show crypto isakmp sa", NULL, render_ikev1_sa,
	  "phase 1 SAs as the ASA shows them" },
	{ "show crypto ikev1 sa detail", "show crypto isakmp sa", NULL, render_ikev1_sa_detail,
	  "the same with their algorithms and lifetimes" },
	{ "show crypto ipsec sa", NULL, NULL, render_ipsec_sa, "IPsec SAs with their counters" },
	{ "show crypto ipsec sa interface IFNAME", "show crypto ipsec sa", "interface",
	  render_ipsec_sa, "IPsec SAs of one tunnel" },
	{ "show crypto ipsec sa peer A.B.C.D", "show crypto ipsec sa", "peer", render_ipsec_sa,
	  "IPsec SAs with one peer" },
	{ "show crypto isakmp", "show crypto isakmp sa", NULL, render_ikev1_sa,
	  "phase 1 SAs as the ASA shows them" },
	{ "show crypto isakmp key", NULL, NULL, render_isakmp_key,
	  "for which peers there is a pre-shared key; never the key" },
	{ "show crypto isakmp peers", NULL, NULL, render_isakmp_peers,
	  "who has a phase 1 SA, and what each calls itself" },
	{ "show crypto isakmp policy", NULL, NULL, render_isakmp_policy, "phase 1 policies" },
	{ "show crypto isakmp sa", NULL, NULL, render_isakmp_sa, "phase 1 SAs" },
	{ "show crypto isakmp sa detail", "show crypto isakmp sa", NULL, render_isakmp_sa_detail,
	  "phase 1 SAs with their algorithms, state and last event" },
	{ "show crypto isakmp sa peer A.B.C.D", "show crypto isakmp sa", "peer", render_isakmp_sa,
	  "phase 1 SAs with one peer" },
	{ "show crypto isakmp stats", NULL, NULL, render_isakmp_stats, "counters of IKE" },
	{ "show crypto session", NULL, NULL, render_session,
	  "each peer with its phase 1 and phase 2 SAs" },
	{ "show crypto session brief", "show crypto session", NULL, render_session_brief,
	  "each peer in a line" },
	{ "show crypto session detail", "show crypto session", NULL, render_session_detail,
	  "the same with identities, counters and lifetimes" },
	{ "show debugging", NULL, NULL, render_debugging, "what is being debugged" },
	{ "show dmvpn", NULL, NULL, render_dmvpn, "peers of each tunnel" },
	{ "show dmvpn detail", NULL, NULL, render_dmvpn_detail,
	  "peers of each tunnel with its servers and their sessions" },
	{ "show dmvpn interface IFNAME", "show dmvpn", "interface", render_dmvpn,
	  "peers of one tunnel" },
	{ "show dmvpn interface IFNAME detail", "show dmvpn detail", "interface",
	  render_dmvpn_detail, "the same in detail" },
	{ "show dmvpn peer nbma A.B.C.D", "show dmvpn", "nbma", render_dmvpn,
	  "one peer, by its NBMA address" },
	{ "show dmvpn peer nbma A.B.C.D detail", "show dmvpn detail", "nbma", render_dmvpn_detail,
	  "the same in detail" },
	{ "show dmvpn peer tunnel A.B.C.D", "show dmvpn", "tunnel", render_dmvpn,
	  "one peer, by its tunnel address" },
	{ "show dmvpn peer tunnel A.B.C.D detail", "show dmvpn detail", "tunnel",
	  render_dmvpn_detail, "the same in detail" },
	{ "show interfaces", "show interface", NULL, render_interface, "the tunnels' interfaces" },
	{ "show interfaces IFNAME", "show interface", "interface", render_interface,
	  "one tunnel's interface" },
	{ "show ip nhrp", NULL, NULL, render_nhrp, "the NHRP cache" },
	{ "show ip nhrp A.B.C.D", "show ip nhrp", "address", render_nhrp,
	  "the entries of the cache about one address" },
	{ "show ip nhrp brief", "show ip nhrp", NULL, render_nhrp_brief,
	  "the NHRP cache, a line each" },
	{ "show ip nhrp detail", "show ip nhrp", NULL, render_nhrp_detail,
	  "the NHRP cache with paths, holding times and MTUs" },
	{ "show ip nhrp dynamic", NULL, NULL, render_nhrp, "the dynamic entries of the cache" },
	{ "show ip nhrp incomplete", NULL, NULL, render_nhrp,
	  "the entries of the cache that are being resolved, or could not be" },
	{ "show ip nhrp multicast", NULL, NULL, render_nhrp_multicast,
	  "who gets copies of multicast packets" },
	{ "show ip nhrp nhs", NULL, NULL, render_nhrp_nhs, "next hop servers" },
	{ "show ip nhrp nhs detail", "show ip nhrp nhs", NULL, render_nhrp_nhs_detail,
	  "next hop servers with their registrations" },
	{ "show ip nhrp redirect", NULL, NULL, render_nhrp_redirect,
	  "who was told that there is a shorter way, and when again" },
	{ "show ip nhrp shortcut", "show ip nhrp", NULL, render_nhrp_shortcut,
	  "networks behind peers, of the cache" },
	{ "show ip nhrp static", NULL, NULL, render_nhrp, "the static entries of the cache" },
	{ "show ip nhrp summary", "show ip nhrp", NULL, render_nhrp_summary,
	  "how many entries the NHRP cache has" },
	{ "show ip nhrp traffic", NULL, NULL, render_nhrp_traffic, "counters of NHRP" },
	{ "show log peer A.B.C.D", "show log peer", "peer", render_log,
	  "all that was recorded of one peer, whatever the log shows" },
	{ "show running-config", NULL, NULL, render_running_config,
	  "the configuration that runs, without its secrets" },
	{ "show running-config interface IFNAME", "show running-config ios", NULL,
	  render_running_config_interface, "one tunnel of it, as a router would print it" },
	{ "show running-config ios", NULL, NULL, render_running_config_ios,
	  "the same as a router would print it" },
	{ "show tech-support", NULL, NULL, render_tech_support,
	  "all of it in one archive, without secrets" },
	{ "show tech-support FILE", NULL, "file", render_tech_support,
	  "the same; the archive's name, or a folder for it" },
	{ "show tunnel endpoints", NULL, NULL, render_tunnel_endpoints,
	  "NBMA and tunnel addresses" },
	{ "show version", NULL, NULL, render_version, "version and uptime of the daemon" },
	{ "clear crypto isakmp", NULL, NULL, render_nothing, "delete all phase 1 SAs" },
	{ "clear crypto isakmp <1-4294967295>", "clear crypto isakmp", "conn_id", render_nothing,
	  "delete the phase 1 SA with this conn-id" },
	{ "clear crypto sa", NULL, NULL, render_nothing, "delete all SAs" },
	{ "clear crypto sa peer A.B.C.D", "clear crypto sa", "peer", render_nothing,
	  "delete the SAs with one peer" },
	{ "clear crypto session", "clear crypto sa", NULL, render_nothing,
	  "the same as clear crypto sa" },
	{ "clear crypto session remote A.B.C.D", "clear crypto sa", "peer", render_nothing,
	  "the same as clear crypto sa peer" },
	{ "clear dmvpn session", NULL, NULL, render_nothing,
	  "delete all SAs and dynamic entries of the cache" },
	{ "clear dmvpn session peer nbma A.B.C.D", "clear dmvpn session", "nbma", render_nothing,
	  "the same of one peer, by its NBMA address" },
	{ "clear dmvpn session peer tunnel A.B.C.D", "clear dmvpn session", "tunnel",
	  render_nothing, "the same of one peer, by its tunnel address" },
	{ "clear ip nhrp", NULL, NULL, render_nothing, "delete all dynamic entries of the cache" },
	{ "clear ip nhrp A.B.C.D", "clear ip nhrp", "address", render_nothing,
	  "delete the dynamic entry of one tunnel address" },
	{ "debug", NULL, NULL, render_log_line, "the log as it is written, until ^C" },
	{ "debug crypto condition peer A.B.C.D/N", "debug crypto condition peer", "peer",
	  render_nothing, "trace only these NBMA addresses (an address or a prefix)" },
	{ "debug crypto condition reset", NULL, NULL, render_nothing, "trace all peers" },
	{ "debug crypto condition tunnel A.B.C.D/N", "debug crypto condition tunnel", "tunnel",
	  render_nothing, "trace only who has these tunnel addresses" },
	{ "debug crypto condition username WORD", "debug crypto condition username", "username",
	  render_nothing, "trace only who has this phase 1 identity" },
	{ "debug crypto ikev1", "debug crypto isakmp", NULL, render_tracing,
	  "the same as debug crypto isakmp" },
	{ "debug crypto ikev1 <1-255>", "debug crypto isakmp", "level", render_tracing,
	  "the same, as newer ASAs call it" },
	{ "debug crypto ipsec", NULL, NULL, render_tracing, "trace quick mode and IPsec SAs" },
	{ "debug crypto isakmp", NULL, NULL, render_tracing, "trace IKE at level 1" },
	{ "debug crypto isakmp <1-255>", "debug crypto isakmp", "level", render_tracing,
	  "trace IKE at this level: 100 decisions, 200 messages and payloads, 254 all" },
	{ "debug nhrp", NULL, NULL, render_tracing, "trace NHRP" },
	{ "debug nhrp cache", NULL, NULL, render_tracing, "trace bindings, paths and servers" },
	{ "debug nhrp error", NULL, NULL, render_tracing, "trace what goes wrong" },
	{ "debug nhrp extension", NULL, NULL, render_tracing, "trace extensions" },
	{ "debug nhrp packet", NULL, NULL, render_tracing, "trace packets" },
	{ "events", NULL, NULL, render_event, "what happens from now on, line by line" },
	{ "explain", NULL, NULL, render_explain,
	  "why tunnels are not up, or were not: causes, fixes" },
	{ "explain A.B.C.D", "explain", "peer", render_explain,
	  "the same about one peer, by its NBMA or tunnel address" },
	{ "ladder A.B.C.D", "ladder", "peer", render_ladder,
	  "the messages of a peer's negotiations, as a ladder; --svg as a picture" },
	{ "map", NULL, NULL, render_map,
	  "the DMVPN as this node sees it; --svg and --dot as a picture" },
	{ "no debug all", "undebug all", NULL, render_message, "stop tracing" },
	{ "reload", NULL, NULL, render_reload, "read the configuration again" },
	{ "undebug all", NULL, NULL, render_message, "stop tracing" },
};
const size_t verb_count = ARRAY_SIZE(verbs);

/* What can be drawn, too. */
static const struct {
	const char *syntax;
	render_fn *svg, *dot;
} pictures[] = {
	{ "ladder A.B.C.D", render_ladder_svg, NULL },
	{ "map", render_map_svg, render_map_dot },
};

bool verb_follows(const struct verb *v)
{
	return v->render == render_event || v->render == render_log_line;
}

render_fn *verb_renderer(const struct verb *v, enum form form)
{
	if (form == FORM_TEXT)
		return v->render;
	for (size_t i = 0; i < ARRAY_SIZE(pictures); i++)
		if (!strcmp(pictures[i].syntax, v->syntax))
			return form == FORM_SVG	  ? pictures[i].svg
			       : form == FORM_DOT ? pictures[i].dot
						  : NULL;
	return NULL;
}

/* What the words inside a command mean, for the question mark. */
static const struct {
	const char *word, *help;
} word_help[] = {
	{ "A.B.C.D", "An address" },
	{ "all", "All kinds" },
	{ "brief", "A line each" },
	{ "clear", "Delete state; what is needed comes up again" },
	{ "crypto", "Encryption" },
	{ "A.B.C.D/N", "An address or a prefix" },
	{ "FILE", "A file that is not there yet, or a folder" },
	{ "IFNAME", "A tunnel, as Tunnel0" },
	{ "WORD", "A word" },
	{ "cache", "Bindings, paths and servers" },
	{ "condition", "Of whom" },
	{ "debug", "Trace what happens, into the daemon's log" },
	{ "debugging", "What is being debugged" },
	{ "detail", "More of it" },
	{ "dmvpn", "Peers of each tunnel" },
	{ "dynamic", "Dynamic entries" },
	{ "endpoints", "NBMA and tunnel addresses" },
	{ "error", "What goes wrong" },
	{ "extension", "Extensions" },
	{ "events", "What happens, as it happens; ^C ends it" },
	{ "explain", "Why a tunnel is not up, and what to change" },
	{ "ikev1", "IKEv1 (phase 1), as the ASA shows it" },
	{ "incomplete", "Entries that are being resolved, or could not be" },
	{ "interface", "One tunnel" },
	{ "interfaces", "The tunnels' interfaces" },
	{ "ios", "As a router would print it" },
	{ "ip", "IP" },
	{ "ipsec", "IPsec (phase 2)" },
	{ "isakmp", "ISAKMP (phase 1)" },
	{ "key", "For which peers there is a key" },
	{ "ladder", "The messages of a peer's negotiations" },
	{ "log", "What was recorded" },
	{ "map", "The DMVPN as this node sees it" },
	{ "multicast", "Who gets copies of multicast packets" },
	{ "nbma", "By an NBMA address" },
	{ "nhrp", "Next Hop Resolution Protocol" },
	{ "nhs", "Next hop servers" },
	{ "no", "Stop tracing: no debug all" },
	{ "packet", "Packets" },
	{ "peer", "One peer" },
	{ "peers", "Who has a phase 1 SA" },
	{ "policy", "Phase 1 policies" },
	{ "redirect", "Who was told that there is a shorter way" },
	{ "reload", "Read the configuration again, and change what it changes" },
	{ "remote", "With one peer" },
	{ "reset", "Of all" },
	{ "running-config", "The configuration that runs, without its secrets" },
	{ "sa", "Security associations" },
	{ "session", "Phases 1 and 2 with each peer" },
	{ "shortcut", "Networks behind peers" },
	{ "show", "Show state" },
	{ "static", "Static entries" },
	{ "stats", "Counters" },
	{ "summary", "How many there are" },
	{ "tech-support", "All of it in one archive" },
	{ "traffic", "Counters" },
	{ "tunnel", "Tunnels, or a tunnel address" },
	{ "undebug", "Stop tracing" },
	{ "username", "Who calls itself so in phase 1" },
	{ "version", "Version and uptime of the daemon" },
	{ "<1-255>", "Level, as on the ASA: 100 decisions, 200 messages and payloads, 254 all" },
	{ "<1-4294967295>", "The conn-id that show crypto isakmp sa prints" },
};

/* The word at index of a command's syntax; false behind its last one. */
static bool syntax_word(const struct verb *v, size_t index, char out[WORD_ROOM])
{
	const char *at = v->syntax;
	size_t len;

	for (; index; index--) {
		at = strchr(at, ' ');
		if (!at)
			return false;
		at++;
	}
	len = strcspn(at, " ");
	if (len >= WORD_ROOM)
		abort(); /* the table is wrong */
	memcpy(out, at, len);
	out[len] = '\0';
	return true;
}

static bool stands_for_value(const char *word)
{
	return word[0] == '<' || isupper((unsigned char)word[0]);
}

static bool number_in_range(const char *range, const char *typed)
{
	unsigned long low, high, value;
	char *end;

	low = strtoul(range + 1, &end, 10);
	high = strtoul(end + 1, NULL, 10);
	if (!isdigit((unsigned char)typed[0]) || strlen(typed) > 10)
		return false;
	value = strtoul(typed, &end, 10);
	return !*end && value >= low && value <= high;
}

enum match { MATCH_NOT, MATCH_PREFIX, MATCH_EXACT };

static enum match word_matches(const char *word, const char *typed)
{
	struct prefix p;
	struct addr a;

	if (!*typed)
		return MATCH_NOT;
	if (word[0] == '<')
		return number_in_range(word, typed) ? MATCH_EXACT : MATCH_NOT;
	if (!strcmp(word, "A.B.C.D/N"))
		return prefix_parse(typed, &p) ? MATCH_EXACT : MATCH_NOT;
	if (!strcmp(word, "A.B.C.D"))
		return addr_parse(typed, &a) ? MATCH_EXACT : MATCH_NOT;
	if (stands_for_value(word))
		return MATCH_EXACT;
	if (!strcasecmp(word, typed))
		return MATCH_EXACT;
	return strncasecmp(word, typed, strlen(typed)) ? MATCH_NOT : MATCH_PREFIX;
}

/* How far the typed word goes along with the nearest word that would have been right. */
static size_t agreeing(const bool *left, size_t index, const char *typed)
{
	char word[WORD_ROOM];
	size_t best = 0;

	for (size_t i = 0; i < verb_count; i++) {
		size_t n = 0;

		if (!left[i] || !syntax_word(&verbs[i], index, word) || stands_for_value(word))
			continue;
		while (typed[n] && tolower((unsigned char)typed[n]) == word[n])
			n++;
		best = MAX(best, n);
	}
	return best;
}

/*
 * Keeps of the commands that are left those whose word at index goes with what was typed. An
 * exact word wins over longer ones that begin with it.
 */
static enum parse_result narrow(bool *left, size_t index, const char *typed, bool *value)
{
	char word[WORD_ROOM], first[WORD_ROOM] = "";
	enum match best = MATCH_NOT;

	for (size_t i = 0; i < verb_count; i++)
		if (left[i] && syntax_word(&verbs[i], index, word))
			best = MAX(best, word_matches(word, typed));
	if (best == MATCH_NOT)
		return PARSE_INVALID;
	for (size_t i = 0; i < verb_count; i++) {
		if (!left[i])
			continue;
		left[i] = syntax_word(&verbs[i], index, word) && word_matches(word, typed) == best;
		if (!left[i])
			continue;
		if (*first && strcmp(first, word) != 0)
			return PARSE_AMBIGUOUS;
		memcpy(first, word, sizeof(first));
	}
	*value = stands_for_value(first);
	return PARSE_OK;
}

/* Reads the words; `left` (verb_count of them) says which commands still may be meant. */
static struct parsed follow(char *const *words, size_t count, bool *left)
{
	struct parsed p = { .result = PARSE_OK };

	for (size_t i = 0; i < verb_count; i++)
		left[i] = true;
	for (size_t i = 0; i < count; i++) {
		bool before[ARRAY_SIZE(verbs)], value = false;

		memcpy(before, left, sizeof(before));
		p.result = narrow(left, i, words[i], &value);
		if (p.result != PARSE_OK) {
			if (p.result == PARSE_INVALID)
				p.column += agreeing(before, i, words[i]);
			return p;
		}
		if (value)
			p.value = words[i];
		p.column += strlen(words[i]) + 1;
	}
	return p;
}

static bool names_form(const char *word, enum form *form)
{
	static const char *const names[] = {
		[FORM_JSON] = "--json", [FORM_SVG] = "--svg", [FORM_DOT] = "--dot"
	};

	for (size_t i = FORM_JSON; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], word) != 0)
			continue;
		*form = (enum form)i;
		return true;
	}
	return false;
}

size_t parse_split(char **argv, char **words, enum form *form)
{
	size_t count = 0;

	for (; *argv; argv++) {
		bool empty = true;

		for (char *save, *w = strtok_r(*argv, " \t", &save); w;
		     w = strtok_r(NULL, " \t", &save)) {
			empty = false;
			if (!names_form(w, form))
				words[count++] = w;
		}
		if (empty) {
			(*argv)[0] = '\0';
			words[count++] = *argv;
		}
	}
	return count;
}

struct parsed parse_words(char *const *words, size_t count)
{
	bool left[ARRAY_SIZE(verbs)];
	struct parsed p = follow(words, count, left);
	char word[WORD_ROOM];

	if (p.result != PARSE_OK)
		return p;
	for (size_t i = 0; i < verb_count; i++)
		if (left[i] && !syntax_word(&verbs[i], count, word))
			p.verb = &verbs[i];
	if (!p.verb)
		p.result = PARSE_INCOMPLETE;
	return p;
}

static void print_line(char *const *words, size_t count, FILE *out)
{
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%s%s", i ? " " : "", words[i]);
}

static const char *help_for(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(word_help); i++)
		if (!strcmp(word_help[i].word, word))
			return word_help[i].help;
	return "";
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

bool parse_help(char *const *words, size_t count, FILE *out, struct parsed *p)
{
	char next[ARRAY_SIZE(verbs)][WORD_ROOM];
	bool left[ARRAY_SIZE(verbs)], complete = false;
	size_t n = 0;

	*p = follow(words, count, left);
	if (p->result != PARSE_OK)
		return false;
	for (size_t i = 0; i < verb_count; i++) {
		if (!left[i])
			continue;
		if (syntax_word(&verbs[i], count, next[n]))
			n++;
		else
			complete = true;
	}
	qsort(next, n, sizeof(next[0]), by_text);
	for (size_t i = 0; i < n; i++)
		if (!i || strcmp(next[i], next[i - 1]) != 0)
			fprintf(out, "  %-14s  %s\n", next[i], help_for(next[i]));
	if (complete)
		fprintf(out, "  <cr>\n");
	return true;
}

size_t parse_candidates(char *const *words, size_t count, FILE *out, const char *indent)
{
	char next[ARRAY_SIZE(verbs)][WORD_ROOM];
	const char *begun = count ? words[count - 1] : "";
	bool left[ARRAY_SIZE(verbs)];
	size_t n = 0, found = 0;

	if (!count || follow(words, count - 1, left).result != PARSE_OK)
		return 0;
	for (size_t i = 0; i < verb_count; i++)
		if (left[i] && syntax_word(&verbs[i], count - 1, next[n]) &&
		    !stands_for_value(next[n]) && !strncasecmp(next[n], begun, strlen(begun)))
			n++;
	qsort(next, n, sizeof(next[0]), by_text);
	for (size_t i = 0; i < n; i++)
		if (!i || strcmp(next[i], next[i - 1]) != 0)
			found += fprintf(out, "%s%s\n", indent, next[i]) > 0;
	return found;
}

/* Somebody meant to say something there. */
static void complain_empty(char *const *words, size_t count, FILE *out)
{
	struct parsed p;
	size_t i = 0;

	while (i < count && *words[i])
		i++;
	if (i == count)
		return;
	fprintf(out, "%% The word there is empty. Expected:\n");
	parse_help(words, i, out, &p);
}

void parse_complain(const struct parsed *p, char *const *words, size_t count, FILE *out)
{
	switch (p->result) {
	case PARSE_OK:
		break;
	case PARSE_INVALID:
		print_line(words, count, out);
		fprintf(out, "\n%*s^\n%% Invalid input detected at '^' marker.\n", (int)p->column,
			"");
		complain_empty(words, count, out);
		break;
	case PARSE_INCOMPLETE:
		if (count == 1 &&
		    (word_matches("show", words[0]) || word_matches("clear", words[0])))
			fprintf(out, "%% Type \"%s ?\" for a list of subcommands\n", words[0]);
		else
			fprintf(out, "%% Incomplete command.\n");
		break;
	case PARSE_AMBIGUOUS:
		fprintf(out, "%% Ambiguous command:  \"");
		print_line(words, count, out);
		fprintf(out, "\"\n");
		break;
	}
}

json_t *parse_request(const struct parsed *p)
{
	json_t *verb = json_array(), *args = json_object();
	const struct verb source = { .syntax = p->verb->request ?: p->verb->syntax };
	char word[WORD_ROOM];

	for (size_t i = 0; syntax_word(&source, i, word); i++)
		if (!stands_for_value(word))
			json_array_append_new(verb, json_string(word));
	if (p->value && p->verb->arg) {
		/* A number goes as one, so that the daemon need not read texts. */
		bool number = strchr(p->verb->syntax, '<') != NULL;

		json_object_set_new(args, p->verb->arg,
				    number ? json_integer(strtoll(p->value, NULL, 10))
					   : json_string(p->value));
	}
	return json_pack("{s:o, s:o}", "verb", verb, "args", args);
}
