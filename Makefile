# SPDX-License-Identifier: GPL-2.0-or-later
#
#   make lab      install what is missing, build, run the article's lab (SCENARIO=name for another)
#   make check    install what is missing, build, run the tests; check-long: also those that take minutes
#   make          build only; `make help` lists the rest
#
# A room is a folder; its *.c become one archive. A unit test says which files it links in a line
# of its own ("LINK: lib/wire.c ..."), so that a test of a pure room cannot pull in more by accident.

# SANITIZE=1 is ASan and UBSan; SANITIZE=undefined is what runs in the lab kernel, whose processes have
# no room for ASan's shadow.
BUILD     ?= $(if $(SANITIZE),build/sanitize-$(SANITIZE),build)
ifeq ($(strip $(BUILD)),)
$(error BUILD is empty: it is the folder to build in, build if it is not set at all)
endif
prefix    ?= /usr/local
sbindir   ?= $(prefix)/sbin
bindir    ?= $(prefix)/bin
sysconfdir ?= $(if $(filter /usr /usr/local,$(prefix)),/etc,$(prefix)/etc)
rundir    ?= /run/dmvpnd
unitdir   ?= $(prefix)/lib/systemd/system
completiondir ?= $(prefix)/share/bash-completion/completions
docdir    ?= $(prefix)/share/doc/dmvpnd
mandir    ?= $(prefix)/share/man
VERSION   := 0.1
CORES     := $(shell nproc 2>/dev/null || echo 1)

CFLAGS    ?= -O2 -g
WARNINGS  := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
             -Wpointer-arith -Wvla -Werror
HARDENING := -fstack-protector-strong -fPIE $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2)
SANITIZERS = $(if $(SANITIZE),-fsanitize=$(if $(filter undefined,$(SANITIZE)),undefined,address$(comma)undefined) \
             -fno-sanitize-recover=all -fno-omit-frame-pointer)
comma     := ,
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -I. $(WARNINGS) $(HARDENING) $(SANITIZERS) -MMD -MP \
             -DDMVPND_VERSION='"$(VERSION)"' -DSYSCONFDIR='"$(sysconfdir)"' -DRUNDIR='"$(rundir)"' \
             $(CFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now $(SANITIZERS) $(LDFLAGS)

PKGS      := libmnl libcrypto libnl-3.0 libnl-route-3.0 libconfuse libevent_core jansson libcap-ng
# Asked once, and only when something is compiled: on a new machine pkg-config is not there yet.
PKG_CFLAGS = $(eval PKG_CFLAGS := $$(shell pkg-config --cflags $(PKGS)))$(PKG_CFLAGS)
PKG_LIBS   = $(eval PKG_LIBS := $$(shell pkg-config --libs $(PKGS)))$(PKG_LIBS)

# `make V=1` shows the whole commands.
Q          = $(if $(V),,@)
say        = $(if $(V),,@printf '  %-4s %s\n' $(1) $(2))

# In the order of their linking: who is used comes after who uses.
ROOMS     := conf gre xfrm nhrp ikev1 lib
CTL_SRC   := $(wildcard daemon/dmvpnctl*.c)
DAEMON_SRC := $(filter-out $(CTL_SRC),$(wildcard daemon/*.c))
archives  := $(foreach r,$(ROOMS),$(BUILD)/$(r).a)
objects    = $(patsubst %.c,$(BUILD)/%.o,$(1))
UNIT      := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
SIM       := $(patsubst tests/sim/%.c,%,$(wildcard tests/sim/test_*.c))
KERNEL    := $(patsubst tests/kernel/%.c,%,$(wildcard tests/kernel/test_*.c))
# What "LINK:" names: files, and folders (with a slash at the end) for all of a room.
linked     = $(call objects,$(foreach f,$(shell sed -n 's|^.*LINK: *||p' $(1)),$\
             $(if $(filter %/,$(f)),$(wildcard $(f)*.c),$(f))))

MAKEFLAGS += --no-builtin-rules

.PHONY: all help deps check check-long check-all test-programs check-arch check-unit check-sim check-fuzz \
        check-netns check-report fuzz lab lab-shell install uninstall clean
.DELETE_ON_ERROR:
.SECONDARY:

all: $(BUILD)/dmvpnd $(BUILD)/dmvpnctl

help:
	@sed -n 's/^#   //p' Makefile
	@echo "make check-arch check-unit check-sim check-fuzz check-netns check-report   the parts of make check"
	@echo "make lab-shell       leave the lab up, with a shell to look around in"
	@echo "make install         DESTDIR and prefix are honoured (prefix=$(prefix)); make uninstall takes it away"
	@echo "make fuzz            look for new inputs, FUZZ_SECONDS=60 for each target"
	@echo "SANITIZE=1           build and test with ASan and UBSan, in build/sanitize-1"

deps:
	@scripts/deps.sh build

# Set-up first, in its own make, so that nothing is looked for before it is installed.
check:
	@scripts/deps.sh check
	@$(MAKE) --no-print-directory -j$(CORES) all test-programs
	@$(MAKE) --no-print-directory check-all

# With the tests that take minutes each.
check-long:
	@LONG=1 $(MAKE) --no-print-directory check

test-programs: $(UNIT:%=$(BUILD)/tests/unit/%) $(SIM:%=$(BUILD)/tests/sim/%) \
               $(KERNEL:%=$(BUILD)/tests/kernel/%)

check-all: check-arch check-unit check-sim check-fuzz check-netns check-report

lab:
	@scripts/deps.sh lab
	@$(MAKE) --no-print-directory -j$(CORES) all
	@BUILD=$(BUILD) scripts/lab.sh $(or $(SCENARIO),article)

lab-shell:
	@scripts/deps.sh lab
	@$(MAKE) --no-print-directory -j$(CORES) all
	@BUILD=$(BUILD) scripts/lab.sh --shell $(or $(SCENARIO),article)

check-arch: $(archives)
	@BUILD=$(BUILD) scripts/check-arch.sh

# Criterion forks a process per test; -j keeps it to the machine's cores.
check-unit: $(UNIT:%=$(BUILD)/tests/unit/%)
	@set -e; for t in $^; do echo "# $${t##*/}"; $$t -j$(CORES); done

check-sim: $(SIM:%=$(BUILD)/tests/sim/%)
	@set -e; for t in $^; do echo "# $${t##*/}"; $$t -j$(CORES); done

# Every input that a fuzzer once found worth keeping, through its target, with the sanitizers.
check-fuzz:
	@tests/fuzz/run.sh

fuzz:
	@set -e; for f in tests/fuzz/fuzz_*.c; do t=$${f#*fuzz_}; echo "# $${t%.c}"; \
	    tests/fuzz/run.sh $${t%.c} $(or $(FUZZ_SECONDS),60); done

ifeq ($(SANITIZE),1)
check-netns:
	@$(MAKE) --no-print-directory -j$(CORES) SANITIZE=undefined BUILD=$(BUILD)/undefined check-netns
else
check-netns: all $(KERNEL:%=$(BUILD)/tests/kernel/%)
	@BUILD=$(BUILD) SANITIZE=$(SANITIZE) scripts/check-netns.sh
endif

# The report of the lab that check-netns has just run, in Chromium.
check-report: all
	@BUILD=$(BUILD)$(if $(filter 1,$(SANITIZE)),/undefined) tests/report/page.py

$(BUILD)/dmvpnd: $(call objects,$(DAEMON_SRC)) $(archives)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) -lpthread

$(BUILD)/dmvpnctl: $(call objects,$(CTL_SRC)) $(BUILD)/conf.a $(BUILD)/lib.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(shell pkg-config --libs jansson libconfuse libedit)

# Unit tests run in milliseconds however they are compiled, and compiling them is what takes the time.
$(BUILD)/tests/unit/%.o: QUICK = -O0 -U_FORTIFY_SOURCE

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) $(QUICK) $(PKG_CFLAGS) -c -o $@ $<

define room_rule
$(BUILD)/$(1).a: $(call objects,$(wildcard $(1)/*.c))
	@rm -f $$@
	@ar rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call room_rule,$(r))))

.SECONDEXPANSION:
$(BUILD)/tests/%: $(BUILD)/tests/%.o $$(call linked,tests/%.c)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcriterion $(PKG_LIBS)

install: all
	install -d $(DESTDIR)$(sbindir) $(DESTDIR)$(bindir) $(DESTDIR)$(sysconfdir)/dmvpnd \
	           $(DESTDIR)$(unitdir) $(DESTDIR)$(docdir)/conf $(DESTDIR)$(docdir)/doc $(DESTDIR)$(completiondir) \
	           $(DESTDIR)$(mandir)/man5 $(DESTDIR)$(mandir)/man8
	install -m 755 $(BUILD)/dmvpnd $(DESTDIR)$(sbindir)/dmvpnd
	install -m 755 $(BUILD)/dmvpnctl $(DESTDIR)$(bindir)/dmvpnctl
	install -m 644 README.md $(DESTDIR)$(docdir)
	install -m 644 conf/*.conf conf/*.ios $(DESTDIR)$(docdir)/conf
	install -m 644 doc/*.md doc/*.svg $(DESTDIR)$(docdir)/doc
	install -m 644 scripts/completion/dmvpnctl $(DESTDIR)$(completiondir)/dmvpnctl
	for page in dmvpnd.conf.5 dmvpnd.8 dmvpnctl.8; do \
	    sed 's|/etc/dmvpnd|$(sysconfdir)/dmvpnd|; s|/run/dmvpnd|$(rundir)|' doc/$$page \
	        > $(DESTDIR)$(mandir)/man$${page##*.}/$$page || exit; done
	sed 's|@sbindir@|$(sbindir)|g; s|@bindir@|$(bindir)|g; s|@sysconfdir@|$(sysconfdir)|g' \
	    scripts/dmvpnd.service.in > $(DESTDIR)$(unitdir)/dmvpnd.service

uninstall:
	rm -f $(DESTDIR)$(sbindir)/dmvpnd $(DESTDIR)$(bindir)/dmvpnctl \
	      $(DESTDIR)$(unitdir)/dmvpnd.service $(DESTDIR)$(completiondir)/dmvpnctl \
	      $(DESTDIR)$(mandir)/man5/dmvpnd.conf.5 $(DESTDIR)$(mandir)/man8/dmvpnd.8 \
	      $(DESTDIR)$(mandir)/man8/dmvpnctl.8
	rm -rf $(DESTDIR)$(docdir)

clean:
	rm -rf build

-include $(shell find $(BUILD) -name '*.d' -type f 2>/dev/null)
