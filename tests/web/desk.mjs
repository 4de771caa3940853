// desk.mjs - the office's page in a browser: a file is dropped, its faults are seen by place, the good rows are sent while the centre
// is away, the page is opened again, the receipt arrives; both languages, axe in both themes, nothing stands out of a phone.
//
//   desk.mjs LINK REKAP DIR - CHROMIUM NPM WORK, with the centre stopped; it is started by whoever waits for WORK/start
import { readFileSync, writeFileSync } from 'node:fs';
import { base, finish, ok, open, problems, require, same, work } from './browser.mjs';

const axe = require.resolve('axe-core/axe.min.js');
const browser = await open();
// 404: the receipt is asked for a moment early; net: the collector was away
async function visit(context) {
  const p = await context.newPage();
  p.on('pageerror', e => problems.push(e.message));
  p.on('console', m => {
    if (m.type() === 'error' && !/net::ERR|404/.test(m.text())) problems.push(m.text());
  });
  p.setDefaultTimeout(60_000);
  await p.goto(base);
  return p;
}
const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
const p = await visit(context);
await p.waitForSelector('.drop');
same('the secret is not in the address', '/', new URL(p.url()).pathname + new URL(p.url()).search);
await p.waitForFunction(() => document.querySelector('#line')?.textContent.includes('tidak terjangkau'));

const csv = 'tahun;kode;pagu;realisasi;sampai\n2022;1.06.01.2.02.01;1000;400;2022-06\n2022;1.06.01.2.02.02;1,234;200;2022-06\n';
await p.setInputFiles('input[type=file]', { name: '<b>salah<b>.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
await p.waitForSelector('.card table tbody tr');
const card = p.locator('.card');
same('the file by its name, as text', '<b>salah<b>.csv', await card.locator('h2').textContent());
const row = await card.locator('tbody tr td').allTextContents();
same('the fault by its place', 'baris 3, kolom 3', row[0]);
same('what is written', '1,234', row[2]);
same('and the nearest reading', '1.234', row[4]);
const [list] = await Promise.all([p.waitForEvent('download'), card.getByText('Unduh daftar kesalahan').click()]);
const saved = readFileSync(await list.path(), 'utf8');
ok('the list of faults as a file', saved.includes('"3";"3"') && saved.includes('"1,234"'), saved);
const [copy] = await Promise.all([p.waitForEvent('download'), card.getByText('Unduh salinan bertanda (CSV)').click()]);
same('a marked copy by its name', true, /salah.*-bertanda\.csv$/.test(copy.suggestedFilename()));
const lines = readFileSync(await copy.path(), 'utf8').split('\r\n');
ok('its rows and a column that says what is wrong', lines[0].endsWith(';kesalahan') && lines[2].includes('1,234') && lines[2].includes('1.234'), lines);
const [book] = await Promise.all([p.waitForEvent('download'), card.getByText('Unduh salinan bertanda (XLSX)').click()]);
ok('and as a workbook', readFileSync(await book.path()).subarray(0, 2).toString() === 'PK');
await p.setInputFiles('input[type=file]', await book.path().then(path => ({ name: 'salah-bertanda.xlsx', mimeType: '', buffer: readFileSync(path) })));
await p.waitForSelector('.card[data-file="salah-bertanda.xlsx"] tbody tr');
same('which can be checked again', 'Berkas!C3', await p.locator('.card[data-file="salah-bertanda.xlsx"] tbody td').first().textContent());
await p.locator('.card[data-file="salah-bertanda.xlsx"]').getByText('Singkirkan').click();
same('nothing was sent by checking', 0, await p.locator('#sent tbody tr').count());
await card.getByText('Kirim baris yang benar saja').click();
await p.waitForSelector('#sent tbody tr');
ok('it waits', (await p.locator('#sent tbody tr').first().textContent()).includes('menunggu pusat'));
same('nothing to send any more', 0, await card.getByText('Kirim baris').count());

await p.reload();
await p.waitForSelector('#sent tbody tr');
ok('what was sent is there again', (await p.locator('#sent tbody tr').first().textContent()).includes('salah'));
writeFileSync(`${work}/start`, '');
await p.getByRole('button', { name: 'Bukti' }).waitFor();
await p.waitForFunction(() => document.querySelector("#line")?.className === "state good");
await p.getByRole('button', { name: 'Bukti' }).click();
await p.waitForSelector('dialog[open] pre');
ok('the receipt itself', (await p.locator('dialog pre').textContent()).length > 200);
await p.emulateMedia({ media: 'print' });
same('on paper the proof alone', false, await p.locator('main').isVisible());
await p.emulateMedia({ media: 'screen' });
await p.keyboard.press('Escape');
await p.waitForFunction(() => document.querySelector('#own tr.total')?.textContent.includes('400,00'));
await p.getByRole('button', { name: 'Bandingkan dengan pusat' }).click();
await p.waitForSelector('#centre tr.total');
ok('a centre that cannot be asked: why, and since when', /tidak dapat ditanya.*belum pernah/.test((await p.locator('main').textContent()) ?? ''));
await p.getByRole('button', { name: 'English' }).click();
same('in English', 'Office desk', await p.locator('h1').textContent());
await context.close();

for (const colorScheme of ['light', 'dark']) {
  const c = await browser.newContext({ bypassCSP: true, viewport: { width: 390, height: 844 }, colorScheme });
  const q = await visit(c);
  await q.waitForSelector('#sent tbody tr');
  await q.setInputFiles('input[type=file]', { name: 'a.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
  await q.waitForSelector('.card table');
  await q.addScriptTag({ path: axe });
  const r = await q.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  same(`axe: ${colorScheme}`, '', r.violations.map(v => `${v.id}: ${v.nodes.map(n => n.target.join(' ')).join(' | ')}`).join('; '));
  same(`${colorScheme}: nothing stands out of the page`, true, await q.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await c.close();
}
const stranger = await browser.newContext();
const s = await stranger.newPage();
await s.goto(new URL(p.url()).origin);
await s.waitForSelector('.state.bad');
ok('without the link it says what to do', (await s.locator('.state.bad').textContent()).includes('tautan'));
same('and has no place for files', 0, await s.locator('.drop').count());
await browser.close();
finish();
