// main.tsx - the monitor: frame, filters and the screen the address names. Screens beyond the first are loaded when they are
// asked for.
import 'uplot/dist/uPlot.min.css';
import './style.css';
import './style_parts.css';
import './style_narrow.css';
import { effect } from '@preact/signals';
import { FunctionComponent, render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { startStream, Trend, url, useQuery } from './api';
import { ExplainSheet } from './explain';
import { FilterBar, PastBanner, Place, StaleBanner, Top, until_ } from './frame';
import { t } from './i18n';
import { knownYears, loadRegions, regionName, region, thisYear, yearsKnown } from './period';
import { filters, go, lang, Screen, screen, theme } from './route';
import { Ikhtisar } from './screens/ikhtisar';
import { look, out, own, session } from './session';

const LATER: Record<Exclude<Screen, 'ikhtisar'>, () => Promise<FunctionComponent>> = {
  kelengkapan: () => import('./screens/kelengkapan').then(m => m.Kelengkapan),
  peringkat: () => import('./screens/peringkat').then(m => m.Peringkat),
  telusur: () => import('./screens/telusur').then(m => m.Telusur),
  temuan: () => import('./screens/temuan').then(m => m.Temuan),
  tren: () => import('./screens/tren').then(m => m.Tren),
  konsolidasi: () => import('./screens/konsolidasi').then(m => m.Konsolidasi),
  sistem: () => import('./screens/sistem').then(m => m.Sistem),
};
const have: Partial<Record<Screen, FunctionComponent>> = { ikhtisar: Ikhtisar };

const YEARS_LISTED = 15;
function useYears(): void {
  const q = useQuery<Trend>(
      url('trend', { from: thisYear - YEARS_LISTED + 1, to: thisYear + 1, measure: 'budget', ...own.value }),
      5000,
    ),
    known = session.value !== undefined,
    a = q.data.value,
    failed = q.error.value !== null;
  useEffect(() => {
    if (a)
      knownYears.value = a.points
        .filter(p => p.budget !== null || p.realised !== null)
        .map(p => ({ year: p.year, reported: p.realised !== null }));
    if (a || (failed && known)) yearsKnown.value = true;
  }, [a, failed, known]);
}

// Who sees only a part begins there, and not at a nation that is refused.
function useOwnPlace(): void {
  const { region, office } = own.value;
  useEffect(() => {
    if ((region || office) && !filters.peek().region && !filters.peek().office) go({ region, office }, true);
  }, [region, office]);
}

function Locked() {
  const [Body, loaded] = useState<{ of: FunctionComponent } | null>(null);
  useEffect(() => void import('./screens/login').then(m => loaded({ of: m.Login })), []);
  useEffect(() => {
    document.title = `${t('login')} · rekap`;
  }, [lang.value]);
  return (
    <>
      <Top />
      <main id="main" tabIndex={-1} data-screen="login">
        {Body && <Body.of />}
      </main>
    </>
  );
}
const App = () => (out.value ? <Locked /> : <Screens />);

function Screens() {
  const s = screen.value,
    [, loaded] = useState(0);
  useYears();
  useOwnPlace();
  useEffect(() => {
    if (s !== 'ikhtisar' && !have[s])
      void LATER[s]().then(c => {
        have[s] = c;
        loaded(n => n + 1);
      });
  }, [s]);
  useEffect(() => {
    document.title = `${t(s)} · ${regionName(region.value)} · rekap`;
  }, [s, region.value, lang.value]);
  const Body = have[s];
  return (
    <>
      <Top />
      <StaleBanner />
      <PastBanner />
      {yearsKnown.value && <FilterBar />}
      <main id="main" tabIndex={-1} data-screen={s}>
        <div class="head">
          <h1>{t(s)}</h1>
          <Place />
          <p class="quiet">{until_()}</p>
        </div>
        {yearsKnown.value && Body ? (
          <Body />
        ) : (
          <p class="quiet" role="status">
            {t('loading')}
          </p>
        )}
      </main>
      <footer class="foot">
        <span>rekap</span> <a href="/assets/LICENSES.txt">{t('licences')}</a> <a href="/assets/LICENSE-region.txt">ODbL</a>
      </footer>
      <ExplainSheet />
    </>
  );
}

effect(() => {
  document.documentElement.lang = lang.value;
});
// One sheet has the dark colours; when it holds is all there is to say.
const DARK = { auto: 'screen and (prefers-color-scheme: dark)', dark: 'screen', light: 'not all' } as const;
effect(() => {
  document.querySelector<HTMLLinkElement>('#dark')!.media = DARK[theme.value];
});
void look();
startStream();
const root = document.getElementById('app')!;
root.replaceChildren();
render(<App />, root);
void loadRegions();
