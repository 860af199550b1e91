#!/usr/bin/env python3
"""Compares what whyreset finds inside connections with what tshark shows, over any number of captures.

    exchanges_against_tshark.py [--program target/release/whyreset] [--keylog FILE] PATH...

PATH is a capture or a folder of them. Compared are, connection by connection: HTTP/1 requests, statuses and body
lengths; TLS server names, versions, alerts; HTTP/2 requests, statuses, resets, DATA bytes and GOAWAY. A capture
X.pcap is decrypted with X.keys beside it, if there is one. Each difference is one line with its class in front; the
classes are explained in docs/differences-from-wireshark.md. Needs tshark; exit status 1 where differences are found.
"""

import argparse
import collections
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

# Wireshark at its best: it puts segments in order, and leaves bodies as they were sent.
TSHARK = [
    "tshark", "-n", "-T", "pdml", "-J", "frame tcp http http2 tls ip ipv6",
    "-o", "tcp.reassemble_out_of_order:TRUE",
    "-o", "http.decompress_body:FALSE",
    "--enable-heuristic", "http2_tcp",
]
ALERTS = {
    0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 21: "decryption_failed",
    22: "record_overflow", 30: "decompression_failure", 40: "handshake_failure", 41: "no_certificate",
    42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked", 45: "certificate_expired",
    46: "certificate_unknown", 47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error",
    51: "decrypt_error", 60: "export_restriction", 70: "protocol_version", 71: "insufficient_security",
    80: "internal_error", 86: "inappropriate_fallback", 90: "user_canceled", 100: "no_renegotiation",
    109: "missing_extension", 110: "unsupported_extension", 112: "unrecognized_name",
    113: "bad_certificate_status_response", 115: "unknown_psk_identity", 116: "certificate_required",
    120: "no_application_protocol",
}
MOST_EXCHANGES = 256  # of one connection; beyond, the first and the last half are kept
VERSIONS = {0x0300: "tls/ssl3.0", 0x0301: "tls/1.0", 0x0302: "tls/1.1", 0x0303: "tls/1.2", 0x0304: "tls/1.3"}
RESETS = [
    "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
    "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
]


class Theirs:
    """What tshark shows of one connection."""

    def __init__(self):
        self.requests = []  # (method, target)
        self.responses = []  # (status, body bytes)
        self.tls = False
        self.server_name = None
        self.version = None
        self.alerts = []  # (source port, name, or None where encrypted)
        self.streams = collections.OrderedDict()  # HTTP/2: number -> dictionary
        self.goaways = []  # names of codes
        self.ports = None


def fields(element, name):
    return [field for field in element.iter("field") if field.get("name") == name]


def first(element, name, what="show"):
    found = fields(element, name)
    return found[0].get(what) if found else None


def run_tshark(path, *extra):
    command = TSHARK + list(extra) + ["-Y", "http || tls || http2", "-r", path]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    connections = {}
    try:
        for _, packet in ElementTree.iterparse(process.stdout):
            if packet.tag == "packet":
                take_packet(connections, packet)
                packet.clear()
    except ElementTree.ParseError:
        pass  # a file that tshark refuses, or reads in part
    process.wait()
    return connections


def take_packet(connections, packet):
    stream = first(packet, "tcp.stream")
    if stream is None:
        return
    it = connections.setdefault(int(stream), Theirs())
    source = int(first(packet, "tcp.srcport") or 0)
    for proto in packet.iter("proto"):
        name = proto.get("name")
        if name == "http":
            take_http(it, proto)
        elif name == "tls":
            take_tls(it, proto, source)
        elif name == "http2":
            take_http2(it, proto, source)


def take_http(it, proto):
    body = sum(int(field.get("size")) for field in fields(proto, "http.file_data")) or sum(
        int(field.get("size")) for field in fields(proto, "")
        if (field.get("show") or "").startswith("Content-encoded entity body")
    )
    for field in proto.iter("field"):
        name = field.get("name")
        if name == "http.request.method":
            uri = first(proto, "http.request.uri")
            it.requests.append((field.get("show"), uri or "", body))
        elif name == "http.response.code":
            it.responses.append((int(field.get("show")), body))


def take_tls(it, proto, source):
    it.tls = True
    for field in proto.iter("field"):
        name, show = field.get("name"), field.get("show")
        if name == "tls.handshake.extensions_server_name" and it.server_name is None:
            it.server_name = show
        elif name == "tls.handshake" and first(field, "tls.handshake.type") == "2":
            it.version = version_of(field) or it.version
        elif name == "tls.record.content_type" and show == "21":
            pass
        elif name == "tls.alert_message":
            code = first(field, "tls.alert_message.desc")
            it.alerts.append((source, ALERTS.get(int(code), "unknown") if code is not None else None))


def version_of(hello):
    chosen = first(hello, "tls.handshake.extensions.supported_version", "value")
    legacy = first(hello, "tls.handshake.version", "value")
    number = int(chosen or legacy or "0", 16)
    if 0x7F00 <= number <= 0x7FFF or 0xFB00 <= number <= 0xFBFF:
        return "tls/1.3"
    return VERSIONS.get(number)


def take_http2(it, proto, source):
    for frame in fields(proto, "http2.stream"):
        number = first(frame, "http2.streamid")
        kind = first(frame, "http2.type")
        if number is None or kind is None:
            continue
        number, kind = int(number), int(kind)
        if kind == 7:
            code = int(first(frame, "http2.goaway.error") or 0)
            it.goaways.append(RESETS[code] if code < len(RESETS) else hex(code))
        if number == 0 or kind == 2:
            continue
        known = it.streams.setdefault(number, {"request": None, "status": None, "reset": None, "data": {}})
        if kind == 0:
            size = int(first(frame, "http2.length") or 0)
            if int(first(frame, "http2.flags", "value") or "0", 16) & 8:
                size -= int(first(frame, "http2.pad_length")) + 1
            known["data"][source] = known["data"].get(source, 0) + size
        elif kind in (1, 9):
            method = first(frame, "http2.headers.method")
            status = first(frame, "http2.headers.status")
            if method is not None and known["request"] is None:
                known["request"] = f"{method} {first(frame, 'http2.headers.path') or ''}".strip()
            if status is not None and not (100 <= int(status) < 200) and known["status"] is None:
                known["status"] = int(status)
        elif kind == 3 and known["reset"] is None:
            code = int(first(frame, "http2.rst_stream.error") or 0)
            known["reset"] = RESETS[code] if code < len(RESETS) else hex(code)


def run_ours(program, path, keys):
    command = [program, "--json"] + (["--keylog", keys] if keys else []) + [path]
    done = subprocess.run(command, capture_output=True, timeout=300)
    if done.returncode not in (0, 1):
        return None
    return {connection["stream"]: connection for connection in json.loads(done.stdout)["connections"]}


class Report:
    def __init__(self):
        self.equal = collections.Counter()
        self.classes = collections.Counter()

    def differs(self, path, stream, kind, text):
        self.classes[kind] += 1
        print(f"{kind}\t{path}\t{stream}\t{text}")


class Shown:
    """What tshark shows of a capture, in the ways it has. None is best everywhere: putting whole messages together leaves
    out those that never became whole; without bodies, those that begin within a segment are missed; segment by segment,
    those whose head is cut, but nothing behind lost packets."""

    def __init__(self, path, secrets):
        self.path, self.secrets = path, secrets
        self.ways = {"heads": self.run("http.desegment_body:FALSE")}
        self.connections = self.ways["heads"]

    def run(self, preference):
        return run_tshark(self.path, *self.secrets, "-o", preference)

    def way(self, name, stream):
        preferences = {"whole": "http.desegment_body:TRUE", "segments": "tcp.desegment_tcp_streams:FALSE"}
        if name not in self.ways:
            self.ways[name] = self.run(preferences[name])
        return self.ways[name].get(stream, Theirs())


def compare(report, path, ours, shown):
    for stream, theirs in sorted(shown.connections.items()):
        mine = ours.get(stream)
        if mine is None:
            report.differs(path, stream, "no-connection", "")
            continue
        before = sum(report.classes.values())
        parts = []
        if theirs.requests or theirs.responses:
            parts.append("http")
            compare_http(report, path, stream, mine, shown)
        if theirs.tls:
            parts.append("tls")
            compare_tls(report, path, stream, mine, theirs)
        if theirs.streams or theirs.goaways:
            parts.append("http2")
            compare_http2(report, path, stream, mine, theirs)
        same = before == sum(report.classes.values())
        for part in parts:
            report.equal[part, same] += 1
    for stream, mine in sorted(ours.items()):
        there = shown.connections.get(stream, Theirs())
        for it in mine["exchanges"]:
            if it["protocol"].startswith("tls") and not there.tls:
                report.differs(path, stream, "tls-only-here", it["protocol"])
            elif it["protocol"].startswith("http/") and not (there.requests or there.responses or there.streams):
                report.differs(path, stream, "http-only-here", f"{it['request']} {it['status']}")


def compare_http(report, path, stream, mine, shown):
    exchanges = [it for it in mine["exchanges"] if it["protocol"].startswith("http/")]
    if len(mine["exchanges"]) >= MOST_EXCHANGES:
        exchanges = exchanges[: MOST_EXCHANGES // 2]
    asked = [it for it in exchanges if it["request"] is not None]
    requests = [short(it["request"]) for it in asked]
    target = lambda they: [short(f"{method} {uri}") for method, uri, _ in they.requests]
    if not agree(requests, asked, shown, stream, target):
        ways = " ".join(brief(target(shown.way(way, stream))) for way in shown.ways)
        report.differs(path, stream, "requests", f"here {brief(requests)}; tshark {ways}")
    answered = [it for it in exchanges if it["status"] is not None]
    statuses = [it["status"] for it in answered]
    status = lambda they: [status for status, _ in finals(they.responses)]
    if not agree(statuses, answered, shown, stream, status):
        ways = " ".join(brief(status(shown.way(way, stream))) for way in shown.ways)
        report.differs(path, stream, "statuses", f"here {brief(statuses)}; tshark {ways}")
        return
    for it, (status, body) in zip(answered, finals(shown.way("whole", stream).responses)):
        if it["status"] == status and (it["body_delivered"] or 0) != body:
            text = f"{it['request']} {it['status']}: here {it['body_delivered']} of {it['body_expected']}" \
                   f" ({it.get('why_incomplete', 'complete')}); tshark {body}"
            report.differs(path, stream, "bodies", text)


def finals(responses):
    return [(status, body) for status, body in responses if not 100 <= status < 200 or status == 101]


def agree(here, exchanges, shown, stream, part):
    """Whether one of tshark's ways shows what we show, up to messages at the end that never became whole."""
    for way in ("heads", "whole", "segments"):
        there = part(shown.way(way, stream))
        if len(exchanges) == MOST_EXCHANGES // 2:
            there = there[: len(here)]
        if here == there:
            return True
        rest = exchanges[len(there) :]
        if way == "whole" and here[: len(there)] == there and not any(it["complete"] for it in rest):
            return True
    return False


def compare_tls(report, path, stream, mine, theirs):
    sessions = [it for it in mine["exchanges"] if it["protocol"].startswith("tls")]
    if not sessions:
        report.differs(path, stream, "tls-only-there", theirs.version or "")
        return
    it = sessions[0]
    if it["server_name"] != theirs.server_name:
        report.differs(path, stream, "server-name", f"here {it['server_name']}; tshark {theirs.server_name}")
    version = it["protocol"] if it["protocol"] != "tls" else None
    if version != theirs.version:
        report.differs(path, stream, "version", f"here {version}; tshark {theirs.version}")
    named = [(port, name) for port, name in theirs.alerts if name not in (None, "close_notify")]
    alert = it["alert"]
    if named:
        port, name = named[0]
        by = "client" if port == mine["client"]["port"] else "server"
        mine_alert = (alert["by"], alert["description"]) if alert else None
        if mine_alert != (by, name):
            report.differs(path, stream, "alert", f"here {mine_alert}; tshark {(by, name)}")
    elif alert and alert["description"] != "encrypted":
        report.differs(path, stream, "alert", f"here {alert}; tshark {theirs.alerts}")
    goodbyes = {
        "client" if port == mine["client"]["port"] else "server"
        for port, name in theirs.alerts if name == "close_notify"
    }
    said = {"both": {"client", "server"}, "client": {"client"}, "server": {"server"}}.get(it["close_notify"], set())
    if not goodbyes <= said:
        report.differs(path, stream, "close-notify", f"here {it['close_notify']}; tshark {sorted(goodbyes)}")


def compare_http2(report, path, stream, mine, theirs):
    known = {it["stream_id"]: it for it in mine["exchanges"] if it["protocol"] == "h2"}
    for number, shown in theirs.streams.items():
        it = known.get(number)
        if it is None:
            if shown["request"] or shown["status"] or shown["data"]:
                report.differs(path, stream, "h2-stream", f"{number}: {shown}")
            continue
        for mine_value, their_value, kind in (
            (it["request"], shown["request"], "h2-request"),
            (it["status"], shown["status"], "h2-status"),
            (it.get("reset"), shown["reset"], "h2-reset"),
        ):
            if mine_value != their_value:
                report.differs(path, stream, kind, f"{number}: here {mine_value}; tshark {their_value}")
        client = mine["client"]["port"]
        down = sum(size for port, size in shown["data"].items() if port != client)
        up = shown["data"].get(client, 0)
        if (it["body_delivered"] or 0) != down or (it["request_body_delivered"] or 0) != up:
            text = f"{number}: here up {it['request_body_delivered']} down {it['body_delivered']}; tshark {up} {down}"
            report.differs(path, stream, "h2-data", text)
    for number in known.keys() - theirs.streams.keys():
        report.differs(path, stream, "h2-only-here", f"{number}: {known[number]['request']}")


def short(text):
    return text.replace("…", "").strip()[:1900]


def brief(values):
    text = repr(values)
    return text if len(text) < 220 else f"{len(values)}: {text[:220]}…"


def captures(paths):
    for path in paths:
        if os.path.isfile(path):
            yield path
            continue
        for folder, _, names in sorted(os.walk(path)):
            for name in sorted(names):
                if not name.endswith((".md", ".txt", ".keys", ".py", ".yaml", ".out", ".rules")):
                    yield os.path.join(folder, name)


def keys_beside(path):
    stem = path.split(".pcap")[0]
    for name in (stem + ".keys", stem + ".keylog"):
        if os.path.exists(name):
            return name
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default="target/release/whyreset")
    parser.add_argument("--keylog", help="secrets for every capture")
    parser.add_argument("paths", nargs="+")
    arguments = parser.parse_args()
    report, files = Report(), 0
    for path in captures(arguments.paths):
        keys = arguments.keylog or keys_beside(path)
        secrets = ["-o", f"tls.keylog_file:{keys}"] if keys else []
        shown = Shown(path, secrets)
        ours = run_ours(arguments.program, path, keys)
        if ours is None:
            if shown.connections:
                report.differs(path, "-", "refused", "")
            continue
        files += 1
        compare(report, path, ours, shown)
        sys.stdout.flush()
    print(f"{files} captures")
    for part in ("http", "tls", "http2"):
        same, differ = report.equal[part, True], report.equal[part, False]
        print(f"{part}: {same} of {same + differ} connections equal")
    for kind, count in report.classes.most_common():
        print(f"  {kind}: {count}")
    return 1 if report.classes else 0


if __name__ == "__main__":
    sys.exit(main())
