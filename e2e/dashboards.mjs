// The packs' dashboards as Grafana would get them: valid by Grafana's published schemas,
// and what no schema says: nothing overlaps, nothing refers to what is not there. What the
// checks find is shown on broken boards.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { flatPanels, grafanaSchema } from './grafana_schema.mjs';
import { equal, have, run, skip, test, truthy } from './harness.mjs';

const read = file => JSON.parse(readFileSync(file, 'utf8'));

function overlaps(panels, where) {
  const found = [], taken = new Map();
  for (const { title, gridPos: { x, y, w, h } } of panels) {
    if (x < 0 || y < 0 || w < 1 || h < 1 || x + w > 24) found.push(`${where}: ${title} leaves the grid`);
    for (let column = x; column < x + w; ++column) {
      for (let line = y; line < y + h; ++line) {
        const cell = `${column},${line}`;
        if (taken.has(cell)) return [...found, `${where}: ${title} lies on ${taken.get(cell)}`];
        taken.set(cell, title);
      }
    }
  }
  return found;
}

const twice = values => [...new Set(values.filter((value, i) => values.indexOf(value) !== i))];

// Names of labels that a query keeps; [] where it keeps none or all.
function keptLabels(expr) {
  if (/^(sum|avg|min|max|count)\(/.test(expr)) return [];
  const kept = /\bby \(([^)]*)\)/.exec(expr);
  return kept ? kept[1].split(',').map(label => label.trim()).filter(label => label !== 'le') : [];
}

function ofPanel(board, panel) {
  const where = `${board.uid}: ${panel.title}`, found = [], targets = panel.targets ?? [];
  const ids = targets.map(target => target.refId), rows = (panel.transformations ?? []).some(({ id }) => id === 'reduce');
  if (targets.length === 0) found.push(`${where}: asks nothing`);
  if (!panel.title || !panel.description) found.push(`${where}: no title or no description`);
  for (const id of twice(ids)) found.push(`${where}: two queries ${id}`);
  for (const { matcher } of panel.fieldConfig.overrides) {
    if (matcher.id === 'byFrameRefID' && !ids.includes(matcher.options)) found.push(`${where}: override of a query ${matcher.options} that is not there`);
  }
  if (panel.type === 'table' && !rows) return found;
  for (const { expr, legendFormat, refId } of targets) {
    if (legendFormat === '__auto') continue;
    for (const label of keptLabels(expr)) {
      if (!new RegExp(`\\{\\{\\s*${label}\\s*\\}\\}`).test(legendFormat)) found.push(`${where}: query ${refId} has a series for each ${label} and the legend "${legendFormat}"`);
    }
  }
  return found;
}

function structure(boards) {
  const found = [];
  for (const key of ['uid', 'title']) for (const value of twice(boards.map(board => board[key]))) found.push(`two boards of the ${key} ${value}`);
  for (const board of boards) {
    const where = board.uid, rows = board.panels.filter(panel => panel.type === 'row');
    if (!/^[\w-]{1,40}$/.test(board.uid)) found.push(`${where}: uid`);
    for (const id of twice([...rows, ...flatPanels(board)].map(panel => panel.id))) found.push(`${where}: two panels ${id}`);
    found.push(...overlaps(board.panels, where));
    for (const row of rows) found.push(...overlaps(row.panels, `${where}: ${row.title}`));
    const variables = new Set(board.templating.list.map(variable => variable.name));
    for (const [, name] of JSON.stringify([board.panels, board.annotations, board.templating]).matchAll(/\$\{?([a-z]\w*)/g)) {
      if (!variables.has(name)) found.push(`${where}: there is no variable ${name}`);
    }
    for (const { url } of board.links) if (!boards.some(other => url === `/d/${other.uid}`)) found.push(`${where}: link to ${url}`);
    for (const panel of flatPanels(board)) found.push(...ofPanel(board, panel));
  }
  return [...new Set(found)];
}

const first = (board, type) => flatPanels(board).find(panel => !type || panel.type === type);
const BROKEN = [
  ['a field that dashboards do not have', board => { board.colour = 'red'; }, /additional properties \("colour"\)/],
  ['a missing schema version', board => { delete board.schemaVersion; }, /required property 'schemaVersion'/],
  ['a refresh that is no text', board => { board.refresh = 30; }, /\/refresh must be string/],
  ['a field that panels do not have', board => { first(board).colour = 'red'; }, /additional properties \("colour"\)/],
  ['an unknown plugin', board => { first(board).type = 'cake'; }, /no schema cakeOptions/],
  ['an option that a stat requires', board => { delete first(board, 'stat').options.justifyMode; }, /\/options must have required property 'justifyMode'/],
  ['a value that a stat does not know', board => { first(board, 'stat').options.colorMode = 'loud'; }, /\/options\/colorMode .*allowed values/],
  ['an option of another plugin', board => { first(board, 'timeseries').options.pieType = 'pie'; }, /\/options .*additional properties \("pieType"\)/],
  ['a line style that graphs do not know', board => { first(board, 'timeseries').fieldConfig.defaults.custom.drawStyle = 'wavy'; }, /\/custom\/drawStyle/],
  ['a threshold without a color', board => { delete first(board).fieldConfig.defaults.thresholds.steps[0].color; }, /required property 'color'/],
  ['an override of a wrong type', board => { first(board).fieldConfig.overrides = [{ matcher: { id: 'byName', options: 'a' }, properties: [{ id: 'decimals', value: 'two' }] }]; }, /override decimals.*must be number/],
  ['an override that the plugin does not have', board => { first(board, 'timeseries').fieldConfig.overrides = [{ matcher: { id: 'byName', options: 'a' }, properties: [{ id: 'custom.cellOptions', value: {} }] }]; }, /override custom\.cellOptions.*additional properties/],
  ['an unknown unit', board => { first(board).fieldConfig.defaults.unit = 'parsecs'; }, /no unit "parsecs"/],
  ['a query without an expression', board => { delete first(board).targets[0].expr; }, /query A must have required property 'expr'/],
  ['a query format that Prometheus does not have', board => { first(board).targets[0].format = 'csv'; }, /query A\/format/],
  ['a query of an unknown data source', board => { first(board).targets[0].datasource.type = 'oracle'; }, /no schema oracleQuery/],
  ['a variable with half a choice', board => { board.templating.list[0].current = {}; }, /current must have required property 'text'/],
  ['two panels on one spot', board => { board.panels.filter(panel => panel.type !== 'row')[1].gridPos = first(board).gridPos; }, / lies on /],
  ['a panel beyond the grid', board => { first(board).gridPos.x = 23; }, /leaves the grid/],
  ['two panels of one id', board => { flatPanels(board)[1].id = first(board).id; }, /two panels \d+/],
  ['a variable that nobody declares', board => { first(board).targets[0].expr = 'up{node="$node"}'; }, /no variable node/],
  ['a link to nowhere', board => { board.links[0].url = '/d/nowhere'; }, /link to \/d\/nowhere/],
  ['an override of no query', board => { first(board).fieldConfig.overrides = [{ matcher: { id: 'byFrameRefID', options: 'Z' }, properties: [] }]; }, /query Z that is not there/],
  ['a legend that is the same for all', board => { Object.assign(first(board, 'timeseries').targets[0], { expr: 'sum by (node) (up)', legendFormat: 'up' }); }, /a series for each node/],
];

// What Grafana's documentation names for the two kinds of provisioning files.
const PROVISIONED = {
  datasources: new Set(['name', 'type', 'access', 'uid', 'url', 'isDefault', 'editable', 'orgId', 'version', 'jsonData']),
  providers: new Set(['name', 'type', 'folder', 'folderUid', 'orgId', 'disableDeletion', 'allowUiUpdates', 'updateIntervalSeconds', 'options']),
};

export default async function dashboards({ root, vigil, dir }) {
  const exported = join(dir, 'boards'), packs = join(root, 'packs');
  const committed = readdirSync(packs, { recursive: true }).filter(name => /^[^/]+\/dashboards\/[^/]+\.json$/.test(name)).sort();
  const boards = committed.map(name => read(join(packs, name)));
  // One that DashboardExporter drew at run time; its own test keeps the file up to date.
  const drawn = read(join(packs, 'hotstuff2/tests/testdata/custom_board.json'));
  truthy(boards.length > 0 && flatPanels(drawn).length > 0, 'no dashboards');

  await test('the binary exports the committed dashboards', async () => {
    const { code, stderr } = await run(vigil, ['dashboards', 'export', 'all', '--output', exported]);
    equal(code, 0, stderr);
    for (const name of committed) {
      equal(readFileSync(join(exported, name.replace('/dashboards/', '/')), 'utf8') === readFileSync(join(packs, name), 'utf8'), true, name);
    }
  });
  await test(`${boards.length} dashboards: nothing overlaps, no dead reference, every series told apart`, () => equal(structure(boards), [], 'problems'));
  await test('and a board drawn at run time', () => equal(structure([drawn]), [], 'problems'));

  const modules = join(root, '.cache/grafana');
  if (!have(join(modules, '.installed'))) return skip("Grafana's dashboard schemas", '@grafana/grafana-foundation-sdk is not in .cache/grafana (./dev setup test installs it)');
  const { parse } = await import(pathToFileURL(join(modules, 'node_modules/yaml/dist/index.js')));
  await test('provisioning files have what Grafana knows', () => {
    for (const [file, list] of [['datasources', 'datasources'], ['dashboards', 'providers']]) {
      const document = parse(readFileSync(join(exported, `provisioning/${file}/vigil.yml`), 'utf8'));
      equal([document.apiVersion, Object.keys(document).sort()], [1, ['apiVersion', list]], file);
      truthy(document[list].length > 0, `${file}: empty`);
      for (const entry of document[list]) {
        equal(Object.keys(entry).filter(key => !PROVISIONED[list].has(key)), [], `${file}: unknown keys`);
        truthy(entry.name && entry.type, `${file}: no name or type`);
        truthy(list === 'providers' ? entry.options.path : /^https?:/.test(entry.url), `${file}: leads nowhere`);
      }
    }
  });

  let judge;
  if (!await test('schemas are made of the types that Grafana publishes', async () => { judge = await grafanaSchema(modules, join(dir, 'schema'), boards); })) return;
  for (const board of [...boards, drawn]) await test(`valid for Grafana: ${board.title}`, () => equal(judge(board), [], 'problems'));
  for (const [name, breakIt, expected] of BROKEN) {
    await test(`found on a broken board: ${name}`, () => {
      const board = structuredClone(boards.find(({ uid }) => uid === 'mpc-cluster-overview'));
      breakIt(board);
      const found = [...judge(board), ...structure([board, ...boards.filter(({ uid }) => uid !== board.uid)])];
      truthy(found.some(problem => expected.test(problem)), `${expected} is not in: ${found.join('; ')}`);
    });
  }
}
