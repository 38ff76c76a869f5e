// The client benchmark: vigil's instruments beside prometheus-cpp's in one run.
//
//   node bench/client/run.mjs --client build/bench/bench/client [--runs 3] [--json FILE]
//
// Each measurement is a process of its own; the libraries take turns, and a figure is
// the median over the runs: those of a few nanoseconds repeat to 2 %. Instructions come from callgrind: (11,000 operations - 1,000) / 10,000.
// Prints the tables; exits 0 whether or not a target is met, for a timing is no test.
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';

const options = { runs: '3' };
for (let i = 2; i < process.argv.length; i += 2) options[process.argv[i].replace(/^--/, '')] = process.argv[i + 1];
const LIBRARIES = ['vigil', 'prometheus-cpp'];
const SERIES = 100000;

const median = values => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const load = loadavg()[0];

function run(...args) {
  process.stderr.write(`${args.join(' ')}\n`);
  return JSON.parse(execFileSync(options.client, args.map(String), { encoding: 'utf8' }));
}
function instructions(...args) {
  process.stderr.write(`callgrind ${args.join(' ')}\n`);
  const done = spawnSync('valgrind', ['--tool=callgrind', '--callgrind-out-file=/dev/null', options.client, ...args.map(String)], { encoding: 'utf8' });
  const collected = /Collected : (\d+)/.exec(done.stderr ?? '');
  if (!collected) throw new Error(`valgrind ${args.join(' ')}: ${done.error ?? done.stderr}`);
  return Number(collected[1]);
}
// Of each list of arguments, key by key the median over the runs, by library; null for what
// a library does not have. Measurements take turns: what a neighbour on the host does for a
// minute meets all of them.
function measure_all(lists) {
  const seen = lists.map(() => Object.fromEntries(LIBRARIES.map(library => [library, []])));
  for (let i = 0; i < Number(options.runs); ++i) {
    lists.forEach((args, at) => LIBRARIES.forEach(library => seen[at][library].push(run(library, ...args))));
  }
  return seen.map(by_library => Object.fromEntries(LIBRARIES.map(library => [library, by_library[library][0] &&
    Object.fromEntries(Object.keys(by_library[library][0]).map(key => [key, median(by_library[library].map(result => result[key]))]))])));
}
const measure = (...args) => measure_all([args])[0];

const results = { load, runs: Number(options.runs), operations: {}, loop: {} };
const OPERATIONS = ['counter', 'histogram', 'native', 'timer', 'lookup'];
const timed = measure_all(OPERATIONS.flatMap(operation => [['time', operation, 1], ['time', operation, 2]]));
for (const [at, operation] of OPERATIONS.entries()) {
  const [one, two] = timed.slice(2 * at, 2 * at + 2);
  results.operations[operation] = Object.fromEntries(LIBRARIES.map(library => [library, one[library] && {
    one: one[library], two: two[library],
    // A timer asks the clock: its instructions depend on the time.
    instructions: operation === 'timer' ? undefined
      : (instructions(library, 'run', operation, 11000) - instructions(library, 'run', operation, 1000)) / 10000,
  }]));
}
results.allocations = measure('allocations', 'lookup');
for (const name of ['page', 'scrape', 'snapshot', 'memory']) results[name] = measure(name, SERIES);
const block = (...args) => (instructions(...args.slice(0, 2), 25, ...args.slice(2)) - instructions(...args.slice(0, 2), 5, ...args.slice(2))) / 20;
for (const [key, library, ...operation] of [['none', 'vigil'], ['vigil', 'vigil', 'consensus'], ['pack', 'vigil', 'pack'], ['prometheus-cpp', 'prometheus-cpp', 'consensus']]) {
  results.loop[key] = { instructions: block(library, 'loop', ...operation), us: median(Array.from({ length: Number(options.runs) }, () => run(library, 'loop', 2000, ...operation).us)) };
}
results.load_at_end = loadavg()[0];

// --- report -------------------------------------------------------------------

const show = value => value === undefined ? '–' : value >= 1000 ? Math.round(value).toLocaleString('en') : value >= 10 ? value.toFixed(1) : String(Number(value.toPrecision(3)));
const known = (...values) => values.every(value => value !== undefined);
const met = (ok, ...of) => !known(...of) ? 'not measured' : ok ? 'yes' : '**no**';
const line = (...cells) => console.log(`| ${cells.join(' | ')} |`);
const head = (...cells) => { console.log(); line(...cells); line(...cells.map(() => '---')); };
const mib = bytes => bytes / 1048576;

head('measure', 'vigil', 'prometheus-cpp', 'ratio', 'must', 'met');
// `least`: how many times vigil must be better than prometheus-cpp.
const times = (vigil, peer) => known(vigil, peer) && vigil > 0 ? `${show(peer / vigil)}×` : '–';
const ratio = (label, vigil, peer, least) => line(label, show(vigil), show(peer), times(vigil, peer), `≥ ${least}×`, met(peer / vigil >= least, vigil, peer));
const most = (label, vigil, peer, limit, text = show(limit)) => line(label, show(vigil), show(peer), times(vigil, peer), `≤ ${text}`, met(vigil <= limit, vigil, limit));
// On a machine too busy for a clean window there is no figure.
const ns = timing => timing.windows > 0 ? timing.ns : undefined;
const pair = (operation, label, least) => {
  const { vigil, 'prometheus-cpp': peer } = results.operations[operation];
  ratio(`${label}, 1 thread, ns`, ns(vigil.one), ns(peer.one), least[0]);
  ratio(`${label}, 2 threads, ns`, ns(vigil.two), ns(peer.two), least[1]);
};
const counted = (operation, label, limit) => most(`${label}, instructions`, results.operations[operation].vigil.instructions, results.operations[operation]['prometheus-cpp'].instructions, limit);

pair('counter', 'counter inc, one series', [5, 25]);
counted('counter', 'counter inc', 25);
pair('histogram', 'histogram observe, 30 buckets', [6, 20]);
counted('histogram', 'histogram observe', 70);
const { histogram, native } = results.operations;
for (const [threads, key] of [['1 thread', 'one'], ['2 threads', 'two']]) {
  most(`native histogram observe, ${threads}, ns`, ns(native.vigil[key]), undefined, ns(histogram.vigil[key]) * 1.02, `classic (${show(ns(histogram.vigil[key]))}) + 2 %`);
}
line('native histogram observe, instructions', show(native.vigil.instructions), '–', '–', '–', '–');
pair('timer', 'timer scope', [2.2, 10]);
pair('lookup', '3-label lookup + inc, 1,000 series', [9, 33]);
counted('lookup', '3-label lookup + inc', 400);
most('3-label lookup + inc, allocations', results.allocations.vigil.allocations, results.allocations['prometheus-cpp'].allocations, 0);
const both = (name, key, scale = x => x) => LIBRARIES.map(library => scale(results[name][library][key]));
ratio('page of 100,000 counters, text, CPU ms', ...both('page', 'cpu_ms'), 25);
most('… transient memory, MiB', ...both('page', 'transient_bytes', mib), 1);
most('… longest update meanwhile, us', ...both('page', 'update_us'), 100);
most('… longest registration meanwhile, us', ...both('page', 'registration_us'), 100);
ratio('HTTP scrape of 100,000 series, ms', ...both('scrape', 'wall_ms'), 16);
ratio('bytes per counter series', ...both('memory', 'bytes'), 3);
line('registration of a series, CPU ns', ...both('memory', 'register_ns').map(show), times(...both('memory', 'register_ns')), '–', '–');
line('snapshot of 100,000 series, CPU ms', ...both('snapshot', 'cpu_ms').map(show), times(...both('snapshot', 'cpu_ms')), '–', '–');
most('snapshot of 100,000 series, p99, ms', ...both('snapshot', 'wall_p99_ms'), 100);

head('reference loop, per block', 'instructions', 'of the loop', 'CPU us', 'must', 'met');
const bare = results.loop.none;
line('crypto alone: 3 Ed25519 verifications, SHA-256 of 500 × 200 B', show(bare.instructions), '–', show(bare.us), '–', '–');
for (const [key, label, limit] of [['vigil', '+ 25 updates, vigil', 1], ['pack', '+ 25 calls of packs/hotstuff2', 1], ['prometheus-cpp', '+ 25 updates, prometheus-cpp']]) {
  const more = 100 * (results.loop[key].instructions - bare.instructions) / bare.instructions;
  line(label, show(results.loop[key].instructions), `+ ${show(more)} %`, show(results.loop[key].us), limit ? `< ${limit} %` : '–', limit ? met(more < limit) : '–');
}
console.log(`\nMedians of ${results.runs} runs; load average ${results.load.toFixed(1)} at the start, ${results.load_at_end.toFixed(1)} at the end.`);
console.log(`Quiet CPUs, for comparison: longest update ${both('page', 'update_quiet_us').map(show).join(' / ')} us, longest registration ${both('page', 'registration_quiet_us').map(show).join(' / ')} us.`);
if (options.json) writeFileSync(options.json, `${JSON.stringify(results, null, 1)}\n`);
