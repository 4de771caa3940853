// format.mjs ROOT NPM - figures as text, without a browser: the module is bundled alone and asked.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [, , root, npm] = process.argv;
globalThis.location = { search: '', origin: 'http://x', pathname: '/' };
globalThis.addEventListener = () => {};
globalThis.history = {
  pushState: (_a, _b, to) => {
    location.search = to.slice(1);
  },
  replaceState: (_a, _b, to) => {
    location.search = to.slice(1);
  },
};
const esbuild = createRequire(join(npm, 'package.json'))('esbuild');
const built = await esbuild.build({
  stdin: {
    contents:
      "export * from './format'; export * from './route'; export { touches, figureUrl } from './api'; export { csv, xlsx } from './export';",
    resolveDir: join(root, 'aggregator/web/src'),
    loader: 'ts',
  },
  bundle: true,
  write: false,
  format: 'esm',
  nodePaths: [join(npm, 'node_modules')],
  define: { STREAM_WORKER: '""', REGIONS: '""' },
});
const m = await import(`data:text/javascript;base64,${Buffer.from(built.outputFiles[0].text).toString('base64')}`);
let failed = 0;
const is = (seen, wanted) => {
  const s = String(seen).replaceAll('\u00a0', ' ');
  if (s !== wanted) {
    failed++;
    console.log(`GAGAL ${JSON.stringify(wanted)}: ${JSON.stringify(s)}`);
  }
};

is(m.exact('1234567.89'), '1.234.567,89');
is(m.exact('-0.50'), '−0,50');
is(m.exact('90071992547409930123.45'), '90.071.992.547.409.930.123,45'); // beyond what a double holds
is(m.exact('WTP'), 'WTP');
is(m.exact(null), '–');
is(m.short('5210417104.00'), 'Rp 5,21 M');
is(m.short('5215000000.00'), 'Rp 5,22 M'); // half away from zero
is(m.short('-5215000000.00'), '−Rp 5,22 M');
is(m.short('999999999999.99'), 'Rp 1.000,00 M');
is(m.short('1234567890123456.78'), 'Rp 1.234,57 T');
is(m.short('7413800.00'), 'Rp 7,41 jt');
is(m.short('950.49'), 'Rp 950');
is(m.percent('91.06'), '91,06 %');
is(m.points('-10.00'), '−10,00 pp');
is(m.points('3.20'), '+3,20 pp');
is(m.minus('10.00', '10.01'), '-0.01');
is(
  m.figureUrl('33.74/2020/realised/1.06?until=8,stage=murni', 'explain'),
  '/api/v1/figures/33.74/2020/realised/1.06/explain?until=8&stage=murni',
);
is(
  m.href({ region: '33.74', explain: '33.74/2020/realised/total' }, { year: '2020' }),
  '/?year=2020&region=33.74&explain=33.74/2020/realised/total',
);
const change = (office, region, year) => [{ office, region, year }];
is(m.touches('/api/v1/rollup?year=2022&region=18', change('a', '18.72', 2022)), 'true');
is(m.touches('/api/v1/rollup?year=2022&region=33', change('a', '18.72', 2022)), 'false');
is(m.touches('/api/v1/rollup?year=2022&region=1', change('a', '18.72', 2022)), 'false');
is(m.touches('/api/v1/rollup?year=2022', change('a', '18.72', 2023)), 'false');
is(m.touches('/api/v1/rollup?year=2022', change('a', '18.72', 2021)), 'true'); // of last year, which stands beside it
is(m.touches('/api/v1/figures/dinsos-1872/2022/realised/total/explain', change('dinsos-3374', '33.74', 2022)), 'false');
is(m.touches('/api/v1/offices?region=', change('a', '18.72', 2019)), 'true');
is(
  await m
    .csv({
      name: 'x',
      columns: [
        { key: 'a', number: false },
        { key: 'b', number: true },
      ],
      rows: [
        ['=1+1', '-5.00'],
        ['a"b,c', null],
      ],
    })
    .text(),
  'a,b\r\n\'=1+1,-5.00\r\n"a""b,c",\r\n',
);
m.setLang('en');
is(m.short('5210417104.00'), 'Rp 5.21 bn');
is(m.exact('1234567.89'), '1,234,567.89');
console.log(`${31 - failed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
