// Node's HTTP server. Options:
//   keepAliveTimeout, headersTimeout, requestTimeout, timeout   milliseconds, as Node's own
//   destroyAfter: N       destroy the response's socket after N bytes of body
//   resetAfter: N         the same with a RST
//   endAfter: N           end the connection in order after N bytes although more is promised
//   answerAfter: MS       wait before the answer; null: never answer
//   size: N               length of the body
//   rejectUpload: CODE    answer an upload with this status at once and close
//   ignoreBody: true      answer before the request's body is read, and destroy
const fs = require('fs');
const spec = JSON.parse(fs.readFileSync(process.argv[2]));
const o = spec.options;
const body = Buffer.alloc(65536, 'node-lab ');

function send(res, n, done) {
  let left = n;
  function more() {
    while (left > 0) {
      const part = body.subarray(0, Math.min(left, body.length));
      left -= part.length;
      if (!res.write(part)) { res.once('drain', more); return; }
    }
    done();
  }
  more();
}

function handle(req, res) {
  const socket = res.socket;
  if (o.rejectUpload && req.method !== 'GET') {
    res.writeHead(o.rejectUpload, { 'Content-Length': 9, Connection: 'close' });
    res.end('too large');
    if (o.ignoreBody) res.on('finish', () => socket.destroy());
    return;
  }
  if (o.answerAfter === 'never') return;
  const size = o.size === undefined ? 5000 : o.size;
  setTimeout(() => {
    res.writeHead(200, { 'Content-Length': size, 'Content-Type': 'text/plain' });
    if (o.destroyAfter !== undefined) return send(res, o.destroyAfter, () => setTimeout(() => socket.destroy(), 20));
    if (o.resetAfter !== undefined) return send(res, o.resetAfter, () => setTimeout(() => socket.resetAndDestroy(), 20));
    if (o.endAfter !== undefined) return send(res, o.endAfter, () => setTimeout(() => socket.end(), 20));
    send(res, size, () => res.end());
  }, o.answerAfter || 0);
}

const server = spec.tls
  ? require('https').createServer({ cert: fs.readFileSync(spec.certificate), key: fs.readFileSync(spec.key), connectionsCheckingInterval: 300 }, handle)
  : require('http').createServer({ connectionsCheckingInterval: 300 }, handle);
for (const name of ['keepAliveTimeout', 'headersTimeout', 'requestTimeout', 'timeout']) {
  if (o[name] !== undefined) server[name] = o[name];
}
if (o.keepAliveTimeout !== undefined) server.keepAliveTimeoutBuffer = 0;
server.listen(spec.port, spec.address);
