// curve.ts - lines over months or years with uPlot; loaded when the first chart is shown. The canvas says nothing to a screen
// reader: the caller gives it a name in words and a table with the same figures.
import uPlot from 'uplot';

export interface Line {
  name: string;
  values: (number | null)[];
  kind: 'main' | 'past' | 'plan' | 'guess' | 'low' | 'high';
}
export interface Chart {
  update(x: number[], lines: Line[]): void;
  end(): void;
}

const LABEL_PX = 40; // room for a month's short name
const color = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export function draw(
  el: HTMLElement,
  x: number[],
  lines: Line[],
  labelX: (v: number) => string,
  labelY: (v: number) => string,
): Chart {
  let plot: uPlot | undefined,
    now: [number[], Line[]] = [x, lines];
  const DASH: Record<Line['kind'], number[]> = { main: [], past: [2, 3], plan: [8, 4], guess: [4, 4], low: [], high: [] };
  const STROKE: Record<Line['kind'], string> = {
    main: '--accent',
    past: '--quiet',
    plan: '--ink',
    guess: '--accent',
    low: '--track',
    high: '--track',
  };

  function make(): void {
    plot?.destroy();
    const [xs, ls] = now,
      ink = color('--quiet'),
      grid = { stroke: color('--line'), width: 1 };
    const font = `${getComputedStyle(el).fontSize} system-ui, sans-serif`;
    plot = new uPlot(
      {
        width: el.clientWidth,
        height: Math.max(180, el.clientHeight),
        legend: { show: false },
        cursor: { drag: { x: false, y: false }, points: { size: 7 } },
        scales: {
          x: { time: false, range: [xs[0]! - 0.25, xs[xs.length - 1]! + 0.25] },
          y: { range: (_u, _min, max) => [0, max > 0 ? max * 1.05 : 1] },
        },
        axes: [
          {
            stroke: ink,
            grid: { show: false },
            font,
            splits: () => xs,
            values: (u, v) => {
              const each = Math.ceil((v.length * LABEL_PX) / Math.max(1, u.width - 80));
              return v.map((n, i) => (i % each === 0 ? labelX(n) : ''));
            },
            space: 10,
          },
          { stroke: ink, grid, font, size: 7 * parseFloat(getComputedStyle(el).fontSize), values: (_u, v) => v.map(labelY) },
        ],
        series: [
          {},
          ...ls.map(l => ({
            label: l.name,
            stroke: color(STROKE[l.kind]),
            width: l.kind === 'main' ? 2.5 : 1.5,
            dash: DASH[l.kind],
            spanGaps: true,
            points: { show: l.kind === 'main', size: 6 },
          })),
        ],
        bands: ls.flatMap((l, i) => (l.kind === 'high' ? [{ series: [i + 1, i] as [number, number], fill: color('--wash') }] : [])),
      },
      [xs, ...ls.map(l => l.values)] as uPlot.AlignedData,
      el,
    );
    plot.root.setAttribute('aria-hidden', 'true');
  }
  const size = new ResizeObserver(() => {
    if (plot && el.clientWidth > 0 && Math.abs(plot.width - el.clientWidth) > 1) make();
  });
  const scheme = matchMedia('(prefers-color-scheme: dark)');
  const theme = new MutationObserver(make);
  make();
  size.observe(el);
  theme.observe(document.querySelector('#dark')!, { attributes: true, attributeFilter: ['media'] });
  scheme.addEventListener('change', make);
  return {
    update(xs, ls) {
      now = [xs, ls];
      if (plot && plot.series.length === ls.length + 1) plot.setData([xs, ...ls.map(l => l.values)] as uPlot.AlignedData);
      else make();
    },
    end() {
      size.disconnect();
      theme.disconnect();
      scheme.removeEventListener('change', make);
      plot?.destroy();
    },
  };
}
