// build.mjs OUT NPM - bundles the office's page with esbuild and writes what the collector embeds.
//
//   OUT/www/     index.html, desk.js, desk.css;  OUT/gz/ the same, gzipped (level 9, no time in it: the same input, the same bytes)
//   OUT/table.c  the table of collector/desk_page.h over .incbin of OUT/gz; OUT/sizes.txt
//
// NPM holds node_modules (the monitor's, installed below build/). The page has a budget as the browser sees it, before compression;
// over it the build fails: it must open at once on an old machine of an office.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const PAGE_MAX = 40 * 1000; // bytes, all three files
const here = dirname(fileURLToPath(import.meta.url));
const [out, npm] = [resolve(process.argv[2]), resolve(process.argv[3])];
const esbuild = createRequire(join(npm, 'package.json'))('esbuild');
const FILES = [
  ['/', 'index.html', 'text/html'],
  ['/desk.js', 'desk.js', 'text/javascript'],
  ['/desk.css', 'desk.css', 'text/css'],
];

rmSync(out, { recursive: true, force: true });
for (const d of ['www', 'gz']) mkdirSync(join(out, d), { recursive: true });
const preact = join(npm, 'node_modules/preact');
const licence = `preact ${JSON.parse(readFileSync(join(preact, 'package.json'), 'utf8')).version}, ` +
  `${readFileSync(join(preact, 'LICENSE'), 'utf8').match(/Copyright.*/)[0]}, MIT`;
await esbuild.build({
  absWorkingDir: here,
  entryPoints: { desk: 'src/main.tsx' },
  nodePaths: [join(npm, 'node_modules')],
  outdir: join(out, 'www'),
  bundle: true,
  format: 'esm',
  target: ['es2021'],
  charset: 'utf8',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  banner: { js: `/* ${licence} */` },
});
writeFileSync(join(out, 'www/index.html'), readFileSync(join(here, 'index.html')));

let asm = '', rows = '', symbols = '', sizes = '', total = 0;
FILES.forEach(([path, name, type], i) => {
  const plain = readFileSync(join(out, 'www', name)), packed = gzipSync(plain, { level: 9 });
  writeFileSync(join(out, 'gz', name), packed);
  total += plain.length;
  sizes += `${plain.length}\t${packed.length}\t${name}\n`;
  asm += `    ".globl desk_asset_${i}\\ndesk_asset_${i}: .incbin \\"${join(out, 'gz', name)}\\"\\n"\n`;
  symbols += `extern const unsigned char desk_asset_${i}[];\n`;
  rows += `    {"${path}", "${type}; charset=utf-8", desk_asset_${i}, ${packed.length}},\n`;
});
if (total > PAGE_MAX) throw new Error(`the page is ${total} bytes, more than ${PAGE_MAX}`);
writeFileSync(join(out, 'sizes.txt'), `${sizes}${total}\t\tall\n`);
writeFileSync(
  join(out, 'table.c'),
  `/* written by collector/web/build.mjs */\n#include "collector/desk_page.h"\n\n__asm__(".section .rodata\\n"\n${asm}` +
    `    ".byte 0\\n.previous\\n");\n${symbols}\nconst struct desk_page_asset desk_page_assets[] = {\n${rows}};\n` +
    `const size_t desk_page_assets_n = ${FILES.length};\n`,
);
