"""Connections that do exactly what a list of steps says, as a server or as a client.

usage: steps.py SPEC.json    (the lab writes SPEC.json)

Steps, each a word and its arguments; "xN A; B" repeats:
  request             read a request head, and its body by Content-Length
  head                read a request head only
  answer              read a response head, and its body by Content-Length (or to the end)
  answer-head         read a response head only
  recv N | recv-some | drain        read N bytes | once | to the end
  recv-slowly N CHUNK MS            read N bytes in small reads with pauses
  send TEXT           send text (escapes as in Python)
  get PATH [N]        send a GET with keep-alive (N: bytes of padding in a header)
  post PATH N [M]     send a POST that promises N bytes and sends M of them (all, if not given)
  response N [M]      send a 200 that promises N bytes and sends M of them (all, if not given)
  status CODE N       send a response with this status and N bytes
  bytes N             send N bytes
  pace N CHUNK MS     send N bytes in chunks with pauses
  sleep S             wait
  wait-readable S     wait until something arrives, at most S seconds; close after that long
  fin | close | abort | die | close-listener    shutdown(SHUT_WR) | close | RST | SIGKILL to itself | stop listening
  hold                wait until the end of the run
  wait-close          read and throw away until the peer closes
  tls [MIN [MAX]]     speak TLS from here on
  start-after S       (client) wait before connecting
  source-port N       (client, IPv4) connect from this port
  connect-timeout S   (client) give up connecting after S seconds
  timeout S           give up on any read or write after S seconds (and close)
  keepalive I N C     TCP keep-alive: idle, interval, count
  user-timeout MS | rcvbuf N | sndbuf N | nagle
"""

import json
import os
import signal
import socket
import ssl
import struct
import sys
import threading
import time

spec = json.load(open(sys.argv[1]))
CHUNK = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-\n" * 1024


class Ended(Exception):
    """The session is over."""


class Session:
    def __init__(self, sock, listener=None):
        self.sock = sock
        self.listener = listener
        self.buffer = b""
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def run(self, steps):
        try:
            for step in steps:
                self.step(step)
            self.sock.close()
        except Ended:
            pass
        except (OSError, ssl.SSLError) as error:
            print("session:", steps, "->", error, file=sys.stderr, flush=True)
            try:
                self.sock.close()
            except OSError:
                pass

    def step(self, step):
        first, _, rest = step.partition(" ")
        if first[0] == "x" and first[1:].isdigit():
            for _ in range(int(first[1:])):
                for inner in rest.split(";"):
                    self.step(inner.strip())
            return
        getattr(self, "do_" + first.replace("-", "_"))(rest)

    # reading

    def more(self):
        data = self.sock.recv(65536)
        if not data:
            raise Ended() if self.quit_at_eof() else EOFError
        self.buffer += data

    def quit_at_eof(self):
        try:
            self.sock.close()
        except OSError:
            pass
        return True

    def read_head(self):
        while b"\r\n\r\n" not in self.buffer:
            self.more()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        return head

    def read_exactly(self, n):
        while len(self.buffer) < n:
            n -= len(self.buffer)
            self.buffer = b""
            self.more()
        self.buffer = self.buffer[n:]

    @staticmethod
    def length(head):
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                return int(value)
        return None

    def do_request(self, _):
        head = self.read_head()
        self.read_exactly(self.length(head) or 0)

    def do_head(self, _):
        self.read_head()

    def do_answer(self, rest):
        head = self.read_head()
        length = 0 if rest == "head" else self.length(head)
        if length is None:
            self.do_drain("")
        else:
            self.read_exactly(length)

    def do_answer_head(self, _):
        self.read_head()

    def do_recv(self, rest):
        self.read_exactly(int(rest))

    def do_recv_some(self, _):
        self.more()

    def do_recv_slowly(self, rest):
        n, chunk, ms = (int(word) for word in rest.split())
        while n > 0:
            data = self.sock.recv(min(chunk, n))
            if not data:
                self.quit_at_eof()
                raise Ended()
            n -= len(data)
            time.sleep(ms / 1000)

    def do_drain(self, _):
        while self.sock.recv(65536):
            pass

    do_wait_close = do_drain

    # writing

    def do_send(self, rest):
        self.sock.sendall(rest.encode().decode("unicode_escape").encode("latin-1"))

    def do_get(self, rest):
        path, _, padding = rest.partition(" ")
        text = f"GET {path} HTTP/1.1\r\nHost: lab.test\r\nUser-Agent: steps/1\r\nAccept: */*\r\n"
        if padding:
            text += "Cookie: " + "c" * int(padding) + "\r\n"
        self.sock.sendall((text + "\r\n").encode())

    def do_post(self, rest):
        path, n, *m = rest.split()
        head = f"POST {path} HTTP/1.1\r\nHost: lab.test\r\nContent-Type: application/octet-stream\r\nContent-Length: {n}\r\n\r\n"
        self.sock.sendall(head.encode())
        self.do_bytes(m[0] if m else n)

    def do_response(self, rest):
        n, *m = rest.split()
        head = f"HTTP/1.1 200 OK\r\nServer: steps\r\nContent-Type: text/plain\r\nContent-Length: {n}\r\n\r\n"
        m = int(m[0]) if m else int(n)
        self.sock.sendall(head.encode() + CHUNK[: min(m, 1000)])
        self.do_bytes(m - min(m, 1000))

    def do_status(self, rest):
        code, n = rest.split()
        text = {"413": "Request Entity Too Large", "401": "Unauthorized", "403": "Forbidden"}.get(code, "Status")
        head = f"HTTP/1.1 {code} {text}\r\nServer: steps\r\nContent-Type: text/plain\r\nContent-Length: {n}\r\nConnection: close\r\n\r\n"
        self.sock.sendall(head.encode() + CHUNK[: int(n)])

    def do_bytes(self, rest):
        n = int(rest)
        while n > 0:
            part = CHUNK[: min(n, len(CHUNK))]
            self.sock.sendall(part)
            n -= len(part)

    def do_pace(self, rest):
        n, chunk, ms = (int(word) for word in rest.split())
        while n > 0:
            self.sock.sendall(CHUNK[: min(n, chunk)])
            n -= chunk
            time.sleep(ms / 1000)

    # waiting and ending

    def do_sleep(self, rest):
        time.sleep(float(rest))

    def do_wait_readable(self, rest):
        import select

        if not self.buffer and not select.select([self.sock], [], [], float(rest))[0]:
            self.sock.close()
            raise Ended()

    def do_fin(self, _):
        self.sock.shutdown(socket.SHUT_WR)

    def do_close(self, _):
        self.sock.close()
        raise Ended()

    def do_abort(self, _):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()
        raise Ended()

    def do_die(self, _):
        os.kill(os.getpid(), signal.SIGKILL)

    def do_close_listener(self, _):
        self.listener.close()

    def do_hold(self, _):
        time.sleep(3600)

    # options

    def do_tls(self, rest):
        versions = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
        words = rest.split()
        server = self.listener is not None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
        if words and words[0] in versions:
            context.minimum_version = versions[words[0]]
            context.maximum_version = versions[words[-1]]
        if server:
            context.load_cert_chain(spec["certificate"], spec["key"])
            self.sock = context.wrap_socket(self.sock, server_side=True)
        else:
            if "verify" in words:
                context.load_verify_locations(spec["authority"])
            else:
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            self.sock = context.wrap_socket(self.sock, server_hostname="lab.test")

    def do_unwrap(self, _):
        self.sock = self.sock.unwrap()

    def do_timeout(self, rest):
        self.sock.settimeout(float(rest))

    def do_keepalive(self, rest):
        idle, interval, count = (int(word) for word in rest.split())
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, idle)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, interval)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, count)

    def do_user_timeout(self, rest):
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(rest))

    def do_sndbuf(self, rest):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, int(rest))

    def do_rcvbuf(self, rest):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, int(rest))

    def do_nagle(self, _):
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)

    def do_connect_timeout(self, _):
        pass

    do_start_after = do_source_port = do_connect_timeout


def serve():
    family = socket.AF_INET6 if ":" in spec["address"] else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    first = spec["sessions"][0] if spec["sessions"] else []
    for step in first:
        if step.startswith("rcvbuf"):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, int(step.split()[1]))
    listener.bind((spec["address"], spec["port"]))
    listener.listen(spec["backlog"])
    time.sleep(spec["accept_after_s"])
    count = 0
    while not spec["accept_at_most"] or count < spec["accept_at_most"]:
        try:
            sock, _ = listener.accept()
        except OSError:
            break
        session = Session(sock, listener)
        steps = spec["sessions"][count % len(spec["sessions"])]
        threading.Thread(target=session.run, args=(steps,), daemon=True).start()
        count += 1
    time.sleep(3600)


def connect(steps):
    family = socket.AF_INET6 if ":" in spec["address"] else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    for step in steps:
        if step.startswith("start-after"):
            time.sleep(float(step.split()[1]))
        if step.startswith("source-port"):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(("", int(step.split()[1])))
        if step.startswith("rcvbuf"):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, int(step.split()[1]))
        if step.startswith("connect-timeout"):
            sock.settimeout(float(step.split()[1]))
    try:
        sock.connect((spec["address"], spec["port"]))
    except OSError as error:
        print("connect:", error, file=sys.stderr, flush=True)
        sock.close()
        return
    sock.settimeout(None)
    Session(sock).run(steps)


def drive():
    threads = []
    for _ in range(spec["repeat"]):
        for steps in spec["sessions"]:
            thread = threading.Thread(target=connect, args=(steps,))
            thread.start()
            if spec["every_s"] < 0:
                thread.join()
            else:
                time.sleep(spec["every_s"])
                threads.append(thread)
    for thread in threads:
        thread.join()


serve() if spec["role"] == "server" else drive()
