// access.mjs - for everybody: axe on every screen in both themes and at both ends of the width, keyboard alone, both languages,
// print. Axe needs script of its own in the page, so its context goes round the policy; every other test runs under it.
import { api, base, finish, ok, open, page, reaches, same, SCREENS, text, violations } from './browser.mjs';

const browser = await open();
for (const theme of ['light', 'dark'])
  for (const [width, height] of theme === 'light'
    ? [
        [1280, 800],
        [390, 844],
      ]
    : [[1280, 800]]) {
    const context = await browser.newContext({ bypassCSP: true, viewport: { width, height }, reducedMotion: 'reduce' });
    for (const s of [...SCREENS, 'explain']) {
      const p = await page(
        context,
        `/?theme=${theme}&year=2022&region=18.72&${s === 'explain' ? 'explain=dinsos-1872/2022/realised/1.06.01.2.02.01&history=1' : `screen=${s}`}`,
      );
      await p.waitForSelector(s === 'explain' ? 'dialog table[data-table="history"]' : 'main .sheet:not(details .sheet) tbody tr');
      same(`axe: ${s}, ${theme}, ${width}`, '', await violations(p));
      same(
        `${s}, ${theme}, ${width}: nothing stands out of the page`,
        true,
        await p.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
      );
      await p.close();
    }
    await context.close();
  }

// ---- keyboard ----
const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
const p = await page(context, '/?year=2022');
await p.waitForSelector('[data-tile="realised"] button.fig');
await p.keyboard.press('Tab');
same('the first stop leads to the content', 'Langsung ke isi', await p.evaluate(() => document.activeElement.textContent));
await p.locator('[data-tile="realised"] button.fig').focus();
await p.keyboard.press('Enter');
await reaches('Enter opens the reason', p, '#explain-title', 'nasional/2022/realised/total');
ok('the focus is in it', await p.evaluate(() => document.querySelector('dialog').contains(document.activeElement)));
for (let i = 0; i < 60; i++) await p.keyboard.press('Tab');
ok(
  'and stays in it',
  await p.evaluate(
    () => document.activeElement === document.body || document.querySelector('dialog').contains(document.activeElement),
  ),
);
await p.keyboard.press('Escape');
await p.waitForFunction(() => !document.querySelector('dialog[open]'));
ok(
  'Escape gives it back',
  await p.evaluate(() => document.activeElement?.getAttribute('data-figure') === 'nasional/2022/realised/total'),
);
await p.locator('table[data-table="program"] thead button').nth(3).focus();
await p.keyboard.press('Space');
same('sorting is told', 'ascending', await p.locator('table[data-table="program"] thead th').nth(3).getAttribute('aria-sort'));
const sums = await p.locator('table[data-table="program"] tbody td:nth-child(4)').allInnerTexts();
const value = x => BigInt(x.replace(/[.,]/g, ''));
ok('and done by value', sums.length > 3 && sums.every((x, i) => i === 0 || value(sums[i - 1]) <= value(x)), sums);

// ---- languages, print ----
await p.getByRole('button', { name: 'English' }).click();
await reaches('in English', p, 'main h1', 'Overview');
same('the page says which', 'en', await p.evaluate(() => document.documentElement.lang));
await reaches('figures as English has them', p, '[data-tile="realised"] .quiet', 'Rp 5,2');
ok('the answers, too', (await api('/api/v1/figures/nasional/2022/realised/total/explain?lang=en')).formula.includes('sum'));
await p.reload();
await reaches('and stays', p, 'main h1', 'Overview');
await p.getByRole('button', { name: 'Bahasa Indonesia' }).click();
await reaches('and back', p, 'main h1', 'Ikhtisar');
await p.emulateMedia({ media: 'print', colorScheme: 'dark' });
same('on paper there are no filters', false, await p.locator('form.filters').isVisible());
ok('but where, when and as of', (await p.locator('.head').isVisible()) && (await text(p, '.stamp')).includes('w1:'));
await p.emulateMedia({ media: 'screen', colorScheme: 'dark' });
same('dark where the device is', 'rgb(18, 24, 27)', await p.evaluate(() => getComputedStyle(document.body).backgroundColor));
await browser.close();
finish();
