/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TAP, nodes and datagrams for the tests of a real kernel. */
#include "tests/kernel/tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static unsigned int count, failed;

bool ok(bool good, const char *name, ...)
{
	va_list ap;

	count++;
	failed += !good;
	printf("%sok %u - ", good ? "" : "not ", count);
	va_start(ap, name);
	vprintf(name, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	return good;
}

void note(const char *text, ...)
{
	va_list ap;

	printf("# ");
	va_start(ap, text);
	vprintf(text, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
}

int tap_end(void)
{
	nodes_end();
	printf("1..%u\n", count);
	return failed ? 1 : 0;
}

void must(bool good, const char *what)
{
	if (good)
		return;
	printf("Bail out! %s: %s\n", what, strerror(errno));
	nodes_end();
	exit(1);
}

static int vrun(const char *command, va_list ap)
{
	char line[1024];

	vsnprintf(line, sizeof(line), command, ap);
	return system(line);
}

int run(const char *command, ...)
{
	va_list ap;
	int status;

	va_start(ap, command);
	status = vrun(command, ap);
	va_end(ap);
	return status;
}

/* What a shell command prints, after a newline, so that each line has one before it. */
static const char *output(const char *command, va_list ap)
{
	static char out[65536];
	char line[1024];
	FILE *p;
	size_t n;

	vsnprintf(line, sizeof(line), command, ap);
	p = popen(line, "r");
	must(p != NULL, line);
	out[0] = '\n';
	n = fread(out + 1, 1, sizeof(out) - 2, p);
	out[1 + n] = '\0';
	pclose(p);
	return out;
}

bool shows(const char *text, const char *command, ...)
{
	const char *out;
	va_list ap;

	va_start(ap, command);
	out = output(command, ap);
	va_end(ap);
	return strstr(out, text) != NULL;
}

int lines(const char *begin, const char *command, ...)
{
	const char *out;
	va_list ap;
	int n = 0;

	va_start(ap, command);
	out = output(command, ap);
	va_end(ap);
	while ((out = strchr(out, '\n')))
		n += strncmp(++out, begin, strlen(begin)) == 0;
	return n;
}

void sleep_ms(int ms)
{
	struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };

	while (nanosleep(&t, &t) != 0 && errno == EINTR)
		;
}

uint64_t clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

bool readable_within(int ms, const int *fds)
{
	struct pollfd p[8];
	nfds_t n = 0;

	for (; fds[n] >= 0 && n < 8; n++)
		p[n] = (struct pollfd){ .fd = fds[n], .events = POLLIN };
	return poll(p, n, ms) > 0;
}

void nodes_end(void)
{
	run("for n in A B; do ip netns delete $n; done 2>/dev/null");
}

void nodes_new(void)
{
	if (!getenv("LAB_WORLD")) {
		printf("Bail out! this changes the network: run it by scripts/check-netns.sh\n");
		exit(2);
	}
	nodes_end();
	must(run("set -e; ip netns add A; ip netns add B; for n in A B; do ip -n $n link set lo up; done;"
		 "ip -n A link add v0 type veth peer name v0 netns B;"
		 "ip -n A address add 10.0.0.4/24 dev v0; ip -n A link set v0 up;"
		 "ip -n B address add 10.0.0.6/24 dev v0; ip -n B link set v0 up;"
		 /* So that no packet waits for ARP. */
		 "ip -n A neighbour add 10.0.0.6 dev v0 nud permanent lladdr "
		 "$(ip netns exec B cat /sys/class/net/v0/address);"
		 "ip -n B neighbour add 10.0.0.4 dev v0 nud permanent lladdr "
		 "$(ip netns exec A cat /sys/class/net/v0/address)") == 0,
	     "cannot make two nodes");
}

void node_enter(char node)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%c", node);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	must(fd >= 0 && setns(fd, CLONE_NEWNET) == 0, path);
	close(fd);
}

static struct sockaddr_in place(const char *address)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_addr.s_addr = inet_addr(address),
				     .sin_port = htons(7000) };
}

int udp_open(const char *address)
{
	struct sockaddr_in sin = place(address);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	must(fd >= 0 && bind(fd, (const struct sockaddr *)&sin, sizeof(sin)) == 0, address);
	return fd;
}

bool udp_send(int fd, const char *to, const char *text)
{
	struct sockaddr_in sin = place(to);

	return sendto(fd, text, strlen(text), 0, (const struct sockaddr *)&sin, sizeof(sin)) >= 0;
}

bool udp_gets(int fd, int ms, const char *text)
{
	char buf[128];
	ssize_t n;

	if (!readable_within(ms, (const int[]){ fd, -1 }))
		return false;
	n = recv(fd, buf, sizeof(buf), 0);
	return n == (ssize_t)strlen(text) && memcmp(buf, text, (size_t)n) == 0;
}
