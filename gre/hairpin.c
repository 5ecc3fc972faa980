/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program is written below as the kernel reads it, with a name for each kind of instruction.
 * It runs on each packet that passes a packet socket of the link, so what does not hairpin is
 * dropped after three instructions.
 */
#include "gre/hairpin.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PACKETS_AT_ONCE 64
#define RECEIVE_BUFFER	(256 << 10) /* a flood of new flows is cut, not stored */
#define LOG_SIZE	16384

/*
 * A flow in the map; its value is when it was last seen, in ns. The addresses come first, so that they
 * have eight octets of the program's stack for themselves: to a process with CAP_BPF but without
 * CAP_PERFMON the kernel refuses to write next to a register that was stored there.
 */
struct flow {
	uint8_t src[4], dst[4];
	uint32_t ifindex;
};

struct hairpin_program {
	int map, fd;
};

struct hairpin {
	int fd;
	int budget; /* packets that may still be read before the next wake-up */
	struct hairpin_counters counters;
	uint8_t buf[HAIRPIN_SNAP];
};

/* ---- The program ---- */

#define INSN(c, d, s, o, i) \
	((struct bpf_insn){ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) })
#define MOV(d, s)	     INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define MOV_IMM(d, i)	     INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define ADD_IMM(d, i)	     INSN(BPF_ALU64 | BPF_ADD | BPF_K, d, 0, 0, i)
#define SUB(d, s)	     INSN(BPF_ALU64 | BPF_SUB | BPF_X, d, s, 0, 0)
#define LOAD(size, d, s, o)  INSN(BPF_LDX | (size) | BPF_MEM, d, s, o, 0)
#define STORE(size, d, s, o) INSN(BPF_STX | (size) | BPF_MEM, d, s, o, 0)
/* Two instructions each. */
#define LOAD_IMM64(d, s, v)                                     \
	INSN(BPF_LD | BPF_DW | BPF_IMM, d, s, 0, (int32_t)(v)), \
		INSN(0, 0, 0, 0, (int32_t)((uint64_t)(v) >> 32))
#define LOAD_MAP(d, fd) LOAD_IMM64(d, BPF_PSEUDO_MAP_FD, fd)
#define CALL(f)		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_##f)
#define RETURN		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
/* Jumps to a place that has a name; place() and aim() below. */
#define JUMP_NE_IMM(d, i, to) INSN(BPF_JMP | BPF_JNE | BPF_K, d, 0, to, i)
#define JUMP_EQ_IMM(d, i, to) INSN(BPF_JMP | BPF_JEQ | BPF_K, d, 0, to, i)
#define JUMP_NE(d, s, to)     INSN(BPF_JMP | BPF_JNE | BPF_X, d, s, to, 0)
#define JUMP_LT(d, s, to)     INSN(BPF_JMP | BPF_JLT | BPF_X, d, s, to, 0)
/* Not an instruction: what jumps to this name comes here. */
#define PLACE(name) INSN(NO_CODE, 0, 0, name, 0)

#define NO_CODE 0xff /* no instruction has it */
enum place { NEW_FLOW = 1, DROP, PLACES };

#define SKB(field) ((int16_t)offsetof(struct __sk_buff, field))
/* Below the frame pointer. */
#define FLOW	     (-16)
#define FLOW_IFINDEX (FLOW + (int)offsetof(struct flow, ifindex))
#define TIME	     (-24)

#define PROGRAM_MAX 64

/* Takes the places out and lets jumps count instructions: how many there are. */
static uint32_t assemble(const struct bpf_insn *in, size_t n, struct bpf_insn out[PROGRAM_MAX])
{
	int16_t at[PLACES] = { 0 };
	uint32_t len = 0;

	for (size_t i = 0; i < n; i++) {
		if (in[i].code == NO_CODE)
			at[in[i].off] = (int16_t)len;
		else if (len == PROGRAM_MAX)
			abort();
		else
			out[len++] = in[i];
	}
	for (uint32_t i = 0; i < len; i++) {
		uint8_t code = out[i].code;

		if (BPF_CLASS(code) == BPF_JMP && BPF_OP(code) != BPF_CALL &&
		    BPF_OP(code) != BPF_EXIT)
			out[i].off = (int16_t)(at[out[i].off] - (int16_t)i - 1);
	}
	return len;
}

/*
 * r6 the packet, r7 the time. Returns how many octets the socket gets: none, or HAIRPIN_SNAP.
 */
static uint32_t write_program(int map, uint64_t interval, struct bpf_insn out[PROGRAM_MAX])
{
	const struct bpf_insn code[] = {
		/* It leaves, by the link it came by (0 for what comes from this machine). */
		MOV(6, 1),
		LOAD(BPF_W, 2, 6, SKB(pkt_type)),
		JUMP_NE_IMM(2, PACKET_OUTGOING, DROP),
		LOAD(BPF_W, 2, 6, SKB(ingress_ifindex)),
		LOAD(BPF_W, 3, 6, SKB(ifindex)),
		JUMP_NE(2, 3, DROP),
		/* IPv4. */
		LOAD(BPF_W, 2, 6, SKB(protocol)),
		JUMP_NE_IMM(2, htons(ETH_P_IP), DROP),
		/* The flow: link, source and destination (12 and more octets into the IPv4 header). */
		STORE(BPF_W, 10, 3, FLOW_IFINDEX),
		MOV(1, 6),
		MOV_IMM(2, 12),
		MOV(3, 10),
		ADD_IMM(3, FLOW),
		MOV_IMM(4, 8),
		MOV_IMM(5, BPF_HDR_START_NET),
		CALL(skb_load_bytes_relative),
		JUMP_NE_IMM(0, 0, DROP),
		/* When was it last told? */
		CALL(ktime_get_ns),
		MOV(7, 0),
		LOAD_MAP(1, map),
		MOV(2, 10),
		ADD_IMM(2, FLOW),
		CALL(map_lookup_elem),
		JUMP_EQ_IMM(0, 0, NEW_FLOW),
		LOAD(BPF_DW, 1, 0, 0),
		MOV(2, 7),
		SUB(2, 1),
		LOAD_IMM64(3, 0, interval),
		JUMP_LT(2, 3, DROP),
		/* Now. */
		PLACE(NEW_FLOW),
		STORE(BPF_DW, 10, 7, TIME),
		LOAD_MAP(1, map),
		MOV(2, 10),
		ADD_IMM(2, FLOW),
		MOV(3, 10),
		ADD_IMM(3, TIME),
		MOV_IMM(4, BPF_ANY),
		CALL(map_update_elem),
		MOV_IMM(0, HAIRPIN_SNAP),
		RETURN,
		PLACE(DROP),
		MOV_IMM(0, 0),
		RETURN,
	};

	return assemble(code, ARRAY_SIZE(code), out);
}

/* ---- Loading ---- */

static int bpf(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static uint64_t pointer(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

static int make_map(void)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_LRU_HASH,
				.key_size = sizeof(struct flow),
				.value_size = sizeof(uint64_t),
				.max_entries = HAIRPIN_FLOWS };
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	int fd = bpf(BPF_MAP_CREATE, &attr);

	if (fd >= 0 || errno != EPERM)
		return fd;
	/* Kernels before 5.11 count a map as locked memory of the process. */
	setrlimit(RLIMIT_MEMLOCK, &all);
	return bpf(BPF_MAP_CREATE, &attr);
}

static int load_program(int map, uint64_t interval, char *log)
{
	struct bpf_insn code[PROGRAM_MAX];
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
				.insns = pointer(code),
				.license = pointer("GPL") };
	int fd;

	attr.insn_cnt = write_program(map, interval, code);
	fd = bpf(BPF_PROG_LOAD, &attr);
	if (fd >= 0 || errno == EPERM || errno == ENOSYS)
		return fd;
	/* Once more, for the verifier's words. */
	attr.log_buf = pointer(log);
	attr.log_size = LOG_SIZE;
	attr.log_level = 1;
	return bpf(BPF_PROG_LOAD, &attr);
}

/* A socket of ours is refused for other reasons than bpf(2). */
static int complain_socket(unsigned int ifindex, int err, char why[GRE_WHY])
{
	snprintf(why, GRE_WHY, "cannot watch interface %u for hairpins: %s%s", ifindex,
		 strerror(err), err == EPERM ? "; it needs CAP_NET_RAW (run as root)" : "");
	return err;
}

static int complain(const char *what, int err, char why[GRE_WHY])
{
	const char *advice = "";

	if (err == EPERM)
		advice =
			"; it needs CAP_BPF, before Linux 5.8 CAP_SYS_ADMIN (run as root), and in a"
			" container the bpf system call allowed";
	else if (err == ENOSYS)
		advice =
			"; the kernel has no eBPF (CONFIG_BPF_SYSCALL), or a filter of system calls"
			" refuses it";
	else if (err == ENOMEM)
		advice = "; the kernel is short of memory";
	snprintf(why, GRE_WHY, "cannot %s: %s%s", what, strerror(err), advice);
	return err;
}

/* The last line but one of the verifier's log says why; the last one counts its work. */
static int complain_verifier(int err, char *log, char why[GRE_WHY])
{
	char *end = strrchr(log, '\0'), *line;

	while (end > log && end[-1] == '\n')
		*--end = '\0';
	line = strrchr(log, '\n');
	if (line && strncmp(line + 1, "processed", 9) == 0) {
		*line = '\0';
		line = strrchr(log, '\n');
	}
	snprintf(why, GRE_WHY, "this kernel refuses the program that sees hairpins: %s: %.150s",
		 strerror(err), line ? line + 1 : log);
	return err;
}

static int attach(int fd, const struct hairpin_program *p)
{
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &p->fd, sizeof(p->fd)) ? errno : 0;
}

/* Of protocol 0, so that it sees nothing until it is bound. */
static int packet_socket(void)
{
	return socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static int try_attach(const struct hairpin_program *p, char why[GRE_WHY])
{
	int fd = packet_socket(), err = fd < 0 ? errno : attach(fd, p);

	if (fd >= 0)
		close(fd);
	return err ? complain("attach the program that sees hairpins", err, why) : 0;
}

int hairpin_load(struct hairpin_program **out, msec interval, char why[GRE_WHY])
{
	struct hairpin_program *p = xcalloc(1, sizeof(*p));
	char *log = xcalloc(1, LOG_SIZE);
	int err = 0;

	p->fd = -1;
	p->map = make_map();
	if (p->map < 0)
		err = complain("make the table of flows that hairpin", errno, why);
	if (!err) {
		p->fd = load_program(p->map, interval * 1000000, log);
		err = p->fd < 0 ? errno : 0;
		if (err && log[0])
			complain_verifier(err, log, why);
		else if (err)
			complain("load the program that sees hairpins", err, why);
	}
	if (!err)
		err = try_attach(p, why);
	free(log);
	if (err)
		hairpin_unload(p);
	else
		*out = p;
	return err;
}

void hairpin_unload(struct hairpin_program *p)
{
	if (!p)
		return;
	if (p->fd >= 0)
		close(p->fd);
	if (p->map >= 0)
		close(p->map);
	free(p);
}

/* ---- On a link ---- */

int hairpin_open(struct hairpin **out, const struct hairpin_program *p, unsigned int ifindex,
		 char why[GRE_WHY])
{
	struct sockaddr_ll sll = { .sll_family = AF_PACKET,
				   .sll_protocol = htons(ETH_P_ALL),
				   .sll_ifindex = (int)ifindex };
	int size = RECEIVE_BUFFER, fd = packet_socket(), err;

	if (fd < 0)
		return complain_socket(ifindex, errno, why);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	err = attach(fd, p);
	if (!err && bind(fd, (const struct sockaddr *)&sll, sizeof(sll)) != 0)
		err = errno;
	if (err) {
		close(fd);
		return complain_socket(ifindex, err, why);
	}
	*out = xcalloc(1, sizeof(**out));
	(*out)->fd = fd;
	return 0;
}

void hairpin_close(struct hairpin *h)
{
	if (!h)
		return;
	close(h->fd);
	free(h);
}

int hairpin_fd(const struct hairpin *h)
{
	return h->fd;
}

void hairpin_readable(struct hairpin *h)
{
	h->budget = PACKETS_AT_ONCE;
}

bool hairpin_next(struct hairpin *h, struct span *packet)
{
	while (h->budget > 0) {
		ssize_t n = recv(h->fd, h->buf, sizeof(h->buf), 0);

		h->budget--;
		if (n >= 20) {
			h->counters.seen++;
			*packet = (struct span){ h->buf, (size_t)n };
			return true;
		}
		if (n < 0 && errno == EAGAIN)
			h->budget = 0;
		else if (n < 0 && errno != EINTR)
			h->counters.errors++; /* the link went down: told once, then gone */
	}
	return false;
}

struct hairpin_counters hairpin_counters(struct hairpin *h)
{
	struct tpacket_stats stats = { 0 };
	socklen_t len = sizeof(stats);

	/* Read once, the kernel's count begins anew. */
	if (getsockopt(h->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) == 0)
		h->counters.dropped += stats.tp_drops;
	return h->counters;
}
