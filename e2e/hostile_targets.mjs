// Scrape targets that misbehave, each in its own way. A process of its own, so that
// their work does not slow the suite. Prints one JSON object: name -> "host:port".
import { createServer } from 'node:http';

const TYPE = { 'Content-Type': 'text/plain; version=0.0.4' };

// Writes chunks until the reader is gone.
function stream(response, chunk) {
  let i = 0;
  const push = () => { while (!response.destroyed && response.write(chunk(i++))); };
  response.on('drain', push);
  push();
}

const handlers = {
  malformed: (_, response) => response.writeHead(200, TYPE).end('ok 1\nthis is { not metrics\n'),
  huge_label: (_, response) => { response.writeHead(200, TYPE); response.end(`m{a="${'x'.repeat(100 << 20)}"} 1\n`); },
  silent: () => {},
  dripping: (_, response) => {
    response.writeHead(200, TYPE);
    const timer = setInterval(() => response.write('drip 1\n'), 100);
    response.on('close', () => clearInterval(timer));
  },
  ten_million: (_, response) => {
    response.writeHead(200, TYPE);
    stream(response, i => Array.from({ length: 2000 }, (_unused, k) => `s{i="${i * 2000 + k}"} 1\n`).join(''));
  },
  endless_line: (_, response) => { response.writeHead(200, TYPE); stream(response, () => 'a'.repeat(1 << 16)); },
  binary: (_, response) => response.writeHead(200, TYPE).end(Buffer.from(Array.from({ length: 4096 }, (_unused, i) => (i * 7919) & 255))),
  wrong_type: (_, response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>'),
  error_status: (_, response) => response.writeHead(500).end('no'),
};

const addresses = {};
for (const [name, handler] of Object.entries(handlers)) {
  await new Promise(resolve => {
    const server = createServer(handler).listen(0, '127.0.0.1', () => { addresses[name] = `127.0.0.1:${server.address().port}`; resolve(); });
  });
}
console.log(JSON.stringify(addresses));
