// session.ts - who is looking. Where nobody has to log in (the loopback address) there is nothing to see of it; elsewhere every
// answer may be 401, and then the screen to log in stands in place of all figures until a session is there again.
//
// What was on the screen is forgotten when a session ends: the next one may be somebody else's.
import { computed, signal } from '@preact/signals';

export interface Session {
  access: 'open' | 'login';
  role: string;
  region: string;
  office: string | null;
  csrf: string | null;
  expires: string | null;
}
export const session = signal<Session | null | undefined>(undefined); // undefined: not known yet; null: nobody is logged in
export const ended = signal(false); // there was one before
export const out = computed(() => session.value === null);
// Where a viewer's figures begin: an office sees its own, a region's planner the region.
export const own = computed(() => {
  const s = session.value;
  return s?.access === 'login' ? { region: s.region, office: s.role === 'office' ? (s.office ?? '') : '' } : { region: '', office: '' };
});
export const ofOffice = computed(() => session.value?.access === 'login' && session.value.role === 'office');

const AGAIN_MS = 2000,
  TIMER_MAX = 2 ** 31 - 1;
let timer: ReturnType<typeof setTimeout> | undefined;
let forget = () => {};
export const onForget = (f: () => void) => {
  forget = f;
};

function set(s: Session | null): void {
  const was = session.peek();
  clearTimeout(timer);
  if (was && (!s || s.csrf !== was.csrf)) forget();
  if (!s && was?.access === 'login') ended.value = true;
  if (s) ended.value = false;
  session.value = s;
  // asked again at its end: a clock that is a little ahead only asks twice
  if (s?.expires)
    timer = setTimeout(() => void look(), Math.min(TIMER_MAX, Math.max(AGAIN_MS, Date.parse(s.expires) - Date.now() + 500)));
}
export async function look(): Promise<void> {
  try {
    const r = await fetch('/api/v1/session', { cache: 'no-store' });
    if (r.ok) set((await r.json()) as Session);
    else if (r.status === 401) set(null);
    else throw new Error(String(r.status));
  } catch {
    clearTimeout(timer);
    timer = setTimeout(() => void look(), AGAIN_MS);
  }
}
// An answer or the stream said 401.
export const denied = () => {
  if (session.peek() !== null) set(null);
};

export type Entered = 'in' | 'notLink' | 'used' | 'failed';
// text: a link as it was sent, or only its secret.
export async function enter(text: string): Promise<Entered> {
  const ticket = /(?:^|ticket=)([0-9a-f]{64})$/.exec(text.trim())?.[1];
  if (!ticket) return 'notLink';
  try {
    // the answer leads to the page, which is here already
    const r = await fetch('/login', { method: 'POST', body: new URLSearchParams({ ticket }), redirect: 'manual' });
    if (r.type !== 'opaqueredirect') return r.status === 410 ? 'used' : 'failed';
    await look();
    return session.peek() ? 'in' : 'failed';
  } catch {
    return 'failed';
  }
}
export async function leave(): Promise<void> {
  const csrf = session.peek()?.csrf;
  try {
    if (csrf) await fetch('/logout', { method: 'POST', headers: { 'X-CSRF-Token': csrf }, redirect: 'manual' });
  } finally {
    await look();
    ended.value = false; // somebody left; nothing ended by itself
  }
}
