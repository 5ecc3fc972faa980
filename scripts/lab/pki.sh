# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Certificates for the article's nodes, by scripts/labca: the CA "lab", which all trust, and "other",
# which nobody does. The files are in $LAB/CA.

# pki_init: makes both CAs.
pki_init() {
	"$TOP/scripts/labca" "$LAB/lab" init
	"$TOP/scripts/labca" "$LAB/other" init 'Other CA'
}

# certificate NODE [KIND [CA]]: gives the node a new certificate and key, see labca.
# PKI_NAMES: more of its names, as ,DNS:another.lab; PKI_SAN: these and no others.
certificate() {
	local ca=${3:-lab} address

	case $1 in
	Hub) address=$HUB ;;
	SiteA) address=$SITE_A ;;
	*) address=$SITE_B ;;
	esac
	"$TOP/scripts/labca" "$LAB/$ca" issue "$1" "${PKI_SAN-DNS:${1,,}.lab,IP:$address${PKI_NAMES-}}" "${2:-good}"
	cp "$LAB/$ca/$1.pem" "$LAB/$1/own.pem"
	cp "$LAB/$ca/$1.key" "$LAB/$1/own.key"
}

revoke() {
	"$TOP/scripts/labca" "$LAB/lab" revoke "$1"
}

# certificate_conf NODE [SED-EXPRESSION]...: the article's configuration with certificates instead of
# the pre-shared key, then edited.
certificate_conf() {
	local name=$1

	shift
	article_conf "$name" 's/authentication = pre-share .*/authentication = rsa-sig/' \
		'/^# .* spokes build tunnels with spokes/d; /^isakmp-key/,/^\}/d' \
		"\$a trustpoint LAB {\\
	ca = \"$LAB/lab/ca.pem\"\\
	certificate = \"$LAB/$name/own.pem\"\\
	key = \"$LAB/$name/own.key\"\\
	crl = \"$LAB/lab/crl.pem\"\\
}"
	edit_conf "$name" "$@"
}
