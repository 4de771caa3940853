// route.ts - the address is the state: screen, period, place and filters live in the URL, so that a view can be sent, printed and
// reloaded. `go` is the only writer. What concerns the person and not the view (language, theme) is kept in the browser as well.
import { computed, signal } from '@preact/signals';

export const SCREENS = ['ikhtisar', 'kelengkapan', 'peringkat', 'telusur', 'temuan', 'tren', 'konsolidasi', 'sistem'] as const;
export type Screen = (typeof SCREENS)[number];
export const FILTERS = [
  'screen',
  'year',
  'until',
  'region',
  'office',
  'code',
  'level',
  'stage',
  'kind',
  'state',
  'by',
  'measure',
  'indicator',
  'from',
  'to',
  'bridge',
  'quarter',
  'as_of',
  'explain',
  'history',
  'lang',
  'theme',
] as const;
export type Filter = (typeof FILTERS)[number];
export type Filters = Partial<Record<Filter, string>>;

function read(): Filters {
  const q = new URLSearchParams(location.search),
    f: Filters = {};
  for (const k of FILTERS) {
    const v = q.get(k);
    if (v) f[k] = v;
  }
  return f;
}
export const filters = signal<Filters>(read());
addEventListener('popstate', () => {
  filters.value = read();
});

export function href(change: Filters, from: Filters = filters.value): string {
  const next: Filters = { ...from, ...change },
    q = new URLSearchParams();
  for (const k of FILTERS) {
    const v = next[k];
    if (v) q.set(k, v);
  }
  const text = q.toString().replaceAll('%2F', '/').replaceAll('%3A', ':');
  return text ? `/?${text}` : '/';
}
export function go(change: Filters, replace = false): void {
  const to = href(change);
  if (to === location.pathname + location.search) return;
  history[replace ? 'replaceState' : 'pushState'](null, '', to);
  filters.value = read();
}
// Another place or period: what hangs on it is left out.
export const place = (region: string, office = ''): Filters => ({ region, office });

// The picture of a time (RFC 3339) or of log positions (w1:4711,w2:80); empty: as it stands, live.
export const asOf = computed(() => filters.value.as_of ?? '');
export const screen = computed<Screen>(() => SCREENS.find(s => s === filters.value.screen) ?? 'ikhtisar');

function kept(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
function keep(key: string, v: string): void {
  try {
    localStorage.setItem(key, v);
  } catch {
    /* private window: of this view only */
  }
}

export type Lang = 'id' | 'en';
export type Theme = 'auto' | 'light' | 'dark';
const asLang = (v: string | null | undefined): Lang | null => (v === 'en' || v === 'id' ? v : null);
const asTheme = (v: string | null | undefined): Theme | null => (v === 'light' || v === 'dark' || v === 'auto' ? v : null);
const ownLang = signal<Lang>(asLang(kept('rekap.lang')) ?? 'id');
const ownTheme = signal<Theme>(asTheme(kept('rekap.theme')) ?? 'auto');
export const lang = computed<Lang>(() => asLang(filters.value.lang) ?? ownLang.value);
export const theme = computed<Theme>(() => asTheme(filters.value.theme) ?? ownTheme.value);
export function setLang(v: Lang): void {
  keep('rekap.lang', v);
  ownLang.value = v;
  go({ lang: '' }, true);
}
export function setTheme(v: Theme): void {
  keep('rekap.theme', v);
  ownTheme.value = v;
  go({ theme: '' }, true);
}
