// Node's HTTP client: client.js URL [JSON options]
//   destroyAfter: N    destroy the request's socket after N bytes of the body
//   timeout: MS        give up (destroy) after a silence
//   requests: N        that many, one after the other, on one kept-alive connection
//   pause: MS          between them
//   pauseAt: N         stop reading after N bytes, for good
//   method, upload: N  a request body of N bytes
const [url, json] = process.argv.slice(2);
const o = JSON.parse(json || '{}');
const lib = require(url.startsWith('https') ? 'https' : 'http');
if (o.pauseAt !== undefined) setInterval(() => {}, 1000);
const agent = new lib.Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: !o.verify ? false : true });
let left = o.requests || 1;

function next() {
  left -= 1;
  let seen = 0;
  const req = lib.request(url, { agent, method: o.method || 'GET', timeout: o.timeout }, (res) => {
    res.on('data', (part) => {
      seen += part.length;
      if (o.destroyAfter !== undefined && seen >= o.destroyAfter) req.destroy();
      if (o.pauseAt !== undefined && seen >= o.pauseAt) res.pause();
    });
    res.on('end', () => {
      if (left > 0) setTimeout(next, o.pause || 0);
      else if (o.linger) setTimeout(() => agent.destroy(), o.linger);
      else agent.destroy();
    });
    res.on('error', (error) => { console.error(error.message); agent.destroy(); });
  });
  req.on('timeout', () => req.destroy());
  req.on('error', (error) => { console.error(error.message); agent.destroy(); });
  if (o.upload) req.write(Buffer.alloc(o.upload, 'u'));
  req.end();
}
next();
