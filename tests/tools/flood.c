/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floods an IKE responder for the tests in tests/netns: first messages of main mode with spoofed
 * sources, and garbage.
 *
 *   flood TARGET SOURCE-NETWORK/LENGTH PER-SECOND SECONDS
 *
 * Sources are spread over the network. Every fourth datagram is garbage of some kind: noise, a good
 * header with cookies of nobody, a first message that is cut. It paces itself by the clock, prints how
 * many it has sent, and sends at most 1,000,000: it is meant for namespaces, not for networks.
 */
#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define AT_MOST 1000000
#define BURST	64

/* SA payload: 3des, sha, pre-share, group 2, 86400 s: what the article's hub takes. */
static const uint8_t first_message[] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x10, 2, 0, 0, 0, 0, 0, 0, 0, 0, 80,
	0, 0, 0, 52, 0, 0, 0, 1, 0, 0, 0, 1,
	0, 0, 0, 40, 1, 1, 0, 1,
	0, 0, 0, 32, 1, 1, 0, 0,
	0x80, 1, 0, 5, 0x80, 2, 0, 2, 0x80, 3, 0, 1, 0x80, 4, 0, 2, 0x80, 11, 0, 1, 0x80, 12, 0x70, 0x80,
};

static uint64_t state = 88172645463325252u;

static uint32_t chance(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 16);
}

static void noise(uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		at[i] = (uint8_t)chance();
}

struct datagram {
	struct iphdr ip;
	struct udphdr udp;
	uint8_t payload[sizeof(first_message)];
};

static size_t make_payload(uint8_t *p, uint32_t number)
{
	memcpy(p, first_message, sizeof(first_message));
	noise(p, 8); /* the initiator's cookie */
	if (number % 4)
		return sizeof(first_message);
	switch (chance() % 3) {
	case 0:
		noise(p, sizeof(first_message));
		return sizeof(first_message);
	case 1:
		noise(p + 8, 8);
		return sizeof(first_message);
	default:
		return 1 + chance() % (sizeof(first_message) - 1);
	}
}

static void make(struct datagram *d, uint32_t target, uint32_t network, uint32_t hosts,
		 uint32_t number)
{
	size_t len = make_payload(d->payload, number);

	d->ip = (struct iphdr){ .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP };
	d->ip.saddr = htonl(network + 2 + chance() % (hosts - 3));
	d->ip.daddr = target;
	d->ip.tot_len = htons((uint16_t)(sizeof(d->ip) + sizeof(d->udp) + len));
	d->udp = (struct udphdr){ .source = htons(500), .dest = htons(500) };
	d->udp.len = htons((uint16_t)(sizeof(d->udp) + len));
}

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

static uint32_t send_some(int fd, uint32_t target, uint32_t network, uint32_t hosts, uint32_t number,
			  uint32_t count)
{
	static struct datagram d[BURST];
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = target };
	struct mmsghdr m[BURST] = { 0 };
	struct iovec iov[BURST];
	int sent;

	for (uint32_t i = 0; i < count; i++) {
		make(&d[i], target, network, hosts, number + i);
		iov[i] = (struct iovec){ &d[i], ntohs(d[i].ip.tot_len) };
		m[i].msg_hdr = (struct msghdr){ .msg_name = &to,
						.msg_namelen = sizeof(to),
						.msg_iov = &iov[i],
						.msg_iovlen = 1 };
	}
	sent = sendmmsg(fd, m, count, 0);
	return sent > 0 ? (uint32_t)sent : 0;
}

int main(int argc, char **argv)
{
	struct in_addr target, network;
	uint32_t rate, seconds, bits, total, sent = 0, failed = 0;
	uint64_t from = now_us();
	char *slash;
	int fd;

	slash = argc == 5 ? strchr(argv[2], '/') : NULL;
	if (!slash) {
		fprintf(stderr, "flood TARGET SOURCE-NETWORK/LENGTH PER-SECOND SECONDS\n");
		return 2;
	}
	*slash = '\0';
	bits = (uint32_t)atoi(slash + 1);
	rate = (uint32_t)atoi(argv[3]);
	seconds = (uint32_t)atoi(argv[4]);
	if (!inet_aton(argv[1], &target) || !inet_aton(argv[2], &network) || bits < 8 || bits > 28 ||
	    !rate || (uint64_t)rate * seconds > AT_MOST)
		return 2;
	fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	if (fd < 0) {
		perror("flood");
		return 1;
	}
	for (total = rate * seconds; sent < total && now_us() - from < (uint64_t)seconds * 1000000u;) {
		uint64_t due = (now_us() - from) * rate / 1000000u;
		uint32_t count = due > sent ? (uint32_t)(due - sent) : 0, n;

		if (!count) {
			nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
			continue;
		}
		n = send_some(fd, target.s_addr, ntohl(network.s_addr), 1u << (32 - bits), sent,
			      count < BURST ? count : BURST);
		sent += n;
		failed += !n;
	}
	printf("%u datagrams in %u ms, %u failures\n", sent, (uint32_t)((now_us() - from) / 1000),
	       failed);
	return 0;
}
