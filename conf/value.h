/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the text of a value to its typed field, a function per kind of value; all have the contract
 * of value_reader (schema.h). What each stores into is said behind it.
 */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include "conf/schema.h"

/* The words of some of them, by their values: for those who write them. */
extern const char *const identity_words[];   /* enum conf_identity */
extern const char *const revocation_words[]; /* enum conf_revocation */
extern const char *const sysctl_words[];     /* enum conf_sysctl */

value_reader read_number;	   /* uint8_t, uint16_t or uint32_t, by key->size */
value_reader read_secret;	   /* struct conf_isakmp_key, the whole */
value_reader read_nhrp_secret;	   /* struct conf_nhrp, the whole */
value_reader read_name;		   /* char * */
value_reader read_names;	   /* struct draft_names, adds one */
value_reader read_hostname;	   /* char * */
value_reader read_log_level;	   /* int */
value_reader read_log;		   /* struct conf, the whole */
value_reader read_keepalive_mode;  /* bool: periodic */
value_reader read_isakmp_cipher;   /* enum cipher_id */
value_reader read_isakmp_hash;	   /* enum hash_id */
value_reader read_isakmp_auth;	   /* enum auth_method */
value_reader read_isakmp_group;	   /* enum group_id */
value_reader read_identity;	   /* enum conf_identity */
value_reader read_file;		   /* struct conf_file */
value_reader read_key_file;	   /* struct conf_file, a secret: who may read it is looked at */
value_reader read_files;	   /* struct conf_files, adds one */
value_reader read_revocation;	   /* enum conf_revocation */
value_reader read_bool;		   /* bool */
value_reader read_pfs;		   /* enum group_id */
value_reader read_esp_cipher;	   /* enum cipher_id */
value_reader read_esp_hash;	   /* enum hash_id */
value_reader read_esp_mode;	   /* nothing: there is only one */
value_reader read_address;	   /* struct addr */
value_reader read_key_prefix;	   /* struct prefix, its network */
value_reader read_nat_pool;	   /* struct prefix, its network */
value_reader read_tunnel_address;  /* struct prefix, with the host's octets */
value_reader read_interface;	   /* char[IFNAMSIZ] */
value_reader read_source;	   /* struct conf_tunnel, the whole */
value_reader read_resolution_answer; /* enum conf_nhrp_answer */

/* value_nhrp.c */
value_reader read_mtu;		 /* uint16_t; 0: auto */
value_reader read_sysctl;	 /* enum conf_sysctl */
value_reader read_hook;		 /* char * */
value_reader read_addresses;	 /* struct conf_addrs, adds one */
value_reader read_multicast;	 /* struct conf_nhrp, the whole */
value_reader read_nhs_nbma;	 /* struct conf_nhrp_nhs, the whole */
value_reader read_identity_text; /* char * */

#endif
