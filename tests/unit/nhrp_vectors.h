/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NHRP packets as IOS sent them, without GRE. The registration is of an IOS 15 spoke (holding time
 * 30 s, authentication "CISCO"); the other four are one phase 3 exchange between a hub
 * 192.168.200.1 (10.255.255.1) and spokes .2 and .3 (authentication "secret"): the hub's traffic
 * indication, the request of .3 about .2, the same as the hub sent it on, the answer of .2.
 */
#ifndef TESTS_NHRP_VECTORS_H
#define TESTS_NHRP_VECTORS_H

#define IOS_REGISTRATION                                                           \
	"000108000000000000ff0051e8e400340103040004048000000000050a000c02c0a80002" \
	"c0a8000100ff000005ea001e000000008003000080040000800500008007000900000001" \
	"434953434f80000000"
#define IOS_INDICATION                                                             \
	"000108000000000000ff0062d9d00044010804000404000000000000c0a8c8010affff01" \
	"0affff034500006400050000ff01a78f0affff030affff020800325b0001000080040000" \
	"800500008007000a000000017365637265740009000080000000"
#define IOS_REQUEST                                                                \
	"000108000000000000ff0056aa370034010104000404c80200000005c0a8c8030affff03" \
	"0affff020000000005ea1c20000000008003000080040000800500008007000a00000001" \
	"7365637265740009000080000000"
#define IOS_FORWARDED                                                              \
	"000108000000000000fe006aed5a0034010104000404c80200000005c0a8c8030affff03" \
	"0affff020000000005ea1c200000000080030000800400140000000005ea1c2004000400" \
	"c0a8c8010affff01800500008007000a000000017365637265740009000080000000"
#define IOS_REPLY                                                                  \
	"000108000000000000ff0086659b003c010204000404f80200000005c0a8c8030affff03" \
	"0affff020020000005ea1c2004000400c0a8c8020affff02800300140000000005ea1c20" \
	"04000400c0a8c8020affff02800400140000000005ea1c2004000400c0a8c8010affff01" \
	"800500008007000a000000017365637265740009000080000000"

#endif
