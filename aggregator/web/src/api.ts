// api.ts - the answers of /api/v1 as types, and how a page asks: every question on the screen is asked again when the stream says
// that something it depends on changed, at most every few hundred milliseconds, and what stands stays until the new answer is here.
import { signal, Signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { asOf, lang } from './route';
import { denied, onForget } from './session';
import { Change, Message, openStream, StreamState } from './stream';

export type Money = string;
export interface Complete {
  offices: number;
  of: number;
}
export interface Coverage {
  budget_share: string | null;
  low: Money | null;
  high: Money | null;
  unstated?: number;
}
export interface Answer {
  as_of: { position: Record<string, number>; time: string };
  registry_version: number;
  complete?: Complete;
  coverage?: Coverage;
  region?: string;
  region_name?: string;
}
export interface Figures {
  budget: string;
  realised: string;
  absorption: string;
  plan?: string;
}
export interface CashPlan {
  plan: Money | null;
  pp: string | null;
  rel: string | null;
  ikpa: string | null;
}
export interface Projection {
  p1: Money | null;
  p2: Money | null;
  p2_share: string | null;
  p2_years: number[];
}
export interface ChangeOf {
  from?: number;
  absolute: Money | null;
  percent: string | null;
  pp: string | null;
  kind: string | null;
}
export interface Sums {
  budget: Money;
  realised: Money;
  absorption: string | null;
  figure: string;
  figures: Figures;
  findings: number;
  complete: Complete;
  coverage: Coverage;
  plan: Money | null;
  reported: { budget: Money | null; realised: Money | null; absorption: string | null } | null;
  cash_plan?: CashPlan | null;
  projection?: Projection | null;
  physical?: { percent: string; budget_share: string } | null;
  last?: { year: number; budget: Money; realised: Money; absorption: string | null; complete: Complete; change: ChangeOf } | null;
}
export interface RollupRow extends Sums {
  code: string;
  vintage: string;
  level: string;
  name: string | null;
}
export interface Rollup extends Answer {
  year: number;
  until: number;
  level: string;
  rows: RollupRow[];
  total: Sums;
  silent: number | null;
  region: string;
  region_name: string;
  complete: Complete;
  coverage: Coverage;
}
export interface PeerRow {
  rank?: number | null;
  region: string;
  office: string | null;
  name: string;
  budget: Money | null;
  realised: Money | null;
  absorption: string | null;
  target?: string | null;
  reached?: string | null;
  achievement?: string | null;
  unit?: string | null;
  formula?: string | null;
  complete: Complete;
  coverage: Coverage;
  why: string | null;
  figure: string;
  figures: Record<string, string>;
}
export interface Peers extends Answer {
  year: number;
  until: number;
  rows: PeerRow[];
  ranked: number;
  of: number;
}
export interface Finding {
  kind: string;
  office: string;
  year: number;
  code: string | null;
  indicator: string | null;
  where: string;
  printed: string | null;
  computed: string | null;
  difference: string | null;
  state: string;
  rule: string;
  figure: string;
  explanation?: { text?: string } | null;
}
export interface Findings extends Answer {
  findings: Finding[];
}
export interface Office {
  office: string;
  name: string;
  region: string;
  role: string;
  status: string;
  received: number;
  effective: number;
  same: number;
  superseded: number;
  late: number;
  refused: number;
  last_at: string | null;
  habit: { day: number; months: number; next: string; late: number; silent: boolean } | null;
}
export interface Offices extends Answer {
  offices: Office[];
}
export interface Point {
  year: number;
  value: string | null;
  budget: Money | null;
  realised: Money | null;
  plan: { ceiling: Money | null; share: string | null } | null;
  figure: string | null;
  vintage: string;
  break: boolean;
  change: ChangeOf | null;
  complete: Complete | null;
  coverage: Coverage | null;
  bridge?: { exact: string; estimated: string; unmapped: string } | null;
  target?: string | null;
  reached?: string | null;
  achievement?: string | null;
  formula?: string | null;
  unit?: string | null;
  reason?: string | null;
  figures?: Record<string, string> | null;
}
export interface Trend extends Answer {
  measure: string;
  points: Point[];
  mapped?: boolean;
  bridge?: string | null;
  advice?: { level: string; text: string } | null;
  trend: { points: number; cagr: string | null; slope: string | null } | null;
}
export interface Step {
  step: string;
  round: number;
  as: string;
  by: string;
  at: string;
  reason: string | null;
  effect: boolean;
  why_text?: string | null;
  why: string | null;
}
export interface Close {
  office: string;
  name: string;
  state: string;
  round: number;
  by: string | null;
  since: string | null;
  reason: string | null;
  reported: boolean;
  changed: number;
  steps: Step[];
  blockers?: { kind: string; code: string | null; where: string | null; text: string; todo: string }[];
  total?: { budget: Money; realised: Money } | null;
  difference?: { budget?: Money; realised?: Money } | Money | null;
}
interface Deadline {
  date: string;
  until: string;
  working_days_left: number;
}
export interface Seal {
  version: number;
  root: string;
  cut: string;
  by: string;
  at: string | null;
}
export interface LateRow {
  office: string;
  code: string;
  account: string | null;
  indicator: string | null;
  measure: string;
  source: string;
  stage: string;
  month: number;
  kind: string;
  value: string | null;
  sealed: string | null;
  stands: boolean;
  statement: Statement;
}
export interface Late extends Answer {
  quarter: string;
  seal: (Seal & { region: string }) | null;
  count: number;
  standing: number;
  late: LateRow[];
}
export interface Closes extends Answer {
  quarter: string;
  zone: string;
  deadline: { office: Deadline; city: Deadline };
  states: Record<string, number>;
  ready?: boolean;
  blocker_count?: number;
  closes: Close[];
  seals: Seal[];
}
export interface Status extends Answer {
  program: string;
  version: string;
  commits: number;
  updates: number;
  workers: {
    worker: string;
    up: boolean;
    applied: number;
    head: number;
    lag: number;
    refused: string | null;
    heard: string | null;
  }[];
}
export interface Indicator {
  code: string;
  no: string;
  indicator: string;
  unit: string | null;
  target: string | null;
  reached: string | null;
  achievement: string | null;
  formula: string;
  rating: string | null;
  office: string;
  figure: string;
  id: string;
  reason: string | null;
  figures: Record<string, string>;
}
export interface Indicators extends Answer {
  rows: Indicator[];
  total: { achievement: string | null; counted: number; of: number } | null;
}
export interface Statement {
  worker: string;
  lsn: number;
  index: number;
  office: string;
  sequence: number;
  epoch: string;
  entered_at: string;
  signed_at: string;
  committed_at: string;
  clerk: string | null;
  batch: string;
  reason: string | null;
  evidence: { sha256: string; name: string | null }[];
  origin?: { file: string; line: number; sheet?: string | null } | null;
}
export interface Slot {
  month: number;
  kind: string | null;
  value?: string;
  basis?: string;
  cumulative?: string;
  used: boolean;
  statement?: Statement;
  earlier?: { kind: string; value?: string; statement?: Statement }[];
}
export interface Part {
  figure: string | null;
  value: string | null;
  share?: string | null;
  findings?: number;
  code?: string;
  name?: string | null;
  region?: string;
  office?: string | null;
  indicator?: string;
  label?: string;
  measure?: string;
  control?: unknown;
}
export interface Explain extends Answer {
  figure: string;
  office: string | null;
  office_name: string | null;
  year: number;
  until: number;
  measure: string;
  code: string;
  name: string | null;
  value: string | null;
  formula: string | null;
  rules: { rule: string; text: string }[];
  components: Part[];
  control: { printed: string; computed: string; difference: string } | null;
  parts: Part[];
  places: Part[];
  findings: Finding[];
  findings_below?: number;
  state?: string;
  finding?: Finding;
  reason?: string | null;
  line?: string;
  unit?: string | null;
  rows: { measure: string; account: string | null; source: string; stage: string; slots: Slot[] }[];
  notes: { text: string; kind: string; office?: string; statement?: Statement }[];
}
export interface History extends Answer {
  changes: {
    at: string;
    from: string | null;
    to: string | null;
    office: string;
    what: string;
    statement?: Statement | null;
    offices?: number;
  }[];
  older: string | null;
}

export interface Problem {
  code: string;
  title: string;
  param?: string;
  seen?: string;
  status: number;
}

// ---- asking ----

export interface Query<T> {
  data: Signal<T | undefined>;
  error: Signal<Problem | null>;
  busy: Signal<boolean>;
}
interface Entry extends Query<unknown> {
  key: string;
  users: number;
  loaded: number;
  again: boolean;
  fresh: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
  every: number;
  wait: number;
}
const entries = new Map<string, Entry>();
const KEPT = 120;

export const url = (path: string, params: Record<string, string | number | undefined | null>) => {
  const q = new URLSearchParams();
  for (const [k, v] of Object.entries(params)) if (v !== undefined && v !== null && v !== '') q.set(k, String(v));
  const text = q.toString();
  return `/api/v1/${path}${text ? `?${text}` : ''}`;
};

// An address as answers carry it ("18.72/2022/realised/1.06?until=8,stage=murni") as a question about it.
export function figureUrl(address: string, verb: 'explain' | 'history'): string {
  const [path = '', params] = address.split('?');
  return `/api/v1/figures/${path.replaceAll('#', '%23').replaceAll(' ', '%20')}/${verb}${params ? `?${params.replaceAll(',', '&')}` : ''}`;
}

async function ask(e: Entry): Promise<void> {
  if (e.busy.peek()) {
    e.again = true;
    return;
  }
  clearTimeout(e.timer);
  e.busy.value = true;
  e.again = false;
  try {
    const r = await fetch(e.key);
    const body: unknown = await r.json();
    if (r.ok) {
      e.data.value = body;
      e.error.value = null;
      e.fresh = true;
    } else e.error.value = body as Problem;
    if (r.status === 401) denied();
    e.wait = 500;
    // refused for the moment: asked again, as when the line is down
    if (r.status === 503) e.timer = setTimeout(() => void ask(e), 1000);
  } catch {
    e.error.value = { code: 'SIBUK', title: '', status: 0 };
    if (e.users > 0) e.timer = setTimeout(() => void ask(e), e.wait);
    e.wait = Math.min(2 * e.wait, 5000);
  }
  e.loaded = Date.now();
  e.busy.value = false;
  if (e.again) later(e);
}

function later(e: Entry): void {
  e.fresh = false;
  if (e.users === 0) return;
  if (e.busy.peek()) {
    e.again = true;
    return;
  }
  clearTimeout(e.timer);
  e.timer = setTimeout(() => void ask(e), Math.max(0, e.loaded + e.every - Date.now()));
}

function entry(key: string, every: number): Entry {
  let e = entries.get(key);
  if (!e) {
    e = {
      key,
      users: 0,
      loaded: 0,
      again: false,
      fresh: false,
      timer: undefined,
      every,
      wait: 500,
      data: signal<unknown>(undefined),
      error: signal<Problem | null>(null),
      busy: signal(false),
    };
    entries.set(key, e);
    if (entries.size > KEPT)
      for (const [k, old] of entries) if (old.users === 0 && entries.size > KEPT && k !== key) entries.delete(k);
  }
  return e;
}

// Texts inside an answer are of a language, so the language is part of the question; and so is the moment it is asked about, of
// everything that has a past. Here and not in the screens, so that none of them can show a figure of another moment.
const PRESENT = /^\/api\/v1\/(offices|status)\b/;
const PAST = /[?&]as_of=/; // addresses in an answer about the past name it themselves
function worded(key: string): string {
  const more = [
    ...(asOf.value && !PRESENT.test(key) && !PAST.test(key) ? [`as_of=${encodeURIComponent(asOf.value)}`] : []),
    ...(lang.value === 'en' ? ['lang=en'] : []),
  ].join('&');
  return more ? key + (key.includes('?') ? '&' : '?') + more : key;
}

const NOTHING: Query<unknown> = { data: signal(undefined), error: signal(null), busy: signal(false) };

// The answer to `key` (null: nothing is asked), kept live. every: at most one question in so many milliseconds.
export function useQuery<T>(key: string | null, every = 250): Query<T> {
  const e = key === null ? null : entry(worded(key), every);
  useEffect(() => {
    if (!e) return undefined;
    e.users++;
    if (!e.fresh) void ask(e);
    return () => {
      e.users--;
    };
  }, [e]);
  return (e ?? NOTHING) as Query<T>;
}
export function useQueries<T>(keys: string[], every = 250): Query<T>[] {
  const list = keys.map(k => entry(worded(k), every));
  useEffect(() => {
    for (const e of list) {
      e.users++;
      if (!e.fresh) void ask(e);
    }
    return () => {
      for (const e of list) e.users--;
    };
  }, [list.map(e => e.key).join('\n')]);
  return list as unknown as Query<T>[];
}

// ---- what a change touches ----

const YEARS_BACK = 3; // projections and findings look at the years before

function scopeOf(key: string): { region: string; office: string; from: number; to: number } {
  const u = new URL(key, location.origin),
    q = u.searchParams;
  const figure = /figures\/([^/]+)\/(\d{4})\//.exec(u.pathname);
  const quarter = /^(\d{4})/.exec(q.get('quarter') ?? '')?.[1];
  const year = Number(figure?.[2] ?? q.get('year') ?? quarter ?? 0);
  const scope = figure?.[1] ?? '';
  const isRegion = /^\d/.test(scope) || scope === 'nasional';
  return {
    region: figure ? (isRegion ? scope.replace('nasional', '') : '') : (q.get('region') ?? ''),
    office: figure ? (isRegion ? '' : scope) : (q.get('office') ?? ''),
    from: Number(q.get('from') ?? (year ? year - YEARS_BACK : 0)),
    to: Number(q.get('to') ?? (year || 9999)),
  };
}
export function touches(key: string, list: Change[]): boolean {
  if (PAST.test(key)) return false; // what was does not change
  const s = scopeOf(key);
  return list.some(
    c =>
      c.region === '' ||
      ((s.office === '' || s.office === c.office) &&
        c.year <= s.to &&
        (c.year >= s.from || c.year === 0) &&
        (s.region === '' || c.region === s.region || c.region.startsWith(s.region + '.'))),
  );
}

// ---- the stream ----

export const stream = signal<StreamState | null>(null);
export interface News extends Change {
  at: number;
}
export const news = signal<News[]>([]);
const NEWS_KEPT = 40;

function onMessage(m: Message): void {
  if (m.kind === 'state') {
    stream.value = m.state;
    if (m.state.denied) denied();
  } else if (m.kind === 'resync') for (const e of entries.values()) later(e);
  else {
    news.value = [...m.list.map(c => ({ ...c, at: Date.now() })), ...news.value].slice(0, NEWS_KEPT);
    for (const e of entries.values()) if (touches(e.key, m.list)) later(e);
  }
}

declare const STREAM_WORKER: string;
export function startStream(): void {
  if (typeof SharedWorker === 'undefined') {
    openStream('/api/v1/events', onMessage);
    return;
  }
  const worker = new SharedWorker(STREAM_WORKER, { name: 'rekap' });
  worker.port.onmessage = e => onMessage(e.data as Message);
  worker.onerror = () => {
    openStream('/api/v1/events', onMessage);
  };
  worker.port.start();
  const lock = `rekap-tab-${crypto.getRandomValues(new Uint32Array(2)).join('-')}`;
  if (navigator.locks)
    void navigator.locks.request(lock, () => {
      worker.port.postMessage({ lock });
      return new Promise(() => {});
    });
  addEventListener('pagehide', e => {
    if (!e.persisted) worker.port.postMessage('bye');
  });
}
export function askAll(): void {
  for (const e of entries.values()) later(e);
}
onForget(() => {
  news.value = [];
  for (const e of entries.values()) {
    clearTimeout(e.timer);
    e.data.value = undefined;
    e.error.value = null;
    e.fresh = false;
  }
});
