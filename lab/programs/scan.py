"""A half-open scan: one SYN from a raw socket, which the kernel knows nothing of.

usage: scan.py CLIENT SERVER PORT    (IPv4)
"""

import random
import socket
import struct
import sys
import time

client, server, port = sys.argv[1], sys.argv[2], int(sys.argv[3])


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def syn(source_port):
    options = struct.pack("!BBH", 2, 4, 1460)
    header = struct.pack("!HHIIBBHHH", source_port, port, random.getrandbits(32), 0, 6 << 4, 2, 1024, 0, 0) + options
    pseudo = socket.inet_aton(client) + socket.inet_aton(server) + struct.pack("!BBH", 0, 6, len(header))
    return header[:16] + struct.pack("!H", checksum(pseudo + header)) + header[18:]


raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
raw.sendto(syn(random.randrange(33000, 60000)), (server, 0))
time.sleep(0.6)
