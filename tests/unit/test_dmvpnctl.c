/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client: command lines as IOS reads them, and the layouts, pinned by golden files whose
 * figures are those that the DMVPN article prints.
 * LINK: daemon/dmvpnctl_explain.c daemon/dmvpnctl_ladder.c daemon/dmvpnctl_map.c daemon/dmvpnctl_nhrp.c daemon/dmvpnctl_dmvpn.c daemon/dmvpnctl_map_text.c daemon/dmvpnctl_map_svg.c daemon/dmvpnctl_svg.c daemon/dmvpnctl_verbs.c daemon/dmvpnctl_show.c daemon/dmvpnctl_crypto.c daemon/dmvpnctl_session.c daemon/dmvpnctl_config.c daemon/dmvpnctl_events.c lib/addr.c lib/wire.c
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/dmvpnctl.h"
#include "lib/util.h"
#include "tests/unit/manual.h"

#define WORDS_MAX 16

struct line {
	char text[128];
	char *words[WORDS_MAX];
	size_t count;
};

static void split(struct line *l, const char *text)
{
	snprintf(l->text, sizeof(l->text), "%s", text);
	l->count = 0;
	for (char *save, *w = strtok_r(l->text, " ", &save); w; w = strtok_r(NULL, " ", &save))
		l->words[l->count++] = w;
}

static struct parsed parse(const char *text)
{
	static struct line l; /* what is parsed points into it */

	split(&l, text);
	return parse_words(l.words, l.count);
}

static const char *complaint(const char *text)
{
	static char buf[512];
	struct line l;
	struct parsed p;
	FILE *out = fmemopen(buf, sizeof(buf), "w");

	split(&l, text);
	p = parse_words(l.words, l.count);
	parse_complain(&p, l.words, l.count, out);
	fclose(out);
	return buf;
}

static void check_syntax(const char *typed, const char *syntax)
{
	struct parsed p = parse(typed);

	cr_assert_eq(p.result, PARSE_OK, "%s: %d", typed, p.result);
	cr_assert_str_eq(p.verb->syntax, syntax);
}

Test(dmvpnctl, abbreviations_of_the_article)
{
	check_syntax("sh dm", "show dmvpn");
	check_syntax("sh dmvpn", "show dmvpn");
	check_syntax("sh ip nhrp", "show ip nhrp");
	check_syntax("sh tunnel endpoints", "show tunnel endpoints");
	check_syntax("sh crypto isakmp sa", "show crypto isakmp sa");
	check_syntax("sh cry ips sa", "show crypto ipsec sa");
	check_syntax("sh cry ses det", "show crypto session detail");
	check_syntax("sh cry ike sa", "show crypto ikev1 sa");
	check_syntax("sh cry ips sa int Tunnel0", "show crypto ipsec sa interface IFNAME");
	check_syntax("sh run", "show running-config");
	check_syntax("sh run ios", "show running-config ios");
	check_syntax("sh tech", "show tech-support");
	check_syntax("sh tech /root", "show tech-support FILE");
	check_syntax("SH CRY ISA SA DET", "show crypto isakmp sa detail");
	check_syntax("cl cry sa pe 10.0.0.4", "clear crypto sa peer A.B.C.D");
	check_syntax("deb cry isa 127", "debug crypto isakmp <1-255>");
	check_syntax("u all", "undebug all");
	check_syntax("map", "map");
	check_syntax("sh dm det", "show dmvpn detail");
	check_syntax("sh dm int Tunnel0", "show dmvpn interface IFNAME");
	check_syntax("sh dm p n 10.0.0.6 d", "show dmvpn peer nbma A.B.C.D detail");
	check_syntax("sh ip nh br", "show ip nhrp brief");
	check_syntax("sh ip nh 172.16.0.1", "show ip nhrp A.B.C.D");
	check_syntax("sh ip nhrp det", "show ip nhrp detail");
	check_syntax("show interface", "show interfaces");
	check_syntax("sh int tu0", "show interfaces IFNAME");
	check_syntax("cl cry ses rem 10.0.0.4", "clear crypto session remote A.B.C.D");
	check_syntax("clear dm ses p n 10.0.0.4", "clear dmvpn session peer nbma A.B.C.D");
	check_syntax("deb cry ike 127", "debug crypto ikev1 <1-255>");
	check_syntax("no deb all", "no debug all");
}

Test(dmvpnctl, every_command_of_the_table_reads_back)
{
	for (size_t i = 0; i < verb_count; i++) {
		const char *at = strpbrk(verbs[i].syntax, "<AFIW");
		char typed[128];

		snprintf(typed, sizeof(typed), "%s", verbs[i].syntax);
		/* A word may follow the value. */
		if (at)
			snprintf(typed, sizeof(typed), "%.*s%s%s", (int)(at - verbs[i].syntax),
				 verbs[i].syntax, *at == '<' ? "200" : "10.0.0.4", at + strcspn(at, " "));
		check_syntax(typed, verbs[i].syntax);
		cr_assert_not_null(verbs[i].render);
		cr_assert_gt(strlen(verbs[i].help), 0);
		/* Its value is the renderer's. */
		if (verbs[i].render != render_running_config_interface)
			cr_assert_eq(at != NULL, verbs[i].arg != NULL);
	}
}

Test(dmvpnctl, complaints_as_on_the_router)
{
	cr_assert_str_eq(complaint("show dmvpn"), "");
	cr_assert_str_eq(complaint("show crypto"), "% Incomplete command.\n");
	cr_assert_str_eq(complaint("show"), "% Type \"show ?\" for a list of subcommands\n");
	cr_assert_str_eq(complaint("ladder"), "% Incomplete command.\n");
	cr_assert_str_eq(complaint("show crypto is"), "% Incomplete command.\n");
	cr_assert_str_eq(complaint("show d"), "% Ambiguous command:  \"show d\"\n");
	cr_assert_str_eq(complaint("show crypto i sa"),
			 "% Ambiguous command:  \"show crypto i sa\"\n");
	cr_assert_str_eq(complaint("show eigrp neighbors"),
			 "show eigrp neighbors\n"
			 "     ^\n"
			 "% Invalid input detected at '^' marker.\n");
	cr_assert_str_eq(complaint("show dmvpm"), "show dmvpm\n"
						  "         ^\n"
						  "% Invalid input detected at '^' marker.\n");
	cr_assert_str_eq(complaint("show dmvpn everything"),
			 "show dmvpn everything\n"
			 "           ^\n"
			 "% Invalid input detected at '^' marker.\n");
}

Test(dmvpnctl, values_are_checked)
{
	cr_assert_eq(parse("debug crypto isakmp 0").result, PARSE_INVALID);
	cr_assert_eq(parse("debug crypto isakmp 256").result, PARSE_INVALID);
	cr_assert_eq(parse("debug crypto isakmp 99999999999").result, PARSE_INVALID);
	cr_assert_eq(parse("debug crypto isakmp -1").result, PARSE_INVALID);
	cr_assert_eq(parse("debug crypto isakmp 1x").result, PARSE_INVALID);
	cr_assert_eq(parse("clear ip nhrp 10.0.0.256").result, PARSE_INVALID);
	cr_assert_eq(parse("clear ip nhrp 10.0.0").result, PARSE_INVALID);
	cr_assert_eq(parse("clear crypto isakmp 4294967295").result, PARSE_OK);
}

/* An argument that is there and empty is not one that is not there. */
Test(dmvpnctl, empty_words)
{
	static const struct {
		const char *last, *said;
	} cases[] = {
		{ "", "clear crypto isakmp \n"
		      "                    ^\n"
		      "% Invalid input detected at '^' marker.\n"
		      "% The word there is empty. Expected:\n"
		      "  <1-4294967295>  The conn-id that show crypto isakmp sa prints\n"
		      "  <cr>\n" },
		{ " \t ", NULL },
		{ "--json", "" },
		{ "1001", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char first[] = "clear crypto", second[] = "isakmp", last[16], said[512] = "";
		char *argv[] = { first, second, last, NULL }, *words[40];
		enum form form = FORM_TEXT;
		struct parsed p;
		size_t count;
		FILE *out = fmemopen(said, sizeof(said), "w");

		strcpy(last, cases[i].last);
		count = parse_split(argv, words, &form);
		p = parse_words(words, count);
		parse_complain(&p, words, count, out);
		fclose(out);
		cr_expect_str_eq(said, cases[i].said ?: cases[0].said);
		cr_expect_eq(form == FORM_JSON, !strcmp(cases[i].last, "--json"));
	}
}

/* What an answer is to be printed as, in the shell's words or in a line of the prompt. */
Test(dmvpnctl, forms)
{
	static const struct {
		const char *line;
		enum form form;
		size_t words;
	} cases[] = {
		{ "map", FORM_TEXT, 1 },	      { "map --svg", FORM_SVG, 1 },
		{ "--dot", FORM_DOT, 0 },	      { "show dmvpn --json", FORM_JSON, 2 },
		{ "show --json dmvpn", FORM_JSON, 2 }, { "map --svg --dot", FORM_DOT, 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char line[40], *argv[] = { line, NULL }, *words[40];
		enum form form = FORM_TEXT;

		strcpy(line, cases[i].line);
		cr_expect_eq(parse_split(argv, words, &form), cases[i].words, "%s", cases[i].line);
		cr_expect_eq(form, cases[i].form, "%s", cases[i].line);
	}
	cr_expect_eq(verb_renderer(parse("map").verb, FORM_DOT), render_map_dot);
	cr_expect_eq(verb_renderer(parse("ladder 10.0.1.2").verb, FORM_SVG), render_ladder_svg);
	cr_expect_null(verb_renderer(parse("ladder 10.0.1.2").verb, FORM_DOT));
	cr_expect_null(verb_renderer(parse("show dmvpn").verb, FORM_SVG));
	cr_expect_eq(verb_renderer(parse("show dmvpn").verb, FORM_TEXT), render_dmvpn);
}

static void check_request(const char *typed, const char *json)
{
	struct parsed p = parse(typed);
	json_t *is, *want = json_loads(json, 0, NULL);

	cr_assert_eq(p.result, PARSE_OK);
	is = parse_request(&p);
	cr_assert(json_equal(is, want), "%s", typed);
	json_decref(is);
	json_decref(want);
}

Test(dmvpnctl, requests)
{
	check_request("sh dm", "{\"verb\": [\"show\", \"dmvpn\"], \"args\": {}}");
	check_request("sh cry isa sa det",
		      "{\"verb\": [\"show\", \"crypto\", \"isakmp\", \"sa\"], \"args\": {}}");
	check_request("sh cry ips sa peer 10.0.1.2",
		      "{\"verb\": [\"show\", \"crypto\", \"ipsec\", \"sa\"],"
		      " \"args\": {\"peer\": \"10.0.1.2\"}}");
	check_request("sh cry ips sa int Tunnel0",
		      "{\"verb\": [\"show\", \"crypto\", \"ipsec\", \"sa\"],"
		      " \"args\": {\"interface\": \"Tunnel0\"}}");
	check_request("sh dm p t 172.16.0.3 det",
		      "{\"verb\": [\"show\", \"dmvpn\", \"detail\"],"
		      " \"args\": {\"tunnel\": \"172.16.0.3\"}}");
	check_request("sh ip nhrp sum", "{\"verb\": [\"show\", \"ip\", \"nhrp\"], \"args\": {}}");
	check_request("sh int", "{\"verb\": [\"show\", \"interface\"], \"args\": {}}");
	check_request("clear dmvpn session peer tunnel 172.16.0.3",
		      "{\"verb\": [\"clear\", \"dmvpn\", \"session\"],"
		      " \"args\": {\"tunnel\": \"172.16.0.3\"}}");
	check_request("no debug all", "{\"verb\": [\"undebug\", \"all\"], \"args\": {}}");
	check_request("deb cry isa 200", "{\"verb\": [\"debug\", \"crypto\", \"isakmp\"],"
					 " \"args\": {\"level\": 200}}");
}

Test(dmvpnctl, question_mark)
{
	char buf[2048];
	struct line l;
	struct parsed p;
	FILE *out = fmemopen(buf, sizeof(buf), "w");

	split(&l, "show crypto isakmp sa");
	cr_assert(parse_help(l.words, l.count, out, &p));
	fclose(out);
	cr_assert_str_eq(buf, "  detail          More of it\n"
			      "  peer            One peer\n  <cr>\n");

	out = fmemopen(buf, sizeof(buf), "w");
	cr_assert(parse_help(l.words, 0, out, &p));
	fclose(out);
	cr_assert_str_eq(buf, "  clear           Delete state; what is needed comes up again\n"
			      "  debug           Trace what happens, into the daemon's log\n"
			 "  events          What happens, as it happens; ^C ends it\n"
			      "  explain         Why a tunnel is not up, and what to change\n"
		   "  ladder          The messages of a peer's negotiations\n"
			      "  map             The DMVPN as this node sees it\n"
			      "  no              Stop tracing: no debug all\n"
			      "  reload          Read the configuration again, and change what it "
			      "changes\n"
			      "  show            Show state\n"
			      "  undebug         Stop tracing\n");

	split(&l, "show eigrp");
	out = fmemopen(buf, sizeof(buf), "w");
	cr_assert_not(parse_help(l.words, l.count, out, &p));
	fclose(out);
	cr_assert_eq(p.result, PARSE_INVALID);
}

Test(dmvpnctl, times_as_ios_prints_them)
{
	char buf[IOS_TIME_TEXT];

	cr_assert_str_eq(ios_time(-5, buf), "00:00:00");
	cr_assert_str_eq(ios_time(1372, buf), "00:22:52");
	cr_assert_str_eq(ios_time(86399, buf), "23:59:59");
	cr_assert_str_eq(ios_time(93600, buf), "1d02h");
	cr_assert_str_eq(ios_time(6 * 86400 + 23 * 3600, buf), "6d23h");
	cr_assert_str_eq(ios_time(3 * 7 * 86400, buf), "3w0d");
	cr_assert_str_eq(ios_time(54 * 7 * 86400, buf), "1y2w");
}

static char *read_file(const char *name, const char *suffix)
{
	char path[256], *text = NULL;
	size_t room = 0;
	FILE *in;

	snprintf(path, sizeof(path), "tests/unit/golden/%s%s", name, suffix);
	in = fopen(path, "r");
	cr_assert_not_null(in, "%s: run this from the top of the source tree", path);
	if (getdelim(&text, &room, '\0', in) < 0)
		cr_assert_fail("%s is empty", path);
	fclose(in);
	return text;
}

static void check_golden(render_fn *render, const char *name)
{
	char *input = read_file(name, ".json"), *want = read_file(name, ".txt"), *is = NULL;
	json_t *answer = json_loads(input, 0, NULL);
	size_t len;
	FILE *out = open_memstream(&is, &len);

	cr_assert_not_null(answer, "%s.json", name);
	render(answer, out);
	fclose(out);
	cr_assert_str_eq(is, want, "%s:\n%s", name, is);
	json_decref(answer);
	free(input);
	free(want);
	free(is);
}

Test(dmvpnctl, layouts)
{
	static const struct {
		render_fn *render;
		const char *name;
	} golden[] = {
		{ render_nhrp, "show-ip-nhrp" },
		{ render_nhrp, "show-ip-nhrp-all-types" },
		{ render_dmvpn, "show-dmvpn-spoke" },
		{ render_dmvpn, "show-dmvpn-hub" },
		{ render_dmvpn, "show-dmvpn-entries" },
		{ render_tunnel_endpoints, "show-tunnel-endpoints" },
		{ render_isakmp_sa, "show-crypto-isakmp-sa" },
		{ render_isakmp_sa_detail, "show-crypto-isakmp-sa-detail" },
		{ render_isakmp_policy, "show-crypto-isakmp-policy" },
		{ render_isakmp_stats, "show-crypto-isakmp-stats" },
		{ render_ipsec_sa, "show-crypto-ipsec-sa" },
		{ render_ipsec_sa, "show-crypto-ipsec-sa-shared-nat" },
		{ render_ipsec_sa, "show-crypto-ipsec-sa-none" },
		{ render_isakmp_key, "show-crypto-isakmp-key" },
		{ render_isakmp_peers, "show-crypto-isakmp-peers" },
		{ render_session, "show-crypto-session" },
		{ render_session_detail, "show-crypto-session-detail" },
		{ render_session_brief, "show-crypto-session-brief" },
		{ render_ikev1_sa, "show-crypto-ikev1-sa" },
		{ render_ikev1_sa_detail, "show-crypto-ikev1-sa-detail" },
		{ render_ikev1_sa, "show-crypto-ikev1-sa-none" },
		{ render_running_config, "show-running-config" },
		{ render_running_config_ios, "show-running-config-ios" },
		{ render_running_config_interface, "show-running-config-interface" },
		{ render_tech_support, "show-tech-support" },
		{ render_nhrp_nhs, "show-ip-nhrp-nhs" },
		{ render_nhrp_nhs_detail, "show-ip-nhrp-nhs-detail" },
		{ render_nhrp_traffic, "show-ip-nhrp-traffic" },
		{ render_interface, "show-interface" },
		{ render_version, "show-version" },
		{ render_version, "show-version-keylog" },
		{ render_nhrp, "show-ip-nhrp-phase3" },
		{ render_nhrp_shortcut, "show-ip-nhrp-shortcut" },
		{ render_dmvpn, "show-dmvpn-phase3" },
		{ render_nhrp_nhs, "show-ip-nhrp-nhs-cluster" },
		{ render_nhrp_multicast, "show-ip-nhrp-multicast" },
		{ render_nhrp_detail, "show-ip-nhrp-detail" },
		{ render_interface, "show-interface-mtu" },
		{ render_event, "event" },
		{ render_dmvpn_detail, "show-dmvpn-detail" },
		{ render_nhrp_brief, "show-ip-nhrp-brief" },
		{ render_nhrp_summary, "show-ip-nhrp-summary" },
		{ render_nhrp_redirect, "show-ip-nhrp-redirect" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(golden); i++)
		check_golden(golden[i].render, golden[i].name);
}

/* An answer that lacks everything must not hurt a client. */
Test(dmvpnctl, empty_answers)
{
	json_t *empty = json_object();
	FILE *out = fopen("/dev/null", "w");

	for (size_t i = 0; i < verb_count; i++)
		verbs[i].render(empty, out);
	fclose(out);
	json_decref(empty);
}

Test(dmvpnctl, explanation)
{
	static const char *const want =
		"Peer 10.0.1.2, 172.16.0.1 on Tunnel0: MM_WAIT_MSG2\n"
		"  No answer.\n"
		"\n"
		"  1. no route to the peer (certain)\n"
		"     Evidence: the kernel has none\n"
		"     Here: ip route add\n"
		"\n"
		"  Ruled out:\n"
		"     - the source interface is down: it is up\n"
		"\n"
		"  Note: a note\n"
		"\n"
		"3 more were not looked at: dmvpnctl explain ADDRESS does.\n";
	json_t *answer = json_pack(
		"{s:[{s:s, s:s, s:s, s:s, s:s, s:[{s:s, s:s, s:s, s:s, s:s}], s:[{s:s, s:s}], "
		"s:[s]}], s:i}",
		"peers", "nbma", "10.0.1.2", "protocol", "172.16.0.1", "interface", "Tunnel0",
		"state", "MM_WAIT_MSG2", "meaning", "No answer.", "causes", "title",
		"no route to the peer", "likelihood", "certain", "side", "here", "evidence",
		"the kernel has none", "change", "ip route add", "ruled_out", "what",
		"the source interface is down", "why", "it is up", "notes", "a note", "left_out", 3);
	char buf[2048] = "";
	FILE *out = fmemopen(buf, sizeof(buf), "w");

	render_explain(answer, out);
	fclose(out);
	cr_assert_str_eq(buf, want, "%s", buf);
	json_decref(answer);
	answer = json_pack("{s:[], s:i}", "peers", "left_out", 0);
	out = fmemopen(buf, sizeof(buf), "w");
	render_explain(answer, out);
	fclose(out);
	cr_assert_str_eq(buf, "Nothing to explain: all peers are up, and were during the last "
			      "hour.\n");
	json_decref(answer);
	/* Nobody is not all. */
	answer = json_pack("{s:[], s:i, s:i}", "peers", "known", 0, "left_out", 0);
	out = fmemopen(buf, sizeof(buf), "w");
	render_explain(answer, out);
	fclose(out);
	cr_assert(strstr(buf, "No peer is known here") == buf, "%s", buf);
	json_decref(answer);
}

/* ---- the manual page ---- */

/* "show log peer A.B.C.D" as a page has it: show log peer Ar A.B.C.D */
static void format_entry(char *entry, size_t size, const char *syntax)
{
	bool value = false;
	size_t n = 0;

	for (const char *at = syntax; *at;) {
		size_t len = strcspn(at, " ");
		bool is_value = *at == '<' || (*at >= 'A' && *at <= 'Z');

		n += (size_t)snprintf(entry + n, size - n, "%s%s%.*s", n ? " " : "",
				      is_value == value ? "" : is_value ? "Ar " : "Ic ", (int)len, at);
		value = is_value;
		at += len + (at[len] == ' ');
	}
}

static void check_is_command(const char *entry, void *arg)
{
	char known[128];

	(void)arg;
	for (size_t i = 0; i < verb_count; i++) {
		format_entry(known, sizeof(known), verbs[i].syntax);
		if (strcmp(known, entry) == 0)
			return;
	}
	cr_expect(false,
		  "doc/dmvpnctl.8, COMMANDS: \"" ENTRY "%s\" is no command of "
		  "daemon/dmvpnctl_verbs.c: remove the entry",
		  entry);
}

Test(dmvpnctl, manual_has_every_command_and_no_other)
{
	char *page = manual_read("doc/dmvpnctl.8"), *text = manual_below(page, ".Sh COMMANDS");
	char entry[128], line[160];

	cr_assert_not_null(text);
	for (size_t i = 0; i < verb_count; i++) {
		format_entry(entry, sizeof(entry), verbs[i].syntax);
		snprintf(line, sizeof(line), "\n" ENTRY "%s\n", entry);
		cr_expect_not_null(strstr(text, line),
				   "doc/dmvpnctl.8: add to a list below COMMANDS, and say there what "
				   "the command shows or does:%s",
				   line);
	}
	manual_entries(text, ENTRY, check_is_command, NULL);
	free(text);
	free(page);
}
