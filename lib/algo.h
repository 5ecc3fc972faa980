/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one table of algorithms: our names, IOS's, the kernel's, the numbers on the wire, key and
 * block lengths. Everyone who names, offers, negotiates, installs or prints an algorithm reads it
 * here; a new algorithm is a new row (and, for IKE itself, its code in ikev1/crypto.c).
 *
 * Wire numbers: RFC 2409 appendix A (phase 1), RFC 2407 4.4.4 and 4.5 with the IANA registries
 * (ESP), RFC 4868 (SHA-2), RFC 4106 (GCM), RFC 3526 and 5903 (groups).
 * A zero wire number means: not available in that phase.
 */
#ifndef LIB_ALGO_H
#define LIB_ALGO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cipher_id {
	CIPHER_NONE,
	CIPHER_DES, /* recognised so that it can be refused by name, never used */
	CIPHER_3DES,
	CIPHER_AES128,
	CIPHER_AES192,
	CIPHER_AES256,
	CIPHER_GCM128, /* ESP only, 16-octet ICV */
	CIPHER_GCM192,
	CIPHER_GCM256,
	CIPHER_NULL, /* ESP only */
	CIPHER_COUNT
};

struct cipher {
	const char *name;	/* ours: "3des", "aes-256" */
	const char *ios_isakmp; /* after "encr": "aes 256" */
	const char *ios_esp;	/* in a transform-set: "esp-aes 256" */
	const char *ios_long;	/* as show crypto isakmp policy says it */
	const char *kernel;	/* xfrm's name: "cbc(aes)" */
	uint16_t ike;		/* phase 1 encryption algorithm */
	uint8_t esp;		/* ESP transform id */
	bool key_length_attr;	/* the key length goes on the wire */
	bool aead;
	bool refused; /* too weak: known by name only */
	uint16_t key_bits;
	uint8_t block; /* octets */
	uint8_t iv;    /* octets of IV in an ESP packet */
	uint8_t salt;  /* octets of KEYMAT behind the key */
	uint8_t icv;   /* octets, AEAD only */
};

enum hash_id { HASH_NONE, HASH_MD5, HASH_SHA1, HASH_SHA256, HASH_SHA384, HASH_SHA512, HASH_COUNT };

struct hash {
	const char *name;	/* ours and IOS's phase 1: "sha", "sha256" */
	const char *ios_esp;	/* "esp-sha-hmac" */
	const char *ios_long;	/* "Secure Hash Standard" */
	const char *kernel;	/* "hmac(sha1)" */
	uint16_t ike;		/* phase 1 hash algorithm */
	uint16_t esp;		/* phase 2 authentication algorithm */
	uint8_t len;		/* octets of digest and of HMAC key */
	uint8_t icv;		/* octets of truncated ICV in ESP */
};

#define HASH_LEN_MAX 64

enum auth_method { AUTH_NONE, AUTH_PSK = 1, AUTH_RSA_SIG = 3 }; /* the wire's numbers */

/* The wire's numbers. */
enum group_id {
	GROUP_NONE = 0,
	GROUP_1 = 1,
	GROUP_2 = 2,
	GROUP_5 = 5,
	GROUP_14 = 14,
	GROUP_15 = 15,
	GROUP_16 = 16,
	GROUP_19 = 19,
	GROUP_20 = 20,
	GROUP_21 = 21,
};

struct group {
	enum group_id id;
	const char *name; /* "modp1024" */
	bool ecp;
	uint16_t bits;		/* of the modulus or of the curve's field */
	uint16_t public_len;	/* octets of a KE payload */
	uint16_t secret_len;	/* octets of g^xy */
	uint16_t exponent_bits; /* of a private value: twice the group's strength is enough */
	bool weak;		/* kept for old peers, worth a warning */
};

#define GROUP_PUBLIC_MAX 512
#define GROUP_SECRET_MAX 512

/* What one phase 1 policy or transform asks for. */
struct isakmp_suite {
	enum cipher_id cipher;
	enum hash_id hash;
	enum auth_method auth;
	enum group_id group;
};

/* What one ESP transform asks for; auth is HASH_NONE exactly where the cipher is an AEAD. */
struct esp_suite {
	enum cipher_id cipher;
	enum hash_id auth;
};

/* Rows; never NULL for an id in range, NULL otherwise (and for the NONEs). */
const struct cipher *cipher_get(enum cipher_id id);
const struct hash *hash_get(enum hash_id id);
const struct group *group_get(unsigned int id);

/* By name, ours or IOS's, in either phase; the NONE value where there is no such name. */
enum cipher_id cipher_by_isakmp_name(const char *name); /* "3des" "aes" "aes-256" "aes 256" */
enum cipher_id cipher_by_esp_name(const char *name);	/* "esp-3des" "esp-aes-256" "esp-gcm 256" */
enum hash_id hash_by_isakmp_name(const char *name);	/* "sha" "sha1" "md5" "sha256" */
enum hash_id hash_by_esp_name(const char *name);	/* "esp-sha-hmac" */
enum group_id group_by_name(const char *name);		/* "2" "group2" "modp1024" */

/* By wire number. key_bits is 0 where the attribute was absent. */
enum cipher_id cipher_by_ike(unsigned int ike, unsigned int key_bits);
enum cipher_id cipher_by_esp(unsigned int esp, unsigned int key_bits);
enum hash_id hash_by_ike(unsigned int ike);
enum hash_id hash_by_esp(unsigned int esp);

const char *auth_method_name(unsigned int auth); /* "pre-share", "rsa-sig", or "unknown" */

/* Octets of KEYMAT that a transform needs: cipher key, salt, authentication key (in this order). */
size_t esp_suite_keymat(const struct esp_suite *s);

/*
 * Iteration for those who list all rows (help texts, tests): the row at index, NULL past the end.
 */
const struct group *group_at(size_t index);

#endif
