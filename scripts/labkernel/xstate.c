/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into linux.uml: lets it run on CPUs whose extended state it does not know.
 *
 * User Mode Linux saves and restores the floating point state of its processes by
 * PTRACE_SETREGSET(NT_X86_XSTATE) with an area of a size that was fixed when it was built. The kernel
 * refuses a write that does not cover the whole state, so on CPUs with a larger one (AMX) the first
 * process dies with "ptrace set fp regs failed, errno = 14". Here such a write becomes: read the full
 * area, lay the given part over it, write it all. What lies beyond the given part stays as it was.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

#ifndef NT_X86_XSTATE
#define NT_X86_XSTATE 0x202
#endif

typedef long ptrace_fn(unsigned int request, ...);

/* One area is enough: the kernel part of linux.uml is one thread. */
static unsigned char area[64 * 1024] __attribute__((aligned(64)));

static long set_xstate(ptrace_fn *real, pid_t pid, struct iovec *given)
{
	struct iovec full = { area, sizeof(area) };

	if (real(PTRACE_GETREGSET, pid, (void *)NT_X86_XSTATE, &full) != 0 ||
	    full.iov_len <= given->iov_len)
		return real(PTRACE_SETREGSET, pid, (void *)NT_X86_XSTATE, given);
	memcpy(area, given->iov_base, given->iov_len);
	return real(PTRACE_SETREGSET, pid, (void *)NT_X86_XSTATE, &full);
}

long ptrace(enum __ptrace_request request, ...)
{
	static ptrace_fn *real;
	va_list ap;
	pid_t pid;
	void *addr, *data;

	va_start(ap, request);
	pid = va_arg(ap, pid_t);
	addr = va_arg(ap, void *);
	data = va_arg(ap, void *);
	va_end(ap);
	if (!real)
		real = (ptrace_fn *)dlsym(RTLD_NEXT, "ptrace");
	if (request == PTRACE_SETREGSET && addr == (void *)NT_X86_XSTATE)
		return set_xstate(real, pid, data);
	return real((unsigned int)request, pid, addr, data);
}
