/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dmvpnd: start, run, stop. Each part is made in the order in which it is needed and goes in the
 * opposite one; daemon.h lists them.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "conf/conf.h"
#include "daemon/configuration.h"
#include "daemon/ctl.h"
#include "daemon/daemon.h"
#include "daemon/hook.h"
#include "daemon/instance.h"
#include "daemon/kernel.h"
#include "daemon/keylog.h"
#include "daemon/loop.h"
#include "daemon/names.h"
#include "daemon/options.h"
#include "daemon/packets.h"
#include "daemon/peer.h"
#include "daemon/pool.h"
#include "daemon/privilege.h"
#include "daemon/pseudo.h"
#include "daemon/reconcile.h"
#include "daemon/recorder.h"
#include "daemon/reload.h"
#include "daemon/trace.h"
#include "daemon/translate.h"
#include "daemon/trustpoint.h"
#include "daemon/tunnel.h"
#include "daemon/turn.h"
#include "daemon/udp.h"
#include "daemon/upkeep.h"

/* How long a clean stop waits for the kernel, each time. */
#define STOP_PATIENCE SECONDS(3)

/* ---- configuration and log ---- */

static void print_report(const struct conf_report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		const struct conf_message *m = &report->messages[i];

		fprintf(stderr, "%s: %s\n", conf_severity_name(m->severity), m->text);
	}
}

static int check(const char *path, const struct conf_interfaces *map)
{
	struct conf_report report = { 0 };
	struct trustpoint *tp;
	struct conf *conf = configuration_read(path, map, &report, &tp);

	print_report(&report);
	if (conf)
		printf("%s: valid, %zu tunnel%s\n", path, conf->tunnel_count,
		       conf->tunnel_count == 1 ? "" : "s");
	conf_report_free(&report);
	trustpoint_release(tp);
	conf_free(conf);
	return conf ? 0 : 1;
}

static struct conf *load(const char *path, const struct conf_interfaces *map,
			 struct trustpoint **tp)
{
	struct conf_report report = { 0 };
	struct conf *conf = configuration_read(path, map, &report, tp);

	if (!conf)
		print_report(&report);
	else
		configuration_log(&report);
	if (access(path, F_OK))
		fputs("--config names another one; dmvpnd.conf(5) has examples\n", stderr);
	conf_report_free(&report);
	return conf;
}

/* ---- signals ---- */

static void reopen_log(void)
{
	if (!trace_reopen())
		log_msg(LOG_WARNING, "the log file cannot be opened again: %s", strerror(errno));
}

static void on_signal(struct daemon *d, int number)
{
	switch (number) {
	case SIGHUP:
		reopen_log();
		json_decref(reload(d));
		return;
	case SIGUSR1:
		reopen_log();
		return;
	case SIGCHLD:
		hook_ended(d);
		return;
	default:
		log_msg(LOG_NOTICE, "%s: stopping",
			number == SIGINT ? "interrupted" : "asked to end");
		loop_stop(d->loop);
	}
}

/* ---- start ---- */

static void job_finished(struct daemon *d, void *arg)
{
	struct ike_job *job;

	(void)arg;
	while ((job = pool_next(d->pool))) {
		ike_job_done(d->ike, loop_now(), job);
		ike_job_free(job);
	}
}

static bool make_cores(struct daemon *d)
{
	uint8_t seed[2][DRBG_SEED];

	if (getrandom(seed, sizeof(seed), 0) != sizeof(seed)) {
		log_msg(LOG_ERR, "no randomness from the kernel: %s", strerror(errno));
		return false;
	}
	d->ike_terms = translate_ike(d->conf, d->trustpoint);
	d->ike = ike_new(&d->ike_terms->config, seed[0]);
	ike_wall_clock(d->ike, loop_now(), time(NULL));
	ike_tell_keys(d->ike, d->keylog != NULL);
	d->nhrp = nhrp_new(seed[1], 0);
	util_wipe(seed, sizeof(seed));
	return true;
}

static bool open_keylog(struct daemon *d)
{
	char why[KEYLOG_WHY];

	if (!d->options->keylog)
		return true;
	d->keylog = keylog_open(d->options->keylog, why);
	if (!d->keylog)
		log_msg(LOG_ERR, "%s", why);
	return d->keylog != NULL;
}

static bool probe_kernel(struct daemon *d)
{
	char why[CONFIGURATION_WHY];

	if (configuration_probe(d, d->conf, why))
		return true;
	log_msg(LOG_ERR, "%s", why);
	return false;
}

static bool start(struct daemon *d, struct loop_watch **pool_watch)
{
	char path[CTL_PATH_MAX];

	d->recorder = recorder_new(RECORDER_PEERS, RECORDER_STRANGERS);
	d->peers = peers_new();
	d->pseudos = pseudos_new();
	d->udp = udp_new();
	d->names = names_new(d);
	d->hook = hook_new();
	d->upkeep = upkeep_new();
	if (!d->names) {
		log_msg(LOG_ERR, "cannot make a pipe: %s", strerror(errno));
		return false;
	}
	if (!open_keylog(d) || !make_cores(d) || !kernel_open(d) || !probe_kernel(d))
		return false;
	d->pool = pool_new();
	if (!d->pool) {
		log_msg(LOG_ERR, "cannot start threads: %s", strerror(errno));
		return false;
	}
	*pool_watch = loop_watch(d->loop, pool_fd(d->pool), job_finished, NULL);
	if (!tunnels_start(d))
		return false;
	snprintf(path, sizeof(path), RUNDIR "/%s" CTL_SUFFIX, d->instance);
	d->ctl = ctl_open(d, loop_base(d->loop), path);
	if (!d->ctl || !privilege_drop())
		return false;
	reconcile_start(d);
	return true;
}

/* ---- stop ---- */

static void work_off(struct daemon *d)
{
	while (!turn_work(d))
		continue;
}

/*
 * Registrations are withdrawn, neighbours go, peers are told, SAs go, the links, and the policies
 * last. Also after a start that got only half way.
 */
static void stop(struct daemon *d)
{
	instance_stopping();
	ctl_close(d->ctl);
	d->ctl = NULL; /* the log goes on */
	if (!d->kernel || !d->tunnels)
		return;
	/* The list of what an earlier run left may still be on its way. */
	kernel_flush(d, STOP_PATIENCE);
	reconcile_finish(d);
	tunnels_release(d);
	work_off(d);
	kernel_flush(d, STOP_PATIENCE);
	ike_shutdown(d->ike, loop_now());
	work_off(d);
	kernel_flush(d, STOP_PATIENCE);
	work_off(d);
	tunnels_remove(d);
	packets_unprepare(d);
}

static void release(struct daemon *d, struct loop_watch *pool_watch)
{
	reconcile_free(d);
	loop_unwatch(pool_watch);
	pool_free(d->pool);
	kernel_close(d);
	udp_free(d->udp);
	peers_free(d->peers);
	recorder_free(d->recorder);
	pseudos_free(d->pseudos);
	free(d->tunnels);
	names_free(d);
	hook_free(d);
	upkeep_free(d);
	if (d->ike)
		ike_free(d->ike);
	if (d->nhrp)
		nhrp_free(d->nhrp);
	ike_terms_free(d->ike_terms);
	keylog_close(d->keylog);
}

/* From here on an error has been logged where false comes back. */
static bool run(struct daemon *d, const struct options *o, int parent)
{
	struct loop_watch *pool_watch = NULL;
	bool ok;

	d->started = loop_now();
	d->started_at = time(NULL);
	trace_starting(true);
	/* In the background, too, the terminal hears why it does not start. */
	ok = (o->background || configuration_open_log(o, d->conf)) && start(d, &pool_watch) &&
	     (!o->background || configuration_open_log(o, d->conf));
	trace_starting(false);
	if (ok) {
		log_msg(LOG_NOTICE, "dmvpnd " DMVPND_VERSION " runs as instance %s with %s",
			d->instance, d->config_path);
		if (d->keylog)
			log_msg(LOG_WARNING,
				"--keylog: keys are written to %s; whoever reads them reads what the "
				"tunnels carry",
				o->keylog);
		instance_ready(parent);
		loop_run(d->loop);
	}
	stop(d);
	if (ok)
		log_msg(LOG_NOTICE, "stopped");
	release(d, pool_watch);
	return ok;
}

/* Before there is anything that a signal's default action would leave behind. */
static bool listen_to_signals(struct daemon *d)
{
	d->loop = loop_new(d);
	loop_signal(d->loop, SIGTERM, on_signal);
	loop_signal(d->loop, SIGINT, on_signal);
	loop_signal(d->loop, SIGHUP, on_signal);
	loop_signal(d->loop, SIGUSR1, on_signal);
	loop_signal(d->loop, SIGCHLD, on_signal);
	signal(SIGPIPE, SIG_IGN);
	return true;
}

int main(int argc, char **argv)
{
	struct options o;
	struct instance instance = { .pid_fd = -1, .namespace_fd = -1 };
	struct daemon d = { 0 };
	int status, parent = -1;

	if (!options_parse(&o, argc, argv, &status))
		return status;
	if (o.check)
		return check(o.check, &o.map);
	d.conf = load(o.config, &o.map, &d.trustpoint);
	if (!d.conf)
		return EXIT_SENSELESS;
	status = 1;
	d.options = &o;
	d.config_path = o.config;
	d.map = &o.map;
	d.instance = o.instance;
	if (privilege_check() && (!o.background || (parent = instance_background()) >= 0) &&
	    listen_to_signals(&d) && instance_claim(&instance, o.instance) && run(&d, &o, parent))
		status = 0;
	instance_release(&instance);
	loop_free(d.loop);
	trace_close();
	trustpoint_release(d.trustpoint);
	conf_free(d.conf);
	return status;
}
