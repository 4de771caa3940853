// figure.tsx - a number on the screen. What is short stands for an exact figure that hover, focus and a screen reader give; a
// number with an address opens its explanation; a number that changed while it was looked at says so for a moment.
import { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import * as f from './format';
import { t } from './i18n';
import { go, lang } from './route';

export type Kind = 'money' | 'short' | 'percent' | 'points' | 'count' | 'plain';
export function text(kind: Kind, v: string | number | null | undefined): string {
  if (v === null || v === undefined) return '–';
  const s = String(v);
  switch (kind) {
    case 'money':
      return f.exact(s);
    case 'short':
      return f.short(s);
    case 'percent':
      return f.percent(s);
    case 'points':
      return f.points(s);
    case 'count':
      return f.count(Number(v));
    default:
      return f.exact(s);
  }
}

const MOVED_MS = 2500;
function useMoved(v: unknown): boolean {
  const before = useRef(v),
    [moved, setMoved] = useState(false);
  useEffect(() => {
    if (before.current === v) return undefined;
    const had = before.current !== undefined && before.current !== null;
    before.current = v;
    if (!had) return undefined;
    setMoved(true);
    const timer = setTimeout(() => setMoved(false), MOVED_MS);
    return () => clearTimeout(timer);
  }, [v]);
  return moved;
}

export function Fig({
  v,
  kind = 'money',
  at,
  label,
}: {
  v: string | number | null | undefined;
  kind?: Kind;
  at?: string | null | undefined;
  label?: string;
}) {
  lang.value; // formats follow it
  const moved = useMoved(v),
    shown = text(kind, v);
  const full = kind === 'short' && v !== null && v !== undefined ? f.rupiah(String(v)) : undefined;
  const name = `${label ? `${label}: ` : ''}${full ?? shown}`;
  const cls = `fig${moved ? ' moved' : ''}`;
  if (at && v !== null && v !== undefined)
    return (
      <button
        type="button"
        class={cls}
        data-exact={full}
        data-figure={at}
        aria-label={`${name}. ${t('explain')}`}
        onClick={e => {
          e.stopPropagation();
          go({ explain: at, history: '' });
        }}
      >
        {shown}
      </button>
    );
  return full ? (
    <span class={cls} tabIndex={0} role="note" aria-label={name} data-exact={full}>
      {shown}
    </span>
  ) : (
    <span class={cls}>{shown}</span>
  );
}

export type Mood = 'good' | 'warn' | 'bad' | 'none';
const MARKS: Record<Mood, string> = {
  good: 'M2 8l4 4 8-9',
  warn: 'M8 2l7 12H1zM8 6v4M8 12v.6',
  bad: 'M3 3l10 10M13 3L3 13',
  none: 'M4 8h8',
};
// A state: a mark, a word, and only then a colour.
export function Badge({ mood, children }: { mood: Mood; children: ComponentChildren }) {
  return (
    <span class={`badge ${mood}`}>
      <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
        <path d={MARKS[mood]} fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round" stroke-linecap="round" />
      </svg>
      {children}
    </span>
  );
}

export function Panel({
  title,
  children,
  id,
  tools,
  wide,
}: {
  title: ComponentChildren;
  children: ComponentChildren;
  id?: string;
  tools?: ComponentChildren;
  wide?: boolean;
}) {
  return (
    <section class={`panel${wide ? ' wide' : ''}`} id={id}>
      <header>
        <h2>{title}</h2>
        {tools}
      </header>
      {children}
    </section>
  );
}
