// Tracked errors reach Sentry: the envelopes are read by Sentry's own SDK, and a Sentry
// that refuses, hangs or is absent does not hold the program up.
import { createServer } from 'node:http';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { equal, freePorts, have, run, skip, test, truthy } from './harness.mjs';

// Answers like Sentry; `respond` may set status and headers, or never end the answer.
async function fakeSentry(respond) {
  const requests = [];
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', chunk => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
      requests.push({ path: request.url, method: request.method, headers: request.headers, envelope: text });
      respond(response);
    });
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  return { dsn: `http://topsecretkey@127.0.0.1:${port}/42`, requests, close: () => { server.closeAllConnections(); server.close(); } };
}

export default async function errorsSentry({ root, vigil, dir }) {
  mkdirSync(dir, { recursive: true });
  const example = join(dirname(vigil), 'errors_example');
  const modules = join(root, '.cache/web/node_modules');
  if (!have(example)) return skip('errors to Sentry', `${example} is not built (./dev test builds it)`);
  if (!have(join(modules, '@sentry/core'))) return skip('errors to Sentry', '@sentry/core is not in .cache/web (./dev test installs it)');
  const { parseEnvelope, makeDsn, dsnToString } = createRequire(join(modules, 'index.js'))('@sentry/core');

  const track = async env => {
    const began = Date.now();
    const result = await run('env', [...Object.entries(env).map(([name, value]) => `${name}=${value}`), example]);
    equal(result.code, 0, `exit code (${result.stderr})`);
    truthy(result.stdout.startsWith('Total errors: 21\n'), result.stdout);
    truthy(!(result.stdout + result.stderr).includes('topsecretkey'), 'the key is in the output');
    return { ...result, seconds: (Date.now() - began) / 1000, records: result.stderr.trim().split('\n').filter(line => line.startsWith('{')).map(line => JSON.parse(line)) };
  };
  // Their parser leaves items that state their length as bytes.
  const parse = ({ envelope }) => {
    const [header, items] = parseEnvelope(envelope);
    return [header, items.map(([item, payload]) => [item, JSON.parse(Buffer.from(payload).toString())])];
  };

  await test('an envelope is what Sentry reads', async () => {
    const sentry = await fakeSentry(response => response.end('{}'));
    const { records, stdout } = await track({ SENTRY_DSN: sentry.dsn, SENTRY_ENVIRONMENT: 'e2e', SENTRY_RELEASE: 'prover@1.4.2' });
    sentry.close();
    truthy(stdout.includes('Sentry: nothing waits'), stdout);
    equal(sentry.requests.length, 11, 'requests'); // 1 + the first 10 of 20 equal ones
    const { path, method, headers } = sentry.requests[0];
    equal([method, path, headers['content-type']], ['POST', '/api/42/envelope/', 'application/x-sentry-envelope']);
    truthy(/^Sentry sentry_version=7, sentry_client=vigil\/[\d.]+, sentry_key=topsecretkey$/.test(headers['x-sentry-auth']), headers['x-sentry-auth']);
    equal(dsnToString(makeDsn(sentry.dsn), false), sentry.dsn, 'the DSN, by their parser');

    const envelopes = sentry.requests.map(parse);
    for (const [header, items] of envelopes) {
      truthy(!Number.isNaN(Date.parse(header.sent_at)), 'sent_at');
      truthy(items.some(([{ type }]) => type === 'event'), 'every envelope has an event');
      equal(items.find(([{ type }]) => type === 'event')[1].event_id, header.event_id, 'event_id');
    }
    equal(new Set(envelopes.map(([header]) => header.event_id)).size, 11, 'distinct ids');
    const [, event] = envelopes[0][1].find(([{ type }]) => type === 'event');
    equal([event.level, event.platform, event.environment, event.release, event.logger], ['fatal', 'native', 'e2e', 'prover@1.4.2', 'zk']);
    const [exception] = event.exception.values;
    equal([exception.type, exception.value], ['proof_generation', 'Failed to generate witness']);
    const innermost = exception.stacktrace.frames.at(-1);
    truthy(innermost.function.includes('prove'), `innermost frame: ${JSON.stringify(innermost)}`);
    equal(event.contexts.error.custom_fields, { expected_hash: '0xdef...', input_hash: '0xabc...' });
    const dropped = envelopes.flatMap(([, items]) => items).filter(([{ type }]) => type === 'client_report').flatMap(([, report]) => report.discarded_events);
    equal(dropped.reduce((sum, { quantity }) => sum + quantity, 0), 10, 'reported as dropped');

    equal(records.length, 11, 'log records');
    equal(records[0].context.circuit_id, 'groth16_v1');
    truthy(/#0 .*prove/.test(records[0].stack_trace), records[0].stack_trace);
  });
  await test('a rate limit silences', async () => {
    const sentry = await fakeSentry(response => response.writeHead(429, { 'X-Sentry-Rate-Limits': '60:error:key' }).end());
    const { stdout } = await track({ SENTRY_DSN: sentry.dsn });
    sentry.close();
    equal(sentry.requests.map(parse).filter(([, items]) => items.some(([{ type }]) => type === 'event')).length, 1, 'events sent');
    truthy(stdout.includes('Total errors: 21'), stdout);
  });
  await test('a Sentry that hangs or is absent costs the flush time-out', async () => {
    const sentry = await fakeSentry(() => {});
    const hanging = await track({ SENTRY_DSN: sentry.dsn });
    sentry.close();
    const [port] = await freePorts(1);
    const absent = await track({ SENTRY_DSN: `http://topsecretkey@127.0.0.1:${port}/42` });
    for (const { seconds, stdout, records } of [hanging, absent]) {
      truthy(seconds < 8, `took ${seconds} s`);
      truthy(stdout.includes('not everything was delivered'), stdout);
      equal(records.length, 11, 'log records');
    }
  });
  await test('without a DSN nothing is sent, with a bad one neither', async () => {
    const { seconds } = await track({ SENTRY_DSN: '' });
    truthy(seconds < 2, `took ${seconds} s`);
    const { stderr } = await track({ SENTRY_DSN: 'https://topsecretkey@' });
    truthy(stderr.includes('invalid Sentry DSN'), stderr);
  });
}
