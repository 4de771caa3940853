// api.ts - what the collector answers, and how it is asked. Nothing else is ever asked: the page has no other address.
export interface Fault { line: number; column: number; name: string; seen: string; code: string; reason: string; nearest: string[]; cell?: string }
export interface Note { line: number; column: number; name: string; text: string; cell?: string }
export interface Checked { rows: number; accepted: number; duplicate: number; superseded: number; refused: Fault[]; refused_rows: number; notes: Note[] }
export interface Sent {
  id: string; office: string | null; at: string | null; file: string; rows: number; accepted: number; duplicate: number; superseded: number;
  refused: number; last: number; acked: boolean; state: string; state_text: string; receipt?: string; receipt_due?: boolean;
}
export interface Desk {
  token: string; offices: string[]; sent: { files: Sent[] } | null;
  collector: { session: string; refused: string | null; tray_waiting: number; store?: { full: boolean }; witness: { fault: string | null; text?: string; text_en?: string } | null } | null;
}
export interface Receipt { receipt: string; id: string; file: string; office: string; first: number; last: number; pushed_at: string | null; committed_at: string | null; text: string }

export interface Row {
  code: string; level: string; name: string | null; budget: string | null; cash_plan: string | null; realised: string | null;
  last_budget: string | null; last_realised: string | null; waiting: number;
}
export interface Indicator {
  code: string; indicator: string; source: string; stage: string; unit: string | null; target: string | null; reached: string | null;
  last_reached: string | null; waiting: boolean;
}
export interface Figures {
  office: string; years: number[]; year: number | null; until: number; waiting: number; last_month: number; rows: Row[]; indicators: Indicator[];
  stated_at: string | null; acked_at: string | null;
}
type Pair = { budget: string | null; realised: string | null } | null;
export interface Compared {
  rows: { code: string; name: string | null; own: Pair; centre: Pair; state: 'same' | 'differs' | 'waiting' | 'here' | 'there' | 'unknown' }[];
  differs: number; waiting: number; stated_at: string | null; acked_at: string | null;
  centre: {
    reached: boolean; why: string | null; asked_at: string | null; quarter: string | null; state: string | null;
    deadline: { office?: { date: string; working_days_left: number } } | null;
    blockers: { code: string | null; text: string; todo: string | null }[] | null;
  };
}

export class Refused extends Error {
  constructor(readonly status: number, message: string) { super(message); }
}

async function answer<T>(r: Response): Promise<T> {
  const o: unknown = await r.json().catch(() => null);
  if (r.ok && o) return o as T;
  throw new Refused(r.status, (o as { title?: string } | null)?.title ?? `HTTP ${r.status}`);
}
export const ask = async <T>(path: string): Promise<T> => answer<T>(await fetch(path));
const post = (verb: string, query: Record<string, string>, file: File, token: string) => fetch(`/api/${verb}?${new URLSearchParams(query)}`,
  { method: 'POST', body: file, headers: { 'X-Rekap-Token': token, 'Content-Type': 'application/octet-stream' } });
export async function push(verb: 'check' | 'send', office: string, file: File, lang: string, token: string): Promise<Checked> {
  return (await answer<{ files: [Checked] }>(await post(verb, { office, name: file.name, lang }, file, token))).files[0];
}
export async function marked(as: 'xlsx' | 'csv', office: string, file: File, lang: string, token: string): Promise<Blob> {
  const r = await post('marked', { office, name: file.name, lang, as }, file, token);
  return r.ok ? r.blob() : answer<never>(r);
}
