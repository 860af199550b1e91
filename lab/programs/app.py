"""A web application for gunicorn (`app:wsgi`) and uvicorn (`app:asgi`).

Paths: /bytes/N            N bytes
       /slow/S/N           N bytes after S seconds
       /promise/N/M        promises N bytes, sends M, then fails
       /drip/N/CHUNK/MS    N bytes in chunks with pauses
       /die/N/M            promises N bytes, sends M, then the worker process kills itself
       /raise              fails before the answer
Uploads are read to their end before the answer, below /reject they are not.
"""

import asyncio
import os
import signal
import time

BODY = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-\n" * 4096


def parts(count):
    while count > 0:
        part = BODY[: min(count, len(BODY))]
        count -= len(part)
        yield part


def plan(path):
    """What to wait for first, to promise, to send, in which pieces, and what to do in the end."""
    kind, *numbers = path.strip("/").split("/")
    n = [float(number) for number in numbers if number.replace(".", "").isdigit()]
    if kind == "slow":
        return n[0], int(n[1]), int(n[1]), 0, 0, ""
    if kind in ("promise", "die"):
        return 0, int(n[0]), int(n[1]), 0, 0, kind
    if kind == "drip":
        return 0, int(n[0]), int(n[0]), int(n[1]), n[2] / 1000, ""
    if kind == "raise":
        return 0, 0, 0, 0, 0, "raise"
    size = int(n[0]) if n else 500
    return 0, size, size, 0, 0, ""


def pieces(send, chunk):
    return ([BODY[:chunk]] * (send // chunk)) if chunk else parts(send)


def wsgi(environ, start):
    path = environ["PATH_INFO"]
    if path.startswith("/reject"):
        start("413 Request Entity Too Large", [("Content-Length", "9")])
        return [b"too large"]
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    wait, promise, send, chunk, pause, end = plan(path)
    time.sleep(wait)
    if end == "raise":
        raise RuntimeError("as asked")
    start("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(promise))])

    def body():
        for piece in pieces(send, chunk):
            yield piece
            time.sleep(pause)
        if end == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if end == "promise":
            raise RuntimeError("as promised")

    return body()


async def asgi(scope, receive, send_message):
    if scope["type"] != "http":
        return
    path = scope["path"]
    length = b"9" if path.startswith("/reject") else None
    if length:
        await send_message({"type": "http.response.start", "status": 413, "headers": [(b"content-length", length)]})
        await send_message({"type": "http.response.body", "body": b"too large"})
        return
    while (await receive()).get("more_body"):
        pass
    wait, promise, send, chunk, pause, end = plan(path)
    await asyncio.sleep(wait)
    if end == "raise":
        raise RuntimeError("as asked")
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(promise).encode())]
    await send_message({"type": "http.response.start", "status": 200, "headers": headers})
    for piece in pieces(send, chunk):
        await send_message({"type": "http.response.body", "body": piece, "more_body": True})
        await asyncio.sleep(pause)
    if end == "die":
        await asyncio.sleep(0.2)
        os.kill(os.getpid(), signal.SIGKILL)
    if end == "promise":
        raise RuntimeError("as promised")
    await send_message({"type": "http.response.body", "body": b""})
