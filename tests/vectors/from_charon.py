#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Turns a recorded IKEv1 exchange (ike.pcap, Initiator.charon.log, Responder.charon.log) into one JSON vector.

    from_charon.py FOLDER IKE-PROPOSAL ESP-PROPOSAL > vector.json

Everything that RFC 2409 derives is also computed here, from the two DH secrets alone, and compared
with what the daemons logged; the messages are decrypted with the computed keys by openssl. A vector
is only written when all agree.
"""
import hashlib
import hmac
import json
import re
import struct
import subprocess
import sys

PSK = b'ISAKMP-KEY'
BLOCK = {'3des': 8, 'aes128': 16, 'aes256': 16}
KEY = {'3des': 24, 'aes128': 16, 'aes256': 32}
OPENSSL = {'3des': 'des-ede3-cbc', 'aes128': 'aes-128-cbc', 'aes256': 'aes-256-cbc'}
# Octets of KEYMAT: encryption (GCM: with its salt), authentication.
ESP = {'3des-sha1': (24, 20), 'aes128-sha256': (16, 32), 'aes256gcm16': (36, 0)}
PAYLOAD = {1: 'SA', 4: 'KE', 5: 'ID', 8: 'HASH', 10: 'NONCE', 11: 'NOTIFY', 12: 'DELETE'}


def datagrams(path):
    """(source address, UDP payload) of each packet of a capture of `tcpdump -i any` (SLL2)."""
    data = open(path, 'rb').read()
    pos = 24
    while pos < len(data):
        size = struct.unpack('<I', data[pos + 8:pos + 12])[0]
        frame = data[pos + 16:pos + 16 + size]
        pos += 16 + size
        ip = frame[20:]
        udp = ip[(ip[0] & 15) * 4:]
        length = struct.unpack('>H', udp[4:6])[0]
        yield '.'.join(map(str, ip[12:16])), udp[8:length]


def logged(path):
    """The octet strings that charon logged: list of (label, bytes), in order."""
    found = []
    for line in open(path, errors='replace'):
        text = line.split(']', 1)[-1].strip()
        head = re.match(r'(.*) => (\d+) bytes @', text)
        row = re.match(r'(\d+): ((?:[0-9A-F]{2} ?)+)', text)
        if head:
            found.append([head.group(1), b''])
        elif row and found:
            # Sixteen octets at most; what follows them is their text.
            found[-1][1] += bytes.fromhex(text.split(': ', 1)[1][:47])
    return [(label, octets) for label, octets in found]


def payloads(first, body):
    """Name -> list of payload bodies (generic header cut off)."""
    out, pos = {}, 0
    while first:
        following, _, length = struct.unpack('>BBH', body[pos:pos + 4])
        out.setdefault(PAYLOAD.get(first, str(first)), []).append(body[pos + 4:pos + length])
        first, pos = following, pos + length
    return out


def decrypt(cipher, key, iv, data):
    run = subprocess.run(['openssl', 'enc', '-d', '-' + OPENSSL[cipher], '-nopad', '-K', key.hex(),
                          '-iv', iv.hex()], input=data, capture_output=True, check=True)
    return run.stdout


def must(what, computed, log):
    if not any(label == what and octets == computed for label, octets in log):
        sys.exit('%s: computed %s, which charon did not log' % (what, computed.hex()))


class Exchange:
    """Follows one exchange, message by message, and collects the vector."""

    def __init__(self, folder, ike, esp):
        self.cipher, self.hash_name, self.group = ike.split('-')
        self.esp = esp
        self.log = logged(folder + '/Initiator.charon.log') + logged(folder + '/Responder.charon.log')
        self.messages = list(datagrams(folder + '/ike.pcap'))
        self.block = BLOCK[self.cipher]
        self.vector = {'messages': []}
        self.ivs = {}

    def prf(self, key, data):
        return hmac.new(key, data, self.hash_name).digest()

    def hash(self, data):
        return hashlib.new(self.hash_name, data).digest()

    def secret(self, label):
        return next(octets for name, octets in self.log if name == label)

    def put(self, **values):
        self.vector.update({name: value.hex() for name, value in values.items()})

    def clear(self, number, message):
        part = payloads(message[16], message[28:])
        if number == 0:
            self.sa = part['SA'][0]
            self.cky_i = message[:8]
        elif number == 1:
            self.cky_r = message[8:16]
        elif number == 2:
            self.gxi, self.ni = part['KE'][0], part['NONCE'][0]
        elif number == 3:
            self.gxr, self.nr = part['KE'][0], part['NONCE'][0]
            self.derive()

    def derive(self):
        cookies, gxy = self.cky_i + self.cky_r, self.secret('shared Diffie Hellman secret')
        skeyid = self.prf(PSK, self.ni + self.nr)
        self.skeyid = skeyid
        self.skeyid_d = self.prf(skeyid, gxy + cookies + b'\0')
        self.skeyid_a = self.prf(skeyid, self.skeyid_d + gxy + cookies + b'\1')
        self.skeyid_e = self.prf(skeyid, self.skeyid_a + gxy + cookies + b'\2')
        key = self.skeyid_e
        if len(key) < KEY[self.cipher]:
            last = key = self.prf(self.skeyid_e, b'\0')
            while len(key) < KEY[self.cipher]:
                last = self.prf(self.skeyid_e, last)
                key += last
        self.key = key[:KEY[self.cipher]]
        self.iv = self.hash(self.gxi + self.gxr)[:self.block]
        for what, value in (('SKEYID', skeyid), ('SKEYID_d', self.skeyid_d),
                            ('SKEYID_a', self.skeyid_a), ('SKEYID_e', self.skeyid_e),
                            ('encryption key Ka', self.key), ('initial IV', self.iv)):
            must(what, value, self.log)
        self.put(psk=PSK, cky_i=self.cky_i, cky_r=self.cky_r, ni=self.ni, nr=self.nr, gxi=self.gxi,
                 gxr=self.gxr, gxy=gxy, skeyid=skeyid, skeyid_d=self.skeyid_d,
                 skeyid_a=self.skeyid_a, skeyid_e=self.skeyid_e, key=self.key, iv=self.iv)

    def authenticate(self, part, name, first, second, cookies):
        identity = part['ID'][0]
        computed = self.prf(self.skeyid, first + second + cookies + self.sa + identity)
        must('HASH_' + name, computed, self.log)
        if computed != part['HASH'][0]:
            sys.exit('HASH_%s on the wire differs' % name)
        self.put(**{'id_' + name.lower(): identity, 'hash_' + name.lower(): computed, 'sa_i': self.sa})

    def quick(self, number, message_id, part, plain):
        rest = plain[4 + len(part['HASH'][0]):]
        end = len(rest) if number == 2 else sum(4 + len(b) for k, v in part.items() if k != 'HASH' for b in v)
        mid = struct.pack('>I', message_id)
        if number == 0:
            self.q = {'message_id': mid.hex(), 'ni': part['NONCE'][0].hex()}
            self.q_ni = part['NONCE'][0]
            data = mid + rest[:end]
            self.spi_i = part['SA'][0][16:20]
        elif number == 1:
            self.q_nr = part['NONCE'][0]
            data = mid + self.q_ni + rest[:end]
            self.spi_r = part['SA'][0][16:20]
        else:
            data = b'\0' + mid + self.q_ni + self.q_nr
        if 'KE' in part:
            self.q['gx' + 'ir'[number]] = part['KE'][0].hex()
        computed = self.prf(self.skeyid_a, data)
        must('Hash(%d)' % (number + 1), computed, self.log)
        if computed != part['HASH'][0]:
            sys.exit('HASH(%d) on the wire differs' % (number + 1))
        self.q['hash%d' % (number + 1)] = computed.hex()
        if number == 2:
            self.keymat()

    def keymat(self):
        gxy = b''
        if 'gxi' in self.q:
            gxy = self.secret('DH secret')
            self.q['gxy'] = gxy.hex()
        sizes = ESP[re.sub('-modp.*', '', self.esp)]
        self.q.update(nr=self.q_nr.hex(), esp=[])
        for receiver, spi in (('responder', self.spi_r), ('initiator', self.spi_i)):
            seed = gxy + b'\3' + spi + self.q_ni + self.q_nr
            last = stream = self.prf(self.skeyid_d, seed)
            while len(stream) < sum(sizes):
                last = self.prf(self.skeyid_d, last + seed)
                stream += last
            encryption, integrity = stream[:sizes[0]], stream[sizes[0]:sum(sizes)]
            sender = 'initiator' if receiver == 'responder' else 'responder'
            must('encryption %s key' % sender, encryption, self.log)
            if integrity:
                must('integrity %s key' % sender, integrity, self.log)
            self.q['esp'].append({'receiver': receiver, 'spi': spi.hex(),
                                  'encryption': encryption.hex(), 'integrity': integrity.hex()})
        self.vector['quick'] = self.q

    def encrypted(self, number, message):
        message_id = struct.unpack('>I', message[20:24])[0]
        if message_id and message_id not in self.ivs:
            self.ivs[message_id] = self.hash(self.phase1_last + message[20:24])[:self.block]
        iv = self.ivs[message_id] if message_id else self.iv
        plain = decrypt(self.cipher, self.key, iv, message[28:])
        part = payloads(message[16], plain)
        last = message[-self.block:]
        if number == 4:
            self.authenticate(part, 'I', self.gxi, self.gxr, self.cky_i + self.cky_r)
        elif number == 5:
            self.authenticate(part, 'R', self.gxr, self.gxi, self.cky_r + self.cky_i)
            self.phase1_last = last
        elif message[18] == 32:
            self.quick(number - 6, message_id, part, plain)
        if message_id:
            self.ivs[message_id] = last
        else:
            self.iv = last
        return {'iv': iv.hex(), 'plain': plain.hex()}

    def follow(self):
        names = ['MM1', 'MM2', 'MM3', 'MM4', 'MM5', 'MM6', 'QM1', 'QM2', 'QM3']
        for number, (source, message) in enumerate(self.messages):
            entry = {'name': names[number] if number < 9 else 'INFO',
                     'from': 'initiator' if source == self.messages[0][0] else 'responder',
                     'bytes': message.hex()}
            if message[19] & 1:
                entry.update(self.encrypted(number, message))
            else:
                self.clear(number, message)
            self.vector['messages'].append(entry)
        return self.vector


def main():
    folder, ike, esp = sys.argv[1:]
    version = subprocess.run(['dpkg-query', '-W', '-f', '${Version}', 'libstrongswan'],
                             capture_output=True, text=True, check=True).stdout.split('-')[0]
    head = {'source': 'strongSwan ' + version + ' with itself, IKEv1 main mode, pre-shared key',
            'ike': ike, 'esp': esp, 'initiator': '192.0.2.1', 'responder': '192.0.2.2'}
    exchange = Exchange(folder, ike, esp)
    vector = exchange.follow()
    if len(vector['messages']) < 9:
        sys.exit('the exchange is not complete')
    print(json.dumps({**head, **vector}, indent=1))


main()
