/** Drawing of charts: the frame with its ticks, lines, bands, and what the pointer reads. */

import { h, hideTip, showTip, svg } from './dom.js';
import { duration, num, tickText } from './format.js';
import { extent, makeScale } from './scale.js';
import { smoothed } from './smooth.js';
import { set, state } from './state.js';

/** Colours that people with a colour vision deficiency can tell apart (after Okabe and Ito). */
export const SERIES = 8;
export const seriesColor = (index) =>
  index < SERIES ? `var(--series-${index + 1})` : 'var(--muted)';

const MOST_BANDS = 12;
const MOST_THICK = 24;
const MOST_READ = 12;

function drawFrame(box, x, y, time) {
  const { left, right, top, bottom } = box;
  const rows = y
    .ticks(5)
    .map((tick) => [
      svg('line', { class: 'grid', x1: left, x2: right, y1: y(tick), y2: y(tick) }),
      svg(
        'text',
        { class: 'tick', x: left - 7, y: y(tick), dy: '0.32em', 'text-anchor': 'end' },
        tickText(tick),
      ),
    ]);
  const count = Math.max(2, Math.floor((right - left) / 80));
  const columns = x
    .ticks(count)
    .filter((tick) => time || Number.isInteger(tick)) // there is no half a step
    .map((tick) =>
      svg(
        'text',
        { class: 'tick', x: x(tick), y: bottom + 17, 'text-anchor': 'middle' },
        tickText(tick),
      ),
    );
  return svg(
    'g',
    { class: 'frame' },
    rows,
    columns,
    svg('line', { class: 'base', x1: left, x2: right, y1: bottom, y2: bottom }),
    svg('line', { class: 'rule', y1: top, y2: bottom, visibility: 'hidden' }),
    svg(
      'text',
      { class: 'label', x: right, y: bottom + 32, 'text-anchor': 'end' },
      time ? 'seconds' : 'step',
    ),
  );
}

/** A path through points [x, y]; it is broken where y is null. */
export function linePath(points) {
  let path = '';
  let open = false;
  for (const [px, py] of points) {
    const present = py !== null && !Number.isNaN(py);
    if (present) path += `${open ? 'L' : 'M'}${px.toFixed(1)},${py.toFixed(1)}`;
    open = present;
  }
  return path;
}

/**
 * Curves of a metric over step or seconds.
 *
 * Each of `series` has `name`, `color`, `points` [x, mean, sd], and `run` where a click opens one.
 * Smoothing, logarithm and bands are those of the state.
 */
export function drawCurves(metric, series, width, height, time) {
  const box = { left: 54, right: width - 12, top: 8, bottom: height - 38 };
  const banded = state.band === '1' && series.length <= MOST_BANDS;
  const log = Boolean(state.log);
  const positive = (value) => !log || value > 0;
  const spread = ([, mean, sd]) => (banded ? [mean - sd, mean, mean + sd] : [mean]);
  const range = extent(series.flatMap(({ points }) => points.flatMap(spread)).filter(positive));
  const root = svg('svg', {
    class: 'chart',
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: 'img',
    'aria-label': `${metric} by ${state.x}`,
  });
  if (!range) {
    const centre = { x: width / 2, y: height / 2, 'text-anchor': 'middle', class: 'tick' };
    root.append(svg('text', centre, 'no values above zero'));
    return root;
  }
  const pad = log ? 0 : (range[1] - range[0] || 1) * 0.05;
  const x = makeScale(extent(series.flatMap(({ points }) => points.map((point) => point[0]))), [
    box.left,
    box.right,
  ]);
  const y = makeScale([range[0] - pad, range[1] + pad], [box.bottom, box.top], log);
  const clamp = (value) => (positive(value) ? y(value) : box.bottom);
  const frame = drawFrame(box, x, y, time);
  root.append(frame);
  for (const { color, points } of series) {
    const style = { '--c': color };
    if (banded) {
      const upper = points.map(([px, mean, sd]) => [x(px), clamp(mean + sd)]);
      const lower = points.map(([px, mean, sd]) => [x(px), clamp(mean - sd)]).reverse();
      root.append(svg('path', { class: 'band', style, d: `${linePath([...upper, ...lower])}Z` }));
    }
    const raw = linePath(points.map(([px, mean]) => [x(px), positive(mean) ? y(mean) : null]));
    const amount = Number(state.smooth);
    const thin = series.length > MOST_THICK ? ' thin' : '';
    if (amount > 0) {
      const means = smoothed(
        points.map(([, mean]) => mean),
        amount,
      );
      const smooth = linePath(points.map(([px], place) => [x(px), clamp(means[place])]));
      root.append(svg('path', { class: 'line raw', style, d: raw }));
      root.append(svg('path', { class: `line${thin}`, style, d: smooth }));
    } else root.append(svg('path', { class: `line${thin}`, style, d: raw }));
  }
  read(root, series, frame.querySelector('.rule'), x, y, width, time);
  return root;
}

/** Under the pointer: the values at the nearest step; a click opens the run of the nearest line. */
function read(root, series, rule, x, y, width, time) {
  const dots = svg('g');
  root.append(dots);
  const scaled = (event) => {
    const bounds = root.getBoundingClientRect();
    const factor = width / bounds.width;
    return [(event.clientX - bounds.left) * factor, (event.clientY - bounds.top) * factor];
  };
  /** Per line that is drawn there its point nearest to the pointer, the nearest line first. */
  const linesNear = (event) => {
    const [px, py] = scaled(event);
    const at = x.invert(px);
    const closer = (best, point) =>
      Math.abs(point[0] - at) < Math.abs(best[0] - at) ? point : best;
    return series
      .map((item) => ({ ...item, near: item.points.reduce(closer) }))
      .filter(({ near }) => !state.log || near[1] > 0)
      .map((item) => ({ ...item, distance: Math.abs(y(item.near[1]) - py) }))
      .sort((a, b) => a.distance - b.distance);
  };
  root.addEventListener('pointermove', (event) => {
    const lines = linesNear(event).slice(0, MOST_READ);
    if (!lines.length) return;
    const px = lines[0].near[0];
    rule.setAttribute('x1', x(px));
    rule.setAttribute('x2', x(px));
    rule.setAttribute('visibility', 'visible');
    const dot = ({ near, color }) => {
      const place = { r: 3.5, cx: x(near[0]), cy: y(near[1]) };
      return svg('circle', { class: 'dot', ...place, style: { '--c': color } });
    };
    dots.replaceChildren(...lines.map(dot));
    const row = ({ near, name, color }) =>
      h(
        'div',
        { class: 'line-row', style: { '--c': color } },
        h('i'),
        h('span', {}, name),
        h('b', {}, num(near[1])),
        h('small', {}, `± ${num(near[2], 3)}`),
      );
    const fromTop = lines.sort((a, b) => b.near[1] - a.near[1]);
    showTip(event, h('b', {}, time ? duration(px) : `step ${px}`), fromTop.map(row));
  });
  root.addEventListener('pointerleave', () => {
    hideTip();
    rule.setAttribute('visibility', 'hidden');
    dots.replaceChildren();
  });
  if (!series.every((item) => item.run)) return;
  root.classList.add('clickable');
  root.addEventListener('click', (event) => {
    const [nearest] = linesNear(event);
    if (nearest) set({ run: nearest.run.id });
  });
}
