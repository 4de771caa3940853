// lines.tsx - a chart of lines in a panel: name in words for a screen reader, legend that tells the lines apart by dash, canvas.
import { useEffect, useRef } from 'preact/hooks';
import type { Chart, Line } from './curve';

const DASHES: Record<Line['kind'], string> = { main: '', past: '2 3', plan: '8 4', guess: '4 4', low: '', high: '' };

export function Lines({
  x,
  lines,
  label,
  labelX,
  labelY,
}: {
  x: number[];
  lines: Line[];
  label: string;
  labelX: (v: number) => string;
  labelY: (v: number) => string;
}) {
  const box = useRef<HTMLDivElement>(null),
    chart = useRef<Chart | null>(null),
    now = useRef({ x, lines, labelX, labelY });
  now.current = { x, lines, labelX, labelY };
  const shape = JSON.stringify([x, lines, labelX(x[0] ?? 0), labelY(1e9)]);
  const kind = JSON.stringify([x, lines.map(l => l.name), labelX(x[0] ?? 0)]);
  useEffect(() => {
    let gone = false;
    void import('./curve').then(({ draw }) => {
      const n = now.current;
      if (!gone && box.current)
        chart.current = draw(
          box.current,
          n.x,
          n.lines,
          v => now.current.labelX(v),
          v => now.current.labelY(v),
        );
    });
    return () => {
      gone = true;
      chart.current?.end();
      chart.current = null;
    };
  }, [kind]);
  useEffect(() => {
    chart.current?.update(x, lines);
  }, [shape]);
  return (
    <figure class="lines">
      <div class="plot" ref={box} role="img" aria-label={label} />
      <figcaption class="legend">
        {lines
          .filter(l => l.kind !== 'high')
          .map(l => (
            <span key={l.name} class="key">
              <svg width="28" height="8" aria-hidden="true">
                <path class={`line ${l.kind}`} d="M0 4h28" stroke-dasharray={DASHES[l.kind]} />
              </svg>
              {l.name}
            </span>
          ))}
      </figcaption>
    </figure>
  );
}
