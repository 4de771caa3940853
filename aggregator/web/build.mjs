// build.mjs OUT NPM [--watch] - bundles the monitor with esbuild and writes what the aggregator embeds.
//
//   OUT/www/     index.html and the files it loads, names with a hash of their content; what `--assets DIR` serves
//   OUT/gz/      the same, gzipped (level 9, no time in it: the same input gives the same bytes)
//   OUT/table.c  the table of http_page.h over .incbin of OUT/gz; OUT/sizes.txt what a first visit loads
//
// NPM holds node_modules (installed by `npm ci` below build/, never in the tree). Nothing is fetched here and no file of the tree is
// written. The first load has a budget; over it the build fails, so that the page stays usable on a slow line.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const FIRST_LOAD_MAX = 60 * 1024; // bytes gzipped: page, style, script, stream worker
const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../..');
const [out, npm, watch] = [resolve(process.argv[2]), resolve(process.argv[3]), process.argv[4] === '--watch'];
const esbuild = createRequire(join(npm, 'package.json'))('esbuild');
const www = join(out, 'www'),
  gz = join(out, 'gz');

const options = {
  absWorkingDir: here,
  entryPoints: { app: 'src/main.tsx', dark: 'src/dark.css', stream: 'src/stream_worker.ts' },
  nodePaths: [join(npm, 'node_modules')],
  outdir: www,
  bundle: true,
  splitting: true,
  format: 'esm',
  target: ['es2021'],
  charset: 'utf8',
  minify: true,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  publicPath: '/assets',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  define: { STREAM_WORKER: '"/assets/stream.js"', REGIONS: '"/assets/regions.json"' },
};

const hash = b => createHash('sha256').update(b).digest('hex').slice(0, 10);

// Names of the regions for the filter, from the list the centre starts with (ODbL: its licence is served beside it).
function regions() {
  const rows = readFileSync(join(root, 'deploy/registry/region.csv'), 'utf8').trim().split('\n').slice(1);
  const list = rows.map(r => {
    const [code, , ...name] = r.split(',');
    return [code, name.join(',').replaceAll('"', '')];
  });
  const text = JSON.stringify(Object.fromEntries(list.filter(([c]) => c)));
  const name = `regions-${hash(text)}.json`;
  writeFileSync(join(www, name), text);
  writeFileSync(join(www, 'LICENSE-region.txt'), readFileSync(join(root, 'deploy/registry/LICENSE-region.txt')));
  return name;
}

function licences() {
  const of = ['preact', '@preact/signals', '@preact/signals-core', 'uplot'];
  const text = of
    .map(
      p =>
        `${p} ${JSON.parse(readFileSync(join(npm, 'node_modules', p, 'package.json'), 'utf8')).version}\n\n` +
        readFileSync(join(npm, 'node_modules', p, 'LICENSE'), 'utf8').trim() +
        '\n',
    )
    .join('\n--------\n\n');
  writeFileSync(join(www, 'LICENSES.txt'), text);
}

function page(files) {
  const text = readFileSync(join(here, 'index.html'), 'utf8')
    .replace('APP_JS', `/assets/${files.js}`)
    .replace('APP_CSS', `/assets/${files.css}`)
    .replace('DARK_CSS', `/assets/${files.dark}`);
  writeFileSync(join(www, 'index.html'), text);
}

const TYPES = {
  html: 'text/html',
  js: 'text/javascript',
  css: 'text/css',
  json: 'application/json',
  txt: 'text/plain',
  svg: 'image/svg+xml',
};

function table() {
  const names = readdirSync(www).sort();
  let asm = '',
    rows = '',
    symbols = '';
  names.forEach((name, i) => {
    const packed = gzipSync(readFileSync(join(www, name)), { level: 9 });
    writeFileSync(join(gz, name), packed);
    const fixed = /-[0-9A-Za-z]{8,10}\.[a-z]+$/.test(name);
    const path = name === 'index.html' ? '/' : `/assets/${name}`;
    asm += `    ".globl page_asset_${i}\\npage_asset_${i}: .incbin \\"${join(gz, name)}\\"\\n"\n`;
    symbols += `extern const unsigned char page_asset_${i}[];\n`;
    rows += `    {"${path}", "${TYPES[name.split('.').pop()]}; charset=utf-8", page_asset_${i}, ${packed.length}, ${fixed}},\n`;
  });
  writeFileSync(
    join(out, 'table.c'),
    `/* written by aggregator/web/build.mjs */\n#include "aggregator/http_page.h"\n\n__asm__(".section .rodata\\n"\n${asm}` +
      `    ".byte 0\\n.previous\\n");\n${symbols}\nconst struct http_page_asset http_page_assets[] = {\n${rows}};\n` +
      `const size_t http_page_assets_n = ${names.length};\n`,
  );
}

function sizes(files) {
  const of = n => gzipSync(readFileSync(join(www, n)), { level: 9 }).length;
  const first = ['index.html', files.css, files.dark, files.js, files.stream, ...files.chunks];
  const total = first.reduce((n, f) => n + of(f), 0);
  const text = [...new Set([...first, ...readdirSync(www).sort()])]
    .map(f => `${first.includes(f) ? 'first' : 'later'}\t${of(f)}\t${f}`)
    .join('\n');
  writeFileSync(join(out, 'sizes.txt'), `${text}\nfirst load\t${total}\n`);
  if (total > FIRST_LOAD_MAX) throw new Error(`the first load is ${total} bytes gzipped, more than ${FIRST_LOAD_MAX}`);
}

// The entries of a build: names of what index.html loads; the chunks that the entry imports at once belong to the first load.
function entries(meta) {
  const files = { chunks: [] };
  for (const [path, o] of Object.entries(meta.outputs)) {
    const name = path.split('/').pop();
    if (o.entryPoint === 'src/main.tsx') {
      files.js = name;
      files.css = o.cssBundle?.split('/').pop();
      files.chunks = o.imports.filter(i => i.kind === 'import-statement').map(i => i.path.split('/').pop());
    }
    if (o.entryPoint === 'src/dark.css') files.dark = name;
    if (o.entryPoint === 'src/stream_worker.ts') files.stream = name;
  }
  return files;
}

async function build() {
  for (const d of [www, gz]) {
    rmSync(d, { recursive: true, force: true });
    mkdirSync(d, { recursive: true });
  }
  const regionsFile = regions();
  // the worker first: its hashed name goes into the page's script
  const worker = await esbuild.build({ ...options, entryPoints: { stream: options.entryPoints.stream }, splitting: false });
  const stream = entries(worker.metafile).stream;
  const app = await esbuild.build({
    ...options,
    entryPoints: { app: options.entryPoints.app, dark: options.entryPoints.dark },
    define: { STREAM_WORKER: JSON.stringify(`/assets/${stream}`), REGIONS: JSON.stringify(`/assets/${regionsFile}`) },
  });
  const files = { ...entries(app.metafile), stream };
  licences();
  page(files);
  table();
  sizes(files);
}

await build();
if (watch) {
  const { watch: look } = await import('node:fs');
  let timer;
  look(join(here, 'src'), { recursive: true }, () => {
    clearTimeout(timer);
    timer = setTimeout(
      () =>
        build().then(
          () => console.log('built'),
          e => console.error(e.message),
        ),
      100,
    );
  });
}
