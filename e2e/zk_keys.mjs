// Makes the keys that real proofs need, once: circuit, powers of tau, proving and
// verification keys of Groth16 and PLONK, the witness. Not secret: for tests only.
//
//   node zk_keys.mjs MODULES DIRECTORY      MODULES has snarkjs and circom2 in node_modules
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const [modules, directory] = process.argv.slice(2).map(path => resolve(path));
if (existsSync(directory)) process.exit(0);
const snarkjs = createRequire(join(modules, 'x.js'))('snarkjs');
const work = `${directory}.tmp`;
rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });
const file = name => join(work, name);

// The prover knows a root of a public square.
writeFileSync(file('root.circom'), `pragma circom 2.0.0;
template Root() { signal input root; signal output square; square <== root * root; }
component main = Root();
`);
execFileSync(process.execPath, [join(modules, 'node_modules/circom2/cli.js'), 'root.circom', '--r1cs', '--wasm'], { cwd: work, stdio: 'inherit' });
await snarkjs.powersOfTau.newAccumulator(await snarkjs.curves.getCurveFromName('bn128'), 8, file('tau0'));
await snarkjs.powersOfTau.contribute(file('tau0'), file('tau1'), 'test', 'not secret');
await snarkjs.powersOfTau.preparePhase2(file('tau1'), file('tau'));
await snarkjs.zKey.newZKey(file('root.r1cs'), file('tau'), file('groth16.zkey0'));
await snarkjs.zKey.contribute(file('groth16.zkey0'), file('groth16.zkey'), 'test', 'not secret');
await snarkjs.plonk.setup(file('root.r1cs'), file('tau'), file('plonk.zkey'));
for (const type of ['groth16', 'plonk']) {
  writeFileSync(file(`${type}.vk.json`), JSON.stringify(await snarkjs.zKey.exportVerificationKey(file(`${type}.zkey`))));
}
await snarkjs.wtns.calculate({ root: '123456789' }, file('root_js/root.wasm'), file('witness.wtns'));
renameSync(work, directory);
process.exit(0); // snarkjs keeps worker threads
