#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Makes dh.json: Diffie-Hellman in all groups, computed without the library that the daemon uses.
# The MODP primes come from the formulas of RFC 2409 and RFC 3526, the curves and the first case
# of each from RFC 5903. Of each group one more case was searched whose secret begins with a zero
# octet (group 2: two of them), and for group 2 one whose public value does.

import hashlib
import json
import os

ODD = {1: 149686, 2: 129093, 5: 741804, 14: 124476, 15: 1690314, 16: 240904}
MODP = {1: 768, 2: 1024, 5: 1536, 14: 2048, 15: 3072, 16: 4096}
EXPONENT_BITS = {1: 160, 2: 160, 5: 200, 14: 225, 15: 275, 16: 325}

# p, b, gx, gy, order, then i, r and the secret of RFC 5903 section 8
ECP = {
    19: ("FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF",
         "5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B",
         "6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296",
         "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5",
         "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551",
         "C88F01F510D9AC3F70A292DAA2316DE544E9AAB8AFE84049C62A9C57862D1433",
         "C6EF9C5D78AE012A011164ACB397CE2088685D8F06BF9BE0B283AB46476BEE53",
         "D6840F6B42F6EDAFD13116E0E12565202FEF8E9ECE7DCE03812464D04B9442DE"),
    20: ("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFE"
         "FFFFFFFF0000000000000000FFFFFFFF",
         "B3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875A"
         "C656398D8A2ED19D2A85C8EDD3EC2AEF",
         "AA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A38"
         "5502F25DBF55296C3A545E3872760AB7",
         "3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C0"
         "0A60B1CE1D7E819D7A431D7C90EA0E5F",
         "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF"
         "581A0DB248B0A77AECEC196ACCC52973",
         "099F3C7034D4A2C699884D73A375A67F7624EF7C6B3C0F160647B67414DCE655"
         "E35B538041E649EE3FAEF896783AB194",
         "41CB0779B4BDB85D47846725FBEC3C9430FAB46CC8DC5060855CC9BDA0AA2942"
         "E0308312916B8ED2960E4BD55A7448FC",
         "11187331C279962D93D604243FD592CB9D0A926F422E47187521287E7156C5C4"
         "D603135569B9E9D09CF5D4A270F59746"),
    21: ("1" + 130 * "F",
         "0051953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109E156193951EC7E"
         "937B1652C0BD3BB1BF073573DF883D2C34F1EF451FD46B503F00",
         "00C6858E06B70404E9CD9E3ECB662395B4429C648139053FB521F828AF606B4D3DBAA14B5E77EFE7"
         "5928FE1DC127A2FFA8DE3348B3C1856A429BF97E7E31C2E5BD66",
         "011839296A789A3BC0045C8A5FB42C7D1BD998F54449579B446817AFBD17273E662C97EE72995EF4"
         "2640C550B9013FAD0761353C7086A272C24088BE94769FD16650",
         "1" + 65 * "F" + "A51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409",
         "0037ADE9319A89F4DABDB3EF411AACCCA5123C61ACAB57B5393DCE47608172A095AA85A30FE1C295"
         "2C6771D937BA9777F5957B2639BAB072462F68C27A57382D4A52",
         "0145BA99A847AF43793FDD0E872E7CDFA16BE30FDC780F97BCCC3F078380201E9C677D600B343757"
         "A3BDBF2A3163E4C2F869CCA7458AA4A4EFFC311F5CB151685EB9",
         "01144C7D79AE6956BC8EDB8E7C787C4521CB086FA64407F97894E5E6B2D79B04D1427E73CA4BAA24"
         "0A34786859810C06B3C715A3A8CC3151F2BEE417996D19F3DDEA"),
}


def pi_scaled(bits):
    """floor(2^bits * pi), by Machin's formula with spare bits."""
    one = 1 << (bits + 64)

    def arctan_inverse(n):
        term = total = one // n
        k, sign = 3, -1
        while term:
            term //= n * n
            total += sign * (term // k)
            k, sign = k + 2, -sign
        return total

    return 4 * (4 * arctan_inverse(5) - arctan_inverse(239)) >> 64


def modp_prime(group):
    n = MODP[group]
    return 2**n - 2**(n - 64) - 1 + 2**64 * (pi_scaled(n - 130) + ODD[group])


def probably_prime(n):
    return all(pow(a, n - 1, n) == 1 for a in (2, 3, 5, 7))


def private_value(label, bits):
    v = int.from_bytes(hashlib.shake_256(label.encode()).digest((bits + 7) // 8), "big")
    return v % 2**(bits - 1) | 2**(bits - 1)


def octets(v, length):
    return v.to_bytes(length, "big").hex()


def modp_cases(group):
    p, n, bits = modp_prime(group), MODP[group] // 8, EXPONENT_BITS[group]
    assert probably_prime(p) and probably_prime(p // 2)

    def case(name, i, r):
        length = (bits + 7) // 8
        return {"name": name, "group": group, "private_i": octets(i, length),
                "private_r": octets(r, length), "public_i": octets(pow(2, i, p), n),
                "public_r": octets(pow(2, r, p), n), "secret": octets(pow(2, i * r, p), n)}

    i, r = (private_value(f"{group} {side}", bits) for side in "ir")
    yield case("plain", i, r)
    y, zeros = pow(2, i, p), 2 if group == 2 else 1
    while pow(y, r, p) >> 8 * (n - zeros):
        r += 1
    yield case("the secret begins with a zero", i, r)
    if group == 2:
        while pow(2, i, p) >> 8 * (n - 1):
            i += 1
        yield case("a public value begins with a zero", i, r)


def ecp_cases(group):
    p, b, gx, gy, order, i, r, secret = (int(v, 16) for v in ECP[group])
    n = (p.bit_length() + 7) // 8
    length = (p.bit_length() + 64 + 7) // 8

    def add(s, t):
        if s is None or t is None:
            return s or t
        (x1, y1), (x2, y2) = s, t
        if x1 == x2 and (y1 + y2) % p == 0:
            return None
        slope = (3 * x1 * x1 - 3) * pow(2 * y1, -1, p) if s == t else (y2 - y1) * pow(x2 - x1, -1, p)
        x = (slope * slope - x1 - x2) % p
        return x, (slope * (x1 - x) - y1) % p

    def times(k, point):
        total = None
        while k:
            total = add(total, point) if k & 1 else total
            point, k = add(point, point), k >> 1
        return total

    def case(name, i, r):
        (ix, iy), (rx, ry) = times(i, (gx, gy)), times(r, (gx, gy))
        return {"name": name, "group": group, "private_i": octets(i, length),
                "private_r": octets(r, length), "public_i": octets(ix, n) + octets(iy, n),
                "public_r": octets(rx, n) + octets(ry, n),
                "secret": octets(times(i * r % order, (gx, gy))[0], n)}

    assert (gy * gy - gx**3 + 3 * gx - b) % p == 0 and times(order, (gx, gy)) is None
    first = case("RFC 5903", i, r)
    assert first["secret"] == octets(secret, n)
    yield first
    step = times(i, (gx, gy))
    point = times(r, step)
    while point[0] >> 8 * (n - 1 if group != 21 else n - 2):
        r, point = r + 1, add(point, step)
    yield case("the secret begins with a zero", i, r)


def main():
    cases = [c for g in MODP for c in modp_cases(g)] + [c for g in ECP for c in ecp_cases(g)]
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "dh.json")
    with open(path, "w") as f:
        json.dump({"source": "dh.py: RFC 2409, 3526, 5903, and plain arithmetic", "cases": cases},
                  f, indent=1)
        f.write("\n")


main()
