// Judges classic Grafana dashboards by what Grafana publishes: the types of
// @grafana/grafana-foundation-sdk, which are generated from Grafana's own schemas. They are
// made JSON Schemas, one for the dashboard, one for each panel plugin's options and field
// configuration, one for each data source's query. Strict: a field that a schema does not
// have is a problem, as is one that it requires and that is not there.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const SDK = 'node_modules/@grafana/grafana-foundation-sdk/dist';
const QUERIES = ['prometheus', 'loki'];

export const flatPanels = board => (board.panels ?? []).flatMap(panel => (panel.type === 'row' ? panel.panels : [panel]));
const moduleOf = plugin => plugin.replaceAll('-', '');

// `boards` tell which panel plugins there are to be schemas for.
export async function grafanaSchema(modules, dir, boards) {
  const load = file => import(pathToFileURL(join(modules, 'node_modules', file)));
  const generator = await load('ts-json-schema-generator/dist/index.js');
  const { default: { default: Ajv } } = await load('ajv/dist/ajv.js');
  mkdirSync(dir, { recursive: true });

  const declared = plugin => {
    const file = join(modules, SDK, moduleOf(plugin), 'types.gen.d.ts');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  };
  const wanted = [['Board', 'dashboard', 'Dashboard'], ['Panel', 'dashboard', 'Panel'], ['RowPanel', 'dashboard', 'RowPanel'], ['FieldConfig', 'dashboard', 'FieldConfig']];
  for (const source of QUERIES) wanted.push([`${source}Query`, source, /interface (dataquery)\b/i.exec(declared(source))[1]]);
  for (const plugin of new Set(boards.flatMap(flatPanels).map(panel => panel.type))) {
    for (const type of ['Options', 'FieldConfig']) {
      if (new RegExp(`export (interface|type) ${type}\\b`).test(declared(plugin))) wanted.push([moduleOf(plugin) + type, moduleOf(plugin), type]);
    }
  }
  const root = join(dir, 'root.ts'), tsconfig = join(dir, 'tsconfig.json');
  writeFileSync(root, wanted.map(([name, module, type], i) =>
    `import type * as m${i} from ${JSON.stringify(join(modules, SDK, module, 'types.gen'))}\nexport type Of${name} = m${i}.${type}\n`).join(''));
  writeFileSync(tsconfig, JSON.stringify({ compilerOptions: { module: 'esnext', moduleResolution: 'bundler', target: 'es2022', strict: true, types: [] }, files: [root] }));
  const config = { ...generator.DEFAULT_CONFIG, path: root, tsconfig, expose: 'all', jsDoc: 'none', functions: 'hide', additionalProperties: false };
  const program = generator.createProgram(config);
  const schemas = new generator.SchemaGenerator(program, generator.createParser(program, config), generator.createFormatter(config), config);
  const ajv = new Ajv({ allErrors: true, strict: false });
  const validators = new Map(), parts = new Map();
  for (const [name] of wanted) {
    const schema = schemas.createSchema(`Of${name}`);
    // Queries are of many kinds behind one empty interface; each is judged by its data source's.
    if (schema.definitions.Dataquery && !name.endsWith('Query')) schema.definitions.Dataquery = {};
    validators.set(name, ajv.compile(schema));
    if (!name.endsWith('FieldConfig')) continue;
    let whole = schema;
    while (whole.$ref) whole = schema.definitions[decodeURIComponent(whole.$ref.slice('#/definitions/'.length))];
    parts.set(name, ajv.compile({ ...whole, required: [], definitions: schema.definitions }));
  }
  const units = new Set([...readFileSync(join(modules, SDK, 'units/types.gen.d.ts'), 'utf8').matchAll(/const \w+ = "([^"]*)"/g)].map(match => match[1]));

  const judge = (table, name, value, where) => {
    const validate = table.get(name);
    if (!validate) return [`${where}: Grafana has no schema ${name}`];
    if (validate(value)) return [];
    return validate.errors.map(({ instancePath, message, params }) =>
      `${where}${instancePath} ${message}${params.additionalProperty ? ` ("${params.additionalProperty}")` : ''}${params.allowedValues ? ` (${params.allowedValues})` : ''}`);
  };
  const unit = (id, where) => (id === undefined || units.has(id) ? [] : [`${where} Grafana has no unit "${id}"`]);

  function ofPanel(panel, where) {
    const { defaults, overrides } = panel.fieldConfig ?? { defaults: {}, overrides: [] };
    const plugin = moduleOf(panel.type);
    const found = [...judge(validators, 'Panel', panel, where), ...judge(validators, `${plugin}Options`, panel.options, `${where}/options`), ...unit(defaults.unit, where)];
    if (defaults.custom) found.push(...judge(validators, `${plugin}FieldConfig`, defaults.custom, `${where}/custom`));
    for (const { id, value } of overrides.flatMap(override => override.properties)) {
      const [name, key] = id.startsWith('custom.') ? [`${plugin}FieldConfig`, id.slice('custom.'.length)] : ['FieldConfig', id];
      found.push(...judge(parts, name, { [key]: value }, `${where}/override ${id}`));
      if (id === 'unit') found.push(...unit(value, `${where}/override`));
    }
    for (const target of panel.targets ?? []) found.push(...judge(validators, `${target.datasource?.type}Query`, target, `${where}/query ${target.refId}`));
    return found;
  }

  // One sentence a problem.
  return board => {
    const found = judge(validators, 'Board', { ...board, panels: [] }, board.uid);
    for (const row of board.panels.filter(panel => panel.type === 'row')) found.push(...judge(validators, 'RowPanel', { ...row, panels: [] }, `${board.uid}: ${row.title}`));
    for (const panel of flatPanels(board)) found.push(...ofPanel(panel, `${board.uid}: ${panel.title}`));
    return found;
  };
}
