// What every end-to-end scenario needs: processes that die with us, free ports,
// waiting for a condition with a deadline, and the closing line that ./dev reads.
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { existsSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';

const children = new Set();
const counts = { passed: 0, failed: 0, skipped: 0 };

process.on('exit', () => { for (const child of children) child.kill('SIGKILL'); });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

export const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));

export async function freePorts(n) {
  const servers = await Promise.all(Array.from({ length: n }, () => new Promise(resolve => {
    const server = createTcpServer().listen(0, '127.0.0.1', () => resolve(server));
  })));
  const ports = servers.map(server => server.address().port);
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))));
  return ports;
}

// A base port with n free ports from it on.
export async function freeRange(n) {
  for (let attempt = 0; attempt < 50; ++attempt) {
    const base = 20000 + Math.floor(Math.random() * 10000);
    const free = await Promise.all(Array.from({ length: n }, (_, i) => new Promise(resolve => {
      const server = createTcpServer();
      server.once('error', () => resolve(false));
      server.listen(base + i, '127.0.0.1', () => server.close(() => resolve(true)));
    })));
    if (free.every(Boolean)) return base;
  }
  throw new Error('no range of free ports found');
}

// Starts a program; its output goes to LOGS/name.log.
export function start(name, command, args, { logs, env = {}, uid, gid }) {
  mkdirSync(logs, { recursive: true });
  const log = openSync(join(logs, `${name}.log`), 'a');
  const child = spawn(command, args, { stdio: ['ignore', log, log], env: { ...process.env, ...env }, uid, gid });
  children.add(child);
  child.exited = new Promise(resolve => child.once('exit', (code, signal) => { children.delete(child); resolve({ code, signal }); }));
  child.once('error', error => console.error(`${name}: ${error.message}`));
  return child;
}

export async function stop(child, signal = 'SIGTERM') {
  child.kill(signal);
  return child.exited;
}

// Runs a program to its end.
export function run(command, args, { timeout = 30000, input, env = {}, uid, gid } = {}) {
  return new Promise(resolve => {
    const child = spawn(command, args, { timeout, env: { ...process.env, ...env }, uid, gid });
    let stdout = '', stderr = '';
    child.stdout.on('data', data => { stdout += data; });
    child.stderr.on('data', data => { stderr += data; });
    child.once('error', error => resolve({ code: -1, stdout, stderr: String(error) }));
    child.once('close', code => resolve({ code, stdout, stderr }));
    if (input !== undefined) child.stdin.end(input);
    else child.stdin.end();
  });
}

export async function http(method, url, { body, headers = {}, timeout = 5000 } = {}) {
  const response = await fetch(url, { method, body, headers, signal: AbortSignal.timeout(timeout) });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
}

// Polls until `probe` returns something truthy; its value is returned.
export async function until(what, seconds, probe) {
  const deadline = Date.now() + seconds * 1000;
  let last;
  for (;;) {
    try {
      const value = await probe();
      if (value) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`${what}: not within ${seconds} s${last ? ` (${last.message})` : ''}`);
    await sleep(100);
  }
}

// Instant query; the result vector as [{metric, value}].
export async function query(base, expr, time) {
  const url = new URL('/api/v1/query', base);
  url.searchParams.set('query', expr);
  if (time !== undefined) url.searchParams.set('time', time);
  const { json } = await http('GET', url);
  const answer = json();
  if (answer.status !== 'success') throw new Error(`${expr}: ${answer.error}`);
  const { resultType, result } = answer.data;
  if (resultType === 'scalar') return [{ metric: {}, value: Number(result[1]) }];
  return result.map(({ metric, value, values }) => ({ metric, value: value && Number(value[1]), values }));
}

// An HTTP server that keeps every request body (JSON where it is that).
export async function sink() {
  const requests = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', data => { body += data; });
    request.on('end', () => {
      let json;
      try { json = JSON.parse(body); } catch { json = undefined; }
      requests.push({ at: Date.now(), path: request.url, body, json });
      response.end('ok');
    });
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, requests, close: () => server.close() };
}

// One named check. Failures are printed and counted; the scenario goes on.
export async function test(name, body) {
  const began = Date.now();
  try {
    await body();
    counts.passed += 1;
    console.log(`ok   ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
    return true;
  } catch (error) {
    counts.failed += 1;
    console.log(`FAIL ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)\n     ${error.stack ?? error}`);
    return false;
  }
}

export function skip(name, reason) {
  counts.skipped += 1;
  console.log(`SKIP: ${name}: ${reason}`);
}

export function equal(actual, expected, what = 'value') {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: got ${a}, want ${b}`);
}

export function truthy(value, what) {
  if (!value) throw new Error(what);
}

export function have(path) { return existsSync(path); }

export function finish() {
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  process.exit(counts.failed === 0 ? 0 : 1);
}
